// "Did you mean ...?" for keys and sections that do not exist.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace config {

bool IsSection(std::string_view name);

// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
std::size_t EditDistance(std::string_view a, std::string_view b);

// "; did you mean server.port?" or nothing when no name is near.
std::string SuggestKey(std::string_view key);
std::string SuggestSection(std::string_view name);

}  // namespace config
