// A server that is killed with SIGKILL at random moments: what it has acknowledged is in the
// database, once.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "services/db/db_writer.h"
#include "tests/support/database_support.h"

namespace {

using storage_test::Kind;
using storage_test::MariaDbServer;
using storage_test::TemporaryFolder;
using namespace std::chrono_literals;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kRoundsSqlite = 12;  // each start takes many times longer
constexpr int kRoundsMariaDb = 4;
#else
constexpr int kRoundsSqlite = 50;
constexpr int kRoundsMariaDb = 10;
#endif

std::string ChildProgram() {
  const char* const folder = std::getenv("COURSE_BIN_DIR");
  return std::string(folder != nullptr ? folder : ".") + "/storage_child";
}

class Child {
 public:
  explicit Child(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ChildProgram());
    std::vector<char*> raw;
    for (std::string& argument : arguments) raw.push_back(argument.data());
    raw.push_back(nullptr);
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    EXPECT_EQ(posix_spawn(&pid_, raw[0], &actions, nullptr, raw.data(), environ), 0) << raw[0];
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_ = ends[0];
  }
  ~Child() {
    Kill();
    ::close(out_);
  }

  void Kill() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  // Reads what has been acknowledged, until `lines` lines more are there (false: a minute, or the
  // end).
  bool Read(std::size_t lines) {
    const std::size_t wanted = Count() + lines;
    while (Count() < wanted) {
      pollfd ready{out_, POLLIN, 0};
      char buffer[65536];
      if (::poll(&ready, 1, 60'000) != 1) return false;
      const ssize_t size = ::read(out_, buffer, sizeof buffer);
      if (size <= 0) return false;
      text_.append(buffer, static_cast<std::size_t>(size));
    }
    return true;
  }
  // After Kill: the rest. A line that is cut off was not received by anybody.
  std::vector<std::string> AllLines() {
    while (Read(1'000'000)) {
    }
    std::vector<std::string> lines;
    for (std::size_t at = 0, end = 0; (end = text_.find('\n', at)) != std::string::npos;
         at = end + 1) {
      lines.push_back(text_.substr(at, end - at));
    }
    return lines;
  }

 private:
  std::size_t Count() const { return static_cast<std::size_t>(std::ranges::count(text_, '\n')); }

  pid_t pid_ = 0;
  int out_ = -1;
  std::string text_;
};

// `connect` gives a connection to the database that the child writes to.
// `meanwhile` is done to the database while the child stores.
void KillAgainAndAgain(
    int rounds, const std::string& folder, const std::vector<std::string>& database,
    const std::function<std::unique_ptr<db::Connection>()>& connect,
    const std::function<void()>& meanwhile = [] {}) {
  std::mt19937_64 random(storage_test::Seed());
  std::vector<std::string> acknowledged;
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::string> arguments = {folder, std::to_string(round)};
    arguments.insert(arguments.end(), database.begin(), database.end());
    Child child(arguments);
    ASSERT_TRUE(child.Read(1 + random() % 300))
        << "round " << round << ": the child stores nothing";
    meanwhile();
    ASSERT_TRUE(child.Read(1 + random() % 300)) << "round " << round << ": it has stopped";
    // And a little more, so that the moment is not always the one after an acknowledgement.
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 3000);
    while (std::chrono::steady_clock::now() < until) {
    }
    child.Kill();
    const std::vector<std::string> lines = child.AllLines();
    acknowledged.insert(acknowledged.end(), lines.begin(), lines.end());
  }
  {
    journal::Journal journal;
    const net::Status opened = journal.Open({.folder = folder + "/journal"});
    ASSERT_TRUE(opened.ok()) << opened.error();
    db::DbWriter writer({}, connect(), journal);
    ASSERT_TRUE(writer.Start().ok());
    EXPECT_TRUE(writer.Stop(120s).drained);
    EXPECT_EQ(writer.Stats().lost, 0U);
  }
  const auto connection = connect();
  ASSERT_TRUE(connection->Open().ok());
  std::vector<db::Row> rows;
  ASSERT_TRUE(connection->Run("SELECT msg FROM chat_log", {}, &rows).ok());
  std::vector<std::string> found;
  for (const db::Row& row : rows) found.push_back(db::TextOf(row[0]));
  std::ranges::sort(found);
  std::ranges::sort(acknowledged);
  EXPECT_EQ(std::ranges::adjacent_find(found), found.end()) << "a row twice";
  std::vector<std::string> missing;
  std::ranges::set_difference(acknowledged, found, std::back_inserter(missing));
  EXPECT_TRUE(missing.empty()) << missing.size() << " acknowledged lines are missing, the first: "
                               << (missing.empty() ? "" : missing.front());
  std::cout << rounds << " rounds, " << acknowledged.size() << " lines acknowledged, "
            << found.size() << " rows\n";
}

TEST(Kill, WhatWasAcknowledgedIsThereSqlite) {
  TemporaryFolder folder;
  KillAgainAndAgain(kRoundsSqlite * storage_test::StressScale(), folder.path(), {},
                    [&] { return db::MakeSqlite({.path = folder.File("chat.db")}); });
}

// Under a server that goes on, the database's files are moved away; then it is killed.
TEST(Kill, WhatWasAcknowledgedIsThereWithoutTheFileItWasIn) {
  TemporaryFolder folder;
  KillAgainAndAgain(
      kRoundsMariaDb, folder.path(), {},
      [&] { return db::MakeSqlite({.path = folder.File("chat.db")}); },
      [&] {
        std::error_code ignored;  // a file that is being made
        std::filesystem::rename(folder.File("chat.db"), folder.File("away.db"), ignored);
        std::filesystem::remove(folder.File("chat.db-wal"), ignored);
        std::filesystem::remove(folder.File("chat.db-shm"), ignored);
      });
}

TEST(Kill, WhatWasAcknowledgedIsThereMariaDb) {
  std::string why;
  MariaDbServer* const server = MariaDbServer::Shared(why);
  if (server == nullptr) GTEST_SKIP() << why;
  TemporaryFolder folder;
  const db::MariaDbOptions options = server->NewDatabase();
  KillAgainAndAgain(kRoundsMariaDb * storage_test::StressScale(), folder.path(),
                    {options.socket, options.name}, [&] { return db::MakeMariaDb(options); });
}

}  // namespace
