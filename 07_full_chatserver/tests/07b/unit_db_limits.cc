// Limits: a database that takes only short statements, a journal that is full, and where a
// connection goes.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "services/db/event.h"
#include "tests/support/database_support.h"
#include "tests/support/writer_server.h"

#ifndef _WIN32
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace {

using db::StoreCode;
using storage_test::Faults;
using storage_test::Kind;
using storage_test::Lines;
using storage_test::Long;
using storage_test::MariaDbServer;
using storage_test::Server;
using storage_test::TemporaryFolder;
using storage_test::TestDatabase;
using storage_test::WaitUntil;
using storage_test::WithFaults;
using namespace std::chrono_literals;

// --- MariaDB's max_allowed_packet -------------------------------------------------------------------

class SmallPackets : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    if (MariaDbServer::Shared(why) == nullptr) GTEST_SKIP() << why;
    ASSERT_TRUE(database_.Open(Kind::kMariaDb, why));
    Allow(16 * 1024);
  }
  void TearDown() override {
    std::string why;
    if (MariaDbServer::Shared(why) != nullptr) Allow(16 * 1024 * 1024);
  }
  void Allow(int bytes) {
    const auto connection = database_.Connect();
    ASSERT_TRUE(connection->Open().ok());
    const db::Result result =
        connection->Run("SET GLOBAL max_allowed_packet = " + std::to_string(bytes));
    ASSERT_TRUE(result.ok()) << result.text;
  }

  TemporaryFolder folder_;
  TestDatabase database_;
};

// Sixteen of these rows, which go in one statement elsewhere, are 17 KB and more.
TEST_F(SmallPackets, ABatchIsCutUntilItFits) {
  Server server(folder_.path(), database_.Connect());
  for (std::uint64_t turn = 0; turn < 10; ++turn) {
    std::vector<std::string> lines;
    for (std::uint64_t i = 0; i < 40; ++i) lines.push_back(Long(turn * 40 + i, 1024));
    ASSERT_EQ(server.Store(lines).code, StoreCode::kStored);
  }
  EXPECT_TRUE(server.writer->Stop(60s).drained);
  EXPECT_EQ(database_.Number("SELECT COUNT(DISTINCT msg) FROM chat_log"), 400);
  EXPECT_EQ(server.writer->Stats().parked, 0U);
  EXPECT_EQ(server.writer->Stats().rejected, 0U);
}

