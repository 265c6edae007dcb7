// A journal and a writer on it: one "server" of the storage tests.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "services/db/db_writer.h"
#include "tests/support/database_support.h"

namespace storage_test {

struct Server {
  Server(const std::string& folder, std::unique_ptr<db::Connection> connection,
         db::WriterOptions options = {}, std::uint64_t journal_max = 1ULL << 30,
         std::uint64_t keep_bytes = 0) {
    options.backoff_min = std::chrono::milliseconds(1);
    options.backoff_max = std::chrono::milliseconds(20);
    journal::JournalOptions journal_options;
    journal_options.folder = folder;
    journal_options.segment_bytes = 64 * 1024;
    journal_options.max_bytes = journal_max;
    journal_options.keep_bytes = keep_bytes;
    const net::Status opened = journal.Open(journal_options);
    EXPECT_TRUE(opened.ok()) << opened.error();
    writer = std::make_unique<db::DbWriter>(options, std::move(connection), journal);
    const net::Status started = writer->Start();
    EXPECT_TRUE(started.ok()) << started.error();
  }
  db::StoreResult Store(const std::vector<std::string>& lines) {
    journal::Batch batch = ChatBatch(lines);
    return writer->Store(batch);
  }
  bool WaitForRows(std::uint64_t rows) {
    return WaitUntil([&] { return writer->Stats().written_rows >= rows; });
  }

  journal::Journal journal;
  std::unique_ptr<db::DbWriter> writer;
};

inline std::string Long(std::uint64_t number, std::size_t size) {
  std::string line = std::to_string(number);
  line += ' ';
  line.resize(size, '.');
  return line;
}

inline std::vector<std::string> Lines(const std::string& prefix, int count) {
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) lines.push_back(prefix + std::to_string(i));
  return lines;
}

}  // namespace storage_test
