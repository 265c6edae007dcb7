// The worker threads (B5): dequeue, look what it is, serve it.
#include <array>
#include <span>

#include "net/accept_ex.h"
#include "net/error_text.h"
#include "net/inner_request.h"
#include "net/log.h"
#include "net/send_turn.h"
#include "net/server.h"

namespace net {

void Server::WorkerLoop() {
  for (;;) {
    // [worker-loop]
    std::array<OVERLAPPED_ENTRY, ServerOptions::kBatchLimit> entries;
    ULONG count = 0;
    // One call for all that is there, up to the batch; it never waits to fill it (P10).
    if (!GetQueuedCompletionStatusEx(port_.get(), entries.data(), options_.completion_batch, &count,
                                     INFINITE, FALSE)) {
      ReportError(SessionId{}, "the port is broken, a worker ends", GetLastError());
      return;
    }
    bool end = false;
    {
      const SendTurn turn(*this);  // what this batch sends leaves here, one send per session
      for (const OVERLAPPED_ENTRY& entry : std::span(entries.data(), count)) {
        if (entry.lpOverlapped != nullptr) {
          DispatchEntry(entry);
          continue;
        }
        // <student 04.6>
        // (0, 0, NULL) ends one worker. A batch may hold the ends of others too: they go back.
        if (end) PostQueuedCompletionStatus(port_.get(), 0, 0, nullptr);
        end = true;
        // </student>
      }
    }
    if (end) return;
    // [/worker-loop]
  }
}

// An entry tells the status of its operation in the OVERLAPPED (P10), not in the last error. A
// failed operation is served like the others, for its count must come back too.
void Server::DispatchEntry(const OVERLAPPED_ENTRY& entry) {
  IoContext& context = *static_cast<IoContext*>(entry.lpOverlapped);
  DWORD bytes = entry.dwNumberOfBytesTransferred;
  DWORD error = 0;
  const bool is_io = context.kind == IoKind::kRecv || context.kind == IoKind::kSend ||
                     context.kind == IoKind::kAccept;
  if (is_io && context.Internal != 0) {
    const SOCKET socket = context.kind == IoKind::kAccept
                              ? listener_.load()
                              : reinterpret_cast<Session*>(entry.lpCompletionKey)->socket;
    // Translates the NT status into the error that GetQueuedCompletionStatus would have set.
    if (!GetOverlappedResult(reinterpret_cast<HANDLE>(socket), &context, &bytes, FALSE)) {
      error = GetLastError();
    }
  }
  Dispatch(entry.lpCompletionKey, context, bytes, error);
}

void Server::Dispatch(ULONG_PTR key, IoContext& context, DWORD bytes, DWORD error) {
  switch (context.kind) {
    // <student 02.4>
    case IoKind::kRecv: {
      const SessionRef session(*this, reinterpret_cast<Session*>(key));  // the receive's count
      OnRecvCompleted(*session, bytes, error);
      break;
    }
    case IoKind::kSend: {
      const SessionRef session(*this, reinterpret_cast<Session*>(key));  // the send's count
      OnSendCompleted(*session, bytes, error);
      break;
    }
    case IoKind::kSendRequest: {
      const SessionRef session(*this, reinterpret_cast<Session*>(key));  // the request's count
      OnSendRequest(*session);
      break;
    }
    case IoKind::kInnerRequest: {
      const std::unique_ptr<InnerRequest> request(static_cast<InnerRequest*>(&context));
      CallGame(SessionId{}, [&] { OnInnerRequest(request->packet); });
      inner_pending_.Finish();
      break;
    }
    // </student>
    case IoKind::kAccept:
      OnAcceptCompleted(static_cast<AcceptContext&>(context), error);
      break;
    case IoKind::kRelease:
      FreeSession(*reinterpret_cast<Session*>(key));
      break;
  }
}

}  // namespace net
