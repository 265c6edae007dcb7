// Reading the journal back: by one thread, from a cursor that moves on with it.
#include <algorithm>
#include <utility>

#include "services/journal/journal.h"

namespace journal {

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
    if (sync_failed_ && to > safe_id()) {  // it is being written once more
      result.error = make_error_code(std::errc::resource_unavailable_try_again);
      return result;
    }
    if (std::exchange(cursor_.rewrites, rewrites_) != rewrites_) cursor_.file.Reset();
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

}  // namespace journal
