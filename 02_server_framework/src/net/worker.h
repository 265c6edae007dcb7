// The worker threads: dequeue, look what it is, hand it to whose operation it was.
//
// Threading: Start and Stop by the server's Start and Stop; the rest are the workers themselves.
#pragma once

#include <thread>
#include <vector>

#include "net/acceptor.h"
#include "net/inner_request.h"
#include "net/receive.h"
#include "net/send.h"
#include "net/session_life.h"

namespace net {

class WorkerPool {
 public:
  WorkerPool(const ServerOptions& options, const PortHandle& port, SessionLife& life,
             ReceivePath& receive, SendPath& send, InnerRequests& inner_requests,
             Acceptor& acceptor)
      : options_(options),
        port_(port),
        life_(life),
        receive_(receive),
        send_(send),
        inner_requests_(inner_requests),
        acceptor_(acceptor) {}

  void Start();
  // One end packet for each worker, join: what is in the queue by now is served before.
  void Stop();

  bool OnThisThread() const;

 private:
  void WorkerLoop();
  void Dispatch(ULONG_PTR key, IoContext& context, DWORD bytes, DWORD error);

  const ServerOptions& options_;
  const PortHandle& port_;
  SessionLife& life_;
  ReceivePath& receive_;
  SendPath& send_;
  InnerRequests& inner_requests_;
  Acceptor& acceptor_;

  std::vector<std::thread> workers_;  // written by Start and Stop while no callback runs
};

}  // namespace net
