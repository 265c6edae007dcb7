// A network for tests of the chat without sockets: writes down who was sent what.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "chat/session_sender.h"
#include "enum.pb.h"
#include "tests/support/wire.h"

namespace course_test {

class FakeSender final : public chat::SessionSender {
 public:
  void Send(net::SessionId to, const net::PacketRef& packet) override {
    if (!packet->sealed()) Seal(*packet);
    const std::lock_guard lock(lock_);
    sent_[to].push_back(packet);
  }
  void SendLast(net::SessionId to, const net::PacketRef& packet, const char*) override {
    Send(to, packet);
  }
  void Trust(net::SessionId) override {}
  std::unique_ptr<net::SendTurn> BeginTurn() override { return nullptr; }
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

  // What `to` was sent since the last call, decoded from the wire. Without what the sector grid
  // answers: that comes at any time, and has tests of its own.
  std::vector<wire::Frame> Take(net::SessionId to) {
    std::vector<wire::Frame> frames;
    for (const net::PacketRef& packet : TakePackets(to)) {
      const std::vector<wire::Frame> some = Decode(packet);
      frames.insert(frames.end(), some.begin(), some.end());
    }
    return frames;
  }
  std::vector<net::PacketRef> TakePackets(net::SessionId to) {
    const std::lock_guard lock(lock_);
    std::vector<net::PacketRef> packets = std::exchange(sent_[to], {});
    std::erase_if(packets, [](const net::PacketRef& packet) {
      return Decode(packet).front().type == Protocol::PACKET_S_MOVE_SECTOR;
    });
    return packets;
  }

  std::size_t seals = 0;  // guarded by lock_ while threads run

 private:
  static std::vector<wire::Frame> Decode(const net::PacketRef& packet) {
    const auto bytes = packet->frame();
    return wire::NaiveRead({bytes.begin(), bytes.end()}, 0xA9, 65535, false).frames;
  }

  std::mutex lock_;
  std::map<net::SessionId, std::vector<net::PacketRef>> sent_;  // guarded by lock_
  std::vector<net::SessionId> finished_;                        // guarded by lock_
};

}  // namespace course_test
