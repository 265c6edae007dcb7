#include "services/config/suggest.h"

#include <algorithm>
#include <vector>

#include "services/config/options.h"

namespace config {

namespace {

// Near enough to be a slip of the keys: a third of the word, three at the most.
bool IsNear(std::string_view word, std::size_t distance) {
  return distance <= std::min<std::size_t>(3, std::max<std::size_t>(1, word.size() / 3));
}

std::string DidYouMean(std::string_view before, std::string_view name, std::string_view after) {
  std::string out = "; did you mean ";
  out += before;
  out += name;
  out += after;
  out += '?';
  return out;
}

}  // namespace

bool IsSection(std::string_view name) {
  return std::ranges::any_of(AllSections(),
                             [&](const Section& section) { return section.name == name; });
}

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::string SuggestKey(std::string_view key) {
  if (key.size() > 100) return "";
  const std::size_t dot = key.find('.');
  const std::string_view name = dot == std::string_view::npos ? key : key.substr(dot + 1);
  const Option* nearest = nullptr;
  std::size_t least = 0;
  for (const Option& option : AllOptions()) {
    // The right name in the wrong section is nearer than any slip.
    const std::size_t distance = option.name() == name ? 0 : EditDistance(key, option.key);
    if (nearest == nullptr || distance < least) {
      nearest = &option;
      least = distance;
    }
  }
  if (nearest == nullptr || !IsNear(name, least)) return "";
  return DidYouMean("", nearest->key, "");
}

std::string SuggestSection(std::string_view name) {
  if (name.size() > 100) return "";
  const Section* nearest = nullptr;
  std::size_t least = 0;
  for (const Section& section : AllSections()) {
    const std::size_t distance = EditDistance(name, section.name);
    if (nearest == nullptr || distance < least) {
      nearest = &section;
      least = distance;
    }
  }
  if (nearest != nullptr && IsNear(name, least)) return DidYouMean("[", nearest->name, "]");
  return SuggestKey(name);  // a key outside of its section
}

}  // namespace config
