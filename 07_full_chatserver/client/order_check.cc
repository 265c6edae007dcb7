#include "client/order_check.h"

namespace client {

OrderCheck::Verdict OrderCheck::Take(std::uint32_t sequence) {
  if (!begun_ || sequence == next_) {
    begun_ = true;
    next_ = sequence + 1;
    return Verdict::kInOrder;
  }
  if (sequence - next_ < 0x8000'0000u) {  // ahead, also over the end of the 32 bits
    for (std::uint32_t hole = next_; hole != sequence; ++hole) holes_.insert(hole);
    next_ = sequence + 1;
    return Verdict::kInOrder;
  }
  if (holes_.erase(sequence) == 1) {
    ++out_of_order_;
    return Verdict::kLate;
  }
  ++duplicated_;
  return Verdict::kDuplicate;
}

}  // namespace client
