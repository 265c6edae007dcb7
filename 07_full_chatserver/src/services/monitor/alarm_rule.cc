#include "services/monitor/alarm_rule.h"

#include <cmath>
#include <sstream>
#include <vector>

#include "services/monitor/history.h"
#include "services/monitor/number_of.h"

namespace services {
namespace {

constexpr double kMaxSeconds = 24 * 3600;

std::optional<AlarmRule::Comparison> ComparisonOf(std::string_view text) {
  if (text == ">") return AlarmRule::Comparison::kAbove;
  if (text == ">=") return AlarmRule::Comparison::kAtLeast;
  if (text == "<") return AlarmRule::Comparison::kBelow;
  if (text == "<=") return AlarmRule::Comparison::kAtMost;
  return std::nullopt;
}

}  // namespace

bool AlarmRule::IsBroken(double value) const {
  switch (comparison) {
    case Comparison::kAbove:
      return value > threshold;
    case Comparison::kAtLeast:
      return value >= threshold;
    case Comparison::kBelow:
      return value < threshold;
    case Comparison::kAtMost:
      return value <= threshold;
  }
  return false;
}

std::optional<AlarmRule> ParseAlarmRule(std::string_view text, std::string& error) {
  const auto wrong = [&](const std::string& what) {
    error = "alarm '" + std::string(text) + "': " + what +
            "; expected: [server:] metric > number for seconds";
    return std::nullopt;
  };
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  AlarmRule rule;
  rule.text = std::string(text);
  if (!words.empty() && words[0].ends_with(':')) {
    const auto id =
        NumberOf<std::uint32_t>(std::string_view(words[0]).substr(0, words[0].size() - 1));
    if (!id || *id == 0) return wrong("'" + words[0] + "' is not a server number");
    rule.server_id = *id;
    words.erase(words.begin());
  }
  if (words.size() != 5 || words[3] != "for") return wrong("not the five words of a rule");
  if (!History::IsGoodName(words[0])) return wrong("'" + words[0] + "' is not a metric's name");
  rule.metric = words[0];
  const auto comparison = ComparisonOf(words[1]);
  if (!comparison) return wrong("'" + words[1] + "' is not one of > >= < <=");
  rule.comparison = *comparison;
  const auto threshold = NumberOf<double>(words[2]);
  if (!threshold || !std::isfinite(*threshold)) return wrong("'" + words[2] + "' is not a number");
  rule.threshold = *threshold;
  std::string_view seconds = words[4];
  if (seconds.ends_with('s')) seconds.remove_suffix(1);
  const auto duration = NumberOf<double>(seconds);
  if (!duration || !(*duration >= 0 && *duration <= kMaxSeconds)) {
    return wrong("'" + words[4] + "' is not a number of seconds up to a day");
  }
  rule.for_ms = static_cast<std::int64_t>(*duration * 1000);
  return rule;
}

}  // namespace services
