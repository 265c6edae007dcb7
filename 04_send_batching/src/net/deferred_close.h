// Closes sockets whose last packet must arrive, on a thread of its own.
//
// When WSASend has completed, the bytes are in the system's send buffer, not with the peer. Closing
// the socket now usually delivers them, but not always: if the peer has sent something that we have
// not read, closing resets the connection, and a reset throws away what the peer has not read yet.
// The orderly way takes time: say "no more from us" (shutdown), read what the peer still sends
// until its FIN says that it has seen ours, then close. A worker must not wait for that, and a peer
// that never reads must not keep the socket for ever: after linger_ms it is closed hard, by a
// reset.
//
// How it waits for hundreds of sockets with one event: each socket has one receive of zero bytes
// pending (it takes nothing and completes when there is something, or a FIN: P22, P25), and all of
// them signal the same event. The low bit in hEvent keeps their packets away from the server's port
// (P19). The thread looks at every OVERLAPPED whenever the event fires.
//
// Threading: Close from any thread, never blocks for the network. Start and Stop by the server.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/handles.h"
#include "net/status.h"

namespace net {

class DeferredClose {
 public:
  DeferredClose() = default;
  DeferredClose(const DeferredClose&) = delete;
  DeferredClose& operator=(const DeferredClose&) = delete;
  ~DeferredClose() { Stop(); }

  // At most `sockets_max` linger at a time; what comes above that is closed hard at once.
  Status Start(std::uint32_t linger_ms, std::size_t sockets_max);
  // The socket's sends have completed and no operation on it is outstanding.
  void Close(UniqueSocket socket);
  // Waits for all that linger, linger_ms at most, and ends the thread.
  void Stop();

  std::uint32_t lingering() const { return lingering_.load(std::memory_order_acquire); }
  std::uint64_t closed() const { return closed_.load(std::memory_order_relaxed); }
  std::uint64_t given_up() const { return given_up_.load(std::memory_order_relaxed); }

 private:
  struct Lingering;
  using List = std::vector<std::unique_ptr<Lingering>>;

  void Loop();
  bool TakeNew(List& list);
  bool LookAt(Lingering& one, std::uint32_t now, bool& issued);
  bool PostWait(Lingering& one);
  void GiveUp(Lingering& one);
  DWORD UntilNextDeadline(const List& list, std::uint32_t now) const;

  std::uint32_t linger_ms_ = 0;  // constant while the thread runs
  std::size_t sockets_max_ = 0;  // constant while the thread runs
  HANDLE event_ = nullptr;       // auto-reset; made by Start, closed by Stop
  std::thread thread_;

  std::mutex mutex_;
  std::vector<UniqueSocket> new_;  // guarded by mutex_
  bool stopping_ = false;          // guarded by mutex_

  // atomic: raised by Close, lowered by the thread
  std::atomic<std::uint32_t> lingering_{0};
  // atomic: the thread counts, anybody reads
  std::atomic<std::uint64_t> closed_{0};    // the peer has closed, or was gone
  std::atomic<std::uint64_t> given_up_{0};  // out of time: closed hard
};

}  // namespace net
