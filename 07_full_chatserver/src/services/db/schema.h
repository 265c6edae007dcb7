// The tables, by version. Migrate brings a database of any earlier version to this one, step by
// step; several programs may do so at once.
#pragma once

#include <cstdint>

#include "services/db/connection.h"

namespace db {

inline constexpr std::int64_t kSchemaVersion = 5;

// kRefused: the database is newer than this program.
// `to` is for tests, which make older ones.
Result Migrate(Connection& connection, std::int64_t to = kSchemaVersion);

}  // namespace db
