// [promise]
// The journal: what must not be lost is in this folder before anybody hears of it.
//
// Promise: when Append has answered kOk, the batch is with the operating system (one write) and
// survives the death of the process, also by SIGKILL. With `sync` it survives a power cut, too, as
// soon as safe_id() has reached it: a thread of the journal's own brings to the disk, with one
// fdatasync, all that was written while it was busy with the one before (group commit). So Append
// never waits for the disk, and whoever sends what was appended waits for safe_id(). A batch that
// was not answered kOk is not in the journal, except when the process dies meanwhile: then its
// first records may be.
//
// Records stay until RemoveConfirmed says that the database has them, and then as long as
// `keep_bytes` has room for them: a database that is restored from a copy gets back what the copy
// lacks, as far as the segments that are kept reach.
//
// Threading: Open first, alone. Then Append by any thread; Hold, Read and RemoveConfirmed by one
// other thread (the database writer); the rest by any thread.
// [/promise]
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "net/status.h"
#include "services/journal/file_ops.h"
#include "services/journal/folder_lock.h"
#include "services/journal/history.h"
#include "services/journal/record.h"
#include "services/journal/segment.h"

namespace journal {

struct JournalOptions {
  std::string folder;
  bool sync = false;
  // When a sync fails: true = nothing counts as safe until one succeeds; false = what is written
  // counts.
  bool hold_when_sync_fails = true;
  std::uint64_t segment_bytes = 16 * 1024 * 1024;
  std::uint64_t max_bytes =
      4ULL * 1024 * 1024 * 1024;                 // of all segments; then Append answers kFull
  std::uint64_t keep_bytes = 256 * 1024 * 1024;  // of segments that the database has
  // How long Open waits for a folder that somebody else has: a server that was killed a moment ago
  // keeps it until the system has taken the process apart, and its successor may be quicker.
  std::chrono::milliseconds lock_wait{2000};
  FileOps* ops = &SystemFileOps();  // not owned

  // What is wrong, as one line for the user; nothing when they are fine.
  [[nodiscard]] std::optional<std::string> Validate() const;
};

// [answers]
// The last part of max_bytes is for what cannot be refused any more, because it has happened.
enum class Share : unsigned char { kOrdinary, kReserve };

enum class AppendCode : unsigned char {
  kOk,
  kFull,    // no space, or max_bytes reached
  kFailed,  // any other error; timed_out: the disk has not been able to sync for a while
};

struct AppendResult {
  AppendCode code = AppendCode::kOk;
  std::uint64_t first_id = 0;
  std::uint64_t last_id = 0;
  std::error_code error;  // empty with kFull: max_bytes
};
// [/answers]

struct ReadResult {
  std::uint64_t source = 0;
  std::uint64_t first_id = 0;  // of what was asked for
  std::uint64_t last_id = 0;   // up to here nothing remains to be read
  std::string bytes;           // whole records
  std::uint64_t lost = 0;      // records that the disk has damaged since they were written
  std::error_code error;       // nothing was read; try again
};

// What there is to bring into the database, and what there has been.
struct Holdings {
  std::vector<Range> removed;
  std::vector<Range> kept;
  std::uint64_t next_id = 1;  // of the next record
};

struct JournalStats {
  std::uint64_t bytes = 0;  // of all segments
  std::uint64_t segments = 0;
  std::uint64_t last_id = 0;
  std::uint64_t cut_bytes = 0;  // torn tail that Open cut off
  std::uint64_t syncs = 0;
  std::uint64_t waiting_bytes = 0;  // of segments that the database does not have
};

class Journal {
 public:
  Journal() = default;
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // [verbs]
  // Recovers what is in the folder (made if it does not exist) and begins a new segment.
  net::Status Open(const JournalOptions& options);

  // All of the batch or nothing of it. Seals the batch.
  AppendResult Append(Batch& batch, Share share = Share::kOrdinary);

  bool syncs() const { return options_.sync; }
  // The last record that Append has written / that survives a power cut. Any thread, no lock.
  std::uint64_t written_id() const { return written_.load(std::memory_order_acquire); }
  std::uint64_t safe_id() const { return safe_.load(std::memory_order_acquire); }
  // With `sync`: `told` is called by the sync thread each time that more is safe. An empty one
  // waits until a running call has ended.
  void WhenSafe(std::function<void(std::uint64_t safe_id)> told);

