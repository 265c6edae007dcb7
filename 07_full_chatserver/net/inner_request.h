// A packet of the server to itself, on its way through the port (B8).
#pragma once

#include <utility>

#include "net/io_context.h"
#include "net/packet.h"

namespace net {

// Heap-allocated by PostInnerRequest, freed by the worker that dequeues it.
struct InnerRequest : IoContext {
  explicit InnerRequest(PacketRef request)
      : IoContext(IoKind::kInnerRequest), packet(std::move(request)) {}

  const PacketRef packet;
};

}  // namespace net
