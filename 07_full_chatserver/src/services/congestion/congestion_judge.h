// Is the network so full that sending more makes it worse?
// The decision alone, without clock or thread.
//
// Normal, one look each 500 ms:   sent >= segments_min, more than retransmit_percent of it
//                                 retransmitted                           ->  pause
// Paused, one look each 100 ms:   clean_checks clean looks in a row       ->  resume
//
// While paused the server itself sends next to nothing, so "sent" says little; what counts is
// whether the system still repeats old segments. A look is clean when they are at most that part of
// those sent, or fewer than what would have triggered the pause (that part of segments_min, for a
// window of that length): on a quiet network one lost segment of five must not hold the server up.
//
// Threading: none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "services/congestion/tcp_counters.h"

namespace services {

struct CongestionOptions {
  std::chrono::milliseconds sample{500};
  std::chrono::milliseconds recheck{100};  // 1 ms .. sample
  std::uint32_t segments_min = 10'000;     // sent in one sample
  std::uint32_t retransmit_percent = 10;   // of those sent; 1 .. 99
  std::uint32_t clean_checks = 10;         // in a row

  // What is wrong with the options, as one line for the user; nothing when they are fine.
  std::optional<std::string> Validate() const;
};

class CongestionJudge {
 public:
  enum class Change : unsigned char { kNone, kPause, kResume };

  explicit CongestionJudge(const CongestionOptions& options) : options_(options) {}

  // One look at the system's counters, taken NextLook() after the one before.
  // Nothing: they could not be read (a pause ends: blind, we do not hold up the players).
  Change Look(std::optional<TcpCounters> counters);

  std::chrono::milliseconds NextLook() const {
    return paused_ ? options_.recheck : options_.sample;
  }
  bool paused() const { return paused_; }

  // The last window.
  std::uint64_t sent() const { return sent_; }
  std::uint64_t retransmitted() const { return retransmitted_; }

 private:
  bool IsClean() const;

  const CongestionOptions options_;
  std::optional<TcpCounters> last_;
  std::uint64_t sent_ = 0;
  std::uint64_t retransmitted_ = 0;
  std::uint32_t clean_ = 0;  // looks in a row
  bool paused_ = false;
};

}  // namespace services
