// How often somebody may be wrong, so that guessing is slow and nobody can lock an owner out:
//
//   one account from one address   refused above per_account, until the window ends
//   one address                    refused above per_address (one password for many names)
//   one account from everywhere    slowed down: the answer comes later, at most delay_max
//
// A limit per account alone would be a gift: five wrong guesses by anybody, and the owner waits for
// the window's end. So an account that many guess at is only slowed down, and a log-in from an
// address that has succeeded with this account lately is neither slowed down nor held to
// per_account.
//
// A guess is charged before the password is looked at and given back when it was right: a thousand
// guesses at once get no further than a thousand in a row. Memory is bounded: when a table is full
// its oldest entry goes.
//
// Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "services/admission/recent_set.h"

namespace account {

struct GuessLimits {
  std::uint32_t per_account = 5;  // of one account from one address
  std::uint32_t per_address = 50;
  std::chrono::seconds window{300};
  std::chrono::milliseconds delay_max{4000};
  std::chrono::seconds known_for{24 * 3600};  // an address that has succeeded
  std::size_t entries_max = 100'000;          // of each kind

  // Nothing, or what is wrong.
  [[nodiscard]] std::optional<std::string> Validate() const;
};

class GuessLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  // Throws std::invalid_argument with Validate()'s line.
  explicit GuessLimiter(const GuessLimits& limits);

  // Cheap, before anything is queued: nothing is charged.
  struct Look {
    Clock::duration wait{};   // above zero: refused, and for how long
    Clock::duration delay{};  // how much later to look at the password
  };
  Look LookAt(std::string_view account, std::string_view address,
              Clock::time_point now = Clock::now()) const;

  // Zero: go on, the guess is charged. Otherwise wait this long.
  Clock::duration Charge(std::string_view account, std::string_view address,
                         Clock::time_point now = Clock::now());
  // Nobody looked at the password: the database was away.
  void GiveBack(std::string_view account, std::string_view address);
  // The password was right.
  void Succeeded(std::string_view account, std::string_view address,
                 Clock::time_point now = Clock::now());

  std::size_t entries() const;  // that count guesses

 private:
  // Counts per name. Guarded by lock_.
  class Table {
   public:
    Table(Clock::duration window, std::size_t entries_max)
        : window_(window), entries_max_(entries_max) {}
    // Zero, or how long `name` must wait because it has `limit` already.
    Clock::duration WaitOf(std::string_view name, std::uint32_t limit, Clock::time_point now) const;
    std::uint32_t CountOf(std::string_view name, Clock::time_point now) const;
    void Charge(std::string_view name, Clock::time_point now);
    void GiveBack(std::string_view name);
    std::size_t size() const { return entries_.size(); }

   private:
    struct Entry {
      std::string name;
      Clock::time_point since;
      std::uint32_t count = 0;
    };
    void Forget(Clock::time_point now);

    Clock::duration window_;
    std::size_t entries_max_;
    std::list<Entry> entries_;  // oldest window first
    std::unordered_map<std::string_view, std::list<Entry>::iterator>
        by_name_;  // the keys are in entries_
  };

  Clock::duration WaitOf(const std::string& pair, std::string_view address,
                         Clock::time_point now) const;  // under lock_

  const GuessLimits limits_;
  mutable std::mutex lock_;
  Table pair_;                              // guarded by lock_: account and address
  Table address_;                           // guarded by lock_
  Table account_;                           // guarded by lock_
  services::RecentSet<std::string> known_;  // guarded by lock_: pairs that have succeeded
};

}  // namespace account
