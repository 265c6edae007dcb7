// When to connect to the monitor server and what to send: the policy of the LAN client, without the
// network. A server must not suffer because nobody watches it: reports that cannot be sent are
// dropped (the next one is a second away), never queued;
// attempts back off; only changes are logged.
//
// Use, on one thread, whenever a report is ready and whenever the connection changes:
//   if (link.ShouldConnect(now)) start connecting;  -> OnConnected() or OnLost(now, why)
//   if (link.MaySend()) send the report;            -> OnLost(now, why) when that fails
//
// Threading: none of its own; the user's one thread (or lock).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "services/reconnect/backoff.h"

namespace services {

struct ReportLinkOptions {
  std::chrono::milliseconds reconnect_min{200};
  std::chrono::milliseconds reconnect_max{5000};
  std::chrono::milliseconds connect_timeout{3000};  // then an attempt counts as failed

  // What is wrong, as one line for the user; nothing when they are fine.
  [[nodiscard]] std::optional<std::string> Validate() const;
};

class ReportLink {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class State : unsigned char { kAway, kConnecting, kConnected };

  explicit ReportLink(const ReportLinkOptions& options, std::uint64_t seed = 0)
      : options_(options), backoff_(options.reconnect_min, options.reconnect_max, seed) {}

  // True: the caller starts an attempt now (the link counts as kConnecting).
  bool ShouldConnect(TimePoint now);
  // An attempt that takes longer is given up by the caller, who calls OnLost.
  std::chrono::milliseconds attempt_patience() const { return options_.connect_timeout; }
  bool MaySend() const { return state_ == State::kConnected; }

  void OnConnected();
  void OnLost(TimePoint now, const std::string& reason);

  State state() const { return state_; }
  TimePoint next_attempt() const { return next_attempt_; }

 private:
  const ReportLinkOptions options_;
  Backoff backoff_;
  State state_ = State::kAway;
  TimePoint next_attempt_{};   // kAway: not before
  std::string logged_reason_;  // of this outage; the same one is said once
};

}  // namespace services
