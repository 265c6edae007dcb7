#include "net/worker.h"

#include <algorithm>
#include <memory>
#include <string>

#include "net/log.h"

namespace net {

void WorkerPool::Start() {
  std::uint32_t count = options_.worker_threads;
  if (count == 0) count = std::max(1u, std::thread::hardware_concurrency());
  workers_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) workers_.emplace_back([this] { WorkerLoop(); });
  Log(LogLevel::kInfo, "start", SessionId{}, "worker threads: " + std::to_string(count));
}

void WorkerPool::Stop() {
  // The queue is first in, first out: what was posted before is served before.
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    PostQueuedCompletionStatus(port_.get(), 0, 0, nullptr);
  }
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

bool WorkerPool::OnThisThread() const {
  const auto is_me = [me = std::this_thread::get_id()](const std::thread& worker) {
    return worker.get_id() == me;
  };
  return std::any_of(workers_.begin(), workers_.end(), is_me);
}

// [worker-loop]
void WorkerPool::WorkerLoop() {
  // <student 02.4>
  for (;;) {
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* overlapped = nullptr;
    const BOOL ok = GetQueuedCompletionStatus(port_.get(), &bytes, &key, &overlapped, INFINITE);
    const DWORD error = ok ? 0 : GetLastError();  // before anything else can change it
    if (overlapped == nullptr) {
      // TRUE: the end packet of Stop (P9). FALSE: nothing was dequeued, the port is broken (P13).
      if (!ok) life_.ReportError(SessionId{}, "the port is broken, a worker ends", error);
      return;
    }
    // A failed operation's packet is served like the others: its count must come back, too (P8).
    Dispatch(key, *static_cast<IoContext*>(overlapped), bytes, error);
  }
  // </student>
}
// [/worker-loop]

// [dispatch]
void WorkerPool::Dispatch(ULONG_PTR key, IoContext& context, DWORD bytes, DWORD error) {
  // <student 02.4>
  switch (context.kind) {
    case IoKind::kRecv: {
      const SessionRef session(life_, reinterpret_cast<Session*>(key));  // the receive's count
      receive_.OnRecvCompleted(*session, bytes, error);
      break;
    }
    case IoKind::kSend: {
      const SessionRef session(life_, reinterpret_cast<Session*>(key));  // the send's count
      const std::unique_ptr<SendContext> send(static_cast<SendContext*>(&context));
      send_.OnSendCompleted(*session, *send, bytes, error);
      break;
    }
    case IoKind::kInnerRequest: {
      const std::unique_ptr<InnerRequest> request(static_cast<InnerRequest*>(&context));
      inner_requests_.Serve(*request);
      break;
    }
    case IoKind::kAccept:
      acceptor_.OnAcceptCompleted(static_cast<AcceptContext&>(context), error);
      break;
    case IoKind::kRelease:
      life_.Free(*reinterpret_cast<Session*>(key));
      break;
  }
  // </student>
}
// [/dispatch]

}  // namespace net
