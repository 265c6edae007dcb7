// A room: who is inside, and what everybody inside hears, in one order for all.
//
// Stage 05 guarded it with a lock, and the workers waited for each other there. Now it is an actor:
// whoever wants something of the room posts a job and goes on; an update thread runs the jobs, one
// at a time, so what only jobs touch needs no lock. What the jobs of a time slice say is stored
// once and goes to each member as one send at the end of the slice (room_turn.h).
//
// The promise of stage 07: before the first packet of what was said leaves, all of it has been
// written down (chronicle.h), by one write per time slice. What cannot be written down is not said.
//
// A room decides who is inside: it lets a player in or refuses it, and puts it onto the sector grid
// and takes it off again. And it bounds what becomes of what it is told: bytes times members.
//
// Flush interval: 0 sends at the end of every slice, so nothing waits longer than the slice. With
// an interval the room collects for that long: fewer and larger sends, less processor time, and
// every message up to that much later (labs/job_lab measures both).
//
// News interval: who comes and who goes is told to everybody inside, so that N newcomers cost N * N
// sends. In a room of many, news that come alone wait for company that long, or until somebody
// speaks. Whoever has come or gone is answered at once.
//
// Threading: the public functions from any thread; those of one session one after the other, as the
// framework's callbacks are. They never block.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "chat/chronicle.h"
#include "chat/job_budget.h"
#include "chat/packet_sender.h"
#include "chat/player.h"
#include "chat/room_turn.h"
#include "chat/roster.h"
#include "chat/sector_grid.h"
#include "chat/stay.h"
#include "chat/token_bucket.h"
#include "job/job_queue.h"
#include "job/update_threads.h"

namespace chat {

struct RoomOptions {
  job::Duration flush_interval{0};
  job::Duration news_interval{0};
  std::size_t most_unsent = 128 * 1024;  // when so many bytes have come together they go
  std::size_t members_max = 1000;
  Rate fan_out{};    // bytes: what is said times those who hear it; per_second 0: no limit
  Position start{};  // on the sector grid, of whoever is let in
  const job::Clock* clock = &job::SteadyClock();
};

class Room final : public job::JobQueue {
 public:
  // By name in S_ENTER_GAME, oneself included; the members beyond are a number.
  static constexpr std::size_t kMostListed = Roster::kNamed + 1;
  // In a room of more than that, news wait for company.
  static constexpr std::size_t kManyMembers = 32;

  // All of it outlives the room.
  Room(std::uint32_t id, const RoomOptions& options, PacketSender& sender, Chronicle& chronicle,
       SectorGrid& grid, job::UpdateThreads& threads)
      : JobQueue(threads.Ready()),
        id_(id),
        options_(options),
        sender_(sender),
        chronicle_(chronicle),
        grid_(grid),
        timer_(threads.Timer()),
        turn_(sender),
        roster_(id, turn_, sender, options.most_unsent) {}

  // Answers S_ENTER_GAME with the members and tells the others, in one job: the newcomer misses
  // nothing that is said after the list was made, and gets nothing from before it.
  void Enter(StayRef stay, JobBudget::Permit permit);
  // Answers S_LEAVE_GAME and tells the others. When the answer is on its way, the stay is over.
  void Leave(StayRef stay, JobBudget::Permit permit);
  // The player's client says no more: it hears what was said until now, the others hear that it has
  // left, and its connection ends.
  void Finish(StayRef stay);
  // The player's connection has ended: tells the others.
  void Gone(StayRef stay);
  // A packet for this client alone, behind all that the room has said to it before.
  void Tell(StayRef stay, net::PacketRef packet, JobBudget::Permit permit);
  // To everybody inside, the speaker included.
  void Chat(StayRef speaker, std::string_view message, JobBudget::Permit permit);

  [[nodiscard]] std::uint32_t id() const { return id_; }
  // Members after the job that ran last.
  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_relaxed); }
  // Flushes that sent something, ever: what the flush interval saves.
  [[nodiscard]] std::uint64_t flushes() const { return flushes_.load(std::memory_order_relaxed); }

 private:
  // --- jobs
  void DoEnter(StayRef stay);
  void DoLeave(const StayRef& stay);
  void DoFinish(const StayRef& stay);
  void DoGone(const StayRef& stay);
  void Announce(const Player& leaver, std::size_t place);
  // Refuses what would be too much for the room to send.
  void LimitTalk();
  void RefuseTalk(const StayRef& speaker, Protocol::Refusal reason);
  // Writes down what was said since the last time, then numbers it and stores it for those who are
  // inside. Before everything that changes who is inside, and at the end of the slice.
  void CommitTalk();
  // Stamps the next number and stores it for those who are inside.
  void Broadcast(net::PacketRef packet);
  void OnSliceEnd() override;
  void Flush();

  const std::uint32_t id_;
  const RoomOptions& options_;
  PacketSender& sender_;
  Chronicle& chronicle_;
  SectorGrid& grid_;
  job::JobTimer& timer_;

  // Said, and not written down yet. The packet is not sealed: its body ends with the message.
  struct Talk {
    net::PacketRef packet;
    StayRef speaker;
    std::uint32_t message_bytes = 0;
  };

  TokenBucket fan_out_;

  // Jobs only: no lock. The vectors are kept for their memory.
  std::vector<Talk> talk_;
  std::vector<TalkRecord> records_;
  RoomTurn turn_;
  Roster roster_;
  std::size_t news_ = 0;  // of what was said since the last flush: who came, who went
  std::uint32_t next_sequence_ = 1;
  job::Duration reserved_{0};  // the timer will wake us that long after the reservation; 0: no
  bool flush_due_ = false;     // ... and has

  // atomic: written by jobs, read by anybody
  std::atomic<std::size_t> size_{0};
  std::atomic<std::uint64_t> flushes_{0};
};

}  // namespace chat
