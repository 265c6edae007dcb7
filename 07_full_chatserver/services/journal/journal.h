// The journal: what must not be lost is in this folder before anybody hears of it.
//
// Promise: when Append has answered kOk, the batch is with the operating system (one write) and
// survives the death of the process, also by SIGKILL. With `sync_each_turn` it survives a power cut
// too (one fdatasync more). A batch that was not answered kOk is not in the journal, except when
// the process dies meanwhile: then its first records may be. Records stay until RemoveConfirmed
// says that the database has them.
//
// Threading: Open first, alone. Then Append by any thread; Read and RemoveConfirmed by one other
// thread (the database writer); the rest by any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <system_error>

#include "net/status.h"
#include "services/journal/file_ops.h"
#include "services/journal/folder_lock.h"
#include "services/journal/record.h"
#include "services/journal/segment.h"

namespace journal {

struct JournalOptions {
  std::string folder;
  bool sync_each_turn = false;
  std::uint64_t segment_bytes = 16 * 1024 * 1024;
  std::uint64_t max_bytes =
      4ULL * 1024 * 1024 * 1024;  // of all segments; then Append answers kFull
  // How long Open waits for a folder that somebody else has: a server that was killed a moment ago
  // keeps it until the system has taken the process apart, and its successor may be quicker.
  std::chrono::milliseconds lock_wait{2000};
  FileOps* ops = &SystemFileOps();  // not owned
};

enum class AppendCode : unsigned char {
  kOk,
  kFull,    // no space, or max_bytes reached
  kFailed,  // any other error
};

struct AppendResult {
  AppendCode code = AppendCode::kOk;
  std::uint64_t first_id = 0;
  std::uint64_t last_id = 0;
  std::error_code error;  // empty with kFull: max_bytes
};

struct ReadResult {
  std::uint64_t source = 0;
  std::uint64_t first_id = 0;  // of what was asked for
  std::uint64_t last_id = 0;   // up to here nothing remains to be read
  std::string bytes;           // whole records
  std::uint64_t lost = 0;      // records that the disk has damaged since they were written
  std::error_code error;       // nothing was read; try again
};

struct JournalStats {
  std::uint64_t bytes = 0;  // of all segments
  std::uint64_t segments = 0;
  std::uint64_t last_id = 0;
  std::uint64_t cut_bytes = 0;  // torn tail that Open cut off
};

class Journal {
 public:
  Journal() = default;

  // Recovers what is in the folder (made if it does not exist) and begins a new segment.
  net::Status Open(const JournalOptions& options);

  // All of the batch or nothing of it. Seals the batch.
  AppendResult Append(Batch& batch);

  // Whole records from `from` on, up to `to` and about `bytes_max` bytes, of one source. from <= to
  // <= last id.
  ReadResult Read(std::uint64_t from, std::uint64_t to, std::size_t bytes_max);

  // Everything up to `id` is in the database: segments without anything else go.
  void RemoveConfirmed(std::uint64_t id);

  // Of the records that Append writes now.
  std::uint64_t source() const { return source_; }
  // The oldest record that is kept: where the database writer begins.
  std::uint64_t oldest_id() const;
  std::uint64_t last_id() const;
  JournalStats Stats() const;

 private:
  struct Cursor {
    UniqueFile file;
    std::uint64_t segment = 0;  // its first id
    std::uint64_t next_id = 0;
    std::uint64_t offset = 0;  // of next_id
  };

  std::error_code BeginSegment();                       // under lock_
  void TakeBack(std::uint64_t size);                    // under lock_
  bool Find(std::uint64_t id, Segment& segment) const;  // under lock_
  std::error_code MoveCursor(const Segment& segment, std::uint64_t id);
  std::error_code SkipTo(const Segment& segment, std::uint64_t id);

  JournalOptions options_;    // written by Open only
  std::uint64_t source_ = 0;  // written by Open only
  FolderLock folder_lock_;

  mutable std::mutex lock_;
  std::deque<Segment> segments_;  // guarded by lock_; the last one is written to
  UniqueFile file_;               // guarded by lock_: the last segment
  std::uint64_t next_id_ = 1;     // guarded by lock_
  std::uint64_t bytes_ = 0;       // guarded by lock_: of all segments
  std::uint64_t cut_bytes_ = 0;   // written by Open only
  bool spoilt_ =
      false;  // guarded by lock_: the last segment's end cannot be trusted, begin another

  Cursor cursor_;  // the reading thread only
};

}  // namespace journal
