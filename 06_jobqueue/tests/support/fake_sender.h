// A network for tests of the chat without sockets: writes down who was sent what.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "chat/packet_sender.h"
#include "tests/support/wire.h"

namespace course_test {

class FakeSender final : public chat::PacketSender {
 public:
  void Send(net::SessionId to, const net::PacketRef& packet) override {
    if (!packet->sealed()) Seal(*packet);
    const std::lock_guard lock(lock_);
    sent_[to].push_back(packet);
  }
  void Finish(net::SessionId to) override {
    const std::lock_guard lock(lock_);
    finished_.push_back(to);
  }
  // Whose connections are to end, in order.
  std::vector<net::SessionId> finished() {
    const std::lock_guard lock(lock_);
    return finished_;
  }
  void Seal(net::Packet& packet) override {
    packet.Seal(0xA9, 0x17);
    const std::lock_guard lock(lock_);
    ++seals;
  }

  // What `to` was sent since the last call, decoded from the wire.
  std::vector<wire::Frame> Take(net::SessionId to) {
    std::vector<wire::Frame> frames;
    for (const net::PacketRef& packet : TakePackets(to)) {
      const auto bytes = packet->frame();
      const wire::Meaning meaning =
          wire::NaiveRead({bytes.begin(), bytes.end()}, 0xA9, 65535, false);
      frames.insert(frames.end(), meaning.frames.begin(), meaning.frames.end());
    }
    return frames;
  }
  std::vector<net::PacketRef> TakePackets(net::SessionId to) {
    const std::lock_guard lock(lock_);
    return std::exchange(sent_[to], {});
  }

  std::size_t seals = 0;  // guarded by lock_ while threads run

 private:
  std::mutex lock_;
  std::map<net::SessionId, std::vector<net::PacketRef>> sent_;  // guarded by lock_
  std::vector<net::SessionId> finished_;                        // guarded by lock_
};

}  // namespace course_test
