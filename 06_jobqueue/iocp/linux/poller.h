// What the port needs from the kernel to know when a socket is ready, and nothing more: the one
// place to replace for another mechanism (poller_epoll.cc implements it with epoll).
//
// Readiness is edge-triggered: Wait reports a socket when something new arrived, not while
// something is there. Threads blocked in Wait are woken newest first, one per event (the kernel
// queues epoll waiters exclusively and at the head), which is just the LIFO a port wants.
// Thread-safe: any thread may call anything at any time, except Open and the destructor.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace iocp {

struct Ready {
  std::uint64_t token;  // as given to Add; Poller::kSignalToken for a signal
  bool readable;
  bool writable;
  bool more;  // FIN, RST or urgent data has arrived: a receive can be short and leave something
};

class Poller {
 public:
  static constexpr std::uint64_t kSignalToken = 0;
  static constexpr std::size_t kMostEvents = 128;

  Poller() = default;
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  bool Open();  // false: no descriptors left (errno)

  // Registers a socket for its life; what is ready at this moment is reported too. False: errno.
  bool Add(int fd, std::uint64_t token);
  void Rearm(int fd, std::uint64_t token);  // reports anew whatever is ready now
  void Remove(int fd);

  // Reports `other` for as long as `other` has something to report (not edge-triggered).
  bool AddNested(const Poller& other, std::uint64_t token);
  void RemoveNested(const Poller& other);

  // Waits up to `milliseconds` (-1: for ever, 0: not at all) and returns what is ready.
  std::span<const Ready> Wait(std::array<Ready, kMostEvents>& storage, int milliseconds);

  // Wakes one thread that is in Wait, or the next to call it.
  void Signal();

 private:
  int epoll_ = -1;   // set by Open
  int signal_ = -1;  // an eventfd that is never read: each write is one edge
};

}  // namespace iocp
