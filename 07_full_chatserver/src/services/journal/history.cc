#include "services/journal/history.h"

#include <filesystem>

#include "services/journal/record.h"

namespace journal {

namespace {

constexpr std::size_t kMost = 64;
constexpr std::size_t kEntry = 28;  // source, first id, last id, CRC-32C of them

std::string PathIn(const std::string& folder) {
  return folder + "/REMOVED";
}

}  // namespace

void Append(std::vector<Range>& ranges, const Range& next) {
  if (!ranges.empty() && ranges.back().source == next.source) {
    ranges.back().last_id = next.last_id;
  } else {
    ranges.push_back(next);
  }
}

void History::Load(FileOps& ops, const std::string& folder) {
  ranges_.clear();
  std::error_code error;
  const UniqueFile file(ops, ops.OpenToRead(PathIn(folder), error));
  if (!file) return;
  char entry[kEntry];
  for (std::uint64_t at = 0; ranges_.size() < kMost; at += kEntry) {
    const IoResult read = ReadAll(ops, file.get(), at, entry, sizeof entry);
    if (read.error || read.bytes != kEntry) return;
    if (Crc32c({entry, 24}) != GetInteger<std::uint32_t>(entry + 24)) return;
    ranges_.push_back({GetInteger<std::uint64_t>(entry), GetInteger<std::uint64_t>(entry + 8),
                       GetInteger<std::uint64_t>(entry + 16)});
  }
}

void History::Add(const Range& removed) {
  Append(ranges_, removed);
  if (ranges_.size() > kMost) ranges_.erase(ranges_.begin());
}

std::error_code History::Save(FileOps& ops, const std::string& folder) const {
  std::string bytes;
  for (const Range& range : ranges_) {
    char entry[kEntry];
    PutInteger(entry, range.source);
    PutInteger(entry + 8, range.first_id);
    PutInteger(entry + 16, range.last_id);
    PutInteger(entry + 24, Crc32c({entry, 24}));
    bytes.append(entry, sizeof entry);
  }
  const std::string path = PathIn(folder);
  const std::string fresh = path + ".new";
  ops.Remove(fresh);  // of a process that died here
  std::error_code error;
  {
    const UniqueFile file(ops, ops.Create(fresh, error));
    if (!file) return error;
    error = WriteAll(ops, file.get(), 0, bytes).error;
    if (error) return error;
  }
  std::filesystem::rename(std::u8string(fresh.begin(), fresh.end()),
                          std::u8string(path.begin(), path.end()), error);
  return error;
}

}  // namespace journal
