// Clients that mean harm, each kind on a thread of its own, on plain sockets and from addresses of
// their own (127.1.K.N), so that what the server allows an address is theirs alone.
//
// Threading: construction, Start and Stop by one owner thread; Counts by any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/chat_talker.h"

namespace course_test {

class HostileMob {
 public:
  struct Targets {
    ServerPorts server;
    int metrics = 0;
    std::uint32_t room = 0;  // one that honest people do not use
  };

  // `connections`: those that are held at once, of all kinds together.
  HostileMob(const Targets& targets, int connections)
      : targets_(targets), connections_(connections) {}
  ~HostileMob() { Stop(); }
  HostileMob(const HostileMob&) = delete;
  HostileMob& operator=(const HostileMob&) = delete;

  void Start();
  void Stop();
  enum Deed {
    kHeld,       // at this moment
    kSlowBytes,  // one at a time
    kReconnects,
    kResets,
    kFloodBytes,
    kKeyGuesses,
    kPasswordGuesses,
    kAbusers,
    kDeeds
  };
  [[nodiscard]] std::int64_t count(Deed deed) const { return counts_[deed].load(); }
  // "silent 1200 ..., guesses 340 ...": what was done so far.
  [[nodiscard]] std::string Counts() const;
  // Those that nobody of the mob has done; empty: each kind was at work.
  [[nodiscard]] std::string Undone() const;

 private:
  // Keeps `count` connections to `port`, each of which sends `text`, all of it or a byte each
  // round, and reads nothing.
  enum class Pace : std::uint8_t { kAtOnce, kByteByByte };
  void Hold(int kind, int port, int count, const std::string& text, Pace pace = Pace::kAtOnce);
  void ResetAgainAndAgain();
  void Flood(int count);
  void GuessKeys();
  void GuessPasswords();
  void AbuseLoggedIn(int count);

  void Run(std::function<void()> deed) { threads_.emplace_back(std::move(deed)); }
  void Count(Deed deed, std::int64_t by) { counts_[deed].fetch_add(by, std::memory_order_relaxed); }
  // A pause of a thread, between rounds: the mob must not take the processors from those it
  // attacks.
  bool GoesOn(int pause_ms) const;

  const Targets targets_;
  const int connections_;
  std::atomic<bool> stop_{false};                           // atomic: the owner sets it
  std::array<std::atomic<std::int64_t>, kDeeds> counts_{};  // atomic: each thread adds
  std::vector<std::thread> threads_;
};

}  // namespace course_test
