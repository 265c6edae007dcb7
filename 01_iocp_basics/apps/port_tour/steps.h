// The tour: what is called, what to think about, what happens.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/port_tour/cast.h"

namespace port_tour {

struct Step {
  std::string title;
  std::string call;  // the API call, as one writes it
  std::string text;  // what to see
  std::function<void(Cast&)> act;
};

std::vector<Step> AllSteps();

}  // namespace port_tour
