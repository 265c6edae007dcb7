#include "net/connect_attempt.h"

#include "net/error_text.h"

namespace net {

namespace {

// Not exported by the socket library: its address is asked for at run time.
LPFN_CONNECTEX FindConnectEx(SOCKET socket) {
  GUID guid = WSAID_CONNECTEX;
  LPFN_CONNECTEX function = nullptr;
  DWORD bytes = 0;
  WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof(guid), &function,
           sizeof(function), &bytes, nullptr, nullptr);
  return function;
}

// ConnectEx wants a socket that is bound (P36).
UniqueSocket MakeBoundSocket() {
  UniqueSocket socket(
      WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
  const sockaddr_in any = ToSockaddr({});
  if (socket && bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) != 0) {
    const int error = WSAGetLastError();
    socket.Reset();
    WSASetLastError(error);
  }
  return socket;
}

}  // namespace

// 0: done, or under way.
DWORD ConnectAttempt::Issue(const PeerAddress& address, OVERLAPPED& operation) {
  const LPFN_CONNECTEX connect_ex = FindConnectEx(pending_);
  if (connect_ex == nullptr) return static_cast<DWORD>(WSAGetLastError());
  const sockaddr_in raw = ToSockaddr(address);
  DWORD sent = 0;
  if (connect_ex(pending_, reinterpret_cast<const sockaddr*>(&raw), sizeof(raw), nullptr, 0, &sent,
                 &operation)) {
    return 0;
  }
  const auto error = static_cast<DWORD>(WSAGetLastError());
  return error == WSA_IO_PENDING ? 0 : error;
}

Status ConnectAttempt::Run(const PeerAddress& address, std::chrono::milliseconds patience,
                           UniqueSocket& socket) {
  const auto failed = [&](const std::string& why) {
    socket.Reset();
    return Status::Error("cannot connect to " + ToString(address) + ": " + why);
  };
  // No port is told: the end is waited for by this event (P19).
  const PortHandle done(CreateEventW(nullptr, TRUE, FALSE, nullptr));
  if (!done) return failed(ErrorText(GetLastError()));
  OVERLAPPED operation{};
  operation.hEvent = done.get();
  socket = MakeBoundSocket();
  if (!socket) return failed(ErrorText(static_cast<DWORD>(WSAGetLastError())));
  {
    // Under the lock: GiveUp finds an operation that it can cancel, or keeps this one from
    // starting.
    const std::lock_guard guard(lock_);
    if (given_up_) return failed("given up");
    pending_ = socket.get();
    if (const DWORD error = Issue(address, operation); error != 0) {
      pending_ = INVALID_SOCKET;
      return failed(ErrorText(error));
    }
  }
  // [give-up]
  const auto wait = static_cast<DWORD>(patience.count());
  const bool late = WaitForSingleObject(done.get(), wait) == WAIT_TIMEOUT;
  if (late) {
    // It may be done just now; whatever it is, exactly one end follows (P31), and `operation` must
    // live until then.
    CancelIoEx(reinterpret_cast<HANDLE>(socket.get()), &operation);
    WaitForSingleObject(done.get(), INFINITE);
  }
  // [/give-up]
  bool given_up = false;
  {
    const std::lock_guard guard(lock_);
    pending_ = INVALID_SOCKET;
    given_up = given_up_;
  }
  DWORD bytes = 0;
  DWORD flags = 0;
  if (!WSAGetOverlappedResult(socket.get(), &operation, &bytes, FALSE, &flags)) {
    const auto error = static_cast<DWORD>(WSAGetLastError());
    if (given_up) return failed("given up");
    return failed(late ? "no answer" : ErrorText(error));
  }
  // The socket learns what it is: without this getpeername and shutdown fail on it (as P34).
  const char* const no_value = nullptr;
  setsockopt(socket.get(), SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, no_value, 0);
  return Status::Ok();
}

void ConnectAttempt::GiveUp() {
  const std::lock_guard guard(lock_);
  given_up_ = true;
  if (pending_ != INVALID_SOCKET) CancelIoEx(reinterpret_cast<HANDLE>(pending_), nullptr);
}

}  // namespace net
