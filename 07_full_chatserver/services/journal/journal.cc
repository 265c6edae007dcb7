#include "services/journal/journal.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>

namespace journal {

namespace {

std::uint64_t NewSource() {
  std::random_device device;
  const std::uint64_t random = (std::uint64_t{device()} << 32) ^ device();
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  // 63 bits, not 0: databases have signed integers.
  return ((random ^ static_cast<std::uint64_t>(now)) & 0x7FFF'FFFF'FFFF'FFFFULL) | 1;
}

}  // namespace

net::Status Journal::Open(const JournalOptions& options) {
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
  error = BeginSegment();
  // A full disk is no reason not to start: the database writer may be about to make room.
  if (error && !IsFull(error)) return net::Status::Error(options_.folder + ": " + error.message());
  return net::Status::Ok();
}

// On an error there is no open file; the next Append tries again.
std::error_code Journal::BeginSegment() {
  file_.Reset();
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
  if (!error && options_.sync_each_turn) {
    error = options_.ops->Sync(file.get());
    if (!error) error = options_.ops->SyncFolder(options_.folder);
  }
  if (error) {
    file.Reset();
    options_.ops->Remove(segment.path);
    return error;
  }
  bytes_ += segment.size;
  segments_.push_back(std::move(segment));
  file_ = std::move(file);
  spoilt_ = false;
  return {};
}

// [append]
AppendResult Journal::Append(Batch& batch) {
  const std::lock_guard guard(lock_);
  AppendResult result;
  if (batch.empty()) return result;
  const std::uint64_t size = batch.bytes().size();
  if (bytes_ + size > options_.max_bytes) {
    result.code = AppendCode::kFull;
    return result;
  }
  const bool is_long = file_ && segments_.back().size > kSegmentHeader &&
                       segments_.back().size + size > options_.segment_bytes;
  if (!file_ || spoilt_ || is_long) result.error = BeginSegment();
  if (!result.error) {
    Segment& segment = segments_.back();
    batch.Seal(next_id_);
    result.error = WriteAll(*options_.ops, file_.get(), segment.size, batch.bytes()).error;
    if (!result.error && options_.sync_each_turn) result.error = options_.ops->Sync(file_.get());
    if (!result.error) {
      result.first_id = next_id_;
      result.last_id = next_id_ + batch.count() - 1;
      next_id_ += batch.count();
      segment.last_id = result.last_id;
      segment.size += size;
      bytes_ += size;
      return result;
    }
    TakeBack(segment.size);
  }
  result.code = IsFull(result.error) ? AppendCode::kFull : AppendCode::kFailed;
  return result;
}
// [/append]

// A part of a batch may be in the file: its sender is about to be told that it is not, so it must
// not come back after a restart.
void Journal::TakeBack(std::uint64_t size) {
  const std::error_code error = options_.ops->Truncate(file_.get(), size);
  // What lies behind the end then does not count as soon as there is another segment: it begins
  // with the same numbers, and Recover goes by its name.
  if (error) spoilt_ = true;
}

bool Journal::Find(std::uint64_t id, Segment& segment) const {
  for (const Segment& one : segments_) {
    if (id >= one.first_id && id <= one.last_id) {
      segment = one;
      return true;
    }
  }
  return false;
}

std::error_code Journal::MoveCursor(const Segment& segment, std::uint64_t id) {
  if (cursor_.file && cursor_.segment == segment.first_id && cursor_.next_id == id) return {};
  std::error_code error;
  cursor_.file = UniqueFile(*options_.ops, options_.ops->OpenToRead(segment.path, error));
  if (!cursor_.file) return error;
  cursor_.segment = segment.first_id;
  cursor_.next_id = segment.first_id;
  cursor_.offset = kSegmentHeader;
  return SkipTo(segment, id);
}

std::error_code Journal::SkipTo(const Segment& segment, std::uint64_t id) {
  while (cursor_.next_id < id && cursor_.offset + kRecordHeader <= segment.size) {
    char header[kRecordHeader];
    const IoResult read =
        ReadAll(*options_.ops, cursor_.file.get(), cursor_.offset, header, sizeof header);
    if (read.error) return read.error;
    cursor_.offset += kRecordHeader + GetInteger<std::uint32_t>(header);
    ++cursor_.next_id;
  }
  return {};
}

ReadResult Journal::Read(std::uint64_t from, std::uint64_t to, std::size_t bytes_max) {
  ReadResult result;
  result.first_id = from;
  Segment segment;
  {
    const std::lock_guard guard(lock_);
    if (!Find(from, segment)) {  // cannot be, unless somebody took files away
      result.lost = to - from + 1;
      result.last_id = to;
      return result;
    }
  }
  result.source = segment.source;
  result.error = MoveCursor(segment, from);
  if (result.error) return result;
  const std::uint64_t left = segment.size > cursor_.offset ? segment.size - cursor_.offset : 0;
  // One whole record at least, however large.
  std::size_t wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(left, std::max(bytes_max, kRecordHeader)));
  result.last_id = from - 1;
  const std::uint64_t end = std::min(to, segment.last_id);
  while (true) {
    result.bytes.resize(wanted);
    const IoResult read =
        ReadAll(*options_.ops, cursor_.file.get(), cursor_.offset, result.bytes.data(), wanted);
    result.error = read.error;
    if (read.error) return result;
    result.bytes.resize(read.bytes);
    std::string_view rest = result.bytes;
    std::string_view before = rest;
    Record record;
    Parse parse = Parse::kEnd;
    while (result.last_id < end) {
      before = rest;
      parse = ParseRecord(rest, record);
      if (parse != Parse::kRecord || record.id != result.last_id + 1) break;
      result.last_id = record.id;
      before = rest;
    }
    if (result.last_id == from - 1 && parse == Parse::kTorn && wanted < left) {
      wanted = static_cast<std::size_t>(
          std::min<std::uint64_t>(left, wanted + kRecordHeader + kPayloadMax));
      continue;
    }
    result.bytes.resize(result.bytes.size() - before.size());
    break;
  }
  cursor_.offset += result.bytes.size();
  cursor_.next_id = result.last_id + 1;
  if (result.last_id == from - 1) {
    // The first record is not what was written. Behind it nothing can be found in this segment.
    result.lost = end - from + 1;
    result.last_id = end;
    cursor_.file.Reset();
  }
  return result;
}

void Journal::RemoveConfirmed(std::uint64_t id) {
  std::deque<Segment> done;
  {
    const std::lock_guard guard(lock_);
    while (segments_.size() > 1 && segments_.front().last_id <= id) {
      bytes_ -= segments_.front().size;
      done.push_back(std::move(segments_.front()));
      segments_.pop_front();
    }
  }
  for (const Segment& segment : done) {
    if (cursor_.segment == segment.first_id) cursor_.file.Reset();
    options_.ops->Remove(segment.path);
  }
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
  return {bytes_, segments_.size(), next_id_ - 1, cut_bytes_};
}

}  // namespace journal
