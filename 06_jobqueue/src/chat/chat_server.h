// The chat on top of the framework: one GameSession per connection, each packet to its handler.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "chat/game_session.h"
#include "chat/packet_sender.h"
#include "chat/world.h"
#include "job/update_threads.h"
#include "net/server.h"

namespace chat {

//
// The pipeline of source 004: accept thread -> I/O workers -> job queues -> update threads.
class ChatServer final : public net::Server, private PacketSender {
 public:
  // Throws std::invalid_argument with the reason when the update options make no sense.
  ChatServer(const net::ServerOptions& server_options, const WorldOptions& world_options,
             job::UpdateOptions update_options = {});
  ~ChatServer() override;

  // In the place of net::Server's, which are a part of them. Once each.
  net::Status Start();
  struct StopReport : net::StopReport {
    job::StopReport jobs;
  };
  // Ordered: the network stops (those who post have ended, the rooms were told who has gone), then
  // the update threads run what is left in the queues, at most `drain_limit` long.
  StopReport Stop(job::Duration drain_limit = std::chrono::seconds(10));

  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] job::JobStats job_stats() const { return threads_.Stats(); }

 private:
  // net::Server
  void OnClientJoin(net::SessionId id) override;
  void OnClientFinished(net::SessionId id) override;
  void OnClientLeave(net::SessionId id, std::string_view reason) override;
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override;

  // PacketSender
  void Send(net::SessionId to, const net::PacketRef& packet) override;
  void Finish(net::SessionId to) override;
  void Seal(net::Packet& packet) override;

  // Of each slot's clients; jobs give permits back to it, so it outlives them.
  const std::unique_ptr<JobBudget[]> budgets_;
  job::UpdateThreads threads_;
  World world_;
  // By slot index. An entry belongs to the slot's tenant: made in its OnClientJoin, gone in its
  // OnClientLeave, and the framework calls those and OnRecv one after the other. Nobody else looks
  // into it.
  std::vector<std::unique_ptr<GameSession>> sessions_;
};

}  // namespace chat
