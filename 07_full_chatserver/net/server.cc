// Start: port, workers, listener, acceptor, in the order of the lecture (B1).
#include "net/server.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "net/accept_ex.h"
#include "net/error_text.h"
#include "net/log.h"

namespace net {

Server::Server(ServerOptions options)
    : options_(std::move(options)),
      rules_{options_.fixed_key, options_.packet_max, options_.check_sequence} {}

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
  stopping_.store(false);
  Status status;
  try {
    status = Open();
  } catch (const std::exception& exception) {  // no memory, no threads
    status = Status::Error(exception.what());
  }
  if (!status.ok()) Stop();
  return status;
}

Status Server::Open() {
  // [start-order]
  // Kept over a restart: its serials go on, so that ids of the last run stay stale.
  if (!sessions_) sessions_ = std::make_unique<SessionTable>(options_.session_max);
  if (options_.receive_packets_per_second != 0 || options_.receive_bytes_per_second != 0) {
    meters_ = std::make_unique<InboundMeter[]>(options_.session_max);
  }
  Log(LogLevel::kInfo, "start", SessionId{},
      "session array: " + std::to_string(options_.session_max) + " slots of " +
          std::to_string(sizeof(Session)) + " bytes");

  port_.Reset(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, options_.running_threads));
  if (!port_)
    return Status::Error("cannot create the completion port: " + ErrorText(GetLastError()));
  Log(LogLevel::kInfo, "start", SessionId{},
      "completion port: running threads " + std::to_string(options_.running_threads));

  StartWorkers();  // before the first socket: a completion must find somebody who waits for it
  if (options_.listen) {
    if (Status status = OpenListener(); !status.ok()) return status;
  }
  if (Status status = deferred_close_.Start(options_.linger_ms, options_.session_max);
      !status.ok()) {
    return status;
  }
  receive_pause_.Start([this](Session& parked) {
    const SessionRef session(*this, &parked);  // the pause's count
    StartRecv(*session);
  });
  StartTimeoutWatch();
  return StartAccepting();
  // [/start-order]
}

void Server::StartWorkers() {
  std::uint32_t count = options_.worker_threads;
  if (count == 0) count = std::max(1u, std::thread::hardware_concurrency());
  workers_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) workers_.emplace_back([this] { WorkerLoop(); });
  Log(LogLevel::kInfo, "start", SessionId{}, "worker threads: " + std::to_string(count));
}

Status Server::OpenListener() {
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

Status Server::StartAccepting() {
  if (!options_.listen) return Status::Ok();
  if (options_.accept_mode == AcceptMode::kAcceptEx) {
    if (Status status = StartAcceptEx(); !status.ok()) return status;
    accept_thread_ = std::thread([this] { RetryAccepts(); });
    Log(LogLevel::kInfo, "start", SessionId{},
        "AcceptEx: " + std::to_string(options_.accepts_outstanding) + " outstanding");
    return Status::Ok();
  }
  accept_thread_ = std::thread([this] { AcceptLoop(); });
  Log(LogLevel::kInfo, "start", SessionId{}, "accept thread");
  return Status::Ok();
}

std::optional<SocketOptions> Server::SocketOptionsOf(SessionId id) {
  const SessionRef session(*this, sessions_ ? sessions_->Acquire(id) : nullptr);
  if (!session) return std::nullopt;
  return GetSocketOptions(session->socket);
}

std::optional<PeerAddress> Server::PeerOf(SessionId id) {
  const SessionRef session(*this, sessions_ ? sessions_->Acquire(id) : nullptr);
  if (!session) return std::nullopt;
  return session->peer;
}

bool Server::OnConnectionRequest(const PeerAddress&) {
  return true;
}
void Server::OnClientFinished(SessionId id) {
  Finish(id);
}

std::span<const std::byte> Server::RefusalNotice(const PeerAddress&) {
  return {};
}
void Server::OnInnerRequest(const PacketRef&) {}
void Server::OnError(SessionId, std::string_view, DWORD) {}

void Server::ReportError(SessionId id, std::string_view what, DWORD error) {
  Log(LogLevel::kError, "error", id, std::string(what) + ": " + ErrorText(error));
  CallGame(id, [&] { OnError(id, what, error); });
}

void Server::OnCallbackThrew(SessionId id, std::string_view what) {
  Log(LogLevel::kError, "callback threw", id, what);
  Disconnect(id, "a callback threw");
}

}  // namespace net
