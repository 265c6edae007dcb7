#include "services/monitor/alarm_board.h"

#include <spdlog/spdlog.h>

#include "services/log/quoted.h"

namespace services {

// [alarm-update]
void AlarmBoard::OnValues(std::uint32_t server_id, std::int64_t now_ms,
                          const std::map<std::string, double>& values) {
  // <student 07d.6>
  Update({server_id, rules_.size()}, false, 0, 0, now_ms);
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const AlarmRule& rule = rules_[i];
    if (rule.server_id != 0 && rule.server_id != server_id) continue;
    const auto found = values.find(rule.metric);
    const bool known = found != values.end();
    const double value = known ? found->second : 0;
    Update({server_id, i}, known && rule.IsBroken(value), rule.for_ms, value, now_ms);
  }
  // </student>
}

void AlarmBoard::OnServerDown(std::uint32_t server_id, std::int64_t now_ms) {
  // <student 07d.6>
  for (std::size_t i = 0; i < rules_.size(); ++i) Update({server_id, i}, false, 0, 0, now_ms);
  Update({server_id, rules_.size()}, true, 0, 0, now_ms);
  // </student>
}

void AlarmBoard::Forget(std::uint32_t server_id, std::int64_t now_ms) {
  for (std::size_t i = 0; i <= rules_.size(); ++i) Update({server_id, i}, false, 0, 0, now_ms);
}

void AlarmBoard::Update(Key key, bool broken, std::int64_t for_ms, double value,
                        std::int64_t now_ms) {
  // <student 07d.6>
  const auto found = states_.find(key);
  if (!broken) {
    if (found == states_.end()) return;
    if (found->second.firing) Record(key, false, value, now_ms);
    states_.erase(found);
    return;
  }
  State& state = found != states_.end() ? found->second : states_[key];
  if (found == states_.end()) state.since_ms = now_ms;
  state.value = value;
  if (state.firing || now_ms - state.since_ms < for_ms) return;
  state.firing = true;
  Record(key, true, value, now_ms);
  // </student>
}
// [/alarm-update]

void AlarmBoard::Record(Key key, bool firing, double value, std::int64_t now_ms) {
  events_.push_back({now_ms, TextOf(key.second), key.first, firing, value});
  if (events_.size() > kMaxEvents) events_.pop_front();
  const auto level = firing ? spdlog::level::warn : spdlog::level::info;
  spdlog::log(level, "{} server={} rule={} value={}", firing ? "alarm.fires" : "alarm.ends",
              key.first, Quoted(TextOf(key.second)), value);
}

const std::string& AlarmBoard::TextOf(std::size_t rule) const {
  return rule < rules_.size() ? rules_[rule].text : down_text_;
}

std::vector<Alarm> AlarmBoard::Active() const {
  std::vector<Alarm> alarms;
  for (const auto& [key, state] : states_) {
    alarms.push_back({TextOf(key.second), key.first, state.firing, state.since_ms, state.value});
  }
  return alarms;
}

}  // namespace services
