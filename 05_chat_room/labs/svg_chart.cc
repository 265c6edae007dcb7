#include "labs/svg_chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace apps {

namespace {

constexpr double kWidth = 760;
constexpr double kHeight = 420;
constexpr double kLeft = 70;
constexpr double kRight = 500;  // the legend stands to the right of it
constexpr double kTop = 50;
constexpr double kBottom = 360;
constexpr const char* kColours[] = {"#c0392b", "#d68910", "#7d6608", "#2471a3",
                                    "#148f77", "#1e8449", "#76448a"};

// The whole decades around the values of one axis.
struct Axis {
  double low = 1e300;
  double high = -1e300;

  void Include(double value) {
    low = std::min(low, std::floor(std::log10(value)));
    high = std::max(high, std::ceil(std::log10(value)));
  }
  double At(double value, double from, double to) const {
    const double width = high > low ? high - low : 1;
    return from + (std::log10(value) - low) / width * (to - from);
  }
};

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", value);
  return text;
}

std::string Text(double x, double y, const std::string& anchor, const std::string& text) {
  return "<text x=\"" + Number(x) + "\" y=\"" + Number(y) + "\" text-anchor=\"" + anchor + "\">" +
         text + "</text>\n";
}

std::string Line(double x1, double y1, double x2, double y2, const std::string& style) {
  return "<line x1=\"" + Number(x1) + "\" y1=\"" + Number(y1) + "\" x2=\"" + Number(x2) +
         "\" y2=\"" + Number(y2) + "\" " + style + "/>\n";
}

std::string Grid(const Chart& chart, const Axis& x, const Axis& y) {
  std::string svg;
  for (double power = y.low; power <= y.high; ++power) {
    const double at = y.At(std::pow(10, power), kBottom, kTop);
    svg += Line(kLeft, at, kRight, at, "stroke=\"#ddd\"");
    svg += Text(kLeft - 8, at + 4, "end", Number(std::pow(10, power)));
  }
  for (const auto& [value, unused] : chart.series.front().points) {
    const double at = x.At(value, kLeft, kRight);
    svg += Line(at, kTop, at, kBottom, "stroke=\"#eee\"");
    svg += Text(at, kBottom + 18, "middle", Number(value));
  }
  return svg;
}

}  // namespace

std::string DrawSvg(const Chart& chart) {
  Axis x;
  Axis y;
  for (const ChartSeries& series : chart.series) {
    for (const auto& [px, py] : series.points) {
      x.Include(px);
      y.Include(py);
    }
  }
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + Number(kWidth) +
                    " " + Number(kHeight) +
                    "\" font-family=\"sans-serif\" font-size=\"12\">\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  svg += Text(kLeft, 28, "start", chart.title);
  svg += Text((kLeft + kRight) / 2, kBottom + 40, "middle", chart.x_title);
  svg += Text(kLeft - 55, kTop - 10, "start", chart.y_title);
  svg += Grid(chart, x, y);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const ChartSeries& series = chart.series[i];
    const std::string colour = kColours[i % std::size(kColours)];
    std::string points;
    for (const auto& [px, py] : series.points) {
      const std::string at_x = Number(x.At(px, kLeft, kRight));
      const std::string at_y = Number(y.At(py, kBottom, kTop));
      points += at_x + "," + at_y + " ";
      svg += "<circle cx=\"" + at_x + "\" cy=\"" + at_y + "\" r=\"3\" fill=\"" + colour + "\"/>\n";
    }
    svg += "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + colour + "\" points=\"" +
           points + "\"/>\n";
    const double at = kTop + 20 * static_cast<double>(i) + 6;
    svg += Line(kRight + 20, at, kRight + 40, at, "stroke-width=\"3\" stroke=\"" + colour + "\"");
    svg += Text(kRight + 46, at + 4, "start", series.title);
  }
  return svg + "</svg>\n";
}

}  // namespace apps
