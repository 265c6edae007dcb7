#include "chat/chat_server.h"

#include <algorithm>
#include <string>
#include <utility>

#include "chat/answer.h"
#include "client_packet_handler.h"
#include "net/log.h"

namespace chat {

namespace {

constexpr const char* kFlood = "far more requests than allowed";

job::UpdateOptions WithRoomFor(job::UpdateOptions options, std::uint32_t rooms) {
  options.max_queues = std::max(options.max_queues, rooms + 2);  // the lobby and the sector grid
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
                       job::UpdateOptions update_options, const ChatServices& services)
    : Server(server_options),
      chronicle_(services.chronicle),
      door_(services.door),
      budgets_(std::make_unique<JobBudget[]>(server_options.session_max)),
      threads_(WithRoomFor(std::move(update_options), world_options.rooms)),
      desk_(server_options.session_max, *this, services.chronicle,
            {[this](net::SessionId owner, std::uint64_t account, const std::string& name) {
               if (const auto peer = PeerOf(owner)) door_.LoggedIn(*peer);
               return MakePlayers(owner, account, name);
             },
             [this](net::SessionId id) {
               if (const auto peer = PeerOf(id)) door_.WrongKey(*peer);
             }}),
      world_(WithinSendMemory(world_options, server_options.send_memory_max), *this,
             services.chronicle, services.keys, desk_, threads_),
      sessions_(server_options.session_max),
      peers_(server_options.session_max),
      gate_(services.chronicle, *this) {}

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
  desk_.Shut();  // the message "shutdown": nobody is let in any more
  StopReport report{Server::Stop(), {}};
  report.jobs = threads_.Stop(job::StopPolicy::kDrain, drain_limit);
  return report;
}
// [/stop]

bool ChatServer::OnConnectionRequest(const net::PeerAddress& peer) {
  return door_.MayEnter(peer);
}

std::span<const std::byte> ChatServer::RefusalNotice(const net::PeerAddress& peer) {
  return door_.NoticeFor(peer);
}

void ChatServer::OnClientJoin(net::SessionId id) {
  // <student 05.7>
  const net::PeerAddress peer = PeerOf(id).value_or(net::PeerAddress{});
  peers_[id.index()] = peer;
  door_.Entered(peer);
  sessions_[id.index()] =
      std::make_unique<GameSession>(desk_.Open(id), world_, budgets_[id.index()]);
  world_.lobby().Connected(id);
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
  const std::shared_ptr<LoginSlot> login = desk_.Close(id);
  // From here on a late answer of the key store lets nobody in.
  const LoginState was = login->state.exchange(LoginState::kGone, std::memory_order_acq_rel);
  if (was == LoginState::kIn || was == LoginState::kDropped) {
    const std::string address = net::ToString(peers_[id.index()]);
    chronicle_.Record(LoginRecord{login->account, login->owner, false, reason, address});
  }
  session->Disconnected();  // its room, the grid and the lobby are told
  net::Log(net::LogLevel::kInfo, "leave", id, "reason=\"" + std::string(reason) + "\"");
  door_.Left(peers_[id.index()]);
  // </student>
}

// Everybody owns the same two kinds of characters, with the name that was chosen at registration.
// Their in-game ids are this connection's; the account's number is for the database only.
std::vector<PlayerRef> ChatServer::MakePlayers(net::SessionId owner, std::uint64_t account,
                                               const std::string& name) {
  const auto make = [&](Protocol::PlayerType type) {
    return std::make_shared<const Player>(
        Player{world_.NewPlayerId(), name, type, owner, {}, account});
  };
  return {make(Protocol::PLAYER_TYPE_KNIGHT), make(Protocol::PLAYER_TYPE_MAGE)};
}

std::uint64_t ChatServer::players() const {
  std::uint64_t sum = 0;
  for (std::uint32_t id = 0; id < world_.options().rooms; ++id) {
    if (const Room* const room = world_.FindRoom(id)) sum += room->size();
  }
  return sum;
}

void ChatServer::OnRecv(net::SessionId id, const net::PacketRef& packet) {
  // <student 05.7>
  GameSession& session = *sessions_[id.index()];
  if (session.dropped()) return session.Depart();  // its last packet is on its way
  switch (session.Ask(packet->type())) {
    case Allowance::kGranted:
      break;
    case Allowance::kRefused:
      RefuseTooFast(session, packet->type());
      [[fallthrough]];
    case Allowance::kRefusedQuietly:
      over_limit_.fetch_add(1, std::memory_order_relaxed);
      return;
    case Allowance::kEnough:
      over_limit_.fetch_add(1, std::memory_order_relaxed);
      return EndFlood(session);
  }
  const proto::Dispatched dispatched =
      ClientPacketHandler::Dispatch(session, packet->type(), packet->body());
  if (dispatched == proto::Dispatched::kHandled) {
    CountUpdate();
    session.Heard();
    return;
  }
  // The reason is a literal; it is in the warning and in the line of the session's end.
  Expel(id, proto::ToString(dispatched).data());
  // </student>
}

// It is told why, and not heard any more.
void ChatServer::EndFlood(GameSession& session) {
  session.Drop();
  Protocol::S_LOGIN answer;
  answer.set_reason(Protocol::REFUSAL_TOO_FAST);
  SendLast(session.id(), ClientPacketHandler::MakeSendBuffer(answer), kFlood);
  net::Log(net::LogLevel::kWarning, "refused", session.id(),
           "peer=" + net::ToString(peers_[session.id().index()]) + " " + kFlood);
}

void ChatServer::Send(net::SessionId to, const net::PacketRef& packet) {
  if (!packet->sealed()) Seal(*packet);
  if (!gate_.Hold(to, packet)) SendPacket(to, packet);
}

void ChatServer::SendLast(net::SessionId to, const net::PacketRef& packet, const char* reason) {
  if (!packet->sealed()) Seal(*packet);
  if (!gate_.Hold(to, packet, reason)) SendAndDisconnect(to, packet, reason);
}

std::unique_ptr<net::SendTurn> ChatServer::BeginTurn() {
  return std::make_unique<net::SendTurn>(*this);
}

void ChatServer::Finish(net::SessionId to) {
  if (!gate_.Hold(to, {})) Server::Finish(to);
}

void ChatServer::Seal(net::Packet& packet) {
  Server::Seal(packet);
}

}  // namespace chat
