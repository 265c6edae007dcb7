#include "services/db/schema.h"

#include <string>

namespace db {

namespace {

// What is in braces (kWords) differs between the databases. Every statement may run
// twice: a database that commits each of them by itself can be interrupted in between.
constexpr std::string_view kVersion1[] = {
    R"(CREATE TABLE IF NOT EXISTS accounts (
         account_no {auto},
         name {name} NOT NULL UNIQUE,
         password_hash {text} NOT NULL,
         created_ms {int} NOT NULL){end})",
    // (source, id) is the record's name in the journal: what is replayed meets its own row.
    R"(CREATE TABLE IF NOT EXISTS login_log (
         source {int} NOT NULL, id {int} NOT NULL,
         at_ms {int} NOT NULL, server_id {int} NOT NULL,
         account_no {int} NOT NULL, session_id {int} NOT NULL,
         what {int} NOT NULL, name {text} NOT NULL,
         address {text} NOT NULL, reason {text} NOT NULL,
         PRIMARY KEY (source, id)){end})",
    R"(CREATE TABLE IF NOT EXISTS chat_log (
         source {int} NOT NULL, id {int} NOT NULL,
         at_ms {int} NOT NULL, server_id {int} NOT NULL,
         account_no {int} NOT NULL, session_id {int} NOT NULL,
         place {int} NOT NULL, place_id {int} NOT NULL,
         sequence {int} NOT NULL, name {text} NOT NULL, msg {text} NOT NULL,
         PRIMARY KEY (source, id)){end})",
    R"(CREATE TABLE IF NOT EXISTS player_state (
         account_no {int} NOT NULL PRIMARY KEY,
         at_ms {int} NOT NULL, server_id {int} NOT NULL, name {text} NOT NULL,
         room_id {int} NOT NULL, sector_x {int} NOT NULL, sector_y {int} NOT NULL,
         messages {int} NOT NULL){end})",
    // Records that the database would not take as they were: nothing is thrown away.
    R"(CREATE TABLE IF NOT EXISTS rejected_log (
         source {int} NOT NULL, id {int} NOT NULL,
         kind {int} NOT NULL, reason {bytes} NOT NULL, payload {bytes} NOT NULL,
         PRIMARY KEY (source, id)){end})",
    R"(CREATE TABLE IF NOT EXISTS journal_checkpoint (
         source {int} NOT NULL PRIMARY KEY,
         last_id {int} NOT NULL, updated_ms {int} NOT NULL){end})",
};

constexpr std::string_view kVersion2[] = {
    "CREATE INDEX IF NOT EXISTS chat_log_by_place ON chat_log (place, place_id, at_ms)",
    "CREATE INDEX IF NOT EXISTS login_log_by_account ON login_log (account_no, at_ms)",
};

// accounts.name becomes what names are compared by (lower case here, as far as the database knows
// how; a name that it does not change is found as it is), shown_name what others see.
constexpr std::string_view kVersion3[] = {
    "ALTER TABLE accounts ADD COLUMN {if-not-there} shown_name {name} NOT NULL DEFAULT ''",
    "UPDATE accounts SET shown_name = name WHERE shown_name = ''",
    "UPDATE {ignore}accounts SET name = LOWER(name)",
};

// What nobody filled or read goes; the order of a player's states gets a number of its own, because
// clocks are set back.
constexpr std::string_view kVersion4[] = {
    "ALTER TABLE login_log DROP COLUMN {if-there} name",
    "ALTER TABLE player_state DROP COLUMN {if-there} name",
    "ALTER TABLE player_state DROP COLUMN {if-there} messages",
    "ALTER TABLE player_state ADD COLUMN {if-not-there} order_no {int} NOT NULL DEFAULT 0",
    "UPDATE player_state SET order_no = at_ms WHERE order_no = 0",
    "CREATE INDEX IF NOT EXISTS player_state_by_order ON player_state (order_no)",
};

// Nobody read it.
constexpr std::string_view kVersion5[] = {"DROP TABLE IF EXISTS player_state"};

