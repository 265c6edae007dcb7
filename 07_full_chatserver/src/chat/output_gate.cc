#include "chat/output_gate.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "net/send_turn.h"
#include "net/server.h"

namespace chat {

OutputGate::OutputGate(Chronicle& chronicle, net::Server& server)
    : chronicle_(chronicle), server_(server) {
  chronicle_.WhenSafe([this](std::uint64_t safe) { Open(safe); });
}

OutputGate::~OutputGate() {
  chronicle_.WhenSafe({});
}

// [hold]
bool OutputGate::Hold(net::SessionId to, const net::PacketRef& packet, const char* last_reason) {
  const std::uint64_t needs = chronicle_.Written();
  // Nobody waits: then whatever was sent to this session before has left already.
  const auto is_open = [&] {
    return needs <= safe_.load(std::memory_order_acquire) &&
           waiting_.load(std::memory_order_acquire) == 0;
  };
  if (is_open()) return false;
  const std::lock_guard guard(lock_);
  if (is_open()) return false;  // opened meanwhile
  held_.push_back({to, packet, last_reason, needs});
  waiting_.fetch_add(1, std::memory_order_release);
  return true;
}
// [/hold]

void OutputGate::Open(std::uint64_t safe) {
  std::vector<Held> going;
  std::unique_lock lock(lock_);
  safe_.store(std::max(safe, safe_.load(std::memory_order_relaxed)), std::memory_order_release);
  while (true) {
    while (!held_.empty() && held_.front().needs <= safe) {
      going.push_back(std::move(held_.front()));
      held_.pop_front();
    }
    if (going.empty()) return;
    lock.unlock();
    {
      const net::SendTurn turn(server_);  // what one session gets leaves as one send
      for (const Held& held : going) {
        if (!held.packet) {
          server_.Finish(held.to);
        } else if (held.last_reason != nullptr) {
          server_.SendAndDisconnect(held.to, held.packet, held.last_reason);
        } else {
          server_.SendPacket(held.to, held.packet);
        }
      }
    }
    lock.lock();
    // Only now: who comes meanwhile goes behind these.
    waiting_.fetch_sub(going.size(), std::memory_order_release);
    going.clear();
  }
}

}  // namespace chat
