// Records of the journal as rows of the database.
#pragma once

#include <cstdint>
#include <span>

#include "services/db/connection.h"
#include "services/db/parked_rows.h"
#include "services/journal/record.h"

namespace db {

struct StoreReport {
  std::uint64_t rejected = 0;  // rows that went to rejected_log
  std::uint64_t parked = 0;    // rows that went to the parked ones
};

// All of these records and the checkpoint `source` = the last one's id, in one transaction; a
// record that is there already changes nothing. A record that the database rejects goes to
// rejected_log with the reason, one that it cannot be given to `parked`. On an error nothing is
// stored (or, when the connection was lost in the commit, all of it).
//
// `mark`: what the caller takes for `source`'s checkpoint. A database that says otherwise is not
// the one that it was (restored from a copy, replaced): kMoved, and nothing is stored.
Result StoreRecords(Connection& connection, std::uint64_t source, std::uint64_t mark,
                    std::span<const journal::Record> records, ParkedRows& parked,
                    StoreReport& report);

// As above, without a checkpoint: records that are in no journal.
Result StoreLooseRecords(Connection& connection, std::uint64_t source,
                         std::span<const journal::Record> records, ParkedRows& parked,
                         StoreReport& report);

// Up to where `source`'s records are stored; 0 = none is.
Result ReadCheckpoint(Connection& connection, std::uint64_t source, std::uint64_t& last_id);
Result WriteCheckpoint(Connection& connection, std::uint64_t source, std::uint64_t last_id);

}  // namespace db
