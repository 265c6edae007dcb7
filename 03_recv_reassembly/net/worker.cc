// The worker threads (B5): dequeue, look what it is, serve it.
#include "net/accept_ex.h"
#include "net/error_text.h"
#include "net/inner_request.h"
#include "net/log.h"
#include "net/server.h"

namespace net {

void Server::WorkerLoop() {
  for (;;) {
    // [worker-loop]
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* overlapped = nullptr;
    const BOOL ok = GetQueuedCompletionStatus(port_.get(), &bytes, &key, &overlapped, INFINITE);
    const DWORD error = ok ? 0 : GetLastError();  // before anything else can change it
    if (overlapped == nullptr) {
      // TRUE and NULL: a posted packet (P9), and we post only one with NULL: (0, 0, NULL) = the
      // end. FALSE and NULL: nothing was dequeued (P6, P13); without a time limit that is a broken
      // port.
      if (!ok) ReportError(SessionId{}, "the port is broken, a worker ends", error);
      return;
    }
    // FALSE with an OVERLAPPED is a dequeued packet of a failed operation (P8): it is served like
    // the others, for its count must come back too.
    Dispatch(key, *static_cast<IoContext*>(overlapped), bytes, error);
    // [/worker-loop]
  }
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
      const std::unique_ptr<SendContext> send(static_cast<SendContext*>(&context));
      OnSendCompleted(*session, *send, bytes, error);
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
