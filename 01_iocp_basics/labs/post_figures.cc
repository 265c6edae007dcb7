#include "labs/post_figures.h"

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

#include "iocp/inspect.h"
#include "iocp/iocp.h"

namespace bench {
namespace {

// Calls `pair` in each thread for so long; the calls a second.
template <typename Pair>
double Rate(int threads, double seconds, Pair pair) {
  std::atomic<bool> over{false};
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t& count : counts) {
    running.emplace_back([&] {
      std::uint64_t mine = 0;
      for (; !over.load(std::memory_order_relaxed); ++mine) pair();
      count = mine;
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  over.store(true);
  for (std::thread& thread : running) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  return static_cast<double>(all) / took.count();
}

std::uint64_t FutexCalls() {
  const auto calls = iocp::ReadCounters().value().calls;
  return calls[static_cast<std::size_t>(iocp::SystemCall::kFutexWait)] +
         calls[static_cast<std::size_t>(iocp::SystemCall::kFutexWake)];
}

}  // namespace

PostFigures MeasurePosts(int threads, double seconds) {
  PostFigures figures;
  const HANDLE port =
      CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, static_cast<DWORD>(threads));
  const std::uint64_t futex_calls = FutexCalls();
  // Every thread posts before it takes, so there is always one for it.
  figures.port = Rate(threads, seconds, [port] {
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* overlapped = nullptr;
    PostQueuedCompletionStatus(port, 1, 2, nullptr);
    GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE);
  });
  figures.futex_calls = static_cast<double>(FutexCalls() - futex_calls) / (figures.port * seconds);
  CloseHandle(port);

  std::mutex lock;
  std::deque<OVERLAPPED_ENTRY> queue;
  figures.deque = Rate(threads, seconds, [&] {
    {
      const std::lock_guard guard(lock);
      queue.push_back({});
    }
    const std::lock_guard guard(lock);
    queue.pop_front();
  });
  return figures;
}

}  // namespace bench
