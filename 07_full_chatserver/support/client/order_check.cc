#include "support/client/order_check.h"

#include <iterator>

namespace client {

OrderCheck::Verdict OrderCheck::Take(std::uint32_t sequence) {
  if (next_ == 0) next_ = kBegin + sequence;
  const std::uint32_t ahead = sequence - static_cast<std::uint32_t>(next_);
  if (ahead < 0x8000'0000u) {  // also over the end of the 32 bits
    const Place place = next_ + ahead;
    if (ahead != 0) {
      missing_ += ahead;
      AddRange(next_, place - 1);
    }
    next_ = place + 1;
    return Verdict::kInOrder;
  }
  if (Fill(next_ - (std::uint64_t{1} << 32) + ahead)) {
    --missing_;
    ++out_of_order_;
    return Verdict::kLate;
  }
  ++duplicated_;
  return Verdict::kDuplicate;
}

void OrderCheck::AddRange(Place first, Place last) {
  ranges_.emplace(first, last);
  if (ranges_.size() <= kMaxRanges) return;
  const auto oldest = ranges_.begin();
  given_up_ += oldest->second - oldest->first + 1;
  ranges_.erase(oldest);
}

// False: the place is not missing.
bool OrderCheck::Fill(Place place) {
  const auto after = ranges_.upper_bound(place);
  if (after == ranges_.begin()) return false;
  const auto range = std::prev(after);
  const auto [first, last] = *range;
  if (place > last) return false;
  if (place == first) {
    ranges_.erase(range);
  } else {
    range->second = place - 1;
  }
  if (place != last) AddRange(place + 1, last);
  return true;
}

}  // namespace client
