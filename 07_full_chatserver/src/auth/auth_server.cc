#include "auth/auth_server.h"

#include <utility>

#include "auth_client_packet_handler.h"

namespace auth {

std::optional<std::string> AuthOptions::Validate() const {
  if (threads == 0) return "auth: at least one thread must hash";
  if (queue_max == 0 || address_queue_max == 0) return "auth: a log-in must have a place to wait";
  if (name_bytes == 0 || name_bytes > kNameBytesMax) {
    return "auth: name_bytes must be 1.." + std::to_string(kNameBytesMax);
  }
  return std::nullopt;
}

AuthServer::AuthServer(const net::ServerOptions& server_options, const AuthOptions& options,
                       net::Doorman& door, Backend& backend)
    : Server(server_options),
      options_(options),
      door_(door),
      backend_(backend),
      sessions_(server_options.session_max),
      pool_(options.threads, options.queue_max, options.address_queue_max) {}

AuthServer::~AuthServer() {
  StopAll();
}

net::StopReport AuthServer::StopAll() {
  const net::StopReport report = Stop();
  pool_.Stop();
  return report;
}

AuthCounts AuthServer::counts() const {
  const auto read = [](const std::atomic<std::uint64_t>& count) {
    return count.load(std::memory_order_relaxed);
  };
  return {read(counts_.granted), read(counts_.wrong), read(counts_.limited), read(counts_.bad_name),
          read(counts_.busy)};
}

// --- callbacks ------------------------------------------------------------------------------------

bool AuthServer::OnConnectionRequest(const net::PeerAddress& peer) {
  return door_.MayEnter(peer);
}

std::span<const std::byte> AuthServer::RefusalNotice(const net::PeerAddress& peer) {
  return door_.NoticeFor(peer);
}

void AuthServer::OnClientJoin(net::SessionId id) {
  const net::PeerAddress peer = PeerOf(id).value_or(net::PeerAddress{});
  door_.Entered(peer);
  sessions_[id.index()] = std::make_unique<AuthSession>(*this, id, peer);
}

// Who has asked and closes his side gets his answer, which ends the session.
void AuthServer::OnClientFinished(net::SessionId id) {
  if (!sessions_[id.index()]->asked()) Finish(id);
}

void AuthServer::OnClientLeave(net::SessionId id, std::string_view) {
  const std::unique_ptr<AuthSession> session = std::move(sessions_[id.index()]);
  door_.Left(session->peer());
}

void AuthServer::OnRecv(net::SessionId id, const net::PacketRef& packet) {
  const proto::Dispatched dispatched =
      AuthClientPacketHandler::Dispatch(*sessions_[id.index()], packet->type(), packet->body());
  if (dispatched != proto::Dispatched::kHandled) Expel(id, ToString(dispatched).data());
}

bool Handle_C_AUTH(AuthSession& session, const Protocol::C_AUTH& pkt) {
  const AuthOptions& options = session.server().auth_options();
  if (!session.MayAsk()) return false;  // one question per connection
  if (pkt.name().empty() || pkt.name().size() > options.name_bytes ||
      pkt.password().size() > kPasswordBytesMax) {
    session.server().Refuse(session.id(), Protocol::REFUSAL_BAD_NAME);
    return true;
  }
  session.server().Ask(session, pkt.name(), pkt.password());
  return true;
}

// --- questions ------------------------------------------------------------------------------------

// [ask]
void AuthServer::Ask(AuthSession& session, std::string name, std::string password) {
  const net::SessionId id = session.id();
  const net::PeerAddress peer = session.peer();
  const Screening screening = backend_.Screen(name, peer);
  if (screening.refusal != Protocol::REFUSAL_NONE) return Refuse(id, screening.refusal);
  const bool queued =
      pool_.Submit(peer.ip, screening.delay,
                   {[this, id, name = std::move(name), password = std::move(password), peer] {
                      if (PeerOf(id))
                        Judge(id, name, password, peer);  // nothing for one that has gone
                    },
                    [this, id] { Refuse(id, Protocol::REFUSAL_TRY_LATER); }});
  if (!queued) Refuse(id, Protocol::REFUSAL_TRY_LATER);
}

// On a pool thread.
void AuthServer::Judge(net::SessionId id, const std::string& name, const std::string& password,
                       const net::PeerAddress& peer) {
  const Verdict verdict = backend_.Check(name, password, peer);
  if (verdict.refusal != Protocol::REFUSAL_NONE) return Refuse(id, verdict.refusal);
  door_.LoggedIn(peer);
  const auto done = [this, id, account = verdict.account](std::string key) {
    if (key.empty()) return Refuse(id, Protocol::REFUSAL_TRY_LATER);
    Protocol::S_AUTH answer;
    answer.set_success(true);
    answer.set_account(account);
    answer.set_session_key(std::move(key));
    const net::PacketRef packet = AuthClientPacketHandler::MakeSendBuffer(answer);
    counts_.granted.fetch_add(1, std::memory_order_relaxed);
    if (Seal(*packet)) SendAndDisconnect(id, packet, "answered");
  };
  backend_.IssueKey(verdict.account, verdict.name, done);
}
// [/ask]

void AuthServer::CountRefusal(Protocol::Refusal reason) {
  std::atomic<std::uint64_t>& count = reason == Protocol::REFUSAL_TRY_LATER      ? counts_.busy
                                      : reason == Protocol::REFUSAL_BAD_NAME     ? counts_.bad_name
                                      : reason == Protocol::REFUSAL_BAD_PASSWORD ? counts_.wrong
                                                                                 : counts_.limited;
  count.fetch_add(1, std::memory_order_relaxed);
}

void AuthServer::Refuse(net::SessionId id, Protocol::Refusal reason) {
  CountRefusal(reason);
  Protocol::S_AUTH answer;
  answer.set_reason(reason);
  const net::PacketRef packet = AuthClientPacketHandler::MakeSendBuffer(answer);
  if (Seal(*packet)) SendAndDisconnect(id, packet, "answered");
}

}  // namespace auth
