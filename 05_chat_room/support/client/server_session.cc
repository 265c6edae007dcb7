#include "support/client/server_session.h"

#include "server_packet_handler.h"
#include "support/client/client_service.h"

namespace client {

bool ServerSession::Send(const Protocol::C_LOGIN& pkt) {
  return SendPacket(ServerPacketHandler::MakeSendBuffer(pkt));
}
bool ServerSession::Send(const Protocol::C_ENTER_GAME& pkt) {
  return SendPacket(ServerPacketHandler::MakeSendBuffer(pkt));
}
bool ServerSession::Send(const Protocol::C_CHAT& pkt) {
  return SendPacket(ServerPacketHandler::MakeSendBuffer(pkt));
}
bool ServerSession::Send(const Protocol::C_LEAVE_GAME& pkt) {
  return SendPacket(ServerPacketHandler::MakeSendBuffer(pkt));
}

bool ServerSession::SendPacket(const net::PacketRef& packet) {
  if (!connected()) return false;
  // Numbering and queueing are one step: with the lock given up in between, packet 6 of another
  // thread could overtake packet 5, and the server would close the session ("bad sequence").
  const std::lock_guard lock(send_lock_);
  packet->SetSequence(next_sequence_);
  if (!service_->Seal(*packet)) return false;
  if (service_->SendPacket(id_, packet) != net::SendResult::kOk) return false;
  ++next_sequence_;
  return true;
}

void ServerSession::Close() {
  if (connected()) service_->Disconnect(id_, "closed by this client");
}

}  // namespace client
