// The accept thread: blocks in accept(), one connection after the other.
#include <algorithm>
#include <chrono>

#include "net/error_text.h"
#include "net/log.h"
#include "net/server.h"

namespace net {

namespace {
constexpr unsigned kFirstBackOffMs = 10;
constexpr unsigned kLongestBackOffMs = 1000;
constexpr unsigned kGateMs = 20;
}  // namespace

void Server::AcceptLoop() {
  unsigned back_off = kFirstBackOffMs;
  while (!stopping_.load()) {
    if (traffic_gate_.closed()) {  // those who connect wait in the listen queue
      BackOff(kGateMs);
      continue;
    }
    sockaddr_in address{};
    int length = sizeof(address);
    UniqueSocket socket(accept(listener_.load(), reinterpret_cast<sockaddr*>(&address), &length));
    if (socket) {
      back_off = kFirstBackOffMs;
      Admit(std::move(socket), FromSockaddr(address));
      continue;
    }
    const auto error = static_cast<DWORD>(WSAGetLastError());
    if (stopping_.load()) break;            // Stop has closed the listener
    if (IsConnectionOver(error)) continue;  // that client went away before it was accepted
    // No descriptors left, or worse. The connection stays in the listen queue, so an immediate
    // retry fails at once again: without the wait this loop would burn a processor and fill the
    // log.
    ReportError(SessionId{}, "accept failed", error);
    if (BackOff(back_off)) break;
    back_off = std::min(back_off * 2, kLongestBackOffMs);
  }
}

bool Server::BackOff(unsigned ms) {
  std::unique_lock lock(back_off_mutex_);
  return back_off_wake_.wait_for(lock, std::chrono::milliseconds(ms),
                                 [this] { return stopping_.load(); });
}

}  // namespace net
