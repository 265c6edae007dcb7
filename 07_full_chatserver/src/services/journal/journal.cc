#include "services/journal/journal.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>

#include "services/journal/descriptor_reserve.h"

namespace journal {

namespace {

constexpr std::uint64_t kReserveMost = 16 * 1024 * 1024;
constexpr std::size_t kFilesMost = 256;  // each start begins one, however little it writes

std::uint64_t NewSource() {
  std::random_device device;
  const std::uint64_t random = (std::uint64_t{device()} << 32) ^ device();
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  // 63 bits, not 0: databases have signed integers.
  return ((random ^ static_cast<std::uint64_t>(now)) & 0x7FFF'FFFF'FFFF'FFFFULL) | 1;
}

}  // namespace

std::optional<std::string> JournalOptions::Validate() const {
  if (folder.empty()) return "journal: a folder is needed";
  if (segment_bytes == 0) return "journal: segment_bytes must be above 0";
  if (max_bytes / 2 < segment_bytes) return "journal: max_bytes must hold two segments";
  return std::nullopt;
}

net::Status Journal::Open(const JournalOptions& options) {
  if (const auto wrong = options.Validate()) return net::Status::Error(*wrong);
  options_ = options;
  std::error_code error;
  std::filesystem::create_directories(std::u8string(options_.folder.begin(), options_.folder.end()),
                                      error);
  if (error) return net::Status::Error(options_.folder + ": " + error.message());
  if (!folder_lock_.TakeWithin(options_.lock_wait, options_.folder, error)) {
    return net::Status::Error(
        options_.folder +
        (FolderLock::IsHeld(error) ? ": in use by another server (" : ": not writable (") +
        error.message() + ")");
  }
  Recovered recovered;
  net::Status status = Recover(*options_.ops, options_.folder, recovered);
  if (!status.ok()) return status;
  source_ = NewSource();
  const std::lock_guard guard(lock_);
  segments_.assign(recovered.segments.begin(), recovered.segments.end());
  next_id_ = recovered.next_id;
  cut_bytes_ = recovered.cut_bytes;
  for (const Segment& segment : segments_) bytes_ += segment.size;
  DescriptorReserve::OfProcess().Fill();
  history_.Load(*options_.ops, options_.folder);
  written_.store(next_id_ - 1, std::memory_order_release);
  safe_.store(next_id_ - 1, std::memory_order_release);
  error = BeginSegment();
  if (options_.sync) sync_thread_ = std::thread([this] { SyncLoop(); });
  // A full disk is no reason not to start: the database writer may be about to make room.
  if (error && !IsFull(error)) return net::Status::Error(options_.folder + ": " + error.message());
  return net::Status::Ok();
}

Journal::~Journal() {
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
  }
  wake_sync_.notify_one();
  if (sync_thread_.joinable()) sync_thread_.join();
}

// [rotation]
// On an error there is no open file; the next Append tries again.
std::error_code Journal::BeginSegment() {
  // <student 07b.6>
  if (file_ && options_.sync) to_sync_.push_back(std::move(file_));
  file_.reset();
  // A segment without records would have the name of the new one.
  if (!segments_.empty() && segments_.back().last_id < segments_.back().first_id) {
    bytes_ -= segments_.back().size;
    options_.ops->Remove(segments_.back().path);
    segments_.pop_back();
  }
  Segment segment;
  segment.path = SegmentPath(options_.folder, next_id_);
  segment.source = source_;
  segment.first_id = next_id_;
  segment.last_id = next_id_ - 1;
  segment.size = kSegmentHeader;
  std::error_code error;
  UniqueFile file(*options_.ops, options_.ops->Create(segment.path, error));
  if (!file) return error;
  error = WriteAll(*options_.ops, file.get(), 0, SegmentHeader(source_, next_id_)).error;
  if (error) {
    file.Reset();
    options_.ops->Remove(segment.path);
    return error;
  }
  bytes_ += segment.size;
  segments_.push_back(std::move(segment));
  file_ = std::make_shared<UniqueFile>(std::move(file));
  spoilt_ = false;
  new_names_ = true;
  return {};
  // </student>
}
// [/rotation]

// [append]
AppendResult Journal::Append(Batch& batch, Share share) {
  // <student 07b.3>
  const std::lock_guard guard(lock_);
  AppendResult result;
  if (batch.empty()) return result;
  while (!HasRoom(batch.bytes().size(), share)) {
    if (MakeRoom()) continue;
    result.code = AppendCode::kFull;
    return result;
  }
  if (IsStuck()) {
    result.error = make_error_code(std::errc::timed_out);
    result.code = AppendCode::kFailed;
    return result;
  }
  batch.Seal(next_id_);
  // What is kept for a database that comes back older goes first when the disk is full.
  do {
    result.error = Write(batch);
  } while (IsFull(result.error) && MakeRoom());
  if (result.error) {
    result.code = IsFull(result.error) ? AppendCode::kFull : AppendCode::kFailed;
    return result;
  }
  result.first_id = next_id_;
  result.last_id = next_id_ + batch.count() - 1;
  next_id_ += batch.count();
  Segment& segment = segments_.back();
  segment.last_id = result.last_id;
  segment.size += batch.bytes().size();
  bytes_ += batch.bytes().size();
  if (options_.sync) {
    unsafe_.push_back({result.last_id, batch.bytes(), std::chrono::steady_clock::now()});
    unsafe_bytes_ += batch.bytes().size();
    wake_sync_.notify_one();
  }
  written_.store(result.last_id, std::memory_order_release);
  return result;
  // </student>
}

// At the end of the last segment, or of a new one.
std::error_code Journal::Write(const Batch& batch) {
  // <student 07b.3>
  const std::uint64_t size = batch.bytes().size();
  const bool is_long = file_ && segments_.back().size > kSegmentHeader &&
                       segments_.back().size + size > options_.segment_bytes;
  std::error_code error;
  if (!file_ || spoilt_ || is_long) error = BeginSegment();
  if (error) return error;
  const std::uint64_t end = segments_.back().size;
  error = WriteAll(*options_.ops, file_->get(), end, batch.bytes()).error;
  if (error) TakeBack(end);
  return error;
  // </student>
}

// A part of a batch may be in the file: its sender is about to be told that it is not, so it must
// not come back after a restart.
void Journal::TakeBack(std::uint64_t size) {
  // <student 07b.3>
  const std::error_code error = options_.ops->Truncate(file_->get(), size);
  // What lies behind the end then does not count as soon as there is another segment: it begins
  // with the same numbers, and Recover goes by its name.
  if (error) spoilt_ = true;
  // </student>
}
// [/append]

// --- what goes ------------------------------------------------------------------------------------

bool Journal::HasRoom(std::uint64_t size, Share share) const {
  const std::uint64_t reserve =
      share == Share::kOrdinary ? std::min(options_.max_bytes / 16, kReserveMost) : 0;
  return bytes_ + size + reserve <= options_.max_bytes;
}

bool Journal::TakeOldestConfirmed(std::vector<Segment>& removed) {
  if (segments_.size() < 2 || segments_.front().last_id > confirmed_) return false;
  const Segment& oldest = segments_.front();
  bytes_ -= oldest.size;
  history_.Add({oldest.source, oldest.first_id, oldest.last_id});
  removed.push_back(std::move(segments_.front()));
  segments_.pop_front();
  return true;
}

bool Journal::MakeRoom() {
  std::vector<Segment> removed;
  if (!TakeOldestConfirmed(removed)) return false;
  Remove(removed);
  return true;
}

// The history first: what is in both is there. On a full disk it may fail, and the files go
// nevertheless, since that is what makes room.
void Journal::Remove(const std::vector<Segment>& segments) {
  (void)history_.Save(*options_.ops, options_.folder);
  for (const Segment& segment : segments) options_.ops->Remove(segment.path);
}

void Journal::RemoveConfirmed(std::uint64_t id) {
  const std::lock_guard guard(lock_);
  confirmed_ = id;
  std::vector<Segment> removed;
  const auto is_too_much = [&] {
    return bytes_ > options_.keep_bytes || segments_.size() > kFilesMost;
  };
  while (is_too_much() && TakeOldestConfirmed(removed)) {
  }
  if (removed.empty()) return;
  if (cursor_.segment <= removed.back().first_id) cursor_.file.Reset();
  Remove(removed);
}

Holdings Journal::Hold() {
  const std::lock_guard guard(lock_);
  confirmed_ = 0;
  Holdings all{history_.ranges(), {}, next_id_};
  for (const Segment& segment : segments_) {
    if (segment.last_id < segment.first_id) continue;
    journal::Append(all.kept, {segment.source, segment.first_id, segment.last_id});
  }
  return all;
}

std::uint64_t Journal::oldest_id() const {
  const std::lock_guard guard(lock_);
  return segments_.empty() ? next_id_ : segments_.front().first_id;
}

std::uint64_t Journal::last_id() const {
  const std::lock_guard guard(lock_);
  return next_id_ - 1;
}

JournalStats Journal::Stats() const {
  const std::lock_guard guard(lock_);
  std::uint64_t waiting = 0;
  for (const Segment& segment : segments_) {
    if (segment.last_id > confirmed_) waiting += segment.size;
  }
  return {bytes_, segments_.size(), next_id_ - 1, cut_bytes_, syncs_, waiting};
}

}  // namespace journal
