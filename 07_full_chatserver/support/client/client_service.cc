#include "support/client/client_service.h"

#include <utility>

#include "net/connect.h"

namespace client {

namespace {

net::ServerOptions ServiceOptions(const ClientOptions& options) {
  net::ServerOptions service;
  service.listen = false;
  service.session_max = options.session_max;
  service.worker_threads = options.worker_threads;
  // A server may be silent, may send packets of any legal size, and numbers broadcasts by room.
  service.check_sequence = false;
  service.first_packet_timeout_ms = 0;
  service.idle_timeout_ms = 0;
  service.packet_max = net::kMaxPayload;
  service.receive_buffer = 128 * 1024;
  return service;
}

}  // namespace

ClientService::ClientService(const ClientOptions& options)
    : Server(ServiceOptions(options)), sessions_(options.session_max) {}

// No callback may come any more when the members go.
ClientService::~ClientService() {
  Stop();
}

net::Status ClientService::Connect(const net::PeerAddress& address, ServerSession& session) {
  net::UniqueSocket socket;
  if (net::Status status = net::Connect(address, socket); !status.ok()) return status;
  return Join(std::move(socket), address, session);
}

net::Status ClientService::Join(net::UniqueSocket socket, const net::PeerAddress& address,
                                ServerSession& session) {
  const std::lock_guard lock(adopt_lock_);
  adopted_ = &session;
  if (!Adopt(std::move(socket), address)) {
    return net::Status::Error("more than " + std::to_string(options().session_max) +
                              " connections");
  }
  return net::Status::Ok();
}

// On the thread that is in Join, which holds adopt_lock_.
void ClientService::OnClientJoin(net::SessionId id) {
  ServerSession& session = *adopted_;
  sessions_[id.index()] = &session;
  session.service_ = this;
  session.id_ = id;
  session.connected_.store(true, std::memory_order_release);
  session.OnConnected();
}

void ClientService::OnClientLeave(net::SessionId id, std::string_view reason) {
  ServerSession& session = *std::exchange(sessions_[id.index()], nullptr);
  session.connected_.store(false, std::memory_order_release);
  session.OnDisconnected(reason);
}

void ClientService::OnRecv(net::SessionId id, const net::PacketRef& packet) {
  ServerSession& session = *sessions_[id.index()];
  session.sequence_ = packet->sequence();
  const proto::Dispatched dispatched = session.Dispatch(packet->type(), packet->body());
  if (dispatched != proto::Dispatched::kHandled) {
    Disconnect(id, proto::ToString(dispatched).data());
  }
}

}  // namespace client
