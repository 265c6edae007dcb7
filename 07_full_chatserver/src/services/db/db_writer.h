// [promise]
// The database writer: chat and log-ins on their way into the database, on a thread of its own.
//
//   update thread   at the end of a turn: Store(batch) -> journal (one write) -> queue;
//                   then the packets are sent
//   writer thread   queue -> transactions of batch_rows rows, with the journal's checkpoint
//
// Promise: what Store answered with kStored is in the database sooner or later, exactly once, also
// when this process is killed and started again, and when the database is away for a while. Memory
// does not grow meanwhile; the journal does, up to its max_bytes.
//
// Threading: construct and Start by the owner; Store by any thread (one at a time, it holds a lock
// over the write); Stats by any thread; Stop by the owner.
// [/promise]
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/status.h"
#include "services/db/connection.h"
#include "services/db/parked_rows.h"
#include "services/db/writer_queue.h"
#include "services/journal/journal.h"
#include "services/reconnect/backoff.h"

namespace db {

enum class OnFull : unsigned char {
  kRefuse,    // what cannot be journaled is refused: the caller tells the client
  kContinue,  // it is kept in memory only; a crash loses it
};

struct WriterOptions {
  OnFull on_full = OnFull::kRefuse;
  std::size_t queue_memory_bytes = 16 * 1024 * 1024;
  std::uint32_t batch_rows = 500;
  std::chrono::milliseconds gather{20};  // how long a row waits for others; 0: not at all
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{5000};

  // What is wrong, as one line for the user; nothing when they are fine.
  [[nodiscard]] std::optional<std::string> Validate() const;
};

// [wish-or-fact]
// A wish may be refused (somebody wants to say something), a fact has happened (somebody has gone):
// it has a reserve in the journal, and without a journal it is kept in memory, whatever on_full
// says.
enum class Matter : unsigned char { kWish, kFact };

enum class StoreCode : unsigned char {
  kStored,       // in the journal
  kUnjournaled,  // kContinue: in memory only, or lost when that is full too (both counted)
  kRefused,      // a wish with kRefuse, or after Stop (a fact counts as lost): do not send it
};

struct StoreResult {
  StoreCode code = StoreCode::kStored;
  std::string reason;  // of the others, for the log; one line
};
// [/wish-or-fact]

enum class WriterState : unsigned char { kConnecting, kUp, kDown, kFull, kStopped };
std::string_view ToString(WriterState state);

struct WriterStats {
  WriterState state = WriterState::kConnecting;
  std::string reason;                 // of kDown and kFull
  std::uint64_t queue_records = 0;    // not stored yet
  std::uint64_t queue_bytes = 0;      // memory of the queue
  std::uint64_t in_journal_only = 0;  // records of the queue that are on the disk and not in memory
  std::uint64_t written_rows = 0;     // this start
  std::uint64_t retries = 0;          // transactions and connections that failed
  std::uint64_t replayed = 0;         // rows stored again, in a database that had gone back
  std::uint64_t parked = 0;           // rows too long for the database, in the file PARKED
  std::uint64_t rejected = 0;         // rows that went to rejected_log
  std::uint64_t refused = 0;          // records that Store refused
  std::uint64_t unjournaled = 0;      // records that Store kept in memory only
  // Records that are nowhere: no journal and full memory, a disk that forgets, a database that is
  // an older copy than the journal can make up for.
  std::uint64_t lost = 0;
  std::uint64_t journal_bytes = 0;  // of what the database does not have
};

struct DrainResult {
  bool drained = true;
  std::uint64_t left = 0;        // records that stay in the journal, for the next start
  std::uint64_t left_loose = 0;  // records that were in memory only: lost
};

class DbWriter {
 public:
  // `connection` becomes the writer thread's. `journal` is open and outlives this.
  DbWriter(const WriterOptions& options, std::unique_ptr<Connection> connection,
           journal::Journal& journal);
  ~DbWriter();
  DbWriter(const DbWriter&) = delete;
  DbWriter& operator=(const DbWriter&) = delete;

