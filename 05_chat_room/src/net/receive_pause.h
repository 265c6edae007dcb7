// Sessions whose next receive has to wait, because their client has sent too much
// (inbound_meter.h).
//
// A receive that waits is parked here with an I/O count, as an outstanding one would have. One
// thread looks at all of them every few milliseconds and lets those go on whose time has come, or
// which are being closed: nobody else would notice, for a parked receive cannot be cancelled.
//
// Threading: Park from any thread. Start and Stop by the server.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace net {

struct Session;

class ReceivePause {
 public:
  // `go_on` takes over the session's count; called on this object's thread.
  using GoOn = std::function<void(Session& session)>;

  ReceivePause() = default;
  ReceivePause(const ReceivePause&) = delete;
  ReceivePause& operator=(const ReceivePause&) = delete;
  ~ReceivePause() { Stop(); }

  void Start(GoOn go_on);
  // Nobody is parked any more, and nobody parks.
  void Stop();

  // Caller: has added a count for it, and no receive of the session is outstanding. False: no
  // memory, go on.
  [[nodiscard]] bool Park(Session& session, std::uint32_t wait_ms);

 private:
  struct Parked {
    Session* session;
    std::uint32_t due;  // MillisecondsNow()
  };

  void Loop();

  GoOn go_on_;
  std::mutex mutex_;
  std::condition_variable wake_;  // notified under mutex_
  std::vector<Parked> parked_;    // guarded by mutex_
  bool stopping_ = false;         // guarded by mutex_
  std::thread thread_;
};

}  // namespace net
