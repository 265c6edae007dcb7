// The chat on top of the framework: one GameSession per connection, each packet to its handler.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "chat/game_session.h"
#include "chat/packet_sender.h"
#include "chat/world.h"
#include "net/server.h"

namespace chat {

class ChatServer final : public net::Server, private PacketSender {
 public:
  ChatServer(const net::ServerOptions& server_options, const WorldOptions& world_options);
  ~ChatServer() override;

  [[nodiscard]] World& world() { return world_; }

 private:
  // net::Server
  void OnClientJoin(net::SessionId id) override;
  void OnClientLeave(net::SessionId id, std::string_view reason) override;
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override;

  // PacketSender
  void Send(net::SessionId to, const net::PacketRef& packet) override;
  void Seal(net::Packet& packet) override;

  World world_;
  // By slot index. An entry belongs to the slot's tenant: made in its OnClientJoin, gone in its
  // OnClientLeave, and the framework calls those and OnRecv one after the other. Nobody else looks
  // into it.
  std::vector<std::unique_ptr<GameSession>> sessions_;
};

}  // namespace chat
