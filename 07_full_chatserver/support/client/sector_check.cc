#include "support/client/sector_check.h"

namespace client {

void SectorCheck::Moved(const Protocol::S_MOVE_SECTOR& pkt) {
  if (!pkt.success()) return;
  std::map<std::uint32_t, std::uint32_t> next;
  for (const Protocol::SectorMark& mark : pkt.heard()) {
    const auto before = next_.find(mark.sector());
    // Heard until now as well: what lies between must have come.
    if (before != next_.end() && before->second < mark.next()) {
      missing_ += mark.next() - before->second;
    }
    next[mark.sector()] = mark.next();
  }
  next_.swap(next);
}

void SectorCheck::Heard(const Protocol::S_SECTOR_CHAT& pkt) {
  const auto expected = next_.find(pkt.sector());
  if (expected == next_.end() || pkt.sector_number() < expected->second) {
    ++wrong_;
    return;
  }
  missing_ += pkt.sector_number() - expected->second;
  expected->second = pkt.sector_number() + 1;
  ++heard_;
}

}  // namespace client
