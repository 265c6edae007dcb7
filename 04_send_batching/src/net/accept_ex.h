// One AcceptEx operation: the socket that waits for its connection, and room for the two addresses.
#pragma once

#include <array>

#include "net/handles.h"
#include "net/io_context.h"

namespace net {

// Lives as long as the server runs and is used again and again. Owned by the operation while it is
// pending, then by the worker that dequeued it, or by the retry list while there is nothing to
// post.
struct AcceptContext : IoContext {
  AcceptContext() : IoContext(IoKind::kAccept) {}

  // AcceptEx wants 16 bytes more than the largest address, for each of the two.
  static constexpr DWORD kAddressLength = sizeof(sockaddr_in) + 16;

  UniqueSocket socket;
  std::array<char, 2 * kAddressLength> addresses{};
};

}  // namespace net
