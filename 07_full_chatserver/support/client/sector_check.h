// Does one client hear everything that is said in its nine sectors? The server numbers what is said
// in each sector 1, 2, 3, ..., and S_MOVE_SECTOR says for each sector that the client hears from
// there on which number is next. So a hole, a repeat and a loss at the very end (the next move
// tells) are all seen.
//
// Threading: as the packets of one session come, one thread at a time.
#pragma once

#include <cstdint>
#include <map>

#include "protocol.pb.h"

namespace client {

class SectorCheck {
 public:
  void Moved(const Protocol::S_MOVE_SECTOR& pkt);
  void Heard(const Protocol::S_SECTOR_CHAT& pkt);

  [[nodiscard]] std::uint64_t heard() const { return heard_; }
  [[nodiscard]] std::uint64_t missing() const { return missing_; }
  // Came twice, or late, or from a sector that is out of hearing.
  [[nodiscard]] std::uint64_t wrong() const { return wrong_; }

 private:
  std::map<std::uint32_t, std::uint32_t> next_;  // by sector: number of the next that must come
  std::uint64_t heard_ = 0;
  std::uint64_t missing_ = 0;
  std::uint64_t wrong_ = 0;
};

}  // namespace client