// Rows that fit into no statement hold up nobody, are kept, and come back when they fit.
TEST_F(SmallPackets, ARowThatNeverFitsIsParkedAndComesBack) {
  {
    Server server(folder_.path(), database_.Connect());
    ASSERT_EQ(server.Store({"first", Long(1, 20'000), "second"}).code, StoreCode::kStored);
    ASSERT_EQ(server.Store({Long(2, 300'000)}).code, StoreCode::kStored);
    ASSERT_EQ(server.Store({"third"}).code, StoreCode::kStored);
    ASSERT_TRUE(WaitUntil([&] { return server.writer->Stats().queue_records == 0; }));
    EXPECT_EQ(server.writer->Stats().parked, 2U);
    EXPECT_EQ(server.writer->Stats().lost, 0U);
    EXPECT_TRUE(server.writer->Stop(30s).drained);
  }
  EXPECT_EQ(database_.Number("SELECT COUNT(*) FROM chat_log"), 3);
  Allow(64 * 1024);
  {
    Server server(folder_.path(), database_.Connect());
    EXPECT_EQ(server.writer->Stats().parked, 1U) << "one of them still does not fit";
    EXPECT_EQ(database_.Number("SELECT COUNT(*) FROM chat_log"), 4);
  }
  Allow(16 * 1024 * 1024);
  Server server(folder_.path(), database_.Connect());
  EXPECT_EQ(server.writer->Stats().parked, 0U);
  EXPECT_EQ(database_.Number("SELECT COUNT(*) FROM chat_log"), 5);
  EXPECT_EQ(database_.Number("SELECT LENGTH(msg) FROM chat_log ORDER BY id DESC LIMIT 1"), 5);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/PARKED"));
}

// --- a journal that is full -------------------------------------------------------------------------

// A player has gone.
db::StoreResult Gone(Server& server, std::uint64_t account) {
  journal::Batch batch;
  db::LoginEvent logout;
  logout.account_no = account;
  logout.what = db::LoginWhat::kLogout;
  db::Add(batch, logout);
  return server.writer->Store(batch, db::Matter::kFact);
}

// The talk is refused; that somebody has gone cannot be, and has a reserve.
TEST(FullJournal, LogoutsHaveAReserve) {
  TemporaryFolder folder;
  Faults faults;
  Server server(folder.File("journal"),
                WithFaults(db::MakeSqlite({.path = folder.File("chat.db")}), faults), {},
                2 * 1024 * 1024);
  faults.down = true;
  while (server.Store({Long(1, 1000)}).code == StoreCode::kStored) {
  }
  ASSERT_GT(server.writer->Stats().refused, 0U);
  constexpr std::uint64_t kPlayers = 300;
  for (std::uint64_t account = 1; account <= kPlayers; ++account) {
    EXPECT_EQ(Gone(server, account).code, StoreCode::kStored);
  }
  EXPECT_EQ(server.Store({Long(1, 1000)}).code, StoreCode::kRefused) << "it is not for everybody";
  EXPECT_EQ(server.writer->Stats().lost, 0U);
  EXPECT_EQ(server.writer->Stats().unjournaled, 0U) << "the reserve was to be enough";
  faults.down = false;
  EXPECT_TRUE(server.writer->Stop(60s).drained);
  const auto connection = db::MakeSqlite({.path = folder.File("chat.db")});
  ASSERT_TRUE(connection->Open().ok());
  std::vector<db::Row> rows;
  ASSERT_TRUE(connection->Run("SELECT COUNT(*) FROM login_log WHERE what = 2", {}, &rows).ok());
  EXPECT_EQ(db::IntegerOf(rows[0][0]), static_cast<std::int64_t>(kPlayers));
}

// The reserve is used up, too: in memory, and what that cannot hold is lost and counted.
TEST(FullJournal, LogoutsBeyondItAreKeptInMemoryOrCounted) {
  TemporaryFolder folder;
  Faults faults;
  db::WriterOptions options;
  options.queue_memory_bytes = 64 * 1024;
  Server server(folder.File("journal"),
                WithFaults(db::MakeSqlite({.path = folder.File("chat.db")}), faults), options,
                256 * 1024);
  faults.down = true;
  std::uint64_t gone = 0;
  while (server.writer->Stats().lost < 10 && gone < 100'000) {
    ++gone;
    EXPECT_NE(Gone(server, gone).code, StoreCode::kRefused);
  }
  const db::WriterStats stats = server.writer->Stats();
  EXPECT_GT(stats.unjournaled, 0U);
  EXPECT_EQ(stats.refused, 0U);
  faults.down = false;
  EXPECT_TRUE(server.writer->Stop(60s).drained);
  const auto connection = db::MakeSqlite({.path = folder.File("chat.db")});
  ASSERT_TRUE(connection->Open().ok());
  std::vector<db::Row> rows;
  ASSERT_TRUE(connection->Run("SELECT COUNT(*) FROM login_log", {}, &rows).ok());
  EXPECT_EQ(static_cast<std::uint64_t>(db::IntegerOf(rows[0][0])), gone - stats.lost);
}

// --- no descriptors ----------------------------------------------------------------------------------

#ifndef _WIN32
// As clients that connect and say nothing: every descriptor that the process may have.
class EveryDescriptor {
 public:
  EveryDescriptor() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    rlimit few = before_;
    few.rlim_cur = 64;
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int file = -1; (file = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
      taken_.push_back(file);
  }
  ~EveryDescriptor() {
    for (const int file : taken_) ::close(file);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0);
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST(NoDescriptors, TheJournalAndTheDatabaseGoOn) {
  TemporaryFolder folder;
  Faults faults;
  Server server(folder.File("journal"),
                WithFaults(db::MakeSqlite({.path = folder.File("chat.db")}), faults));
  faults.down = true;  // its connection is closed
  ASSERT_EQ(server.Store({"first"}).code, StoreCode::kStored);
  ASSERT_TRUE(WaitUntil([&] { return server.writer->Stats().state == db::WriterState::kDown; }));
  {
    const EveryDescriptor clients;
    const std::uint64_t before = server.journal.Stats().segments;
    for (std::uint64_t turn = 0; turn < 500; ++turn)
      ASSERT_EQ(server.Store({Long(turn, 1000)}).code, StoreCode::kStored) << turn;
    EXPECT_GT(server.journal.Stats().segments, before + 3);
    faults.down = false;  // it connects again, and reads from the journal
    EXPECT_TRUE(WaitUntil([&] { return server.writer->Stats().queue_records == 0; }))
        << server.writer->Stats().reason;
  }
  EXPECT_EQ(server.writer->Stats().written_rows, 501U);
}
#endif

// --- where a connection goes ------------------------------------------------------------------------

#ifndef _WIN32
// "localhost" with a port is that port, not the socket that the library has a name for.
TEST(Localhost, APortIsAskedByTcp) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(listener, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  db::MariaDbOptions options;
  options.host = "localhost";
  options.port = ntohs(address.sin_port);
  options.user = "nobody";
  options.name = "nothing";
  options.connect_ms = 1000;
  const auto connection = db::MakeMariaDb(options);
  if (connection == nullptr) {
    ::close(listener);
    GTEST_SKIP() << "this build has no MariaDB client";
  }
  EXPECT_FALSE(connection->Open().ok()) << "nobody greets it there";
  pollfd ready{listener, POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 1) << "it did not come to the port";
  ::close(listener);
}
#endif

}  // namespace
