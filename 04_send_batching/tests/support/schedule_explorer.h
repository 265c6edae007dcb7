// Runs a few threads in EVERY order of their steps, one after the other, and checks each outcome.
//
// A race that needs three threads to meet within nanoseconds may hide from a random test for years.
// Here the threads stop at named points, only one of them runs at a time, and a depth-first search
// tries every choice of who goes next. So the outcome does not depend on time or luck.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace support {

class ScheduleExplorer {
 public:
  using Body = std::function<void(std::size_t thread)>;

  struct Result {
    std::size_t schedules = 0;  // that were run
    bool complete = false;      // all there are
    std::string failure;        // what `check` said first, with its schedule; empty: nothing
    std::string schedule;       // ... whose turn it was, step by step
  };

  // For each schedule: setup(), then body(0..threads-1) on threads of their own, then check(),
  // which returns what is wrong or "". Stops at the first failure or after `limit` schedules.
  Result Explore(std::size_t threads, const std::function<void()>& setup, const Body& body,
                 const std::function<std::string()>& check, std::size_t limit) {
    Result result;
    std::vector<Choice> path;
    do {
      setup();
      RunOne(threads, body, path);
      ++result.schedules;
      result.failure = check();
      if (!result.failure.empty()) {
        for (const Choice& choice : path) {
          if (!result.schedule.empty()) result.schedule += '-';
          result.schedule += std::to_string(choice.thread);
        }
        result.failure += " in schedule " + result.schedule;
        return result;
      }
      result.complete = !Advance(path);
    } while (!result.complete && result.schedules < limit);
    return result;
  }

  // Called by a running body, wherever another thread may go first. Outside a body: nothing.
  static void Point() {
    if (current != nullptr) current->GiveWay();
  }

 private:
  struct Choice {
    std::size_t taken = 0;    // which of the threads that could run
    std::size_t options = 0;  // how many could
    std::size_t thread = 0;
  };
  static constexpr std::size_t kController = static_cast<std::size_t>(-1);

  // The next path in depth-first order; false: there is none.
  static bool Advance(std::vector<Choice>& path) {
    while (!path.empty() && path.back().taken + 1 == path.back().options) path.pop_back();
    if (path.empty()) return false;
    ++path.back().taken;
    return true;
  }

  void RunOne(std::size_t count, const Body& body, std::vector<Choice>& path) {
    ended_.assign(count, false);
    turn_ = kController;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < count; ++i) {
      threads.emplace_back([this, i, &body] {
        current = this;
        self = i;
        WaitForTurn(i);
        body(i);
        const std::lock_guard lock(mutex_);
        ended_[i] = true;
        turn_ = kController;
        changed_.notify_all();
      });
    }
    for (std::size_t step = 0;; ++step) {
      const std::vector<std::size_t> able = Able();
      if (able.empty()) break;
      if (step == path.size()) path.push_back({});
      path[step].options = able.size();
      path[step].thread = able[path[step].taken];
      Give(path[step].thread);
    }
    for (std::thread& thread : threads) thread.join();
  }

  std::vector<std::size_t> Able() {
    const std::lock_guard lock(mutex_);
    std::vector<std::size_t> able;
    for (std::size_t i = 0; i < ended_.size(); ++i) {
      if (!ended_[i]) able.push_back(i);
    }
    return able;
  }

  void Give(std::size_t thread) {
    std::unique_lock lock(mutex_);
    turn_ = thread;
    changed_.notify_all();
    changed_.wait(lock, [this] { return turn_ == kController; });
  }

  void WaitForTurn(std::size_t thread) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return turn_ == thread; });
  }

  void GiveWay() {
    std::unique_lock lock(mutex_);
    turn_ = kController;
    changed_.notify_all();
    changed_.wait(lock, [&] { return turn_ == self; });
  }

  static inline thread_local ScheduleExplorer* current = nullptr;
  static inline thread_local std::size_t self = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t turn_ = kController;  // guarded by mutex_: whose step it is
  std::vector<bool> ended_;         // guarded by mutex_
};

}  // namespace support
