#include "chat/chat_server.h"

#include <algorithm>
#include <string>
#include <utility>

#include "client_packet_handler.h"
#include "net/log.h"

namespace chat {

namespace {

job::UpdateOptions WithRoomFor(job::UpdateOptions options, std::uint32_t rooms) {
  options.max_queues = std::max(options.max_queues, rooms);
  return options;
}

// A room's joined packet must fit into what a client may have queued, several times, and its block
// may be twice as large as it is.
WorldOptions WithinSendMemory(WorldOptions options, std::size_t send_memory_max) {
  options.most_unsent = std::min(options.most_unsent, send_memory_max / 8);
  return options;
}

}  // namespace

ChatServer::ChatServer(const net::ServerOptions& server_options, const WorldOptions& world_options,
                       job::UpdateOptions update_options)
    : Server(server_options),
      budgets_(std::make_unique<JobBudget[]>(server_options.session_max)),
      threads_(WithRoomFor(std::move(update_options), world_options.rooms)),
      world_(WithinSendMemory(world_options, server_options.send_memory_max), *this, threads_),
      sessions_(server_options.session_max) {}

// No callback and no job may come any more when the members go.
ChatServer::~ChatServer() {
  Stop();
}

// [stop]
net::Status ChatServer::Start() {
  threads_.Start();
  return Server::Start();
}

ChatServer::StopReport ChatServer::Stop(job::Duration drain_limit) {
  StopReport report{Server::Stop(), {}};
  report.jobs = threads_.Stop(job::StopPolicy::kDrain, drain_limit);
  return report;
}
// [/stop]

void ChatServer::OnClientJoin(net::SessionId id) {
  // <student 05.7>
  sessions_[id.index()] = std::make_unique<GameSession>(id, world_, budgets_[id.index()]);
  net::Log(net::LogLevel::kInfo, "join", id, "");
  // </student>
}

// Who closes his side has left, but is still answered: see GameSession::Finished.
void ChatServer::OnClientFinished(net::SessionId id) {
  sessions_[id.index()]->Finished();
}

void ChatServer::OnClientLeave(net::SessionId id, std::string_view reason) {
  // <student 05.7>
  // Out of the array first: whatever happens below, the slot's next tenant finds it empty.
  const std::unique_ptr<GameSession> session = std::move(sessions_[id.index()]);
  session->Disconnected();
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

void ChatServer::Finish(net::SessionId to) {
  Server::Finish(to);
}

void ChatServer::Seal(net::Packet& packet) {
  Server::Seal(packet);
}

}  // namespace chat
