#include "net/worker.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>

#include "net/log.h"
#include "net/send_turn.h"

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

void WorkerPool::WorkerLoop() {
  // [worker-loop]
  // <student 04.6>
  for (;;) {
    std::array<OVERLAPPED_ENTRY, ServerOptions::kBatchLimit> entries;
    ULONG count = 0;
    // One call for all that is there, up to the batch; it never waits to fill it (P10).
    if (!GetQueuedCompletionStatusEx(port_.get(), entries.data(), options_.completion_batch, &count,
                                     INFINITE, FALSE)) {
      life_.ReportError(SessionId{}, "the port is broken, a worker ends", GetLastError());
      return;
    }
    bool end = false;
    {
      const SendTurn turn(send_);  // what this batch sends leaves here, one send per session
      for (const OVERLAPPED_ENTRY& entry : std::span(entries.data(), count)) {
        if (entry.lpOverlapped != nullptr) {
          DispatchEntry(entry);
          continue;
        }
        // (0, 0, NULL) ends one worker. A batch may hold the ends of others too: they go back.
        if (end) PostQueuedCompletionStatus(port_.get(), 0, 0, nullptr);
        end = true;
      }
    }
    if (end) return;
  }
  // </student>
  // [/worker-loop]
}

// An entry tells the status of its operation in the OVERLAPPED (P10), not in the last error. A
// failed operation is served like the others, for its count must come back too.
void WorkerPool::DispatchEntry(const OVERLAPPED_ENTRY& entry) {
  IoContext& context = *static_cast<IoContext*>(entry.lpOverlapped);
  DWORD bytes = entry.dwNumberOfBytesTransferred;
  DWORD error = 0;
  const bool is_io = context.kind == IoKind::kRecv || context.kind == IoKind::kSend ||
                     context.kind == IoKind::kAccept;
  if (is_io && context.Internal != 0) {
    const SOCKET socket = context.kind == IoKind::kAccept
                              ? acceptor_.listener()
                              : reinterpret_cast<Session*>(entry.lpCompletionKey)->socket;
    // Translates the NT status into the error that GetQueuedCompletionStatus would have set.
    if (!GetOverlappedResult(reinterpret_cast<HANDLE>(socket), &context, &bytes, FALSE)) {
      error = GetLastError();
    }
  }
  Dispatch(entry.lpCompletionKey, context, bytes, error);
}

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
      send_.OnSendCompleted(*session, bytes, error);
      break;
    }
    case IoKind::kSendRequest: {
      const SessionRef session(life_, reinterpret_cast<Session*>(key));  // the request's count
      send_.OnSendRequest(*session);
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
