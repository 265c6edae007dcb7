#include "support/client/auth_link.h"

#include "auth_server_packet_handler.h"

namespace auth_client {

bool ServerSession::Ask(std::string_view name, std::string_view password) {
  Protocol::C_AUTH question;
  question.set_name(name.data(), name.size());
  question.set_password(password.data(), password.size());
  return SendPacket(AuthServerPacketHandler::MakeSendBuffer(question));
}

proto::Dispatched ServerSession::Dispatch(std::uint16_t id, std::span<const std::uint8_t> body) {
  return AuthServerPacketHandler::Dispatch(*this, id, body);
}

bool Handle_S_AUTH(ServerSession& session, const Protocol::S_AUTH& pkt) {
  session.OnAuth(pkt);
  return true;
}

}  // namespace auth_client
