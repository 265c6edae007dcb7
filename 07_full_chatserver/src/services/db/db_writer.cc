#include "services/db/db_writer.h"

#include <spdlog/spdlog.h>

#include <random>

namespace db {

namespace {

std::uint64_t RandomSource() {
  std::random_device device;
  return (((std::uint64_t{device()} << 32) ^ device()) & 0x7FFF'FFFF'FFFF'FFFFULL) | 1;
}

std::string ReasonOf(const journal::AppendResult& result) {
  if (result.code == journal::AppendCode::kFull && !result.error)
    return "the journal has reached journal.max_bytes";
  if (result.error == std::errc::timed_out) return "the journal's disk does not sync";
  return "the journal cannot be written: " + result.error.message();
}

}  // namespace

std::string_view ToString(WriterState state) {
  switch (state) {
    case WriterState::kConnecting:
      return "connecting";
    case WriterState::kUp:
      return "up";
    case WriterState::kDown:
      return "down";
    case WriterState::kFull:
      return "full";
    case WriterState::kStopped:
      return "stopped";
  }
  return "";
}

DbWriter::DbWriter(const WriterOptions& options, std::unique_ptr<Connection> connection,
                   journal::Journal& journal)
    : options_(options),
      journal_(journal),
      loose_source_(RandomSource()),
      queue_(options.queue_memory_bytes, {options.gather, options.batch_rows}),
      connection_(std::move(connection)),
      backoff_(options.backoff_min, options.backoff_max),
      parked_(journal.ops(), journal.folder() + "/PARKED") {}

DbWriter::~DbWriter() {
  (void)Stop(std::chrono::milliseconds(0));
}

std::optional<std::string> WriterOptions::Validate() const {
  if (batch_rows == 0) return "database: batch_rows must be at least 1";
  if (gather.count() < 0) return "database: gather must not be below 0 ms";
  if (queue_memory_bytes == 0) return "database: queue_memory_bytes must be above 0";
  if (backoff_min.count() <= 0) return "database: backoff_min must be above 0 ms";
  if (backoff_max < backoff_min) return "database: backoff_max must not be below backoff_min";
  return std::nullopt;
}

net::Status DbWriter::Start() {
  if (const auto wrong = options_.Validate()) return net::Status::Error(*wrong);
  queue_.StartWith(journal_.oldest_id(), journal_.last_id());
  if (const std::error_code error = parked_.Open(); error)
    return net::Status::Error(journal_.folder() + "/PARKED: " + error.message());
  const Result result = Connect();
  if (result.code == Code::kRefused) return net::Status::Error("database: " + result.text);
  SetState(result.ok() ? WriterState::kUp : WriterState::kDown, result);
  if (!result.ok()) retries_.fetch_add(1, std::memory_order_relaxed);
  thread_ = std::thread([this] { Run(); });
  return net::Status::Ok();
}

StoreResult DbWriter::Store(journal::Batch& batch, Matter matter) {
  if (batch.empty()) return {};
  const std::lock_guard guard(store_lock_);
  const bool is_fact = matter == Matter::kFact;
  if (closed_) {
    (is_fact ? lost_ : refused_).fetch_add(batch.count(), std::memory_order_relaxed);
    return {StoreCode::kRefused, "the server is stopping"};
  }
  const journal::AppendResult appended =
      journal_.Append(batch, is_fact ? journal::Share::kReserve : journal::Share::kOrdinary);
  if (appended.code == journal::AppendCode::kOk) {
    queue_.Push(appended.first_id, appended.last_id, batch.bytes());
    return {};
  }
  if (options_.on_full == OnFull::kRefuse && !is_fact) {
    refused_.fetch_add(batch.count(), std::memory_order_relaxed);
    return {StoreCode::kRefused, ReasonOf(appended)};
  }
  batch.Seal(1);
  if (queue_.PushLoose(batch.count(), batch.bytes())) {
    unjournaled_.fetch_add(batch.count(), std::memory_order_relaxed);
    return {StoreCode::kUnjournaled, ReasonOf(appended)};
  }
  lost_.fetch_add(batch.count(), std::memory_order_relaxed);
  return {StoreCode::kUnjournaled,
          ReasonOf(appended) + "; the queue is full too, the turn is lost"};
}

// --- the owner ----------------------------------------------------------------------------------------

WriterStats DbWriter::Stats() const {
  WriterStats stats;
  {
    const std::lock_guard guard(state_lock_);
    stats.state = state_;
    stats.reason = reason_;
  }
  const WriterQueue::Numbers queue = queue_.Count();
  stats.queue_records = queue.records;
  stats.queue_bytes = queue.memory_bytes;
  stats.in_journal_only = queue.in_journal_only;
  stats.written_rows = written_.load(std::memory_order_relaxed);
  stats.retries = retries_.load(std::memory_order_relaxed);
  stats.replayed = replayed_.load(std::memory_order_relaxed);
  stats.parked = parked_.count();
  stats.rejected = rejected_.load(std::memory_order_relaxed);
  stats.refused = refused_.load(std::memory_order_relaxed);
  stats.unjournaled = unjournaled_.load(std::memory_order_relaxed);
  stats.lost = lost_.load(std::memory_order_relaxed);
  stats.journal_bytes = journal_.Stats().waiting_bytes;
  return stats;
}

DrainResult DbWriter::Stop(std::chrono::milliseconds bound) {
  {
    const std::lock_guard guard(store_lock_);
    closed_ = true;
  }
  if (thread_.joinable()) {
    deadline_.store((std::chrono::steady_clock::now() + bound).time_since_epoch().count(),
                    std::memory_order_relaxed);
    stopping_.store(true, std::memory_order_release);
    queue_.Wake();
    stop_wait_.Wake();
    thread_.join();
  }
  DrainResult result;
  const WriterQueue::Numbers queue = queue_.Count();
  const bool loose_in_hand = portion_ && portion_->loose;
  result.left_loose = queue.loose + (loose_in_hand ? queue.in_hand : 0);
  result.left = queue.records - result.left_loose;
  result.drained = result.left == 0 && result.left_loose == 0;
  return result;
}

}  // namespace db
