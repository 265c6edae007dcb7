// Wake-ups collected under a lock and made after it was released: the woken thread would run into
// that lock at once. (Under a lock there are only system calls that do not block.) Whoever collects
// must hold a reference to the port until Fire.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "iocp/linux/win32_types.h"

namespace iocp {

class CompletionPort;
struct Operation;

class Wakes {
 public:
  Wakes() = default;
  Wakes(const Wakes&) = delete;
  Wakes& operator=(const Wakes&) = delete;
  ~Wakes() { Fire(); }

  // Only the word's address is kept: after the thread was told (parker = 1) it may even have ended.
  void AddParked(std::atomic<std::uint32_t>* parker);
  void AddSignal(CompletionPort* port);  // one thread in the port's poller
  // The background thread shall watch the port; `now`: poll for it at once.
  void AddWatch(CompletionPort* port, bool now) {
    watch_ = port;
    watch_now_ = now;
  }
  // A completed operation's record, to be freed. (Freeing it may close sockets that it referred
  // to.)
  void AddFinished(Operation* operation);

  void Fire();

 private:
  // Two: a socket's own port, and the listener's when an AcceptEx ends at the accepting socket.
  std::array<CompletionPort*, 2> signals_{};
  CompletionPort* watch_ = nullptr;
  bool watch_now_ = false;
  Operation* finished_ = nullptr;
  std::size_t count_ = 0;
  std::array<std::atomic<std::uint32_t>*, 4> parked_;
  std::vector<std::atomic<std::uint32_t>*> more_;
};

}  // namespace iocp
