#include "chat/chat_server.h"

#include <string>
#include <utility>

#include "client_packet_handler.h"
#include "net/log.h"

namespace chat {

ChatServer::ChatServer(const net::ServerOptions& server_options, const WorldOptions& world_options)
    : Server(server_options), world_(world_options, *this), sessions_(server_options.session_max) {}

// No callback may come any more when the members go.
ChatServer::~ChatServer() {
  Stop();
}

void ChatServer::OnClientJoin(net::SessionId id) {
  // <student 05.7>
  sessions_[id.index()] = std::make_unique<GameSession>(id, world_);
  net::Log(net::LogLevel::kInfo, "join", id, "");
  // </student>
}

void ChatServer::OnClientLeave(net::SessionId id, std::string_view reason) {
  // <student 05.7>
  // Out of the array first: whatever happens below, the slot's next tenant finds it empty.
  const std::unique_ptr<GameSession> session = std::move(sessions_[id.index()]);
  session->LeaveRoom();
  net::Log(net::LogLevel::kInfo, "leave", id, "reason=\"" + std::string(reason) + "\"");
  // </student>
}

void ChatServer::OnRecv(net::SessionId id, const net::PacketRef& packet) {
  // <student 05.7>
  GameSession& session = *sessions_[id.index()];
  const proto::Dispatched dispatched =
      ClientPacketHandler::Dispatch(session, packet->type(), packet->body());
  if (dispatched == proto::Dispatched::kHandled) {
    CountUpdate();
    return;
  }
  // The reason is a literal; it is in the warning and in the line of the session's end.
  Expel(id, proto::ToString(dispatched).data());
  // </student>
}

void ChatServer::Send(net::SessionId to, const net::PacketRef& packet) {
  if (!packet->sealed()) Seal(*packet);
  SendPacket(to, packet);
}

void ChatServer::Seal(net::Packet& packet) {
  Server::Seal(packet);
}

}  // namespace chat
