// The writer's thread: connecting, going on from where the database stands, storing, waiting.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>
#include <utility>

#include "services/db/db_writer.h"
#include "services/db/event.h"
#include "services/db/event_store.h"
#include "services/db/resume.h"
#include "services/db/schema.h"
#include "services/journal/descriptor_reserve.h"
#include "services/log/quoted.h"

namespace db {

namespace {

using services::Quoted;

constexpr std::size_t kReadBytes = 256 * 1024;

// Rows that are not where they belong.
void Say(const StoreReport& report, std::size_t statement_bytes_max, const std::string& folder) {
  if (report.rejected > 0) spdlog::warn("db_rows_rejected rows={}", report.rejected);
  if (report.parked > 0) {
    spdlog::error("db_rows_parked rows={} statement_bytes_max={} file={}", report.parked,
                  statement_bytes_max, Quoted(folder + "/PARKED"));
  }
}

}  // namespace

// --- connecting -----------------------------------------------------------------------------------

Result DbWriter::Connect() {
  Result result;
  {
    const journal::DescriptorReserve::Loan descriptors;
    result = connection_->Open();
  }
  if (result.ok()) result = Migrate(*connection_);
  if (result.ok()) result = Resume();
  if (result.ok()) result = BringBackParked();
  if (!result.ok()) connection_->Close();
  return result;
}

// [resume]
// The database says what it has; what it lacks comes (again), from the journal.
Result DbWriter::Resume() {
  ResumePoint point;
  Result result = FindResumePoint(*connection_, journal_.Hold(), point);
  if (!result.ok()) return result;
  if (point.missing > 0) {
    lost_.fetch_add(point.missing, std::memory_order_relaxed);
    spdlog::error(
        "db_older_than_journal lost={} reason=\"the database lacks records that the "
        "journal does not keep any more (journal.keep_bytes)\"",
        point.missing);
  }
  if (point.next_id <= stored_to_) {
    const std::uint64_t again = stored_to_ - point.next_id + 1;
    replayed_.fetch_add(again, std::memory_order_relaxed);
    spdlog::warn("db_went_back next_id={} again={}", point.next_id, again);
    stored_to_ = point.next_id - 1;
  }
  marks_ = std::move(point.marks);
  const bool keep = portion_ && portion_->loose;
  if (portion_ && !keep) {
    queue_.Release(portion_->memory);
    portion_.reset();
  }
  queue_.GoTo(point.next_id, keep ? portion_->records.size() - portion_->done : 0);
  journal_.RemoveConfirmed(point.next_id - 1);
  return {};
}
// [/resume]

// Once per start: perhaps they fit now. Those that do not are parked once more, in a new file.
Result DbWriter::BringBackParked() {
  if (std::exchange(parked_tried_, true) || parked_.count() == 0) return {};
  std::string bytes;
  const std::error_code error = parked_.Open(&bytes);
  if (error) return {Code::kFailed, error.value(), "PARKED: " + error.message()};
  const std::string path = journal_.folder() + "/PARKED.new";
  journal_.ops().Remove(path);
  ParkedRows still(journal_.ops(), path);
  std::uint64_t source = 0;
  journal::Record record;
  for (std::string_view rest = bytes; TakeParked(rest, source, record);) {
    StoreReport report;
    Result result = StoreLooseRecords(*connection_, source, {&record, 1}, still, report);
    if (result.ok()) continue;
    parked_tried_ = false;
    return result;
  }
  const std::uint64_t before = parked_.count();
  const std::error_code replaced = still.Replace(parked_);
  if (replaced) return {Code::kFailed, replaced.value(), "PARKED: " + replaced.message()};
  spdlog::info("db_rows_brought_back rows={} still_parked={}", before - parked_.count(),
               parked_.count());
  return {};
}

void DbWriter::Run() {
  while (!PastDeadline()) {
    Result result;
    if (!connection_->is_open()) result = Connect();
    if (result.ok()) {
      // With a portion that it has not taken yet, a database that can be reached may still be full.
      if (!owes_) SetState(WriterState::kUp, result);
      if (!GetPortion()) {
        // Nothing came. Store is closed before stopping_ is set, so nothing will.
        const bool nothing_left = queue_.Count().records == 0;
        if (nothing_left) owes_ = false;
        journal::DescriptorReserve::OfProcess().Fill();
        result = connection_->Check();
        if (result.ok() && Stopping() && nothing_left) break;
        if (result.ok()) continue;
      } else {
        result = StorePortion();
        owes_ = !result.ok();
      }
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
  // With nothing to do, it still looks now and then whether the database is where it was.
  Work work = queue_.Take(std::chrono::seconds(Stopping() ? 0 : 1));
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

// [take-turn]
void DbWriter::TakeTurn(Work& work) {
  // <student 07b.5>
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
  // </student>
}
// [/take-turn]

bool DbWriter::TakeFromJournal(const Work& work) {
  journal::ReadResult read = journal_.Read(work.from, work.to, kReadBytes);
  if (read.error) {
    spdlog::error("journal_read_failed id={} reason={}", work.from, Quoted(read.error.message()));
    (void)Wait({Code::kFailed, 0, "the journal cannot be read: " + read.error.message()});
    return false;
  }
  queue_.TakenTo(read.last_id);
  if (read.lost > 0) {
    queue_.SetInHand(0);
    if (std::exchange(damaged_to_, std::max(damaged_to_, read.last_id)) >= read.last_id)
      return false;  // it went back to before it
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
  // After a connection that was lost in a commit, and at a start, a part may be there.
  const std::uint64_t mark = marks_[portion.source];
  while (portion.done < portion.records.size() && portion.records[portion.done].id <= mark)
    ++portion.done;
  return true;
}

// [store-portion]
Result DbWriter::StorePortion() {
  // <student 07b.5>
  Result result;
  while (result.ok() && portion_->done < portion_->records.size()) {
    const std::span<const journal::Record> rest =
        std::span(portion_->records).subspan(portion_->done);
    const auto rows = rest.first(std::min<std::size_t>(rest.size(), options_.batch_rows));
    const std::uint64_t source = portion_->source;
    StoreReport report;
    result = portion_->loose
                 ? StoreLooseRecords(*connection_, source, rows, parked_, report)
                 : StoreRecords(*connection_, source, marks_[source], rows, parked_, report);
    if (!result.ok()) break;
    if (!portion_->loose) marks_[source] = stored_to_ = rows.back().id;
    portion_->done += rows.size();
    written_.fetch_add(rows.size(), std::memory_order_relaxed);
    rejected_.fetch_add(report.rejected, std::memory_order_relaxed);
    queue_.SetInHand(portion_->records.size() - portion_->done);
    Say(report, connection_->statement_bytes_max(), journal_.folder());
  }
  return result;
  // </student>
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
  state_ = state;
  reason_ = result.text;
  if (state == WriterState::kDown || state == WriterState::kFull) {
    spdlog::warn("db_{} code={} native={} reason={}", ToString(state), ToString(result.code),
                 result.native, Quoted(result.text));
  } else {
    spdlog::info("db_{}", ToString(state));
  }
}

}  // namespace db
