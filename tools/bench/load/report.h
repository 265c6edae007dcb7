// The figures of a run as JSON. What the fields mean is in README.md.
#pragma once

#include <string>

#include "load/load_run.h"

namespace load {

std::string ToJson(const LoadOptions& options, const LoadResult& result);

}  // namespace load
