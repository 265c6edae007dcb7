// The listener, and who waits at it: a thread in accept(), or AcceptEx operations on the port.
// What comes in goes to Admission.
//
// Threading: Start and Stop by the server's Start and Stop. In accept-thread mode the accept thread
// does all the rest; in AcceptEx mode the workers do (OnAcceptCompleted), and the accept thread
// only posts again what could not be posted.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/accept_ex.h"
#include "net/admit.h"
#include "net/pending_count.h"
#include "net/status.h"

namespace net {

class Acceptor {
 public:
  Acceptor(const ServerOptions& options, const PortHandle& port, SessionLife& life,
           Admission& admission)
      : options_(options), port_(port), life_(life), admission_(admission) {}

  // When it has returned clients can come, and may have come already.
  Status Start();
  // When it has returned nobody comes in any more. Also after a failed Start.
  void Stop();

  // The worker that dequeued the accept.
  void OnAcceptCompleted(AcceptContext& context, DWORD error);

  std::uint16_t port() const { return bound_port_; }  // after Start
  // AcceptEx operations that no worker has finished yet.
  std::uint32_t pending() const { return pending_.value(); }
  bool OnThisThread() const { return thread_.get_id() == std::this_thread::get_id(); }

 private:
  Status Listen();

  // accept_thread.cc
  void AcceptLoop();
  bool OnlyThatClient(DWORD error);
  void ReportAcceptError(DWORD error);
  // Waits up to `ms`; true when the server is stopping.
  bool BackOff(unsigned ms);

  // accept_ex.cc
  Status StartAcceptEx();
  void PostAccept(AcceptContext& context);
  void RetryLater(AcceptContext& context);
  void RetryAccepts();

  const ServerOptions& options_;
  const PortHandle& port_;
  SessionLife& life_;
  Admission& admission_;

  // [acceptor-state]
  // written by Start and Stop while nobody accepts; read by all
  std::uint16_t bound_port_ = 0;
  std::thread thread_;
  std::vector<std::unique_ptr<AcceptContext>> contexts_;
  LPFN_ACCEPTEX accept_ex_ = nullptr;

  // atomic: set by Start, closed and cleared by Stop while the accept thread uses it
  std::atomic<SOCKET> listener_{INVALID_SOCKET};
  std::atomic<bool> stopping_{false};     // atomic: set by Stop, read by who accepts
  PendingCount pending_;                  // AcceptEx mode: see pending()
  std::atomic<unsigned> gone_in_row_{0};  // atomic: failed in a row because the client had gone

  std::mutex back_off_mutex_;
  std::condition_variable back_off_wake_;                       // notified under back_off_mutex_
  std::vector<AcceptContext*> to_retry_;                        // guarded by back_off_mutex_
  std::chrono::steady_clock::time_point error_silent_until_{};  // guarded by back_off_mutex_
  // [/acceptor-state]
};

}  // namespace net
