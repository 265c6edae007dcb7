#include "services/journal/segment.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "services/journal/record.h"

namespace journal {

namespace {

constexpr std::string_view kMagic = "CHATJRN1";
constexpr std::size_t kReadSize = 256 * 1024;
constexpr std::uint64_t kNoLimit = ~0ULL;

using Files = std::vector<std::pair<std::string, std::uint64_t>>;  // path, size

// By its name; kNoLimit behind the last file.
std::uint64_t FirstIdOf(const Files& files, std::size_t index) {
  if (index >= files.size()) return kNoLimit;
  return std::strtoull(files[index].first.substr(files[index].first.rfind('/') + 1).c_str(),
                       nullptr, 10);
}

net::Status Failed(const std::string& path, const std::error_code& error) {
  return net::Status::Error(path + ": " + error.message());
}

// False: not a header. Something else may be wrong with the file: `error`.
bool ReadHeader(FileOps& ops, FileHandle file, Segment& segment, std::error_code& error) {
  char header[kSegmentHeader];
  const IoResult read = ReadAll(ops, file, 0, header, sizeof header);
  error = read.error;
  if (read.error || read.bytes != sizeof header) return false;
  if (std::string_view(header, 8) != kMagic) return false;
  if (Crc32c({header, 28}) != GetInteger<std::uint32_t>(header + 28)) return false;
  segment.source = GetInteger<std::uint64_t>(header + 8);
  segment.first_id = GetInteger<std::uint64_t>(header + 16);
  return true;
}

// [scan]
// Finds the end of the last whole record; `torn` = nothing but a part of a record follows it.
// Records from `limit` on do not count: the next segment has those numbers, so these were taken
// back (and could not be cut off at the time).
std::error_code Scan(FileOps& ops, FileHandle file, std::uint64_t limit, Segment& segment,
                     bool& torn) {
  // <student 07b.2>
  torn = false;
  segment.size = kSegmentHeader;
  segment.last_id = segment.first_id - 1;
  std::string bytes;
  std::uint64_t read_to = kSegmentHeader;
  while (true) {
    const std::size_t kept = bytes.size();
    bytes.resize(kept + kReadSize);
    const IoResult read = ReadAll(ops, file, read_to, bytes.data() + kept, kReadSize);
    if (read.error) return read.error;
    bytes.resize(kept + read.bytes);
    read_to += read.bytes;
    std::string_view rest = bytes;
    Record record;
    Parse parse = ParseRecord(rest, record);
    while (parse == Parse::kRecord && record.id == segment.last_id + 1 && record.id < limit) {
      segment.last_id = record.id;
      segment.size = read_to - rest.size();
      parse = ParseRecord(rest, record);
    }
    if (parse == Parse::kDamaged || parse == Parse::kRecord) return {};
    if (read.bytes == 0) {
      torn = true;
      return {};
    }
    bytes.erase(0, bytes.size() - rest.size());
  }
  // </student>
}
// [/scan]

std::error_code Cut(FileOps& ops, const Segment& segment) {
  std::error_code error;
  const UniqueFile file(ops, ops.OpenToCut(segment.path, error));
  return file ? ops.Truncate(file.get(), segment.size) : error;
}

// What is cut off and is more than a part of a record (a disk that has forgotten something in the
// middle) is kept beside the segment, for a person to look at.
std::error_code KeepTail(FileOps& ops, FileHandle file, const Segment& segment,
                         std::uint64_t file_size) {
  std::string tail(static_cast<std::size_t>(file_size - segment.size), '\0');
  std::error_code error = ReadAll(ops, file, segment.size, tail.data(), tail.size()).error;
  if (error) return error;
  const UniqueFile copy(ops, ops.Create(segment.path + ".cut", error));
  // It exists: an earlier start was interrupted between this and the cut.
  if (!copy) return error == std::errc::file_exists ? std::error_code{} : error;
  return WriteAll(ops, copy.get(), 0, tail).error;
}

net::Status Missing(const std::string& next, std::uint64_t from, std::uint64_t to) {
  return net::Status::Error("the journal's records " + std::to_string(from) + " to " +
                            std::to_string(to) + " are missing or damaged, before " + next +
                            "; move the files before it away to start without them");
}

net::Status OpenSegment(FileOps& ops, Segment& segment, std::uint64_t file_size,
                        std::uint64_t limit, Recovered& recovered) {
  std::error_code error;
  const UniqueFile file(ops, ops.OpenToRead(segment.path, error));
  if (!file) return Failed(segment.path, error);
  if (!ReadHeader(ops, file.get(), segment, error)) {
    if (error) return Failed(segment.path, error);
    // The process died while it made the file. Nothing can have been promised about its contents.
    if (limit == kNoLimit && file_size <= kSegmentHeader) {
      recovered.cut_bytes += file_size;
      segment.size = 0;
      return net::Status::Ok();
    }
    return net::Status::Error(segment.path +
                              ": not a segment of a journal (its header is damaged); move it away "
                              "to start without it");
  }
  // Somebody has renamed it. The names say what comes after what, also to the next start.
  if (!segment.path.ends_with(SegmentPath("", segment.first_id))) {
    return net::Status::Error(
        segment.path + ": it begins with record " + std::to_string(segment.first_id) +
        ", which is not what its name says; move it away to start without it");
  }
  bool torn = false;
  error = Scan(ops, file.get(), limit, segment, torn);
  if (error) return Failed(segment.path, error);
  if (limit != kNoLimit && segment.last_id + 1 != limit) {
    return Missing("the segment that follows " + segment.path, segment.last_id + 1, limit - 1);
  }
  if (segment.size < file_size) {
    if (limit == kNoLimit && !torn) error = KeepTail(ops, file.get(), segment, file_size);
    if (!error) error = Cut(ops, segment);
    if (error) return Failed(segment.path, error);
    recovered.cut_bytes += file_size - segment.size;
  }
  return net::Status::Ok();
}

}  // namespace

std::string SegmentPath(const std::string& folder, std::uint64_t first_id) {
  char name[40];
  std::snprintf(name, sizeof name, "/%020llu.journal", static_cast<unsigned long long>(first_id));
  return folder + name;
}

std::string SegmentHeader(std::uint64_t source, std::uint64_t first_id) {
  std::string header(kSegmentHeader, '\0');
  std::copy(kMagic.begin(), kMagic.end(), header.begin());
  PutInteger(header.data() + 8, source);
  PutInteger(header.data() + 16, first_id);
  PutInteger(header.data() + 28, Crc32c({header.data(), 28}));
  return header;
}

net::Status Recover(FileOps& ops, const std::string& folder, Recovered& recovered) {
  namespace fs = std::filesystem;
  std::error_code error;
  Files files;
  for (fs::directory_iterator at(std::u8string(folder.begin(), folder.end()), error), end;
       !error && at != end; at.increment(error)) {
    if (at->path().extension() != ".journal") continue;
    const std::u8string name = at->path().filename().u8string();
    files.emplace_back(folder + "/" + std::string(name.begin(), name.end()), at->file_size(error));
  }
  if (error) return Failed(folder, error);
  std::ranges::sort(files);  // the names have leading zeros

  for (std::size_t i = 0; i < files.size(); ++i) {
    Segment segment;
    segment.path = files[i].first;
    net::Status status =
        OpenSegment(ops, segment, files[i].second, FirstIdOf(files, i + 1), recovered);
    if (!status.ok()) return status;
    if (segment.size > kSegmentHeader && !recovered.segments.empty() &&
        segment.first_id != recovered.next_id) {
      return Missing(segment.path, recovered.next_id, segment.first_id - 1);
    }
    if (segment.size <= kSegmentHeader) {
      // Its first id still counts when it is all there is: numbers go on where they were.
      if (segment.size == kSegmentHeader)
        recovered.next_id = std::max(recovered.next_id, segment.first_id);
      error = ops.Remove(segment.path);
      if (error) return Failed(segment.path, error);
      continue;
    }
    recovered.next_id = segment.last_id + 1;
    recovered.segments.push_back(std::move(segment));
  }
  return net::Status::Ok();
}

}  // namespace journal
