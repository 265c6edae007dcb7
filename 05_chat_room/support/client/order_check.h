// Does one client hear everything that its room says, once and in order? The room numbers its
// broadcasts 1, 2, 3, ... (notes/en/protocol.md), so a hole in the numbers is a lost packet.
//
// A server is not trusted here any more than a client is there: one packet can jump over two
// billion numbers. So a hole is kept as a range, a jump costs one step, and there is a bound on how
// many ranges are kept.
//
// Threading: as the packets of one session come, one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace client {

class OrderCheck {
 public:
  // kDuplicate: heard before, or older than what is remembered, which cannot be told apart.
  enum class Verdict : std::uint8_t { kInOrder, kLate, kDuplicate };

  // Most ranges of missing numbers that are remembered. One more, and the oldest is given up: its
  // numbers stay missing for good, and one that comes after all counts as duplicated.
  static constexpr std::size_t kMaxRanges = 4096;

  // The number of the next broadcast that came. The first one may be any: a newcomer does not hear
  // what was said before. kLate: it had been missing, and comes after later ones. A number counts
  // as a later one up to 2^31 - 1 ahead of the one expected, over the end of the 32 bits too;
  // otherwise as an earlier one.
  Verdict Take(std::uint32_t sequence);

  // Numbers that were skipped and have not come since.
  [[nodiscard]] std::uint64_t missing() const { return missing_; }
  // Those of them whose range was given up.
  [[nodiscard]] std::uint64_t given_up() const { return given_up_; }
  [[nodiscard]] std::uint64_t duplicated() const { return duplicated_; }
  [[nodiscard]] std::uint64_t out_of_order() const { return out_of_order_; }

 private:
  // The place of a number in the whole stream: unlike the number it never wraps. The first one gets
  // a place so far from 0 that earlier numbers have places, too.
  using Place = std::uint64_t;
  static constexpr Place kBegin = Place{1} << 32;

  // No two ranges touch: a number that came lies between them.
  void AddRange(Place first, Place last);
  bool Fill(Place place);

  Place next_ = 0;                 // expected next; 0: nothing came yet
  std::map<Place, Place> ranges_;  // first -> last of what is missing, both inclusive
  std::uint64_t missing_ = 0;
  std::uint64_t given_up_ = 0;
  std::uint64_t duplicated_ = 0;
  std::uint64_t out_of_order_ = 0;
};

}  // namespace client
