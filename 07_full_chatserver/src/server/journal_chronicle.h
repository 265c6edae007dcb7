// What the chat wants written down, as records of the journal: the promise of chat/chronicle.h kept
// by db::DbWriter.
//
// Threading: any thread. Each has a batch of its own, kept for its memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "chat/chronicle.h"
#include "services/db/db_writer.h"
#include "services/log/log_throttle.h"

namespace server {

class JournalChronicle final : public chat::Chronicle {
 public:
  // The address of a session that has logged in, as text. Any thread.
  using AddressOf = std::function<std::string(net::SessionId)>;

  // `writer` outlives this.
  JournalChronicle(db::DbWriter& writer, std::uint32_t server_id, AddressOf address_of = {})
      : writer_(writer), server_id_(server_id), address_of_(std::move(address_of)) {}

  bool Record(std::span<const chat::TalkRecord> turn) override;
  bool Record(const chat::LoginRecord& login) override;
  [[nodiscard]] std::uint64_t Written() const override {
    return writer_.journal().syncs() ? writer_.journal().written_id() : 0;
  }
  void WhenSafe(std::function<void(std::uint64_t)> told) override {
    writer_.journal().WhenSafe(std::move(told));
  }

  // Chat messages that were written down.
  [[nodiscard]] std::uint64_t talk() const { return talk_.load(std::memory_order_relaxed); }
  // Log-ins that were not, and so were put off.
  [[nodiscard]] std::uint64_t refused_logins() const {
    return refused_logins_.load(std::memory_order_relaxed);
  }

 private:
  bool Store(journal::Batch& batch, db::Matter matter);

  db::DbWriter& writer_;
  const std::uint32_t server_id_;
  const AddressOf address_of_;
  std::atomic<std::uint64_t> talk_{0};            // atomic: any thread
  std::atomic<std::uint64_t> refused_logins_{0};  // atomic: any thread
  services::LogThrottle log_{1};                  // a full disk is said once a second
};

}  // namespace server
