#include "auth/auth_server.h"

#include <utility>

#include "auth_client_packet_handler.h"

namespace auth {

AuthServer::AuthServer(const net::ServerOptions& server_options, const AuthOptions& options,
                       Backend& backend)
    : Server(server_options),
      options_(options),
      backend_(backend),
      sessions_(server_options.session_max),
      pool_(options.threads, options.queue_max) {}

AuthServer::~AuthServer() {
  StopAll();
}

net::StopReport AuthServer::StopAll() {
  const net::StopReport report = Stop();
  pool_.Stop();
  return report;
}

AuthCounts AuthServer::counts() const {
  return {granted_.load(std::memory_order_relaxed), refused_.load(std::memory_order_relaxed),
          busy_.load(std::memory_order_relaxed)};
}

// --- callbacks ------------------------------------------------------------------------------------

void AuthServer::OnClientJoin(net::SessionId id) {
  sessions_[id.index()] = std::make_unique<AuthSession>(*this, id);
}

// Who has asked and closes his side gets his answer, which ends the session.
void AuthServer::OnClientFinished(net::SessionId id) {
  if (!sessions_[id.index()]->asked()) Finish(id);
}

void AuthServer::OnClientLeave(net::SessionId id, std::string_view) {
  sessions_[id.index()] = nullptr;
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
      pkt.password().size() > options.password_bytes) {
    session.server().Refuse(session.id(), Protocol::REFUSAL_BAD_NAME);
    return true;
  }
  session.server().Ask(session, pkt.name(), pkt.password());
  return true;
}

// --- questions ------------------------------------------------------------------------------------

// [ask]
void AuthServer::Ask(AuthSession& session, std::string name, std::string password) {
  const auto peer = PeerOf(session.id());
  if (!peer) return;  // it has gone
  const bool queued =
      pool_.Submit([this, id = session.id(), name = std::move(name), password = std::move(password),
                    peer = *peer] { Judge(id, name, password, peer); });
  if (!queued) Refuse(session.id(), Protocol::REFUSAL_TRY_LATER);
}

// On a pool thread.
void AuthServer::Judge(net::SessionId id, const std::string& name, const std::string& password,
                       const net::PeerAddress& peer) {
  const Verdict verdict = backend_.Check(name, password, peer);
  if (verdict.refusal != Protocol::REFUSAL_NONE) return Refuse(id, verdict.refusal);
  const auto done = [this, id, account = verdict.account](std::string key) {
    if (key.empty()) return Refuse(id, Protocol::REFUSAL_TRY_LATER);
    Protocol::S_AUTH answer;
    answer.set_success(true);
    answer.set_account(account);
    answer.set_session_key(std::move(key));
    const net::PacketRef packet = AuthClientPacketHandler::MakeSendBuffer(answer);
    granted_.fetch_add(1, std::memory_order_relaxed);
    if (Seal(*packet)) SendAndDisconnect(id, packet, "answered");
  };
  backend_.IssueKey(verdict.account, verdict.name, done);
}
// [/ask]

void AuthServer::Refuse(net::SessionId id, Protocol::Refusal reason) {
  (reason == Protocol::REFUSAL_TRY_LATER ? busy_ : refused_)
      .fetch_add(1, std::memory_order_relaxed);
  Protocol::S_AUTH answer;
  answer.set_reason(reason);
  const net::PacketRef packet = AuthClientPacketHandler::MakeSendBuffer(answer);
  if (Seal(*packet)) SendAndDisconnect(id, packet, "answered");
}

}  // namespace auth
