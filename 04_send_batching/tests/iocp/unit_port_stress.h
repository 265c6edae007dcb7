// Races: many threads issue, complete, cancel, close, associate and post at the same time. Whatever
// the order, each operation completes exactly once, and nothing is left: no handle, no operation
// record, no descriptor. Run under ThreadSanitizer and AddressSanitizer too (label "stress").
//
// COURSE_STRESS multiplies the rounds. The seed decides what each thread does, not how they
// interleave. This is what the stress tests share.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "iocp/inspect.h"
#include "tests/support/test_support.h"

namespace course_test {

int Rounds(int linux_rounds);

// Wine's server process itself breaks under some of these races; then nothing about the port could
// be learned. The mark shows in the result.
bool WineServerBreaks();

// Lets `count` threads go at the same moment, once. (std::barrier and std::latch lose wake-ups with
// MinGW's gcc 12: without a futex they look at the value first and take the lock they sleep under
// afterwards.)
class StartLine {
 public:
  explicit StartLine(int count) : missing_(count) {}
  void Wait() {
    std::unique_lock lock(mutex_);
    if (--missing_ == 0) all_here_.notify_all();
    all_here_.wait(lock, [this] { return missing_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_here_;
  int missing_;  // guarded by mutex_
};

// Compares the port's books before and after. A background thread of the port may open what it
// needs once, so the first connection is made before the first reading.
class NothingLeftBehind {
 public:
  NothingLeftBehind();
  ~NothingLeftBehind();
  NothingLeftBehind(const NothingLeftBehind&) = delete;
  NothingLeftBehind& operator=(const NothingLeftBehind&) = delete;

 private:
  std::optional<iocp::Counters> before_;
  std::size_t descriptors_ = 0;
};

struct CountedOperation : OVERLAPPED {
  CountedOperation() : OVERLAPPED{} {}
  std::atomic<int> packets{0};        // by the workers
  std::atomic<bool> expected{false};  // by the issuer: pended or succeeded
  std::array<char, 16> data{};
};

// Worker threads that count the packets of operations until they are told to end (key 0).
class Workers {
 public:
  Workers(HANDLE port, int count);
  ~Workers() { End(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void End();
  int packets() const { return packets_.load(); }

 private:
  void Loop(bool batches);

  const HANDLE port_;
  std::atomic<int> packets_{0};
  std::vector<std::thread> threads_;
};

// A receive or a send of a few bytes; `expected` says afterwards whether a packet comes.
void Issue(SOCKET socket, CountedOperation* operation, bool receive);

}  // namespace course_test
