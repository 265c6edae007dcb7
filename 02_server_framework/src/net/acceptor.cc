// Listening, and the end of it.
#include "net/acceptor.h"

#include <string>

#include "net/error_text.h"
#include "net/log.h"

namespace net {

Status Acceptor::Start() {
  stopping_.store(false);
  if (Status status = Listen(); !status.ok()) return status;
  if (options_.accept_mode == AcceptMode::kAcceptEx) {
    if (Status status = StartAcceptEx(); !status.ok()) return status;
    thread_ = std::thread([this] { RetryAccepts(); });
    Log(LogLevel::kInfo, "start", SessionId{},
        "AcceptEx: " + std::to_string(options_.accepts_outstanding) + " outstanding");
    return Status::Ok();
  }
  thread_ = std::thread([this] { AcceptLoop(); });
  Log(LogLevel::kInfo, "start", SessionId{}, "accept thread");
  return Status::Ok();
}

Status Acceptor::Listen() {
  const std::string where = options_.host + ":" + std::to_string(options_.port);
  const auto failed = [&where](const char* step) {
    const auto error = static_cast<DWORD>(WSAGetLastError());
    return Status::Error("cannot " + std::string(step) + " " + where + ": " + ErrorText(error));
  };
  UniqueSocket listener(
      WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
  if (!listener) return failed("make a socket for");
  sockaddr_in address =
      ToSockaddr({ParseIpv4(options_.host).value_or(0), static_cast<std::uint16_t>(options_.port)});
  int length = sizeof(address);
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener.get(), raw, length) != 0) return failed("bind to");
  if (listen(listener.get(), static_cast<int>(options_.backlog)) != 0) return failed("listen on");
  if (getsockname(listener.get(), raw, &length) != 0) return failed("ask the address of");
  bound_port_ = ntohs(address.sin_port);
  listener_.store(listener.Release());
  Log(LogLevel::kInfo, "start", SessionId{}, "listening on " + ToString(FromSockaddr(address)));
  return Status::Ok();
}

void Acceptor::Stop() {
  stopping_.store(true);
  {
    // Under the mutex: a thread that has just looked at the flag and is about to wait gets this
    // too.
    const std::lock_guard lock(back_off_mutex_);
    back_off_wake_.notify_all();
  }
  const SOCKET listener = listener_.load();
  if (options_.accept_mode == AcceptMode::kAcceptEx) {
    if (thread_.joinable()) thread_.join();
    // The accepts are counted: the listener is closed when all of them have come back, so that none
    // can be posted on a closed (or a reused) handle.
    if (listener != INVALID_SOCKET) CancelIoEx(reinterpret_cast<HANDLE>(listener), nullptr);
    pending_.WaitForZero();
    if (listener != INVALID_SOCKET) closesocket(listener);
    to_retry_.clear();
    contexts_.clear();
  } else {
    if (listener != INVALID_SOCKET)
      closesocket(listener);  // wakes the thread that blocks in accept()
    if (thread_.joinable()) thread_.join();
  }
  listener_.store(INVALID_SOCKET);
}

}  // namespace net
