// Where to go on: the journal's holdings held against what the database says that it has.
//
// The database may be one that has been away, one that was restored from a copy, or an empty one in
// the place of another. So the writer asks on every connect, and begins with the first record that
// the database lacks, also when it has stored it before.
#pragma once

#include <cstdint>
#include <map>

#include "services/db/connection.h"
#include "services/journal/journal.h"

namespace db {

struct ResumePoint {
  std::uint64_t next_id = 1;  // the first record to be stored
  // What the database lacks and the journal has no more. Counted once: the database's marks are set
  // behind them.
  std::uint64_t missing = 0;
  std::map<std::uint64_t, std::uint64_t> marks;  // the database's, by source
};

Result FindResumePoint(Connection& connection, const journal::Holdings& holdings,
                       ResumePoint& point);

}  // namespace db
