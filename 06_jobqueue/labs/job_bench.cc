// How many jobs a second go through job queues, against the obvious way to write one (a mutex and a
// deque per queue, the same update threads' way of working otherwise).
//
//   job_bench [--jobs N] [--threads N] [--rounds N] [--json]
//
// Each row: P producers post N empty jobs in all, to one queue or spread over eight. The two kinds
// run in turn, so that what else the machine does hits both; the table shows medians and the
// spread.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <iomanip>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "job/job_queue.h"
#include "job/update_threads.h"
#include "support/options.h"

namespace {

constexpr std::uint64_t kInFlight = 4096;

struct Options {
  std::uint64_t jobs = 400'000;
  std::uint32_t threads = 2;
  std::uint32_t rounds = 5;
  bool json = false;
};

// The baseline: a job queue with a lock, std::function and std::deque, run by a pool with a lock.
class LockedPool {
 public:
  class Queue {
   public:
    explicit Queue(LockedPool& pool) : pool_(pool) {}
    void Post(std::function<void()> job) {
      bool idle = false;
      {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
        idle = !std::exchange(busy_, true);
      }
      if (idle) pool_.Push(this);
    }
    // As long as there are jobs, up to a slice. True: jobs remain.
    bool RunSlice() {
      for (int i = 0; i < 256; ++i) {
        std::function<void()> job;
        {
          const std::lock_guard lock(mutex_);
          if (jobs_.empty()) {
            busy_ = false;
            return false;
          }
          job = std::move(jobs_.front());
          jobs_.pop_front();
        }
        job();
      }
      return true;
    }

   private:
    LockedPool& pool_;
    std::mutex mutex_;
    std::deque<std::function<void()>> jobs_;  // guarded by mutex_
    bool busy_ = false;                       // guarded by mutex_
  };

  explicit LockedPool(std::uint32_t threads) {
    for (std::uint32_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
  }
  ~LockedPool() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

 private:
  void Push(Queue* queue) {
    {
      const std::lock_guard lock(mutex_);
      ready_.push_back(queue);
    }
    wake_.notify_one();
  }
  void Run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stop_ || !ready_.empty(); });
      if (ready_.empty()) return;
      Queue* queue = ready_.front();
      ready_.pop_front();
      lock.unlock();
      const bool more = queue->RunSlice();
      lock.lock();
      if (more) ready_.push_back(queue);
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Queue*> ready_;  // guarded by mutex_
  bool stop_ = false;         // guarded by mutex_
  std::vector<std::thread> threads_;
};

// Ends the measurement: the last of all jobs opens it.
class Countdown {
 public:
  explicit Countdown(std::uint64_t count) : left_(count) {}
  std::uint64_t Left() const { return left_.load(std::memory_order_relaxed); }
  void Hit() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      const std::lock_guard lock(mutex_);
      open_ = true;
      opened_.notify_all();
    }
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
  }

 private:
  std::atomic<std::uint64_t> left_;
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;  // guarded by mutex_
};

// `post(queue_index, payload)` posts one job that hits the countdown. Returns jobs a second.
template <class Post>
double Measure(std::uint32_t producers, std::size_t queues, std::uint64_t jobs, Post post,
               Countdown& countdown) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (std::uint32_t p = 0; p < producers; ++p) {
    threads.emplace_back([&, p] {
      for (std::uint64_t i = p; i < jobs; i += producers) {
        post((p + i / producers) % queues);
        // All producers advance at about the same pace: i is about what has been posted in all.
        while (i % 64 < producers && i + countdown.Left() > jobs + kInFlight) {
          std::this_thread::yield();
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  countdown.Wait();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  return static_cast<double>(jobs) / time.count();
}

double MeasureJobQueues(const Options& options, std::uint32_t producers, std::size_t queue_count) {
  Countdown countdown(options.jobs);
  job::UpdateOptions update;
  update.threads = options.threads;
  update.shuffle = job::Shuffle::kOff;
  job::UpdateThreads threads(update);
  std::vector<std::shared_ptr<job::JobQueue>> queues;
  for (std::size_t i = 0; i < queue_count; ++i) {
    queues.push_back(std::make_shared<job::JobQueue>(threads.Ready()));
  }
  threads.Start();
  const double rate = Measure(
      producers, queue_count, options.jobs,
      [&](std::size_t q) { queues[q]->Post([&countdown] { countdown.Hit(); }); }, countdown);
  threads.Stop(job::StopPolicy::kDrain);
  return rate;
}

double MeasureLocked(const Options& options, std::uint32_t producers, std::size_t queue_count) {
  Countdown countdown(options.jobs);
  std::deque<LockedPool::Queue> queues;
  LockedPool pool(options.threads);  // after the queues: its threads end first
  for (std::size_t i = 0; i < queue_count; ++i) queues.emplace_back(pool);
  return Measure(
      producers, queue_count, options.jobs,
      [&](std::size_t q) { queues[q].Post([&countdown] { countdown.Hit(); }); }, countdown);
}

struct Spread {
  double low, median, high;
};
Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return Spread{values.front(), values[values.size() / 2], values.back()};
}

std::string Millions(const Spread& rate) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << rate.median / 1e6 << " (" << rate.low / 1e6 << ".."
       << rate.high / 1e6 << ")";
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  apps::CommandLine app("Jobs a second through job queues, against a mutex and a deque",
                        "job_bench");
  app.Add("--jobs", options.jobs, "jobs per measurement").Range(1'000, 100'000'000).ShowDefault();
  app.Add("--threads", options.threads, "update threads").Range(1, 64).ShowDefault();
  app.Add("--rounds", options.rounds, "measurements per row; the median counts")
      .Range(1, 101)
      .ShowDefault();
  app.Flag("--json", options.json, "one JSON object instead of the table");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;

  std::ostringstream json;
  if (!options.json) {
    std::cout << "million jobs a second, median of " << options.rounds << " (lowest..highest), "
              << options.threads << " update threads, " << std::thread::hardware_concurrency()
              << " processors\n\n"
              << "producers  queues  job queue               mutex and deque         ratio\n";
  }
  for (const std::size_t queues : {std::size_t{1}, std::size_t{8}}) {
    for (const std::uint32_t producers : {1U, 2U, 4U, 8U}) {
      std::vector<double> ours, locked;
      for (std::uint32_t round = 0; round < options.rounds; ++round) {
        ours.push_back(MeasureJobQueues(options, producers, queues));
        locked.push_back(MeasureLocked(options, producers, queues));
      }
      const Spread a = SpreadOf(ours);
      const Spread b = SpreadOf(locked);
      json << (json.tellp() > 0 ? "," : "") << "{\"producers\":" << producers
           << ",\"queues\":" << queues << ",\"job_queue\":" << a.median
           << ",\"mutex_deque\":" << b.median << "}";
      if (options.json) continue;
      std::cout << std::left << std::setw(11) << producers << std::setw(8) << queues
                << std::setw(24) << Millions(a) << std::setw(24) << Millions(b) << std::fixed
                << std::setprecision(2) << a.median / b.median << std::endl;
    }
  }
  if (options.json) std::cout << "{\"jobs_per_second\":[" << json.str() << "]}" << std::endl;
  return 0;
}
