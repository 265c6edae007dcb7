// Does one client hear everything that its room says, once and in order? The room numbers its
// broadcasts 1, 2, 3, ... (PROTOCOL.md), so a hole in the numbers is a lost packet.
//
// Threading: as the packets of one session come, one thread at a time.
#pragma once

#include <cstdint>
#include <set>

namespace client {

class OrderCheck {
 public:
  enum class Verdict : std::uint8_t { kInOrder, kLate, kDuplicate };

  // The number of the next broadcast that came. The first one may be any: a newcomer does not hear
  // what was said before. kLate: it had been missing, and comes after later ones.
  Verdict Take(std::uint32_t sequence);

  // Numbers that were skipped and have not come since.
  [[nodiscard]] std::uint64_t missing() const { return holes_.size(); }
  [[nodiscard]] std::uint64_t duplicated() const { return duplicated_; }
  [[nodiscard]] std::uint64_t out_of_order() const { return out_of_order_; }

 private:
  bool begun_ = false;
  std::uint32_t next_ = 0;
  std::set<std::uint32_t> holes_;
  std::uint64_t duplicated_ = 0;
  std::uint64_t out_of_order_ = 0;
};

}  // namespace client