  // From now on nothing is removed, until the next RemoveConfirmed.
  Holdings Hold();

  // Whole records from `from` on, up to `to` and about `bytes_max` bytes, of one source. from <= to
  // <= last id.
  ReadResult Read(std::uint64_t from, std::uint64_t to, std::size_t bytes_max);

  // Everything up to `id` is in the database: segments without anything else go, the oldest first,
  // as far as keep_bytes (and 256 files) have no room for them, or others need theirs.
  void RemoveConfirmed(std::uint64_t id);
  // [/verbs]

  // Of the records that Append writes now.
  std::uint64_t source() const { return source_; }
  // The oldest record that is kept: where the database writer begins.
  std::uint64_t oldest_id() const;
  std::uint64_t last_id() const;
  JournalStats Stats() const;
  const std::string& folder() const { return options_.folder; }
  FileOps& ops() const { return *options_.ops; }

 private:
  struct Cursor {
    UniqueFile file;
    std::uint64_t segment = 0;   // its first id
    std::uint64_t rewrites = 0;  // of the journal, when it was opened
    std::uint64_t next_id = 0;
    std::uint64_t offset = 0;  // of next_id
  };

  // Written, and not safe yet: kept until it is, because a file whose sync has failed may have
  // forgotten it.
  struct Unsafe {
    std::uint64_t last_id = 0;
    std::string bytes;
    std::chrono::steady_clock::time_point since;
  };

  // journal.cc; under lock_
  std::error_code BeginSegment();
  std::error_code Write(const Batch& batch);
  void TakeBack(std::uint64_t size);
  bool HasRoom(std::uint64_t size, Share share) const;
  bool TakeOldestConfirmed(std::vector<Segment>& removed);
  bool MakeRoom();
  void Remove(const std::vector<Segment>& segments);
  // journal_read.cc
  bool Find(std::uint64_t id, Segment& segment) const;  // under lock_
  std::error_code MoveCursor(const Segment& segment, std::uint64_t id);
  std::error_code SkipTo(const Segment& segment, std::uint64_t id);
  // journal_sync.cc
  void SyncLoop();
  std::error_code SyncNow(std::unique_lock<std::mutex>& lock);
  std::error_code WriteAgain();      // under lock_
  bool IsStuck() const;              // under lock_
  void Tell(std::uint64_t safe_id);  // without lock_

  JournalOptions options_;    // written by Open only
  std::uint64_t source_ = 0;  // written by Open only
  FolderLock folder_lock_;

  mutable std::mutex lock_;
  std::deque<Segment> segments_;  // guarded by lock_; the last one is written to
  std::shared_ptr<UniqueFile>
      file_;                     // guarded by lock_: the last segment; the sync thread shares it
  std::uint64_t next_id_ = 1;    // guarded by lock_
  std::uint64_t bytes_ = 0;      // guarded by lock_: of all segments
  std::uint64_t confirmed_ = 0;  // guarded by lock_
  History history_;              // guarded by lock_
  std::uint64_t cut_bytes_ = 0;  // written by Open only
  bool spoilt_ =
      false;  // guarded by lock_: the last segment's end cannot be trusted, begin another

  std::deque<Unsafe> unsafe_;                         // guarded by lock_
  std::size_t unsafe_bytes_ = 0;                      // guarded by lock_
  std::vector<std::shared_ptr<UniqueFile>> to_sync_;  // guarded by lock_: segments before the last
  bool new_names_ = false;                            // guarded by lock_: the folder needs a sync
  std::uint64_t rewrites_ = 0;                        // guarded by lock_: segments written again
  bool sync_failed_ = false;                          // guarded by lock_: nothing is appended
  bool stopping_ = false;                             // guarded by lock_
  std::uint64_t syncs_ = 0;                           // guarded by lock_
  std::condition_variable wake_sync_;
  std::atomic<std::uint64_t> written_{0}, safe_{0};  // atomic: written under lock_, read by all
  std::mutex told_lock_;
  std::function<void(std::uint64_t)> told_;  // guarded by told_lock_
  std::thread sync_thread_;

  Cursor cursor_;  // the reading thread only
};

}  // namespace journal
