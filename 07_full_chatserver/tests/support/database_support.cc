#include "tests/support/database_support.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "services/db/event.h"

#ifndef _WIN32
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#endif

namespace storage_test {

// --- MariaDB ------------------------------------------------------------------------------------------

#if defined(_WIN32) || !defined(COURSE_WITH_MARIADB)

MariaDbServer* MariaDbServer::Shared(std::string& why) {
  why = "this build has no MariaDB client";
  return nullptr;
}
MariaDbServer::~MariaDbServer() = default;
void MariaDbServer::Start() {}
void MariaDbServer::Kill() {}
void MariaDbServer::TakeSnapshot() {}
void MariaDbServer::RestoreSnapshot() {}
db::MariaDbOptions MariaDbServer::NewDatabase() {
  return {};
}
bool MariaDbServer::Install(std::string&) {
  return false;
}

#else

namespace {

std::string FindProgram(const std::string& name) {
  for (const char* folder : {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"}) {
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  }
  return "";
}

int Spawn(const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<char*> raw;
  for (const std::string& argument : arguments) raw.push_back(const_cast<char*>(argument.c_str()));
  raw.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, raw[0], &actions, nullptr, raw.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : 0;
}

}  // namespace

MariaDbServer* MariaDbServer::Shared(std::string& why) {
  static std::string reason;
  static const std::unique_ptr<MariaDbServer> server = [] {
    std::unique_ptr<MariaDbServer> made(new MariaDbServer);
    if (!made->Install(reason)) made.reset();
    return made;
  }();
  why = reason;
  return server.get();
}

// A folder of its own for temporary tables: a server that starts deletes every temporary table it
// finds in its tmpdir, also those of another test's server, which then ends with "Unknown table".
std::string MariaDbServer::MakeTmp() const {
  const std::string path = folder_.File("tmp");
  std::filesystem::create_directories(path);
  return path;
}

bool MariaDbServer::Install(std::string& why) {
  const std::string install = FindProgram("mariadb-install-db");
  if (install.empty() || FindProgram("mariadbd").empty()) {
    why = "mariadbd and mariadb (the client's scripts) are not installed";
    return false;
  }
  std::vector<std::string> arguments = {install,
                                        "--no-defaults",
                                        "--force",  // also where the host has no name that resolves
                                        "--skip-test-db",
                                        "--auth-root-authentication-method=normal",
                                        "--skip-name-resolve",
                                        "--datadir=" + folder_.File("data"),
                                        "--tmpdir=" + MakeTmp()};
  if (::geteuid() == 0) arguments.push_back("--user=root");
  const int pid = Spawn(arguments, folder_.File("install.log"));
  int status = -1;
  if (pid != 0) ::waitpid(pid, &status, 0);
  if (status != 0) {
    std::ifstream log(folder_.File("install.log"));
    why = "mariadb-install-db ended with status " + std::to_string(status) + ":\n" +
          std::string(std::istreambuf_iterator<char>(log), {});
    ADD_FAILURE() << why;
    return false;
  }
  Start();
  return pid_ != 0;
}

void MariaDbServer::Start() {
  std::vector<std::string> arguments = {FindProgram("mariadbd"),
                                        "--no-defaults",
                                        "--datadir=" + folder_.File("data"),
                                        "--tmpdir=" + MakeTmp(),
                                        "--socket=" + folder_.File("s"),
                                        "--pid-file=" + folder_.File("pid"),
                                        "--skip-networking",
                                        "--innodb-buffer-pool-size=16M",
                                        "--innodb-log-file-size=8M",
                                        "--key-buffer-size=1M"};
  if (::geteuid() == 0) arguments.push_back("--user=root");
  pid_ = Spawn(arguments, folder_.File("server.log"));
  db::MariaDbOptions options;
  options.socket = folder_.File("s");
  options.user = "root";
  options.name = "mysql";
  const auto connection = db::MakeMariaDb(options);
  if (!WaitUntil([&] { return connection->Open().ok(); }, std::chrono::seconds(90))) {
    ADD_FAILURE() << "mariadbd does not answer";
    Kill();
  }
}

void MariaDbServer::Kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void MariaDbServer::TakeSnapshot() {
  std::filesystem::remove_all(folder_.File("snapshot"));
  std::filesystem::copy(folder_.File("data"), folder_.File("snapshot"),
                        std::filesystem::copy_options::recursive);
}

void MariaDbServer::RestoreSnapshot() {
  std::filesystem::remove_all(folder_.File("data"));
  std::filesystem::copy(folder_.File("snapshot"), folder_.File("data"),
                        std::filesystem::copy_options::recursive);
}

MariaDbServer::~MariaDbServer() {
  Kill();
}

db::MariaDbOptions MariaDbServer::NewDatabase() {
  if (pid_ == 0) Start();
  db::MariaDbOptions options;
  options.socket = folder_.File("s");
  options.user = "root";
  options.name = "mysql";
  const auto connection = db::MakeMariaDb(options);
  const std::string name = "test" + std::to_string(++databases_);
  EXPECT_TRUE(connection->Open().ok());
  EXPECT_TRUE(connection->Run("CREATE DATABASE " + name + " CHARACTER SET utf8mb4").ok());
  options.name = name;
  return options;
}

#endif

// --- either kind --------------------------------------------------------------------------------------

bool TestDatabase::Open(Kind kind, std::string& why) {
  kind_ = kind;
  if (kind == Kind::kSqlite) return true;
  MariaDbServer* const server = MariaDbServer::Shared(why);
  if (server == nullptr) return false;
  mariadb_ = server->NewDatabase();
  return true;
}

std::unique_ptr<db::Connection> TestDatabase::Connect() const {
  if (kind_ == Kind::kMariaDb) return db::MakeMariaDb(mariadb_);
  return db::MakeSqlite({.path = folder_.File("chat.db")});
}

std::vector<db::Row> TestDatabase::Query(const std::string& sql) const {
  const auto connection = Connect();
  std::vector<db::Row> rows;
  db::Result result = connection->Open();
  if (result.ok()) result = connection->Run(sql, {}, &rows);
  EXPECT_TRUE(result.ok()) << sql << ": " << result.text;
  return rows;
}

std::int64_t TestDatabase::Number(const std::string& sql) const {
  const std::vector<db::Row> rows = Query(sql);
  return rows.empty() ? -1 : db::IntegerOf(rows[0][0]);
}

// --- faults -------------------------------------------------------------------------------------------

namespace {

class FaultyConnection final : public db::Connection {
 public:
  FaultyConnection(std::unique_ptr<db::Connection> real, Faults& faults)
      : real_(std::move(real)), faults_(faults) {}

