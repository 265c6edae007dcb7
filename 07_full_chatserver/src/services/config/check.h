// What one value's range cannot say: rules of text, rules between two keys, and what is on the
// disk.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/config/config.h"
#include "services/config/load.h"
#include "services/config/options.h"

namespace config {

// key -> "FILE:LINE: " or "--set ...: "
using Places = std::map<std::string, std::string, std::less<>>;

bool TextIsAllowed(std::string_view value, Text rule);

// Looks at the disk, changes nothing. Nothing is asked that may come later: who starts first, Redis
// or the server, does not matter. Never throws, but for memory.
std::vector<Finding> CheckPaths(const Config& config);

// Appends a line per broken rule; it points at a key that was given, not at a default. What
// `more` finds counts in sections that keep our own rules.
void CheckTogether(const Config& config, std::string_view file, const Places& places,
                   const Checks& more, std::vector<std::string>& problems);

}  // namespace config
