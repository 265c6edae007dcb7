// What a client does with each packet of the server: tells its session. One function per message,
// declared by the generator; leaving one out is a link error that names it.
#include "server_packet_handler.h"
#include "support/client/server_session.h"

namespace client {

bool Handle_S_LOGIN(ServerSession& session, const Protocol::S_LOGIN& pkt) {
  session.OnLogin(pkt);
  return true;
}

bool Handle_S_ENTER_GAME(ServerSession& session, const Protocol::S_ENTER_GAME& pkt) {
  session.OnEnterGame(pkt);
  return true;
}

bool Handle_S_CHAT(ServerSession& session, const Protocol::S_CHAT& pkt) {
  session.OnChat(pkt);
  return true;
}

bool Handle_S_LEAVE_GAME(ServerSession& session, const Protocol::S_LEAVE_GAME& pkt) {
  session.OnLeaveGame(pkt);
  return true;
}

bool Handle_S_PLAYER_JOINED(ServerSession& session, const Protocol::S_PLAYER_JOINED& pkt) {
  session.OnPlayerJoined(pkt);
  return true;
}

bool Handle_S_PLAYER_LEFT(ServerSession& session, const Protocol::S_PLAYER_LEFT& pkt) {
  session.OnPlayerLeft(pkt);
  return true;
}

bool Handle_S_MOVE_SECTOR(ServerSession& session, const Protocol::S_MOVE_SECTOR& pkt) {
  session.OnMoveSector(pkt);
  return true;
}

bool Handle_S_SECTOR_CHAT(ServerSession& session, const Protocol::S_SECTOR_CHAT& pkt) {
  session.OnSectorChat(pkt);
  return true;
}

bool Handle_S_HEARTBEAT(ServerSession& session, const Protocol::S_HEARTBEAT& pkt) {
  session.OnHeartbeat(pkt);
  return true;
}

}  // namespace client
