#include "net/inner_request.h"

#include <memory>

#include "net/server.h"

namespace net {

bool Server::PostInnerRequest(PacketRef packet) {
  auto request = std::make_unique<InnerRequest>(std::move(packet));
  // Counted first, then the flag is read; Stop sets the flag first, then reads the count (all of it
  // sequentially consistent). So either this call sees the flag, or Stop waits for this request.
  inner_pending_.Add();
  if (stopping_.load() || !PostQueuedCompletionStatus(port_.get(), 0, 0, request.get())) {
    inner_pending_.Finish();
    return false;
  }
  static_cast<void>(request.release());  // the port's queue owns it now
  return true;
}

}  // namespace net