  // Connects once in the caller's thread, so that a wrong password or a database that is none is
  // said at start-up; a database that is away is no error. Then starts the thread.
  net::Status Start();

  // [store]
  // One turn. Seals the batch and leaves it to the caller (Clear it for the next turn).
  StoreResult Store(journal::Batch& batch, Matter matter = Matter::kWish);
  // [/store]

  journal::Journal& journal() const { return journal_; }

  WriterStats Stats() const;

  // No Store after this. Waits until everything is in the database, `bound` at the longest (and a
  // running call to the database, which has its own time-outs).
  DrainResult Stop(std::chrono::milliseconds bound);

 private:
  // [portion]
  struct Portion {  // what the thread is about to store; kept until the database has it
    bool loose = false;
    std::uint64_t source = 0;
    std::string bytes;
    std::size_t memory = 0;                // of the queue's
    std::vector<journal::Record> records;  // into bytes
    std::size_t done = 0;                  // records that are stored
  };
  // [/portion]

  void Run();
  Result Connect();
  Result Resume();
  Result BringBackParked();
  bool GetPortion();
  void TakeTurn(Work& work);
  bool TakeFromJournal(const Work& work);
  Result StorePortion();
  void Finish();
  bool Wait(const Result& result);
  void SetState(WriterState state, const Result& result);
  bool Stopping() const { return stopping_.load(std::memory_order_acquire); }
  bool PastDeadline() const;

  const WriterOptions options_;
  journal::Journal& journal_;
  const std::uint64_t loose_source_;
  std::mutex store_lock_;  // one Store at a time: the queue gets the turns in the journal's order
  bool closed_ = false;    // guarded by store_lock_
  WriterQueue queue_;      // has a lock of its own

  std::unique_ptr<Connection> connection_;  // the writer thread only (Start before it exists)
  std::optional<Portion> portion_;          // the writer thread only
  services::Backoff backoff_;               // the writer thread only
  // The writer thread only, too: how far the database has each source; the last record that was
  // stored since the start; the records that fit into no statement; up to where damage of the
  // journal has been counted.
  std::map<std::uint64_t, std::uint64_t> marks_;
  std::uint64_t stored_to_ = 0;
  ParkedRows parked_;
  bool parked_tried_ = false;
  bool owes_ = false;  // the last thing that it was to store has failed
  std::uint64_t damaged_to_ = 0;
  std::uint64_t loose_next_ = 1;

  // Waiting that Stop ends early.
  class Pause {
   public:
    // Until `until`, or until Wake when it has not been called before this (`woken_before`).
    void WaitUntil(std::chrono::steady_clock::time_point until, bool woken_before) {
      std::unique_lock guard(lock_);
      wake_.wait_until(guard, until, [&] { return woken_ && !woken_before; });
    }
    void Wake() {
      {
        const std::lock_guard guard(lock_);
        woken_ = true;
      }
      wake_.notify_one();
    }

   private:
    std::mutex lock_;
    std::condition_variable wake_;
    bool woken_ = false;  // guarded by lock_
  };
  Pause stop_wait_;

  std::atomic<bool> stopping_{false};  // atomic: set by Stop
  std::atomic<std::chrono::steady_clock::rep> deadline_{
      0};  // atomic: set by Stop, before stopping_

  mutable std::mutex state_lock_;
  WriterState state_ = WriterState::kConnecting;  // guarded by state_lock_
  std::string reason_;                            // guarded by state_lock_

  // atomic: counters, added to by one side, read by Stats
  std::atomic<std::uint64_t> written_{0}, retries_{0}, replayed_{0}, rejected_{0}, refused_{0},
      unjournaled_{0}, lost_{0};
  std::thread thread_;
};

}  // namespace db
