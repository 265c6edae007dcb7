// A small chat server in the test's own process: any port, SQLite and the journal in a folder of
// the test's, keys in memory, cheap hashes.
#pragma once

#include <filesystem>

#include "services/config/config.h"

namespace course_test {

inline config::Config SmallConfig(const std::filesystem::path& folder) {
  config::Config config;
  config.server.port = 0;
  config.server.worker_threads = 2;
  config.server.session_max = 16;
  config.login.store = config::LoginStore::kMemory;
  config.auth.port = 0;
  config.auth.create_accounts = true;
  config.auth.hash.ops = 1;
  config.auth.hash.memory_bytes = 8192;
  config.update.threads = 2;
  config.server.first_packet_timeout_ms = 30'000;  // a busy machine, a sanitizer
  config.world.rooms = 4;
  config.database.sqlite.path = (folder / "chat.db").string();
  config.journal.folder = (folder / "journal").string();
  config.monitor.report = false;
  config.monitor.metrics = false;
  config.log.file = "";
  return config;
}

}  // namespace course_test
