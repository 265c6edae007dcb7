// A journal folder is a row of files, the segments: NNNNNNNNNNNNNNNNNNNN.journal, named by the id
// of their first record. A segment begins with a header of 32 bytes:
//
//   0   "CHATJRN1"
//   8   source   u64   who wrote it: a random number per start of the server
//   16  first_id u64
//   24  0        u32
//   28  crc      u32   CRC-32C of the 28 bytes before
//
// (source, id) names a record for ever, whatever happens to the folder: that is the key of its row
// in the database. An id alone would not do: after a power cut the last records may be gone from
// the disk but not from the database, and new records would get their numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/status.h"
#include "services/journal/file_ops.h"

namespace journal {

inline constexpr std::size_t kSegmentHeader = 32;

struct Segment {
  std::string path;
  std::uint64_t source = 0;
  std::uint64_t first_id = 0;
  std::uint64_t last_id = 0;  // first_id - 1: no record
  std::uint64_t size = 0;     // bytes up to the end of the last record
};

std::string SegmentPath(const std::string& folder, std::uint64_t first_id);
std::string SegmentHeader(std::uint64_t source, std::uint64_t first_id);

struct Recovered {
  std::vector<Segment> segments;  // oldest first, none empty
  std::uint64_t next_id = 1;
  std::uint64_t cut_bytes = 0;  // of a torn tail
};

// What an earlier run has left. The last segment may end anywhere: a record that is not whole was
// never promised to anybody and is cut off. An error: the folder cannot be used as it is (a person
// must look at it).
net::Status Recover(FileOps& ops, const std::string& folder, Recovered& recovered);

}  // namespace journal
