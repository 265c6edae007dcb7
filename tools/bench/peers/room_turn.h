// What each room says in one turn, joined into one packet that all its members share.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "net/packet.h"

namespace peers {

class RoomTurn {
 public:
  bool empty() const { return said_.empty(); }
  std::size_t bytes() const { return bytes_; }

  void Say(net::PacketRef packet) {
    bytes_ += packet->frame().size();
    said_.push_back(std::move(packet));
  }

  // All that was said, and the turn is over.
  net::PacketRef Take() {
    net::PacketRef joined = said_.size() == 1 ? said_.front() : net::Packet::Join(said_);
    said_.clear();
    bytes_ = 0;
    return joined;
  }

 private:
  std::vector<net::PacketRef> said_;
  std::size_t bytes_ = 0;
};

}  // namespace peers
