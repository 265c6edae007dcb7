// Records that the database cannot be given at all, because not even one row of that size fits into
// a statement (MariaDB's max_allowed_packet). They are kept in a file beside the journal, and
// brought back when the server starts: after somebody has raised the limit they fit.
//
// The file is a row of journal segments of one record each: header and record. A tail that is torn
// does not count: its record is still in the journal, and comes again.
//
// Threading: one thread (the database writer's); count() by any.
#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "services/journal/file_ops.h"
#include "services/journal/record.h"

namespace db {

class ParkedRows {
 public:
  ParkedRows(journal::FileOps& ops, std::string path) : ops_(ops), path_(std::move(path)) {}

  // What an earlier start has left counts. `bytes`: the whole file, as far as it can be read.
  std::error_code Open(std::string* bytes = nullptr);
  // On the disk when this returns without an error. A second time changes nothing.
  std::error_code Park(std::uint64_t source, const journal::Record& record);
  // Takes the place of `other` and of its file, and is empty afterwards.
  std::error_code Replace(ParkedRows& other);

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  journal::FileOps& ops_;
  const std::string path_;
  std::uint64_t size_ = 0;
  std::set<std::pair<std::uint64_t, std::uint64_t>> names_;  // source, id
  std::atomic<std::uint64_t> count_{0};  // atomic: names_.size(), for other threads
};

// The first entry of `bytes`, which is cut off. False: there is none, or a torn one.
bool TakeParked(std::string_view& bytes, std::uint64_t& source, journal::Record& record);

}  // namespace db
