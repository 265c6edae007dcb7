#include "net/deferred_close.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/error_text.h"
#include "net/receive.h"  // MillisecondsNow

namespace net {

namespace {

// Reads what the peer still sends, to nowhere. True: the connection is over.
bool Drain(SOCKET socket) {
  std::array<char, 4096> waste;
  for (int i = 0; i < 16; ++i) {  // then the others have their turn
    const int count = recv(socket, waste.data(), static_cast<int>(waste.size()), 0);
    if (count > 0) continue;
    return count == 0 || WSAGetLastError() != WSAEWOULDBLOCK;
  }
  return false;
}

void CloseHard(UniqueSocket& socket) {
  const linger hard{1, 0};  // a reset: the system forgets the connection and the unsent bytes
  setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&hard),
             sizeof(hard));
  socket.Reset();
}

}  // namespace

struct DeferredClose::Lingering {
  OVERLAPPED overlapped{};  // of the receive of zero bytes
  UniqueSocket socket;
  std::uint32_t deadline = 0;  // MillisecondsNow()
  bool waiting = false;        // the receive is pending
  bool given_up = false;       // ... and was cancelled
};

Status DeferredClose::Start(std::uint32_t linger_ms, std::size_t sockets_max) {
  linger_ms_ = linger_ms;
  sockets_max_ = sockets_max;
  stopping_ = false;
  event_ = CreateEventW(nullptr, FALSE, FALSE, nullptr);
  if (event_ == nullptr) return Status::Error("cannot make an event: " + ErrorText(GetLastError()));
  thread_ = std::thread([this] { Loop(); });
  return Status::Ok();
}

void DeferredClose::Close(UniqueSocket socket) {
  if (lingering_.fetch_add(1, std::memory_order_acq_rel) >= sockets_max_) {
    lingering_.fetch_sub(1, std::memory_order_acq_rel);
    given_up_.fetch_add(1, std::memory_order_relaxed);
    CloseHard(socket);
    return;
  }
  const std::lock_guard lock(mutex_);
  new_.push_back(std::move(socket));
  SetEvent(event_);
}

void DeferredClose::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    SetEvent(event_);
  }
  thread_.join();
  CloseHandle(std::exchange(event_, nullptr));
}

void DeferredClose::Loop() {
  List list;
  for (;;) {
    const bool stopping = TakeNew(list);
    const std::uint32_t now = MillisecondsNow();
    bool issued = false;
    const std::size_t before = list.size();
    std::erase_if(list, [&](const auto& one) { return LookAt(*one, now, issued); });
    lingering_.fetch_sub(static_cast<std::uint32_t>(before - list.size()),
                         std::memory_order_acq_rel);
    if (stopping && list.empty()) return;
    // Issuing a receive resets the event (P19), and may have swallowed somebody's signal: so look
    // again at everything, and wait only after a round that has issued nothing.
    if (!issued) WaitForSingleObject(event_, UntilNextDeadline(list, now));
  }
}

// True: the server stops.
bool DeferredClose::TakeNew(List& list) {
  std::vector<UniqueSocket> taken;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(new_);
    stopping = stopping_;
  }
  for (UniqueSocket& socket : taken) {
    auto one = std::make_unique<Lingering>();
    one->socket = std::move(socket);
    one->deadline = MillisecondsNow() + linger_ms_;
    u_long non_blocking = 1;  // for Drain; overlapped calls do not care (P20)
    ioctlsocket(one->socket.get(), static_cast<long>(FIONBIO), &non_blocking);
    shutdown(one->socket.get(), SD_SEND);  // our FIN goes out behind the last byte
    list.push_back(std::move(one));
  }
  return stopping;
}

// True: finished, the socket is closed.
// [look-at]
bool DeferredClose::LookAt(Lingering& one, std::uint32_t now, bool& issued) {
  // <student 04.7>
  if (one.waiting && !HasOverlappedIoCompleted(&one.overlapped)) {
    if (!one.given_up && static_cast<std::int32_t>(now - one.deadline) >= 0) GiveUp(one);
    return false;  // a cancelled receive completes too (P31), and until then it owns the OVERLAPPED
  }
  one.waiting = false;
  if (one.given_up || static_cast<std::int32_t>(now - one.deadline) >= 0) {
    given_up_.fetch_add(1, std::memory_order_relaxed);
    CloseHard(one.socket);
    return true;
  }
  if (!Drain(one.socket.get()) && PostWait(one)) {
    issued = true;
    return false;
  }
  closed_.fetch_add(1, std::memory_order_relaxed);
  one.socket.Reset();
  return true;
  // </student>
}

bool DeferredClose::PostWait(Lingering& one) {
  // <student 04.7>
  one.overlapped = OVERLAPPED{};
  one.overlapped.hEvent =
      reinterpret_cast<HANDLE>(reinterpret_cast<ULONG_PTR>(event_) | ULONG_PTR{1});
  WSABUF nothing{};
  DWORD flags = 0;
  one.waiting = true;
  return WSARecv(one.socket.get(), &nothing, 1, nullptr, &flags, &one.overlapped, nullptr) == 0 ||
         WSAGetLastError() == WSA_IO_PENDING;
  // </student>
}
// [/look-at]

void DeferredClose::GiveUp(Lingering& one) {
  one.given_up = true;
  CancelIoEx(reinterpret_cast<HANDLE>(one.socket.get()), &one.overlapped);
}

DWORD DeferredClose::UntilNextDeadline(const List& list, std::uint32_t now) const {
  DWORD wait = INFINITE;
  for (const auto& one : list) {
    if (one->given_up) continue;  // its completion fires the event
    const auto left = static_cast<std::int32_t>(one->deadline - now);
    wait = std::min(wait, static_cast<DWORD>(std::max(left, 0)));
  }
  return wait;
}

}  // namespace net