constexpr std::span<const std::string_view> kVersions[] = {kVersion1, kVersion2, kVersion3,
                                                           kVersion4, kVersion5};
static_assert(std::size(kVersions) == kSchemaVersion);

struct Word {
  std::string_view name;
  std::string_view sqlite;
  std::string_view mariadb;
};
constexpr Word kWords[] = {
    {"{int}", "INTEGER", "BIGINT"},
    {"{text}", "TEXT", "MEDIUMTEXT"},
    {"{name}", "TEXT", "VARCHAR(255)"},
    {"{bytes}", "BLOB", "MEDIUMBLOB"},
    // SQLite has neither, and does not need them: all steps are one transaction.
    {"{if-there}", "", "IF EXISTS"},
    {"{if-not-there}", "", "IF NOT EXISTS"},
    {"{ignore}", "OR IGNORE ", "IGNORE "},
    {"{auto}", "INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT PRIMARY KEY AUTO_INCREMENT"},
    // _bin: names that differ in case or accents are different names, as in SQLite.
    {"{end}", "", " ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin"},
};

std::string Translate(std::string_view sql, Dialect dialect) {
  std::string out(sql);
  for (const Word& word : kWords) {
    const std::string_view by = dialect == Dialect::kSqlite ? word.sqlite : word.mariadb;
    for (std::size_t at = out.find(word.name); at != std::string::npos;
         at = out.find(word.name, at + by.size())) {
      out.replace(at, word.name.size(), by);
    }
  }
  return out;
}

Result ReadVersion(Connection& connection, std::int64_t& version) {
  std::vector<Row> rows;
  Result result = connection.Run("SELECT MAX(version) FROM schema_version", {}, &rows);
  version = rows.empty() ? 0 : IntegerOf(rows[0][0]);
  return result;
}

Result Steps(Connection& connection, std::int64_t to) {
  Result result = connection.Run(Translate(
      "CREATE TABLE IF NOT EXISTS schema_version (version {int} NOT NULL PRIMARY KEY){end}",
      connection.dialect()));
  std::int64_t version = 0;
  if (result.ok()) result = ReadVersion(connection, version);
  if (result.ok() && version > kSchemaVersion) {
    return {Code::kRefused, 0,
            "the database has schema version " + std::to_string(version) +
                ", this program knows up to " + std::to_string(kSchemaVersion)};
  }
  for (; result.ok() && version < to; ++version) {
    for (const std::string_view sql : kVersions[version]) {
      result = connection.Run(Translate(sql, connection.dialect()));
      if (!result.ok()) return result;
    }
    const Value values[] = {version + 1};
    result = connection.Run("INSERT INTO schema_version (version) VALUES (?)", values);
  }
  return result;
}

// Nobody else migrates meanwhile. SQLite: one transaction, which takes the write lock and covers
// the table changes too. MariaDB commits at each table change, so a named lock.
Result Lock(Connection& connection) {
  if (connection.dialect() == Dialect::kSqlite) return connection.Begin();
  std::vector<Row> rows;
  Result result = connection.Run("SELECT GET_LOCK('course_schema', 10)", {}, &rows);
  if (result.ok() && (rows.empty() || IntegerOf(rows[0][0]) != 1)) {
    return {Code::kUnavailable, 0, "another program is changing the tables"};
  }
  return result;
}

Result Unlock(Connection& connection, Result result) {
  if (connection.dialect() == Dialect::kSqlite) {
    if (result.ok()) return connection.Commit();
    connection.Rollback();
    return result;
  }
  if (connection.is_open()) (void)connection.Run("SELECT RELEASE_LOCK('course_schema')");
  return result;
}

}  // namespace

Result Migrate(Connection& connection, std::int64_t to) {
  // The usual case costs one read and no lock.
  std::int64_t version = 0;
  if (ReadVersion(connection, version).ok() && version == to) return {};
  Result result = Lock(connection);
  if (!result.ok()) return result;
  return Unlock(connection, Steps(connection, to));
}

}  // namespace db
