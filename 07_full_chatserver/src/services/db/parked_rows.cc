#include "services/db/parked_rows.h"

#include <filesystem>

#include "services/journal/segment.h"

namespace db {

namespace {

constexpr std::size_t kReadSize = 256 * 1024;

}  // namespace

bool TakeParked(std::string_view& bytes, std::uint64_t& source, journal::Record& record) {
  if (bytes.size() < journal::kSegmentHeader) return false;
  source = journal::GetInteger<std::uint64_t>(bytes.data() + 8);
  const auto id = journal::GetInteger<std::uint64_t>(bytes.data() + 16);
  if (!bytes.starts_with(journal::SegmentHeader(source, id))) return false;
  std::string_view rest = bytes.substr(journal::kSegmentHeader);
  if (ParseRecord(rest, record) != journal::Parse::kRecord || record.id != id) return false;
  bytes = rest;
  return true;
}

std::error_code ParkedRows::Open(std::string* bytes) {
  size_ = 0;
  names_.clear();
  std::error_code error;
  const journal::UniqueFile file(ops_, ops_.OpenToRead(path_, error));
  if (error == std::errc::no_such_file_or_directory) error.clear();
  std::string all;
  for (bool more = static_cast<bool>(file); more && !error;) {
    const std::size_t before = all.size();
    all.resize(before + kReadSize);
    const journal::IoResult read =
        ReadAll(ops_, file.get(), before, all.data() + before, kReadSize);
    all.resize(before + read.bytes);
    error = read.error;
    more = read.bytes == kReadSize;
  }
  if (error) return error;
  std::string_view rest = all;
  std::uint64_t source = 0;
  journal::Record record;
  while (TakeParked(rest, source, record)) names_.emplace(source, record.id);
  all.resize(all.size() - rest.size());
  size_ = all.size();
  count_.store(names_.size(), std::memory_order_relaxed);
  if (bytes != nullptr) *bytes = std::move(all);
  return {};
}

std::error_code ParkedRows::Park(std::uint64_t source, const journal::Record& record) {
  if (names_.contains({source, record.id})) return {};
  journal::Batch one;
  one.Add(record.kind, record.payload);
  one.Seal(record.id);
  const std::string entry = journal::SegmentHeader(source, record.id) + one.bytes();
  std::error_code error;
  journal::UniqueFile file(ops_, ops_.OpenToCut(path_, error));
  if (error == std::errc::no_such_file_or_directory)
    file = journal::UniqueFile(ops_, ops_.Create(path_, error));
  if (!file) return error;
  // At the end of what counts: over a torn tail.
  error = WriteAll(ops_, file.get(), size_, entry).error;
  if (!error) error = ops_.Truncate(file.get(), size_ + entry.size());
  if (!error) error = ops_.Sync(file.get());
  if (error) return error;
  size_ += entry.size();
  names_.emplace(source, record.id);
  count_.store(names_.size(), std::memory_order_relaxed);
  return {};
}

std::error_code ParkedRows::Replace(ParkedRows& other) {
  std::error_code error;
  if (names_.empty()) {
    error = ops_.Remove(other.path_);
  } else {
    std::filesystem::rename(std::u8string(path_.begin(), path_.end()),
                            std::u8string(other.path_.begin(), other.path_.end()), error);
  }
  if (error) return error;
  other.size_ = std::exchange(size_, 0);
  other.names_ = std::exchange(names_, {});
  other.count_.store(count_.exchange(0), std::memory_order_relaxed);
  return {};
}

}  // namespace db
