// The sector grid: an actor that knows where everybody stands and delivers what is said to those
// who are near.
//
// Numbers. A frame's sequence number is the grid's: 1, 2, 3, ... over everything that is said
// anywhere on the grid, the same for every receiver (one encoded frame goes to all of them). A
// receiver hears only the sectors around his own, so what HE gets is strictly increasing, with
// holes where somebody spoke far away: good for the order, useless for finding a loss. Therefore
// each message also carries, in its body, the speaker's sector and that sector's own number, 1, 2,
// 3, ... over what was said in it. Whoever hears a sector hears all of it, so:
//
//   from a granted move (or join) to the next one, the messages that a client gets from each sector
//   of its 3 x 3 neighbourhood have consecutive sector numbers, beginning with the one that the
//   answer names for that sector (SectorAnswer::heard).
//
// The answer travels in the same stream, at its place in the order, so a client can check itself
// without a doubt at the border: what it must get is exactly what it is told.
//
// One time slice is one turn: its messages are recorded (SectorOutlet::Record, one write) BEFORE
// the first of them is sent, and everything a session gets from a slice leaves as one send. When
// recording fails nothing of the slice's talk is sent, nothing is numbered, and the speakers are
// told.
//
// Threading: the public functions from any thread; they post a job and return. Those of one session
// come one after the other, Leave last (the framework's callbacks do): what is posted after the
// Leave would bring back a ghost. The outlet is called by the grid's jobs, one at a time. Errors:
// an exception of the outlet loses what the slice has not delivered yet, and is logged; the grid
// lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/job_budget.h"
#include "chat/sector_map.h"
#include "chat/token_bucket.h"
#include "job/job_queue.h"
#include "net/packet.h"
#include "net/session_id.h"

namespace chat {

// Something that was said, as it goes to the journal and into the packet. The views live until the
// call returns.
struct SectorTalk {
  net::SessionId speaker;
  std::uint64_t player_id = 0;
  std::uint64_t account = 0;  // for the record only, never sent
  std::string_view name;      // UTF-8
  std::string_view message;   // UTF-8, checked by the handler
  std::uint32_t sector = 0;
  std::uint32_t number = 0;  // the grid's, that it gets when it can be recorded
};

struct SectorMark {
  std::uint32_t sector = 0;
  std::uint32_t next = 0;  // sector number of the next thing that is said there
};

// The answer to a join or a move. `heard` lives until the call returns.
struct SectorAnswer {
  net::SessionId to;
  Position at;           // where the player stands now
  bool success = false;  // false: outside of the world, or not on the grid; not moved
  std::span<const SectorMark> heard{};  // the sectors that the player hears now
};

struct SectorDelivery {
  net::SessionId to;
  net::PacketRef packet;  // sealed
};

enum class SectorRefusal : std::uint8_t { kNone, kNotHere, kNotRecorded, kBusy };

// What the grid needs from outside. Called by the grid's jobs: must not block for long.
class SectorOutlet {
 public:
  // The turn's talk into the journal, in one write. False: not written, so it must not be sent.
  virtual bool Record(std::span<const SectorTalk> turn) = 0;
  // A sealed packet for one message; `number` is the grid's, `sector_number` the sector's.
  virtual net::PacketRef MakeTalk(const SectorTalk& talk, std::uint32_t number,
                                  std::uint32_t sector_number) = 0;
  virtual net::PacketRef MakeAnswer(const SectorAnswer& answer) = 0;
  // For a speaker whose message is not heard.
  virtual net::PacketRef MakeRefusal(net::SessionId to, SectorRefusal why) = 0;
  // Sends all of it in this order, as one turn: what a session gets leaves as one send.
  virtual void Send(std::span<const SectorDelivery> deliveries) = 0;

 protected:
  ~SectorOutlet() = default;
};

class SectorGrid final : public job::JobQueue {
 public:
  // `outlet` outlives the grid's last job. Throws std::invalid_argument for bad options.
  // `fan_out`: of one sector, in bytes said times those who hear them.
  SectorGrid(job::ReadyQueue& ready, const SectorOptions& options, SectorOutlet& outlet,
             const Rate& fan_out = {}, const job::Clock& clock = job::SteadyClock());

  // A player comes onto the grid and is answered. Coming twice: the answer says no.
  job::PostResult Join(net::SessionId id, std::uint64_t player_id, std::string name, Position at,
                       std::uint64_t account = 0);
  // Always answered. The move counts for everything that the same session says later.
  job::PostResult Move(net::SessionId id, Position to, JobBudget::Permit permit = {});
  // To those near the speaker, himself included. From a session that is not on the grid: refused.
  job::PostResult Talk(net::SessionId id, std::string_view message, JobBudget::Permit permit = {});
  // No answer; a session that is not on the grid is fine (it never joined, or was gone already).
  job::PostResult Leave(net::SessionId id);
  // The same, and `then` on the grid's thread when all that it was told before is on its way.
  job::PostResult Leave(net::SessionId id, std::function<void()> then);

  // Grid jobs and tests with stopped threads only.
  [[nodiscard]] const SectorMap& map() const { return map_; }

 private:
  // What happened in this slice, in order. `talk` true: text and hearers, or why it is refused;
  // false: an answer.
  struct Event {
    net::SessionId id;
    std::uint64_t player_id = 0;
    std::uint64_t account = 0;
    Position at;
    std::uint32_t sector = 0;
    bool talk = false;
    bool success = false;
    SectorRefusal refusal = SectorRefusal::kNone;
    std::size_t name_at = 0;  // in text_
    std::size_t message_at = 0;
    std::size_t text_end = 0;
    std::size_t hearers_at = 0;  // in hearers_
    std::size_t hearers_end = 0;
  };

  void DoJoin(net::SessionId id, std::uint64_t player_id, std::string name, Position at,
              std::uint64_t account);
  void DoMove(net::SessionId id, Position to);
  void DoTalk(net::SessionId id, std::string_view message);
  void Answer(net::SessionId id, bool success);
  // What the speaker says would not be too much for those near. False, and told: refused.
  [[nodiscard]] bool IsAllowed(Event& event, std::size_t message_bytes);

  void OnSliceEnd() override;
  void ForgetSlice();
  [[nodiscard]] SectorTalk TalkOf(const Event& event) const;
  bool RecordTurn();
  void Deliver(const Event& event, bool recorded);

  // Grid jobs only, all of it.
  SectorOutlet& outlet_;
  SectorMap map_;
  const Rate fan_out_;
  const job::Clock& clock_;
  std::vector<TokenBucket> buckets_;  // by sector; empty: no limit
  std::uint32_t next_number_ = 1;
  std::vector<std::uint32_t> next_sector_numbers_;  // by sector
  // The slice's output. Kept between slices for its memory: no allocation per message.
  std::vector<Event> events_;
  std::string text_;
  std::vector<net::SessionId> hearers_;
  std::vector<SectorTalk> turn_;
  std::vector<SectorMark> marks_;
  std::vector<SectorDelivery> deliveries_;
  std::vector<std::function<void()>> left_;  // what is to be done then
};

}  // namespace chat
