// What the threads of one run have in common, and how they wait for each other.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace load {

inline constexpr std::int64_t kSecond = 1'000'000'000;

// Nanoseconds of the steady clock, the clock of all times here.
inline std::int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What was said in one room.
struct RoomCount {
  std::atomic<std::uint64_t> all{0};       // atomic: any crew
  std::atomic<std::uint64_t> measured{0};  // atomic: any crew; those behind the warm-up
};

class Shared {
 public:
  explicit Shared(std::uint32_t room_count) : rooms(room_count) {}

  std::vector<RoomCount> rooms;
  std::atomic<std::int64_t> begin{0};  // when the talk begins; 0: not known yet
  std::atomic<bool> drain{false};      // nothing is said any more: `rooms` is final
  std::atomic<bool> stop{false};       // everybody ends at once

  // --- any crew ---
  void CountReady() { Count(ready_); }
  void CountSilent() { Count(silent_); }
  // The first reason counts.
  void Fail(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (error_.empty()) error_ = why;
    stop.store(true);
    changed_.notify_all();
  }
  // Something that does not end the run.
  void Note(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (note_.empty()) note_ = what;
  }

  // --- main ---
  // False: the time is over, or it has failed.
  bool AwaitReady(unsigned crews, std::int64_t until) { return Await(ready_, crews, until); }
  bool AwaitSilent(unsigned crews, std::int64_t until) { return Await(silent_, crews, until); }
  // Until then, or until it has failed.
  void AwaitTime(std::int64_t until) { Await(never_, 1, until); }
  std::string error() {
    const std::lock_guard lock(mutex_);
    return error_;
  }
  std::string note() {
    const std::lock_guard lock(mutex_);
    return note_;
  }

 private:
  void Count(unsigned& counter) {
    const std::lock_guard lock(mutex_);
    ++counter;
    changed_.notify_all();
  }
  bool Await(const unsigned& counter, unsigned wanted, std::int64_t until) {
    std::unique_lock lock(mutex_);
    const std::chrono::steady_clock::time_point end{std::chrono::nanoseconds(until)};
    changed_.wait_until(lock, end, [&] { return counter >= wanted || stop.load(); });
    return counter >= wanted && !stop.load();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned ready_ = 0;   // guarded by mutex_, as the rest
  unsigned silent_ = 0;  // crews that have said everything
  const unsigned never_ = 0;
  std::string error_;
  std::string note_;
};

}  // namespace load