  db::Dialect dialect() const override { return real_->dialect(); }
  db::Result Open() override {
    if (Fails()) return Lost();
    return real_->Open();
  }
  void Close() override { real_->Close(); }
  bool is_open() const override { return real_->is_open(); }
  db::Result Run(std::string_view sql, std::span<const db::Value> values,
                 std::vector<db::Row>* rows) override {
    if (Fails()) return Lost();
    if (faults_.full && sql.starts_with("INSERT INTO chat_log"))
      return {db::Code::kFull, 13, "no room"};
    return real_->Run(sql, values, rows);
  }
  db::Result Begin() override { return Fails() ? Lost() : real_->Begin(); }
  db::Result Commit() override {
    if (Fails()) return Lost();
    db::Result result = real_->Commit();
    if (result.ok()) ++faults_.commits;
    if (faults_.lose_commits > 0) {
      --faults_.lose_commits;
      return Lost();
    }
    return result;
  }
  void Rollback() override { real_->Rollback(); }
  std::size_t statement_bytes_max() const override { return real_->statement_bytes_max(); }
  db::Result Check() override { return real_->Check(); }

 private:
  bool Fails() { return faults_.down || (faults_.fail_at_random && faults_.fail_at_random()); }
  db::Result Lost() {
    real_->Close();
    return {db::Code::kUnavailable, 1, "the test has cut the connection"};
  }

  std::unique_ptr<db::Connection> real_;
  Faults& faults_;
};

}  // namespace

std::unique_ptr<db::Connection> WithFaults(std::unique_ptr<db::Connection> real, Faults& faults) {
  return std::make_unique<FaultyConnection>(std::move(real), faults);
}

journal::Batch ChatBatch(const std::vector<std::string>& lines) {
  journal::Batch batch;
  for (const std::string& line : lines) {
    db::ChatEvent event;
    event.at_ms = db::NowMs();
    event.server_id = 1;
    event.account_no = 42;
    event.session_id = 0xFFFF'FFFF'0000'0001ULL;
    event.place_id = 3;
    event.sequence = 9;
    event.name = "철수";
    event.msg = line;
    db::Add(batch, event);
  }
  return batch;
}

}  // namespace storage_test
