// What a journal has had and has no more: of each source, from where to where its records have been
// removed, because the database had them. A database that comes back as an older copy is measured
// against this: what it lacks and the segments do not have is lost, and how much that is can be
// said.
//
// One small file in the journal's folder, replaced as a whole. The last 64 sources are kept.
//
// Threading: none, the journal's lock.
#pragma once

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "services/journal/file_ops.h"

namespace journal {

// Records of one source.
struct Range {
  std::uint64_t source = 0;
  std::uint64_t first_id = 0;
  std::uint64_t last_id = 0;
};

// `next` goes behind the others, or makes the last one longer.
void Append(std::vector<Range>& ranges, const Range& next);

class History {
 public:
  // What cannot be read is as if it were not there: then less can be said, that is all.
  void Load(FileOps& ops, const std::string& folder);
  void Add(const Range& removed);
  // Of what was added. An error: the next one tries again.
  std::error_code Save(FileOps& ops, const std::string& folder) const;

  const std::vector<Range>& ranges() const { return ranges_; }

 private:
  std::vector<Range> ranges_;  // ascending
};

}  // namespace journal
