#include "net/inner_request.h"

#include <memory>

#include "net/session_life.h"

namespace net {

bool InnerRequests::Post(PacketRef packet) {
  auto request = std::make_unique<InnerRequest>(std::move(packet));
  // Counted first, then the flag is read; Stop sets the flag first, then reads the count (all of it
  // sequentially consistent). So either this call sees the flag, or Stop waits for this request.
  pending_.Add();
  if (!open_.load() || !PostQueuedCompletionStatus(port_.get(), 0, 0, request.get())) {
    pending_.Finish();
    return false;
  }
  static_cast<void>(request.release());  // the port's queue owns it now
  return true;
}

void InnerRequests::Serve(const InnerRequest& request) {
  life_.CallGame(SessionId{}, [&](Callbacks& game) { game.OnInnerRequest(request.packet); });
  pending_.Finish();
}

}  // namespace net
