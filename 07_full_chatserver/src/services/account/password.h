// Passwords as Argon2id hashes (libsodium): a thief of the database must spend the memory and the
// time of every guess.
//
// Blocking and expensive on purpose: tens of milliseconds and memory_bytes per call. Never on a
// chat loop; as many threads at once as there is memory for. Threading: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace account {

struct HashCost {
  std::uint64_t ops = 2;  // libsodium's "interactive"
  std::size_t memory_bytes = 64 * 1024 * 1024;

  // Nothing, or what is wrong: libsodium's bounds.
  [[nodiscard]] std::optional<std::string> Validate() const;
};
inline constexpr HashCost kTestHashCost{1, 8192};  // the least there is: tests only

class PasswordHasher {
 public:
  // Throws std::invalid_argument with Validate()'s line, std::runtime_error when libsodium cannot
  // start.
  explicit PasswordHasher(const HashCost& cost = {});

  // Text with its own salt and cost, for the database. Nothing: out of memory.
  std::optional<std::string> Hash(std::string_view password) const;

  // With the cost that is written in `hash`, and without a time that depends on where a difference
  // is.
  bool Verify(const std::string& hash, std::string_view password) const;

  // For a name that does not exist: takes as long as Verify of a hash with today's cost, and is
  // false. Otherwise the time of the answer tells which names exist.
  bool VerifyNobody(std::string_view password) const;

  // The hash was made with another cost: after a good login store a new one.
  bool IsOutdated(const std::string& hash) const;

 private:
  HashCost cost_;
  std::string nobody_;  // the hash of a password that nobody knows
};

}  // namespace account
