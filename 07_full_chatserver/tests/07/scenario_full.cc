// The programs of the full chat server, as `./course run` uses them: whole lives, misbehaviour, and
// a server that is killed and started again. SQLite and keys in memory: the same on both systems.
#include <sqlite3.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"

namespace {

using storage_test::TemporaryFolder;
using support::Process;

std::vector<std::string> ServerArgs(const TemporaryFolder& folder) {
  return course_test::ChatServerProcess::Args(
      folder, {"log.level=warn", "limits.rooms=16", "limits.messages_per_second=20"});
}

struct Server {
  explicit Server(const TemporaryFolder& folder) : process("chat_server", ServerArgs(folder)) {
    if (const auto line = process.ReadPort()) port = std::to_string(*line);
    if (const auto line = process.ReadLineWith("auth on ")) {
      auth_port = line->substr(line->rfind(':') + 1);
    }
    ready = process.ReadLineWith("ready").has_value();
  }
  // Ordered; true: nothing leaked, nothing lost.
  bool Stop() {
    process.Stop();
    return process.Wait() == 0;
  }

  Process process;
  std::string port;
  std::string auth_port;
  bool ready = false;
};

std::vector<std::string> ClientArgs(const Server& server, std::vector<std::string> more) {
  std::vector<std::string> args = {"--port",     server.port, "--auth-port", server.auth_port,
                                   "--sessions", "12",        "--rooms",     "3",
                                   "--patience", "60"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

// The first column of all rows.
std::vector<std::string> Select(const TemporaryFolder& folder, const std::string& sql) {
  std::vector<std::string> rows;
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(folder.File("chat.db").c_str(), &database) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  REQUIRE(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  while (sqlite3_step(statement) == SQLITE_ROW) {
    rows.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return rows;
}

// The figure behind `name` in the totals of dummy_client.
std::uint64_t Figure(const std::string& output, const std::string& name) {
  const std::size_t at = output.find("\n" + name + "  ");
  if (at == std::string::npos) return 0;
  return std::stoull(output.substr(at + 1 + name.size()));
}

}  // namespace

SCENARIO("Clients with a whole life lose nothing, and all that they said is in the database") {
  GIVEN("a server") {
    const TemporaryFolder folder;
    Server server(folder);
    REQUIRE(server.ready);
    const bool chaos = GENERATE(false, true);
    const std::string what = chaos ? "clients talk while others misbehave" : "clients talk";
    WHEN(what) {
      std::vector<std::string> more = {"--for", "2", "--rate", "4", "--seed", "5"};
      if (chaos) more.emplace_back("--chaos");
      const support::Finished crowd =
          support::Run("dummy_client", ClientArgs(server, more), std::chrono::seconds(120));
      THEN("everything arrives, and nobody else is disturbed") {
        INFO(crowd.output + crowd.errors);
        CHECK(crowd.exit_code == 0);
        CHECK(server.Stop());
        const std::uint64_t said =
            Figure(crowd.output, "sent") + Figure(crowd.output, "sector sent");
        CHECK(said > 0);
        CHECK(Select(folder, "SELECT count(*) FROM chat_log WHERE msg LIKE 'dummy5 %'") ==
              std::vector<std::string>{std::to_string(said)});
        CHECK(Select(folder, "SELECT count(*) FROM login_log WHERE what = 1") ==
              std::vector<std::string>{"12"});
      }
    }
  }
}

SCENARIO("What any client has heard is in the database after the server was killed") {
  const std::uint64_t seed = storage_test::Seed();
  std::mt19937_64 dice(seed);
  INFO("COURSE_SEED=" << seed);
  GIVEN("a folder for the database and the journal") {
    const TemporaryFolder folder;
    std::set<std::string> heard;
    std::size_t logins = 0;
    WHEN("the server is killed in the middle of the talk, again and again") {
      const int rounds = 2 * storage_test::StressScale();
      for (int round = 0; round < rounds; ++round) {
        Server server(folder);
        REQUIRE(server.ready);
        const std::string file = folder.File("heard" + std::to_string(round));
        Process clients("dummy_client",
                        ClientArgs(server, {"--for", "60", "--rate", "8", "--status", "--heard",
                                            file, "--seed", std::to_string(100 + round)}));
        REQUIRE(clients.ReadLineWith("12 clients in"));
        logins += 12;
        REQUIRE(clients.ReadLineWith("status sent="));
        std::this_thread::sleep_for(std::chrono::milliseconds(dice() % 500));  // a random moment
        server.process.Kill();
        REQUIRE(server.process.Wait());
        REQUIRE(clients.Wait(std::chrono::seconds(90)));
        std::ifstream lines(file, std::ios::binary);
        for (std::string line; std::getline(lines, line);) heard.insert(line);
      }
      THEN(
          "after a last start and an ordered stop nothing of it is missing, and nothing is twice") {
        REQUIRE(heard.size() > 10);
        {
          Server last(folder);
          REQUIRE(last.ready);
          CHECK(last.Stop());
        }
        const std::vector<std::string> rows = Select(folder, "SELECT msg FROM chat_log");
        const std::set<std::string> stored(rows.begin(), rows.end());
        std::size_t missing = 0;
        for (const std::string& message : heard) missing += stored.contains(message) ? 0U : 1U;
        CHECK(missing == 0);
        CHECK(stored.size() == rows.size());
        CHECK(Select(folder, "SELECT count(*) FROM login_log WHERE what = 1") ==
              std::vector<std::string>{std::to_string(logins)});
      }
    }
  }
}

SCENARIO("A configuration that is wrong is refused with file, line and key") {
  GIVEN("a file with three mistakes") {
    const TemporaryFolder folder;
    {
      std::ofstream file(folder.File("bad.toml"));
      file << "[server]\nport = 70000\nnagel = true\n[update]\nthreads = \"five\"\n";
    }
    WHEN("the server is started with it") {
      const support::Finished run =
          support::Run("chat_server", {"--config", folder.File("bad.toml")});
      THEN("it ends with 2 and says all of them") {
        CHECK(run.exit_code == 2);
        CHECK(run.errors.find("bad.toml:2") != std::string::npos);
        CHECK(run.errors.find("bad.toml:3") != std::string::npos);
        CHECK(run.errors.find("nagle") != std::string::npos);
        CHECK(run.errors.find("bad.toml:5") != std::string::npos);
      }
    }
  }
  GIVEN("a port that is taken") {
    const TemporaryFolder folder;
    Server first(folder);
    REQUIRE(first.ready);
    const TemporaryFolder other;
    std::vector<std::string> args = ServerArgs(other);
    args.insert(args.end(), {"--set", "server.port=" + first.port});
    WHEN("a second server wants it") {
      const support::Finished second = support::Run("chat_server", args);
      THEN("it says so and ends with 2") {
        CHECK(second.exit_code == 2);
        CHECK(second.errors.find(first.port) != std::string::npos);
      }
    }
    CHECK(first.Stop());
  }
}

SCENARIO("The console ends the server in order") {
  GIVEN("a server") {
    const TemporaryFolder folder;
    Server server(folder);
    REQUIRE(server.ready);
    WHEN("somebody types status and shutdown") {
      REQUIRE(server.process.Write("status\n"));
      CHECK(server.process.ReadLineWith("sessions=0"));
      REQUIRE(server.process.Write("shutdown\n"));
      THEN("it sums up and ends with 0") {
        CHECK(server.process.Wait() == 0);
        CHECK(server.process.Output().find("stopped: live sessions 0, outstanding operations 0") !=
              std::string::npos);
      }
    }
  }
}
