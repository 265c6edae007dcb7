// Packets of the server to itself, on their way through the port.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "net/handles.h"
#include "net/io_context.h"
#include "net/packet.h"
#include "net/pending_count.h"

namespace net {

class SessionLife;

// Heap-allocated by Post, freed by the worker that dequeues it.
struct InnerRequest : IoContext {
  explicit InnerRequest(PacketRef request)
      : IoContext(IoKind::kInnerRequest), packet(std::move(request)) {}

  const PacketRef packet;
};

class InnerRequests {
 public:
  InnerRequests(const PortHandle& port, SessionLife& life) : port_(port), life_(life) {}

  // Any thread. Puts `packet` into the port's queue; a worker serves it. False: stopping.
  bool Post(PacketRef packet);
  // The worker that dequeued it.
  void Serve(const InnerRequest& request);

  // Start and Stop. Refuse: from here on Post says false.
  void Open() { open_.store(true); }
  void Refuse() { open_.store(false); }
  void WaitUntilServed() { pending_.WaitForZero(); }
  std::uint32_t pending() const { return pending_.value(); }

 private:
  const PortHandle& port_;
  SessionLife& life_;
  std::atomic<bool> open_{false};  // atomic: set by Open and Refuse, read by Post
  PendingCount pending_;           // posted, and not served yet
};

}  // namespace net
