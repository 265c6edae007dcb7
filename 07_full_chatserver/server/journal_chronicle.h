// What the chat wants written down, as records of the journal: the promise of chat/chronicle.h kept
// by db::DbWriter.
//
// Threading: any thread. Each has a batch of its own, kept for its memory.
#pragma once

#include <atomic>
#include <cstdint>

#include "chat/chronicle.h"
#include "services/db/db_writer.h"

namespace server {

class JournalChronicle final : public chat::Chronicle {
 public:
  // `writer` outlives this.
  JournalChronicle(db::DbWriter& writer, std::uint32_t server_id)
      : writer_(writer), server_id_(server_id) {}

  bool Record(std::span<const chat::TalkRecord> turn) override;
  bool Record(const chat::LoginRecord& login) override;
  bool Record(const chat::LoginRecord& logout, const chat::PlayerRecord& player) override;

  // Chat messages that were written down.
  [[nodiscard]] std::uint64_t talk() const { return talk_.load(std::memory_order_relaxed); }

 private:
  bool Store(journal::Batch& batch);

  db::DbWriter& writer_;
  const std::uint32_t server_id_;
  std::atomic<std::uint64_t> talk_{0};      // atomic: any thread
  std::atomic<std::int64_t> warned_ms_{0};  // atomic: any thread; a full disk is said once a second
};

}  // namespace server
