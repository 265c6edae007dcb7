// A packet of the server to itself, on its way through the port (B8).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "net/io_context.h"

namespace net {

// Heap-allocated by PostInnerRequest, freed by the worker that dequeues it.
struct InnerRequest : IoContext {
  explicit InnerRequest(std::span<const std::byte> packet)
      : IoContext(IoKind::kInnerRequest), bytes(packet.begin(), packet.end()) {}

  const std::vector<std::byte> bytes;
};

}  // namespace net
