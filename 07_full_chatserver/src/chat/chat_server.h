// The chat on top of the framework: one GameSession per connection, each packet to its handler.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "chat/chronicle.h"
#include "chat/game_session.h"
#include "chat/login_desk.h"
#include "chat/output_gate.h"
#include "chat/session_sender.h"
#include "chat/world.h"
#include "job/update_threads.h"
#include "net/doorman.h"
#include "net/server.h"

namespace chat {

//
// The pipeline of source 004: accept thread -> I/O workers -> job queues -> update threads.
//
// Who comes in is decided outside (Doorman), what must be kept is written outside (Chronicle),
// where the session keys are is somebody else's business (KeyLookup).
struct ChatServices {
  Chronicle& chronicle;
  KeyLookup& keys;
  net::Doorman& door;
};

class ChatServer final : public net::Server, private SessionSender {
 public:
  // The services outlive the server.
  // Throws std::invalid_argument with the reason when the update options make no sense.
  ChatServer(const net::ServerOptions& server_options, const WorldOptions& world_options,
             job::UpdateOptions update_options, const ChatServices& services);
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
  // Sessions that are in a room.
  [[nodiscard]] std::uint64_t players() const;
  // Requests over the clients' limits, which nobody has done anything for.
  [[nodiscard]] std::uint64_t over_limit() const {
    return over_limit_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] job::JobStats job_stats() const { return threads_.Stats(); }

 private:
  // net::Server
  bool OnConnectionRequest(const net::PeerAddress& peer) override;
  std::span<const std::byte> RefusalNotice(const net::PeerAddress& peer) override;
  void OnClientJoin(net::SessionId id) override;
  void OnClientFinished(net::SessionId id) override;
  void OnClientLeave(net::SessionId id, std::string_view reason) override;
  void OnRecv(net::SessionId id, const net::PacketRef& packet) override;

  // SessionSender
  void Send(net::SessionId to, const net::PacketRef& packet) override;
  void Finish(net::SessionId to) override;
  void SendLast(net::SessionId to, const net::PacketRef& packet, const char* reason) override;
  void Trust(net::SessionId id) override { Server::Trust(id); }
  std::unique_ptr<net::SendTurn> BeginTurn() override;
  void Seal(net::Packet& packet) override;

  std::vector<PlayerRef> MakePlayers(net::SessionId owner, std::uint64_t account,
                                     const std::string& name);
  void EndFlood(GameSession& session);

  Chronicle& chronicle_;
  net::Doorman& door_;

  // Of each slot's clients; jobs give permits back to it, so it outlives them.
  const std::unique_ptr<JobBudget[]> budgets_;
  job::UpdateThreads threads_;
  LoginDesk desk_;
  World world_;
  // By slot index. An entry belongs to the slot's tenant: made in its OnClientJoin, gone in its
  // OnClientLeave, and the framework calls those and OnRecv one after the other. Nobody else looks
  // into it.
  std::vector<std::unique_ptr<GameSession>> sessions_;
  std::vector<net::PeerAddress> peers_;       // as sessions_
  std::atomic<std::uint64_t> over_limit_{0};  // atomic: any worker
  OutputGate gate_;                           // the last: nothing is sent through it any more
};

}  // namespace chat
