#include "services/db/resume.h"

#include <algorithm>

#include "services/db/event_store.h"

namespace db {

Result FindResumePoint(Connection& connection, const journal::Holdings& holdings,
                       ResumePoint& point) {
  point = {};
  const std::uint64_t oldest =
      holdings.kept.empty() ? holdings.next_id : holdings.kept.front().first_id;
  for (const auto* ranges : {&holdings.removed, &holdings.kept}) {
    for (const journal::Range& range : *ranges) {
      if (point.marks.contains(range.source)) continue;
      Result result = ReadCheckpoint(connection, range.source, point.marks[range.source]);
      if (!result.ok()) return result;
    }
  }
  for (const journal::Range& gone : holdings.removed) {
    // A process that was killed between the history and the removal has left both.
    const std::uint64_t last = std::min(gone.last_id, oldest - 1);
    std::uint64_t& mark = point.marks[gone.source];
    if (last < gone.first_id || mark >= last) continue;
    point.missing += last - std::max(mark, gone.first_id - 1);
    mark = last;
    Result result = WriteCheckpoint(connection, gone.source, last);
    if (!result.ok()) return result;
  }
  point.next_id = holdings.next_id;
  for (const journal::Range& kept : holdings.kept) {
    const std::uint64_t mark = point.marks[kept.source];
    if (mark >= kept.last_id) continue;
    point.next_id = std::max(kept.first_id, mark + 1);
    break;
  }
  return {};
}

}  // namespace db
