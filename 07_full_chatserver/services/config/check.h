// What one value's range cannot say: rules of text, and rules between two keys.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/config/config.h"
#include "services/config/options.h"

namespace config {

// key -> "FILE:LINE: " or "--set ...: "
using Places = std::map<std::string, std::string, std::less<>>;

bool TextIsAllowed(std::string_view value, Text rule);

// Appends a line per broken rule; it points at a key that was given, not at a default.
void CheckTogether(const Config& config, std::string_view file, const Places& places,
                   std::vector<std::string>& problems);

}  // namespace config
