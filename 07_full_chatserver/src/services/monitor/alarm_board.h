// Which rules are broken, on which server, since when. One more rule is always there: a server that
// has reported and reports no longer ("server down").
//
//   calm --over the line--> pending --for so long--> firing --back below--> calm
//
// A server that is gone breaks nothing but "server down": what we knew of it is old.
//
// Threading: none; MonitorCore holds its lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/monitor/alarm_rule.h"

namespace services {

struct Alarm {
  std::string rule;  // its text, or "server down"
  std::uint32_t server_id = 0;
  bool firing = false;        // false: pending
  std::int64_t since_ms = 0;  // over the line
  double value = 0;           // the last one
};

struct AlarmEvent {
  std::int64_t time_ms = 0;
  std::string rule;
  std::uint32_t server_id = 0;
  bool firing = false;  // false: over
  double value = 0;
};

class AlarmBoard {
 public:
  static constexpr const char* kServerDown = "server down";
  static constexpr std::size_t kMaxEvents = 200;

  explicit AlarmBoard(std::vector<AlarmRule> rules) : rules_(std::move(rules)) {}

  // A report. A rule whose metric is missing is not broken.
  void OnValues(std::uint32_t server_id, std::int64_t now_ms,
                const std::map<std::string, double>& values);
  void OnServerDown(std::uint32_t server_id, std::int64_t now_ms);
  // Forgets a server that is not kept any more: what fires for it ends.
  void Forget(std::uint32_t server_id, std::int64_t now_ms);

  std::vector<Alarm> Active() const;                                // pending and firing
  const std::deque<AlarmEvent>& events() const { return events_; }  // the newest last

 private:
  struct State {
    bool firing = false;
    std::int64_t since_ms = 0;
    double value = 0;
  };
  using Key = std::pair<std::uint32_t, std::size_t>;  // server, rule; rules_.size(): server down

  void Update(Key key, bool broken, std::int64_t for_ms, double value, std::int64_t now_ms);
  void Record(Key key, bool firing, double value, std::int64_t now_ms);
  const std::string& TextOf(std::size_t rule) const;

  const std::vector<AlarmRule> rules_;
  const std::string down_text_ = kServerDown;
  std::map<Key, State> states_;  // those that are not calm
  std::deque<AlarmEvent> events_;
};

}  // namespace services
