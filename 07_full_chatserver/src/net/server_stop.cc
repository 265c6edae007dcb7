// The ordered stop of source 000: nobody new, everybody out, everything seen, then the workers.
#include <cstdlib>
#include <string>

#include "net/log.h"
#include "net/server.h"

namespace net {

StopReport Server::Stop() {
  if (!running_) return {};
  if (CalledFromCallback()) {
    // Stop waits for the workers: one that waits for itself would wait for ever.
    Log(LogLevel::kError, "fatal", SessionId{}, "Stop was called from a callback");
    std::abort();
  }
  // [stop-order]
  // <student 02.5>
  Log(LogLevel::kInfo, "stop", SessionId{}, "begins");
  inner_requests_.Refuse();  // 1. nothing new is asked for
  ResumeTraffic();           //    a congestion must not hold back the end
  acceptor_.Stop();          // 2. the listener: nobody new comes in
  timeout_watch_.Stop();
  life_.DisconnectAll("server stops");  // 3. CancelIoEx on every session
  life_.WaitUntilEmpty();  // 4. every cancelled operation was dequeued, every session freed
  receive_.Stop();
  deferred_close_.Stop();             //    last packets have arrived, or had their time
  inner_requests_.WaitUntilServed();  //    and every inner request
  workers_.Stop();                    // 5. one end packet for each worker, join
  const StopReport report{life_.live(), life_.outstanding() + acceptor_.pending() +
                                            std::uint64_t{inner_requests_.pending()}};
  port_.Reset();  // 6. the port
  LogWhatWasLeftOut();
  Log(report.live_sessions == 0 && report.outstanding_operations == 0 ? LogLevel::kInfo
                                                                      : LogLevel::kError,
      "stop", SessionId{},
      "done: live sessions " + std::to_string(report.live_sessions) + ", outstanding operations " +
          std::to_string(report.outstanding_operations));
  running_ = false;
  return report;
  // </student>
  // [/stop-order]
}

bool Server::CalledFromCallback() const {
  return workers_.OnThisThread() || acceptor_.OnThisThread();
}

}  // namespace net
