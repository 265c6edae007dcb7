// What the database writer still has to store. The newest turns are in memory as long as there is
// room; what does not fit is in the journal anyway, and is read from there when its turn comes:
//
//     taken          front of memory           stored
//       |--- journal only ---|--- in memory ---|--- journal only ---|
//
// So an outage of the database costs the same memory however long it lasts, and a start after a
// crash is the same as an outage: nothing is in memory.
//
// Turns that are in no journal (its disk is full, and the configuration says to go on) have a
// second list with a bound of its own; what does not fit there is lost, and counted.
//
// Threading: Push and PushLoose by any thread, one at a time (the writer's store lock); Take by the
// writer's thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace db {

struct Turn {
  std::uint64_t first_id = 0;
  std::uint64_t last_id = 0;
  std::string bytes;  // sealed records
};

struct Work {
  enum class Kind : unsigned char { kNothing, kTurn, kRead, kLoose };
  Kind kind = Kind::kNothing;
  Turn turn;               // kTurn, kLoose
  std::uint64_t from = 0;  // kRead: these are in the journal only
  std::uint64_t to = 0;
};

// How long the writer waits for company once there is something, and how many records are enough
// to go at once.
struct Gather {
  std::chrono::milliseconds time{0};
  std::uint64_t records = 1;
};

class WriterQueue {
 public:
  explicit WriterQueue(std::size_t memory_bytes, Gather gather = {})
      : memory_max_(memory_bytes), gather_(gather) {}

  // Before any thread: everything from `oldest` to `last` is in the journal only.
  void StartWith(std::uint64_t oldest, std::uint64_t last);

  // The turn first_id .. last_id is in the journal.
  void Push(std::uint64_t first_id, std::uint64_t last_id, const std::string& bytes);
  // The turn is nowhere else. False: no room, it is lost.
  bool PushLoose(std::uint64_t records, const std::string& bytes);

  // Waits for work, `patience` at the longest, and with work there the gather time for more of it;
  // Wake ends both. Patience 0: takes what is there. Afterwards that work is in the caller's hand
  // and does not come again; kRead only when TakenTo says how much of it was read.
  Work Take(std::chrono::milliseconds patience);
  // The next turn when it is in memory, without waiting: kTurn or kNothing.
  Work TakeTurnIfNext();
  void TakenTo(std::uint64_t last_id);
  // The database has everything before `next`, and nothing from there on: what comes is that
  // record, from the journal when it has been taken before. `in_hand` of the records without a
  // journal are in the caller's hand.
  void GoTo(std::uint64_t next, std::uint64_t in_hand);
  // So many of the records that were taken are not stored yet. They count until then: nobody is
  // told that nothing waits while it is on its way.
  void SetInHand(std::uint64_t records);
  // The bytes of a turn that was taken count until this says that they are gone.
  void Release(std::size_t bytes);
  void Wake();

  struct Numbers {
    std::uint64_t records = 0;       // not stored yet, wherever they are
    std::uint64_t memory_bytes = 0;  // of turns in memory and taken
    std::uint64_t in_journal_only = 0;
    std::uint64_t loose = 0;    // to be taken, in no journal
    std::uint64_t in_hand = 0;  // taken
  };
  Numbers Count() const;

 private:
  // Under lock_.
  Work TakeNow();
  std::uint64_t Waiting() const { return stored_ - taken_ + in_loose_; }
  void Await(std::unique_lock<std::mutex>& guard, const Gather& what);

  static constexpr std::uint64_t kNobodyWaits = ~0ULL;

  const std::size_t memory_max_;
  const Gather gather_;
  mutable std::mutex lock_;
  std::condition_variable wake_;
  std::deque<Turn> turns_;        // guarded by lock_: ascending, without overlap
  std::deque<Turn> loose_;        // guarded by lock_
  std::uint64_t taken_ = 0;       // guarded by lock_: the last id that was taken
  std::uint64_t stored_ = 0;      // guarded by lock_: the last id that is in the journal
  std::uint64_t in_turns_ = 0;    // guarded by lock_: records in turns_
  std::uint64_t in_loose_ = 0;    // guarded by lock_: records in loose_
  std::uint64_t in_hand_ = 0;     // guarded by lock_: taken and not stored
  std::size_t memory_ = 0;        // guarded by lock_
  std::size_t loose_memory_ = 0;  // guarded by lock_
  bool woken_ = false;            // guarded by lock_
  // Guarded by lock_: with so many records the writer is to be woken. Whoever pushes one of the
  // others wakes nobody.
  std::uint64_t wanted_ = kNobodyWaits;
};

}  // namespace db
