#include "iocp/linux/counters.h"

#include <mutex>

namespace iocp {
namespace {

// All threads' shares; those of ended threads are kept in `ended`.
struct CountsList {
  std::mutex lock;
  ThreadCounts* first = nullptr;  // guarded by lock
  ThreadCounts ended;             // guarded by lock
};
constinit CountsList g_list;

void AddTo(ThreadCounts& sum, const ThreadCounts& part) {
  for (std::size_t i = 0; i < sum.calls.size(); ++i) Bump(sum.calls[i], part.calls[i].load());
  Bump(sum.wake_ups, part.wake_ups.load());
  Bump(sum.searched, part.searched.load());
  Bump(sum.operations, part.operations.load());
}

// Takes the thread's share off the list when the thread ends.
struct CountsEnd {
  ~CountsEnd() {
    const std::lock_guard guard(g_list.lock);
    AddTo(g_list.ended, *t_counts);
    ThreadCounts** link = &g_list.first;
    while (*link != t_counts) link = &(*link)->next;
    *link = t_counts->next;
    delete t_counts;
    t_counts = nullptr;
  }
};

}  // namespace

ThreadCounts& MakeCounts() {
  t_counts = new ThreadCounts;
  thread_local CountsEnd counts_end;
  const std::lock_guard guard(g_list.lock);
  t_counts->next = g_list.first;
  g_list.first = t_counts;
  return *t_counts;
}

std::optional<Counters> ReadCounters() {
  Counters result;
  result.live_handles = g_live_handles.load();
  result.open_descriptors = g_open_descriptors.load();
  result.allocations = g_allocations.load();
  ThreadCounts sum;
  {
    const std::lock_guard guard(g_list.lock);
    AddTo(sum, g_list.ended);
    for (const ThreadCounts* part = g_list.first; part != nullptr; part = part->next) {
      AddTo(sum, *part);
    }
  }
  for (std::size_t i = 0; i < result.calls.size(); ++i) {
    result.calls[i] = sum.calls[i].load();
    result.system_calls += result.calls[i];
  }
  result.wake_ups = sum.wake_ups.load();
  result.searched = sum.searched.load();
  result.live_operations = sum.operations.load();
  return result;
}

const char* ToString(SystemCall call) {
  static constexpr const char* kNames[] = {
      "socket",     "bind",      "listen",     "accept",     "connect",      "shutdown",
      "close",      "recv",      "send",       "sockopt",    "epoll_create", "epoll_ctl",
      "epoll_wait", "eventfd",   "signal",     "futex_wait", "futex_wake",   "poll",
      "open",       "file_read", "file_write", "file_stat"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(SystemCall::kCount));
  return call < SystemCall::kCount ? kNames[static_cast<std::size_t>(call)] : "unknown";
}

}  // namespace iocp
