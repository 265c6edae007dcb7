// A small line chart as an SVG file: both axes logarithmic, one line per series.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace apps {

struct ChartSeries {
  std::string title;
  std::vector<std::pair<double, double>> points;  // x, y; above zero, x ascending
};

struct Chart {
  std::string title;
  std::string x_title;
  std::string y_title;
  std::vector<ChartSeries> series;
};

std::string DrawSvg(const Chart& chart);

}  // namespace apps
