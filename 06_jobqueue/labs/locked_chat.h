// Stage 05's server, kept for job_lab: rooms under a lock, the broadcast on the worker that
// received the message. Logging in, entering and talking only.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "labs/locked_room.h"
#include "net/server.h"

namespace apps {

class LockedChat final : public net::Server, private chat::PacketSender {
 public:
  LockedChat(const net::ServerOptions& options, std::uint32_t rooms);
  ~LockedChat() override { Stop(); }

  // How long the workers have waited for the rooms' locks so far.
  [[nodiscard]] std::uint64_t waited_ns() const;

  // Of one connection. Its callbacks only.
  struct Client {
    LockedChat* chat = nullptr;
    chat::PlayerRef player;
    LockedRoom* room = nullptr;
  };

 private:
  void OnClientJoin(net::SessionId id) override;
  void OnClientLeave(net::SessionId id, std::string_view reason) override;
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override;

  void Send(net::SessionId to, const net::PacketRef& packet) override;
  void Finish(net::SessionId to) override { Server::Finish(to); }
  void Seal(net::Packet& packet) override { Server::Seal(packet); }

  std::deque<LockedRoom> rooms_;  // constant after construction; each guards itself
  std::vector<Client> clients_;   // by slot index; the tenant's callbacks only
};

}  // namespace apps
