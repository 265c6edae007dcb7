// How often somebody may be wrong: per account (a thief who tries many passwords for one name) and
// per address (one who tries one password for many names).
//
// A guess is charged before the password is looked at and given back when it was right: a thousand
// guesses at once get no further than a thousand in a row. Memory is bounded: when the table is
// full its oldest entry goes. The price: an attacker can keep an owner out of his account for a
// window by guessing wrongly; that is why the window is minutes.
//
// Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace account {

struct GuessLimits {
  std::uint32_t per_account = 5;
  std::uint32_t per_address = 50;
  std::chrono::seconds window{300};
  std::size_t entries_max = 100'000;  // of each kind
};

class GuessLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  explicit GuessLimiter(const GuessLimits& limits)
      : account_(limits.per_account, limits.window, limits.entries_max),
        address_(limits.per_address, limits.window, limits.entries_max) {}

  // Zero: go on, the guess is charged. Otherwise wait this long.
  Clock::duration Charge(std::string_view account, std::string_view address,
                         Clock::time_point now = Clock::now());
  // The password was right (or nobody looked at it: the database was away).
  void GiveBack(std::string_view account, std::string_view address);

  std::size_t entries() const;

 private:
  // Counts per name. Guarded by lock_.
  class Table {
   public:
    Table(std::uint32_t limit, Clock::duration window, std::size_t entries_max)
        : limit_(limit), window_(window), entries_max_(entries_max) {}
    Clock::duration Charge(std::string_view name, Clock::time_point now);
    void GiveBack(std::string_view name);
    std::size_t size() const { return entries_.size(); }

   private:
    struct Entry {
      std::string name;
      Clock::time_point since;
      std::uint32_t count = 0;
    };
    void Forget(Clock::time_point now);

    std::uint32_t limit_;
    Clock::duration window_;
    std::size_t entries_max_;
    std::list<Entry> entries_;  // oldest window first
    std::unordered_map<std::string_view, std::list<Entry>::iterator>
        by_name_;  // the keys are in entries_
  };

  mutable std::mutex lock_;
  Table account_;  // guarded by lock_
  Table address_;  // guarded by lock_
};

}  // namespace account
