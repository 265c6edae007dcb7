// AcceptEx mode: accepting is an operation on the port like any other, no thread blocks in
// accept().
#include "net/accept_ex.h"

#include "net/acceptor.h"
#include "net/error_text.h"

namespace net {

namespace {
constexpr unsigned kRetryMs = 100;
}  // namespace

Status Acceptor::StartAcceptEx() {
  // AcceptEx is not exported by the socket library: its address is asked for at run time.
  GUID guid = WSAID_ACCEPTEX;
  DWORD bytes = 0;
  if (WSAIoctl(listener_.load(), SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof(guid),
               &accept_ex_, sizeof(accept_ex_), &bytes, nullptr, nullptr) != 0) {
    return Status::Error("AcceptEx: " + ErrorText(static_cast<DWORD>(WSAGetLastError())));
  }
  // The accepts' packets come with the listener's key (P32); their kind says enough, so the key is
  // 0.
  if (CreateIoCompletionPort(reinterpret_cast<HANDLE>(listener_.load()), port_.get(), 0, 0) ==
      nullptr) {
    return Status::Error("cannot associate the listener: " + ErrorText(GetLastError()));
  }
  for (std::uint32_t i = 0; i < options_.accepts_outstanding; ++i) {
    contexts_.push_back(std::make_unique<AcceptContext>());
    PostAccept(*contexts_.back());
  }
  return Status::Ok();
}

// Caller: owns the context. Afterwards the operation owns it, or the retry list.
void Acceptor::PostAccept(AcceptContext& context) {
  // Counted first, then the flag is read; Stop does it the other way round (see InnerRequests).
  pending_.Add();
  DWORD error = 0;
  if (!stopping_.load()) {
    // [post-accept]
    context.Reset();
    // AcceptEx does not make the new socket: it wants one that is ready and unbound.
    context.socket.Reset(
        WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
    DWORD received = 0;
    // No room for data: or clients that connect and say nothing would tie up every context (P32).
    if (!context.socket || !accept_ex_(listener_.load(), context.socket.get(),
                                       context.addresses.data(), 0, AcceptContext::kAddressLength,
                                       AcceptContext::kAddressLength, &received, &context)) {
      error = static_cast<DWORD>(WSAGetLastError());
    }
    // [/post-accept]
    if (error == 0 || error == WSA_IO_PENDING) {
      // Stop may have cancelled just before this accept was pending.
      if (stopping_.load()) CancelIoEx(reinterpret_cast<HANDLE>(listener_.load()), nullptr);
      return;
    }
    context.socket.Reset();
    ReportAcceptError(error);
    RetryLater(context);
  }
  pending_.Finish();
}

// Caller: the worker that dequeued the accept. Its pending count falls only at the end: Stop waits
// for it, so no session can appear after Stop has disconnected all of them.
void Acceptor::OnAcceptCompleted(AcceptContext& context, DWORD error) {
  UniqueSocket socket = std::move(context.socket);
  if (error == 0) {
    gone_in_row_.store(0);
    // The socket learns what it is: without this getpeername and shutdown fail on it (P34).
    SOCKET listener = listener_.load();
    setsockopt(socket.get(), SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
               reinterpret_cast<const char*>(&listener), sizeof(listener));
    PostAccept(context);  // first: the next client should not wait for the game's callbacks
    sockaddr_in address{};
    int length = sizeof(address);
    // Fails when the client is gone already; then the first receive will say so.
    getpeername(socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
    admission_.Admit(std::move(socket), FromSockaddr(address));
  } else if (!stopping_.load()) {
    socket.Reset();
    if (OnlyThatClient(error)) {
      PostAccept(context);  // the context serves the next one
    } else {
      ReportAcceptError(error);
      RetryLater(context);
    }
  }
  pending_.Finish();
}

void Acceptor::RetryLater(AcceptContext& context) {
  const std::lock_guard lock(back_off_mutex_);
  to_retry_.push_back(&context);
  back_off_wake_.notify_all();
}

// On the accept thread, which has nothing else to do in this mode: contexts that could not be
// posted (no descriptors left) are tried again after a pause, so that a shortage neither spins nor
// ends the accepting for ever.
void Acceptor::RetryAccepts() {
  std::unique_lock lock(back_off_mutex_);
  for (;;) {
    back_off_wake_.wait(lock, [this] { return stopping_.load() || !to_retry_.empty(); });
    if (stopping_.load()) return;
    back_off_wake_.wait_for(lock, std::chrono::milliseconds(kRetryMs),
                            [this] { return stopping_.load(); });
    std::vector<AcceptContext*> again;
    again.swap(to_retry_);
    lock.unlock();
    for (AcceptContext* context : again) PostAccept(*context);
    lock.lock();
  }
}

}  // namespace net
