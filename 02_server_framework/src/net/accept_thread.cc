// The accept thread: blocks in accept(), one connection after the other.
#include <algorithm>

#include "net/acceptor.h"
#include "net/error_text.h"

namespace net {

namespace {
constexpr unsigned kFirstBackOffMs = 10;
constexpr unsigned kLongestBackOffMs = 1000;
constexpr unsigned kGoneInARow = 64;
}  // namespace

void Acceptor::AcceptLoop() {
  unsigned back_off = kFirstBackOffMs;
  while (!stopping_.load()) {
    sockaddr_in address{};
    int length = sizeof(address);
    UniqueSocket socket(accept(listener_.load(), reinterpret_cast<sockaddr*>(&address), &length));
    if (socket) {
      back_off = kFirstBackOffMs;
      gone_in_row_.store(0);
      admission_.Admit(std::move(socket), FromSockaddr(address));
      continue;
    }
    const auto error = static_cast<DWORD>(WSAGetLastError());
    if (stopping_.load()) break;  // Stop has closed the listener
    if (OnlyThatClient(error)) continue;
    // No descriptors left, or worse. The connection stays in the listen queue, so an immediate
    // retry fails at once again: without the wait this loop would burn a processor.
    ReportAcceptError(error);
    if (BackOff(back_off)) break;
    back_off = std::min(back_off * 2, kLongestBackOffMs);
  }
}

// Did the client go away before it was accepted? Then the next one may be there already. But if
// that is all that ever comes, it is a failure like the others and must not spin.
bool Acceptor::OnlyThatClient(DWORD error) {
  return IsConnectionOver(error) && gone_in_row_.fetch_add(1) < kGoneInARow;
}

// A line a second at most: what keeps one accept from succeeding keeps them all.
void Acceptor::ReportAcceptError(DWORD error) {
  {
    const std::lock_guard lock(back_off_mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now < error_silent_until_) return;
    error_silent_until_ = now + std::chrono::seconds(1);
  }
  life_.ReportError(SessionId{}, "accept failed", error);
}

bool Acceptor::BackOff(unsigned ms) {
  std::unique_lock lock(back_off_mutex_);
  return back_off_wake_.wait_for(lock, std::chrono::milliseconds(ms),
                                 [this] { return stopping_.load(); });
}

}  // namespace net
