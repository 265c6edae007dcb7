#include "services/db/db_writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>

#include "services/db/event.h"
#include "services/db/event_store.h"
#include "services/db/schema.h"

namespace db {

namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

std::uint64_t RandomSource() {
  std::random_device device;
  return (((std::uint64_t{device()} << 32) ^ device()) & 0x7FFF'FFFF'FFFF'FFFFULL) | 1;
}

std::string ReasonOf(const journal::AppendResult& result) {
  if (result.code == journal::AppendCode::kFull && !result.error)
    return "the journal has reached journal.max_bytes";
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
      queue_(options.queue_memory_bytes),
      connection_(std::move(connection)),
      backoff_(options.backoff_min, options.backoff_max),
      since_ms_(NowMs()) {}

DbWriter::~DbWriter() {
  (void)Stop(std::chrono::milliseconds(0));
}

net::Status DbWriter::Start() {
  queue_.StartWith(journal_.oldest_id(), journal_.last_id());
  const Result result = Connect();
  if (result.code == Code::kRefused) return net::Status::Error("database: " + result.text);
  SetState(result.ok() ? WriterState::kUp : WriterState::kDown, result);
  if (!result.ok()) retries_.fetch_add(1, std::memory_order_relaxed);
  thread_ = std::thread([this] { Run(); });
  return net::Status::Ok();
}

StoreResult DbWriter::Store(journal::Batch& batch) {
  if (batch.empty()) return {};
  const std::lock_guard guard(store_lock_);
  if (closed_) {
    refused_.fetch_add(batch.count(), std::memory_order_relaxed);
    return {StoreCode::kRefused, "the server is stopping"};
  }
  const journal::AppendResult appended = journal_.Append(batch);
  if (appended.code == journal::AppendCode::kOk) {
    queue_.Push(appended.first_id, appended.last_id, batch.bytes());
    return {};
  }
  if (options_.on_full == OnFull::kRefuse) {
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

Result DbWriter::Connect() {
  must_look_ = true;
  Result result = connection_->Open();
  if (result.ok()) result = Migrate(*connection_);
  if (!result.ok()) connection_->Close();
  return result;
}

// --- the thread ---------------------------------------------------------------------------------------

void DbWriter::Run() {
  while (!PastDeadline()) {
    Result result;
    if (!connection_->is_open()) result = Connect();
    if (result.ok()) {
      // With a portion that it has not taken yet, a database that can be reached may still be full.
      if (!portion_) SetState(WriterState::kUp, result);
      if (!GetPortion()) {
        // Nothing came. Store is closed before stopping_ is set, so nothing will.
        if (Stopping() && !portion_ && queue_.Count().records == 0) break;
        continue;
      }
      result = StorePortion();
    }
    if (result.ok()) {
      SetState(WriterState::kUp, result);
      Finish();
      backoff_.Reset();
    } else if (!Wait(result)) {
      break;
    }
  }
  connection_->Close();
  SetState(WriterState::kStopped, {});
}

// True: portion_ is there.
bool DbWriter::GetPortion() {
  if (portion_) return true;
  using std::chrono::steady_clock;
  // Nothing is due at a time, but a clock that jumps must not make it wait for ever.
  Work work = queue_.Take(Stopping() ? steady_clock::now()
                                     : steady_clock::now() + std::chrono::seconds(60));
  switch (work.kind) {
    case Work::Kind::kNothing:
      return false;
    case Work::Kind::kRead:
      return TakeFromJournal(work);
    case Work::Kind::kTurn:
    case Work::Kind::kLoose:
      TakeTurn(work);
      return true;
  }
  return false;
}

void DbWriter::TakeTurn(Work& work) {
  Portion& portion = portion_.emplace(Portion{});
  portion.loose = work.kind == Work::Kind::kLoose;
  portion.source = portion.loose ? loose_source_ : journal_.source();
  portion.bytes = std::move(work.turn.bytes);
  portion.memory = portion.loose ? 0 : portion.bytes.size();
  std::uint64_t records = work.turn.last_id - work.turn.first_id + 1;
  // More turns that follow at once: a transaction costs the database far more than a row.
  while (!portion.loose && records < options_.batch_rows) {
    Work next = queue_.TakeTurnIfNext();
    if (next.kind != Work::Kind::kTurn) break;
    records += next.turn.last_id - next.turn.first_id + 1;
    portion.memory += next.turn.bytes.size();
    portion.bytes += next.turn.bytes;
  }
  journal::Record record;
  for (std::string_view rest = portion.bytes;
       ParseRecord(rest, record) == journal::Parse::kRecord;) {
    if (portion.loose) record.id = loose_next_++;
    portion.records.push_back(record);
  }
}

bool DbWriter::TakeFromJournal(const Work& work) {
  journal::ReadResult read = journal_.Read(work.from, work.to, kReadBytes);
  if (read.error) {
    spdlog::error("journal_read_failed id={} reason=\"{}\"", work.from, read.error.message());
    (void)Wait({Code::kFailed, 0, "the journal cannot be read: " + read.error.message()});
    return false;
  }
  queue_.TakenTo(read.last_id);
  if (read.lost > 0) {
    queue_.SetInHand(0);
    lost_.fetch_add(read.lost, std::memory_order_relaxed);
    spdlog::error("journal_damaged first_id={} records={}", work.from, read.lost);
    return false;
  }
  Portion& portion = portion_.emplace(Portion{});
  portion.source = read.source;
  portion.bytes = std::move(read.bytes);
  journal::Record record;
  for (std::string_view rest = portion.bytes;
       ParseRecord(rest, record) == journal::Parse::kRecord;) {
    portion.records.push_back(record);
  }
  // An earlier start's records may be in the database already.
  if (portion.source != journal_.source()) must_look_ = true;
  return true;
}

// After a lost connection nobody knows whether the last commit took place; the checkpoint does.
Result DbWriter::SkipStored() {
  if (!must_look_ || portion_->loose) return {};
  std::uint64_t checkpoint = 0;
  Result result = ReadCheckpoint(*connection_, portion_->source, checkpoint);
  if (!result.ok()) return result;
  must_look_ = false;
  const auto& records = portion_->records;
  while (portion_->done < records.size() && records[portion_->done].id <= checkpoint)
    ++portion_->done;
  return {};
}

// [store-portion]
Result DbWriter::StorePortion() {
  Result result = SkipStored();
  while (result.ok() && portion_->done < portion_->records.size()) {
    const std::span<const journal::Record> rest =
        std::span(portion_->records).subspan(portion_->done);
    const auto rows = rest.first(std::min<std::size_t>(rest.size(), options_.batch_rows));
    StoreReport report;
    result = portion_->loose ? StoreLooseRecords(*connection_, portion_->source, rows, report)
                             : StoreRecords(*connection_, portion_->source, rows, report);
    if (!result.ok()) break;
    portion_->done += rows.size();
    written_.fetch_add(rows.size(), std::memory_order_relaxed);
    transactions_.fetch_add(1, std::memory_order_relaxed);
    rejected_.fetch_add(report.rejected, std::memory_order_relaxed);
    queue_.SetInHand(portion_->records.size() - portion_->done);
    if (report.rejected > 0) spdlog::warn("db_rows_rejected rows={}", report.rejected);
  }
  return result;
}
// [/store-portion]

void DbWriter::Finish() {
  if (!portion_->loose && !portion_->records.empty())
    journal_.RemoveConfirmed(portion_->records.back().id);
  queue_.Release(portion_->memory);
  portion_.reset();
  queue_.SetInHand(0);
}

// False: no time is left.
bool DbWriter::Wait(const Result& result) {
  retries_.fetch_add(1, std::memory_order_relaxed);
  SetState(result.code == Code::kFull ? WriterState::kFull : WriterState::kDown, result);
  // A connection that has failed once is not trusted any more; a new one also asks for the
  // checkpoint again.
  connection_->Close();
  using std::chrono::steady_clock;
  const auto until = steady_clock::now() + backoff_.Next();
  while (!PastDeadline()) {
    const auto now = steady_clock::now();
    if (now >= until) return true;
    const steady_clock::time_point deadline{
        steady_clock::duration(deadline_.load(std::memory_order_relaxed))};
    stop_wait_.WaitUntil(Stopping() ? std::min(until, deadline) : until, Stopping());
  }
  return false;
}

bool DbWriter::PastDeadline() const {
  if (!Stopping()) return false;
  return std::chrono::steady_clock::now().time_since_epoch().count() >=
         deadline_.load(std::memory_order_relaxed);
}

void DbWriter::SetState(WriterState state, const Result& result) {
  const std::lock_guard guard(state_lock_);
  if (state == state_ && result.text == reason_) return;
  if (state != state_) since_ms_ = NowMs();
  state_ = state;
  reason_ = result.text;
  if (state == WriterState::kDown || state == WriterState::kFull) {
    spdlog::warn("db_{} code={} native={} reason=\"{}\"", ToString(state), ToString(result.code),
                 result.native, result.text);
  } else {
    spdlog::info("db_{}", ToString(state));
  }
}

// --- the owner ----------------------------------------------------------------------------------------

WriterStats DbWriter::Stats() const {
  WriterStats stats;
  {
    const std::lock_guard guard(state_lock_);
    stats.state = state_;
    stats.reason = reason_;
    stats.since_ms = since_ms_;
  }
  const WriterQueue::Numbers queue = queue_.Count();
  stats.queue_records = queue.records;
  stats.queue_bytes = queue.memory_bytes;
  stats.in_journal_only = queue.in_journal_only;
  stats.written_rows = written_.load(std::memory_order_relaxed);
  stats.transactions = transactions_.load(std::memory_order_relaxed);
  stats.retries = retries_.load(std::memory_order_relaxed);
  stats.rejected = rejected_.load(std::memory_order_relaxed);
  stats.refused = refused_.load(std::memory_order_relaxed);
  stats.unjournaled = unjournaled_.load(std::memory_order_relaxed);
  stats.lost = lost_.load(std::memory_order_relaxed);
  stats.journal_bytes = journal_.Stats().bytes;
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
