// How many connections one address may have, how fast it may make them, and how many wrong session
// keys it may try.
//
// The rate is a token bucket: `burst` connections at once, then `rate` a second. Wrong keys are
// one, too: `wrong_keys` at once, then as many a minute; who has used them up is not let in. An
// address that has no connection and full buckets is forgotten, so the memory is bounded by those
// who are active; above `entries_max` active addresses a new one is refused.
//
// Threading: any thread (one lock, held for a look-up).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace services {

struct ConnectionLimits {
  std::uint32_t per_address = 0;      // connections at the same time; 0: no limit
  std::uint32_t rate = 0;             // new ones a second; 0: no limit
  std::uint32_t burst = 1;            // new ones at once, at least 1
  std::uint32_t wrong_keys = 0;       // a minute; 0: no limit
  std::size_t entries_max = 100'000;  // addresses that are remembered

  // Nothing, or what is wrong.
  [[nodiscard]] std::optional<std::string> Validate() const;
};

enum class GateAnswer : std::uint8_t { kOpen, kTooMany, kTooFast, kWrongKeys, kTooManyAddresses };
const char* ToString(GateAnswer answer);

class ConnectionGate {
 public:
  using Clock = std::chrono::steady_clock;
  // Throws std::invalid_argument with Validate()'s line.
  explicit ConnectionGate(const ConnectionLimits& limits,
                          std::function<Clock::time_point()> now = &Clock::now);

  // May `address` (IPv4, host order) connect? kOpen has taken a token. The accepting threads.
  GateAnswer Knock(std::uint32_t address);
  // The connection has become a session / the session has ended.
  void Entered(std::uint32_t address);
  void Left(std::uint32_t address);
  // The address has tried a session key that was not the right one.
  void WrongKey(std::uint32_t address);

  [[nodiscard]] std::size_t addresses() const;
  [[nodiscard]] std::uint64_t refused() const;

 private:
  struct Entry {
    std::uint32_t connections = 0;
    double tokens = 0;  // connections that it may still make
    double keys = 0;    // wrong keys that it may still try
    Clock::time_point filled;
  };
  // Both under lock_.
  bool IsLimited() const { return limits_.per_address + limits_.rate + limits_.wrong_keys != 0; }
  Entry& At(std::uint32_t address, Clock::time_point now);
  void Fill(Entry& entry, Clock::time_point now) const;
  void ForgetIdle(Clock::time_point now);

  const ConnectionLimits limits_;
  const std::function<Clock::time_point()> now_;
  mutable std::mutex lock_;
  std::unordered_map<std::uint32_t, Entry> entries_;  // guarded by lock_
  std::uint64_t refused_ = 0;                         // guarded by lock_
  std::size_t forget_at_ = 1024;  // guarded by lock_: entries at the next clean-up
};

}  // namespace services
