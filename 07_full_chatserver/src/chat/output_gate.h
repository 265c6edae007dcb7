// Output commit: what is to be sent waits until what was written down before it is safe.
//
// With `journal.sync = "turn"` a chronicle's Record returns at once, and a thread of the
// chronicle's brings to the disk what all rooms have recorded by then. The room goes on meanwhile:
// only what leaves is held back, here, in its order. So nothing is heard that a power cut could
// take away, and neither a room nor a worker waits for a disk.
//
// Without sync nothing is ever held.
//
// Threading: Hold by any thread; the chronicle's thread opens the gate. Packets are
// sent outside of the lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>

#include "chat/chronicle.h"
#include "net/packet.h"
#include "net/session_id.h"

namespace net {
class Server;
}

namespace chat {

class OutputGate {
 public:
  // Both outlive this.
  OutputGate(Chronicle& chronicle, net::Server& server);
  ~OutputGate();
  OutputGate(const OutputGate&) = delete;
  OutputGate& operator=(const OutputGate&) = delete;

  // True: it is held, and will be sent (with a reason: as the session's last packet). False:
  // nothing waits, the caller sends it. No packet: the FIN to one who has closed his side, which
  // goes behind what he is owed.
  bool Hold(net::SessionId to, const net::PacketRef& packet, const char* last_reason = nullptr);

 private:
  struct Held {
    net::SessionId to;
    net::PacketRef packet;
    const char* last_reason;
    std::uint64_t needs;  // goes when this is safe
  };

  void Open(std::uint64_t safe);

  Chronicle& chronicle_;
  net::Server& server_;
  std::atomic<std::uint64_t> safe_{0};  // atomic: written by Open, read by all
  std::atomic<std::uint64_t> waiting_{
      0};  // atomic: held or being sent by Open; written under lock_
  std::mutex lock_;
  std::deque<Held> held_;  // guarded by lock_
};

}  // namespace chat
