// A server that starts with a long journal, because it was killed when the database had been away:
// it serves at once, needs no more memory for it, and all of it gets into the database, once.
// COURSE_STRESS=10: half a million messages.
#include <sqlite3.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "services/db/event.h"
#include "services/journal/journal.h"
#include "tests/support/catch.h"
#include "tests/support/metered_server.h"
#include "tests/support/storage_support.h"

namespace {

using support::MeteredServer;
using Clock = std::chrono::steady_clock;

constexpr double kMiB = 1024 * 1024;

double Since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// What a killed server has left behind: its journal.
std::uint64_t LeaveBehind(const std::string& folder, int messages) {
  journal::Journal journal;
  journal::JournalOptions options;
  options.folder = folder + "/journal";
  REQUIRE(journal.Open(options).ok());
  journal::Batch turn;
  const std::string rest(260, '.');
  for (int i = 0; i < messages;) {
    turn.Clear();
    for (int end = std::min(i + 8, messages); i < end; ++i) {
      const std::string text = "backlog " + std::to_string(i) + " " + rest;
      db::ChatEvent event;
      event.at_ms = db::NowMs();
      event.name = "somebody";
      event.msg = text;
      db::Add(turn, event);
    }
    REQUIRE(journal.Append(turn).code == journal::AppendCode::kOk);
  }
  return journal.Stats().bytes;
}

// An own look at the database of the server, and a lock that keeps it from writing.
class Database {
 public:
  explicit Database(const std::string& folder) {
    REQUIRE(sqlite3_open((folder + "/chat.db").c_str(), &handle_) == SQLITE_OK);
    sqlite3_busy_timeout(handle_, 30'000);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { sqlite3_close(handle_); }

  std::int64_t Number(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    const bool row = sqlite3_step(statement) == SQLITE_ROW;
    const std::int64_t number = row ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    return number;
  }
  void Lock() { REQUIRE(sqlite3_exec(handle_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == 0); }
  void Unlock() { REQUIRE(sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr) == 0); }

 private:
  sqlite3* handle_ = nullptr;
};

// Rows that wait for the database, now.
std::int64_t Waiting(MeteredServer& server) {
  REQUIRE(server.process().Write("status\n"));
  const auto line = server.process().ReadLineWith(" queue=");
  REQUIRE(line);
  return std::stoll(line->substr(line->find(" queue=") + 7));
}

// A few seconds of talk; true: nobody has lost anything.
bool PeopleTalk(const MeteredServer& server) {
  const support::Finished crowd =
      support::Run("dummy_client",
                   {"--port", server.port(), "--auth-port", server.auth_port(), "--sessions", "12",
                    "--rooms", "3", "--rate", "8", "--for", "1", "--patience", "60"},
                   std::chrono::seconds(120));
  INFO(crowd.output << crowd.errors);
  CHECK(crowd.exit_code == 0);
  return crowd.exit_code == 0;
}

}  // namespace

SCENARIO("A long journal delays nobody, and nothing of it is lost") {
  const int messages = 50'000 * storage_test::StressScale();
  const storage_test::TemporaryFolder folder;
  const std::vector<std::string> sets = {"database.backoff_max_ms=200"};
  GIVEN("a database with a few accounts, and a journal that is not in it") {
    double usual = 0;  // memory of a server without a backlog, after the same talk
    {
      MeteredServer server(folder.path(), sets);
      REQUIRE(server.ready());
      REQUIRE(PeopleTalk(server));
      usual = server.Metric("process_resident_memory_bytes");
      REQUIRE(server.Stop());
    }
    Database database(folder.path());
    const std::int64_t before = database.Number("SELECT count(*) FROM chat_log");
    const std::uint64_t bytes = LeaveBehind(folder.path(), messages);
    const std::string all = "SELECT count(*) FROM chat_log WHERE msg LIKE 'backlog %'";
    REQUIRE(database.Number(all) == 0);

    WHEN("the server is started while the database cannot be written, and killed while it drains") {
      database.Lock();
      Clock::time_point began = Clock::now();
      auto server = std::make_unique<MeteredServer>(folder.path(), sets);
      REQUIRE(server->ready());
      const double listens = Since(began);
      // People are served before a single row of the backlog is written.
      REQUIRE(PeopleTalk(*server));
      REQUIRE(server->AwaitMetric("chat_database_up", 0));
      CHECK(Waiting(*server) >= messages);
      database.Unlock();
      REQUIRE(storage_test::WaitUntil([&] { return database.Number(all) > 0; }));
      server->process().Kill();
      REQUIRE(server->process().Wait());

      const std::int64_t stored = database.Number(all);
      began = Clock::now();
      server = std::make_unique<MeteredServer>(folder.path(), sets);
      REQUIRE(server->ready());
      double most = 0;
      const bool drained = storage_test::WaitUntil(
          [&] {
            most = std::max(most, server->Metric("process_resident_memory_bytes"));
            return Waiting(*server) == 0;
          },
          std::chrono::minutes(10));
      const double took = Since(began);
      THEN("all is in the database, once, and the memory is that of any other start") {
        CHECK(drained);
        CHECK(PeopleTalk(*server));
        CHECK(server->Stop());
        CHECK(database.Number(all) == messages);
        CHECK(database.Number("SELECT count(DISTINCT msg) FROM chat_log WHERE msg LIKE "
                              "'backlog %'") == messages);
        CHECK(database.Number("SELECT count(*) FROM chat_log") > before + messages);
        std::cout << messages << " messages, journal " << static_cast<double>(bytes) / kMiB
                  << " MiB: listens after " << listens << " s, the " << messages - stored
                  << " that were left at the kill drained after " << took
                  << " s; resident MiB usually " << usual / kMiB << ", most " << most / kMiB
                  << "\n";
        CHECK(most < usual + 12 * kMiB);
      }
    }
  }
}
