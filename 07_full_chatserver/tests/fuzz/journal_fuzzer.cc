// libFuzzer target: a journal folder with anything in it must be opened or refused with a reason,
// never crash, and what was opened must be read whole, written on, and found again by the next
// start.
//
// Input: segments, each of [0] flags (bit 0: its name says another first id; bit 1: the header is
// damaged), [1] source, [2] records, then records of [0] flags (bit 0: the id jumps; bit 1:
// damaged; bit 2: the file ends in the middle of it; bit 3: a length that is not true), [1] length,
// payload. Checksums are made here, or the fuzzer would never get behind them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "services/journal/journal.h"
#include "services/journal/segment.h"
#include "tests/fuzz/input.h"

namespace {

using fuzz::Input;
using fuzz::Require;

std::string MakeRecord(Input& input, std::uint64_t& id) {
  const std::uint8_t flags = input.Byte();
  if ((flags & 1) != 0) id += flags >> 4;
  journal::Batch one;
  one.Add(flags, input.Bytes(input.Byte()));
  one.Seal(id++);
  std::string bytes = one.bytes();
  if ((flags & 2) != 0) bytes.back() = static_cast<char>(bytes.back() ^ 1);
  if ((flags & 4) != 0) bytes.resize(bytes.size() / 2);
  if ((flags & 8) != 0) journal::PutInteger(bytes.data(), std::uint32_t{flags} << (flags & 31U));
  return bytes;
}

void MakeSegment(Input& input, const std::string& folder, std::uint64_t& id) {
  const std::uint8_t flags = input.Byte();
  std::string bytes = journal::SegmentHeader(input.Byte(), id);
  if ((flags & 2) != 0) bytes[flags % bytes.size()] ^= 1;
  const std::string path = journal::SegmentPath(folder, (flags & 1) != 0 ? id + (flags >> 4) : id);
  for (int records = input.Byte() % 16; records > 0; --records) bytes += MakeRecord(input, id);
  std::ofstream(path, std::ios::binary) << bytes;
}

struct Found {
  std::vector<std::string> payloads;
  std::uint64_t lost = 0;
};

Found ReadAll(journal::Journal& journal) {
  Found found;
  for (std::uint64_t next = journal.oldest_id(); next <= journal.last_id();) {
    const journal::ReadResult read = journal.Read(next, journal.last_id(), 64);
    Require(!read.error && read.last_id >= next);
    found.lost += read.lost;
    std::string_view rest = read.bytes;
    journal::Record record;
    while (ParseRecord(rest, record) == journal::Parse::kRecord) {
      Require(record.id == next++);
      found.payloads.emplace_back(record.payload);
    }
    Require(rest.empty());
    next = read.last_id + 1;
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string folder = [] {
    std::string made = (std::filesystem::temp_directory_path() / "journal-fuzz-XXXXXX").string();
    if (::mkdtemp(made.data()) == nullptr) std::abort();
    static const std::string name = made;
    std::atexit([] { std::filesystem::remove_all(name); });
    return made;
  }();
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    std::filesystem::remove_all(entry.path());
  Input input(data, size);
  std::uint64_t id = 1 + input.Byte();
  while (!input.empty()) MakeSegment(input, folder, id);

  Found first;
  {
    journal::Journal journal;
    const net::Status status = journal.Open({.folder = folder, .keep_bytes = 0});
    if (!status.ok()) {
      Require(!status.error().empty());
      return 0;
    }
    first = ReadAll(journal);
    Require(first.lost == 0);  // Open has seen each of them
    journal::Batch batch;
    batch.Add(7, "and on");
    Require(journal.Append(batch).code == journal::AppendCode::kOk);
    first.payloads.emplace_back("and on");
  }
  journal::Journal again;
  Require(again.Open({.folder = folder, .keep_bytes = 0}).ok());
  const Found second = ReadAll(again);
  Require(second.lost == 0 && second.payloads == first.payloads);
  again.RemoveConfirmed(again.last_id());
  Require(again.Hold().kept.size() <= 1);
  return 0;
}
