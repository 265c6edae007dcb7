// The ordered stop of source 000: nobody new, everybody out, everything seen, then the workers.
#include <cstdlib>

#include "net/accept_ex.h"
#include "net/log.h"
#include "net/server.h"

namespace net {

StopReport Server::Stop() {
  if (!running_) return {};
  if (IsWorker()) {
    // Stop waits for the workers: one that waits for itself would wait for ever.
    Log(LogLevel::kError, "fatal", SessionId{}, "Stop was called from a callback");
    std::abort();
  }
  // [stop-order]
  Log(LogLevel::kInfo, "stop", SessionId{}, "begins");
  stopping_.store(true);  // 1. the flag: nothing new is issued
  ResumeTraffic();        //    a congestion must not hold back the end
  StopAccepting();        // 2. the listener: nobody new comes in
  if (sessions_) {
    DisconnectAll("server stops");  // 3. CancelIoEx on every session
    sessions_->WaitUntilEmpty();  // 4. every cancelled operation was dequeued, every session freed
  }
  receive_pause_.Stop();
  deferred_close_.Stop();        //    last packets have arrived, or had their time
  inner_pending_.WaitForZero();  //    and every inner request
  EndWorkers();                  // 5. one end packet for each worker, join
  const StopReport report = CountWhatIsLeft();
  port_.Reset();  // 6. the port
  // [/stop-order]
  LogWhatWasLeftOut();
  Log(report.live_sessions == 0 && report.outstanding_operations == 0 ? LogLevel::kInfo
                                                                      : LogLevel::kError,
      "stop", SessionId{},
      "done: live sessions " + std::to_string(report.live_sessions) + ", outstanding operations " +
          std::to_string(report.outstanding_operations));
  running_ = false;
  return report;
}

void Server::StopAccepting() {
  {
    // Under the mutex: a thread that has just looked at the flag and is about to wait gets this
    // too.
    const std::lock_guard lock(back_off_mutex_);
    back_off_wake_.notify_all();
  }
  if (timeout_thread_.joinable()) timeout_thread_.join();
  const SOCKET listener = listener_.load();
  if (options_.accept_mode == AcceptMode::kAcceptEx) {
    if (accept_thread_.joinable()) accept_thread_.join();
    // The accepts are counted: the listener is closed when all of them have come back, so that none
    // can be posted on a closed (or a reused) handle.
    if (listener != INVALID_SOCKET) CancelIoEx(reinterpret_cast<HANDLE>(listener), nullptr);
    accepts_pending_.WaitForZero();
    if (listener != INVALID_SOCKET) closesocket(listener);
    accepts_to_retry_.clear();
    accepts_.clear();
  } else {
    if (listener != INVALID_SOCKET)
      closesocket(listener);  // wakes the thread that blocks in accept()
    if (accept_thread_.joinable()) accept_thread_.join();
  }
  listener_.store(INVALID_SOCKET);
}

void Server::EndWorkers() {
  // The queue is first in, first out: what was posted before is served before.
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    PostQueuedCompletionStatus(port_.get(), 0, 0, nullptr);
  }
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

StopReport Server::CountWhatIsLeft() {
  StopReport report;
  report.outstanding_operations = accepts_pending_.value() + std::uint64_t{inner_pending_.value()};
  if (!sessions_) return report;
  report.live_sessions = sessions_->live();
  for (std::uint32_t index = 0; index < sessions_->capacity(); ++index) {
    report.outstanding_operations += sessions_->slot(index).io.count();
  }
  return report;
}

bool Server::IsWorker() const {
  const std::thread::id me = std::this_thread::get_id();
  if (accept_thread_.get_id() == me) return true;
  for (const std::thread& worker : workers_) {
    if (worker.get_id() == me) return true;
  }
  return false;
}

}  // namespace net
