// Helper of the kill tests: a server that stores chat lines as fast as it can, and says of each
// turn on its standard output that it is stored: what a chat server would send to its clients at
// that point. It is killed from outside.
//
//   storage_child FOLDER PREFIX [MARIADB_SOCKET MARIADB_NAME]
#include <spdlog/spdlog.h>

#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "services/db/db_writer.h"
#include "services/db/event.h"

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace {

// One write per line: lines of several threads do not mix, and nothing waits in a buffer when the
// process dies.
bool Say(const std::string& line) {
#ifdef _WIN32
  return _write(1, line.data(), static_cast<unsigned>(line.size())) ==
         static_cast<int>(line.size());
#else
  return ::write(1, line.data(), line.size()) == static_cast<ssize_t>(line.size());
#endif
}

void StoreForEver(db::DbWriter& writer, const std::string& prefix) {
  journal::Batch batch;
  for (int turn = 0;; ++turn) {
    batch.Clear();
    std::string acknowledged;
    for (int i = 0; i <= turn % 4; ++i) {
      std::string line = prefix;
      line.append(":").append(std::to_string(turn)).append(".").append(std::to_string(i));
      db::ChatEvent event;
      event.at_ms = db::NowMs();
      event.name = "child";
      event.msg = line;
      db::Add(batch, event);
      acknowledged.append(line).append("\n");
    }
    if (writer.Store(batch).code != db::StoreCode::kStored) return;
    if (!Say(acknowledged)) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: storage_child FOLDER PREFIX [MARIADB_SOCKET MARIADB_NAME]\n";
    return 2;
  }
  spdlog::set_level(spdlog::level::off);  // the output is for acknowledgements
  const std::string folder = argv[1];
  journal::Journal journal;
  journal::JournalOptions journal_options;
  journal_options.folder = folder + "/journal";
  journal_options.segment_bytes = 64 * 1024;  // many of them
  net::Status status = journal.Open(journal_options);
  std::unique_ptr<db::Connection> connection = db::MakeSqlite({.path = folder + "/chat.db"});
  if (argc >= 5) {
    db::MariaDbOptions mariadb;
    mariadb.socket = argv[3];
    mariadb.name = argv[4];
    mariadb.user = "root";
    connection = db::MakeMariaDb(mariadb);
  }
  db::WriterOptions options;
  options.queue_memory_bytes = 64 * 1024;
  options.batch_rows = 50;
  if (status.ok() && connection == nullptr) status = net::Status::Error("no MariaDB client");
  if (!status.ok()) {
    std::cerr << status.error() << "\n";
    return 2;
  }
  db::DbWriter writer(options, std::move(connection), journal);
  status = writer.Start();
  if (!status.ok()) {
    std::cerr << status.error() << "\n";
    return 2;
  }
  std::vector<std::thread> threads;
  for (const char* name : {"a", "b"}) {
    threads.emplace_back(
        [&writer, prefix = std::string(argv[2]) + name] { StoreForEver(writer, prefix); });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}
