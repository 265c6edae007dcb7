// Start: port, workers, listener, acceptor, in the order of the lecture.
#include "net/server.h"

#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include "net/error_text.h"
#include "net/log.h"

namespace net {

Server::Server(ServerOptions options) : options_(std::move(options)) {}

Server::~Server() {
  if (!running_) return;
  // The derived part is gone, and with it the callbacks that the workers are about to call.
  Log(LogLevel::kError, "fatal", SessionId{}, "Server destroyed while running: call Stop first");
  std::abort();
}

Status Server::Start() {
  if (running_) return Status::Error("the server is running already");
  if (Status status = options_.Validate(); !status.ok()) return status;
  if (winsock_.error() != 0) {
    return Status::Error("WSAStartup: " + ErrorText(static_cast<DWORD>(winsock_.error())));
  }
  running_ = true;
  Status status;
  try {
    status = Open();
  } catch (const std::exception& exception) {  // no memory, no threads
    status = Status::Error(exception.what());
  }
  if (!status.ok()) Stop();
  seen_port_ = port_.get();
  return status;
}

Status Server::Open() {
  // [start-order]
  life_.Open(options_.session_max);

  port_.Reset(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, options_.running_threads));
  if (!port_)
    return Status::Error("cannot create the completion port: " + ErrorText(GetLastError()));
  Log(LogLevel::kInfo, "start", SessionId{},
      "completion port: running threads " + std::to_string(options_.running_threads));
  inner_requests_.Open();

  // Before the first socket: a completion must find somebody who waits for it.
  workers_.Start();
  if (Status status = deferred_close_.Start(options_.linger_ms, options_.session_max);
      !status.ok()) {
    return status;
  }
  receive_.Start();
  timeout_watch_.Start();
  return options_.listen ? acceptor_.Start() : Status::Ok();
  // [/start-order]
}

std::optional<SocketOptions> Server::SocketOptionsOf(SessionId id) {
  const SessionRef session = life_.Acquire(id);
  if (!session) return std::nullopt;
  return GetSocketOptions(session->socket);
}

std::optional<PeerAddress> Server::PeerOf(SessionId id) {
  const SessionRef session = life_.Acquire(id);
  if (!session) return std::nullopt;
  return session->peer;
}

}  // namespace net
