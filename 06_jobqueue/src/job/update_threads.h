// The update threads: a pool that executes ready job queues, a time slice at a time.
//
//   I/O worker -> JobQueue::Post -> ReadyQueue -> update thread -> RunSlice -> jobs, OnSliceEnd
//
// Idle threads sleep; nobody polls. After a slice (slice_jobs jobs or slice_time) a queue that
// still has jobs goes to the back of the ready queue, so a flooded room delays others by one slice
// per turn at the most and starves nobody. A job that runs long delays its own queue and occupies
// one thread: a job must not block (no database call, no lock that is held for long). Stats() shows
// the longest job and the p99.
//
// Threading: construction, Start, Stop and destruction by one owner thread; the rest by any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "job/clock.h"
#include "job/job_stats.h"
#include "job/job_timer.h"
#include "job/ready_queue.h"
#include "job/slice.h"

namespace job {

enum class Shuffle { kInDebugBuilds, kOn, kOff };

struct UpdateOptions {
  // 0..256; 0: one per processor (more would only interrupt each other in the middle of a slice);
  // with 1 all actors share one thread.
  std::uint32_t threads = 0;
  std::uint32_t slice_jobs = 4096;                     // jobs per time slice, at least 1
  Duration slice_time = std::chrono::milliseconds(2);  // > 0
  std::uint32_t max_queues = 16384;                    // 1..2^20 job queues at once; 16 bytes each
  Shuffle shuffle = Shuffle::kInDebugBuilds;           // random order of ready queues
  std::uint64_t seed = 0;               // of the shuffle; 0: environment COURSE_SEED, else random
  const Clock* clock = &SteadyClock();  // not owned
  // Called by update threads, several at once; must not throw. Empty: an error line in the log.
  std::function<void(const JobFailure&)> on_failure{};

  // What is wrong with the options, as one line for the user; nothing when they are fine.
  std::optional<std::string> Validate() const;
};

// What to do with the jobs that are inside when the threads are told to stop.
enum class StopPolicy {
  kDrain,  // run them, and the jobs that they post, until all queues are idle (or the limit is
           // over)
  kDrop,   // finish the running time slices only; destroy the rest
};

struct StopReport {
  bool drained = true;               // false: jobs were destroyed without being run
  std::uint64_t dropped_jobs = 0;    // jobs of closed queues included
  std::uint64_t dropped_timers = 0;  // reserved jobs whose time had not come: never run at stop
};

class UpdateThreads {
 public:
  // Starts nothing. Throws std::invalid_argument with Validate()'s line.
  explicit UpdateThreads(UpdateOptions options = {});
  // Stops with kDrop if still running. Every job queue must be gone (aborts with a message
  // otherwise).
  ~UpdateThreads();
  UpdateThreads(const UpdateThreads&) = delete;
  UpdateThreads& operator=(const UpdateThreads&) = delete;

  // Once. Jobs posted before are executed from now on.
  void Start();

  // Once; not from a job (aborts: a thread cannot wait for itself). Order: the timer stops, the
  // queues are drained (kDrain) or not, the threads end, what is left is destroyed. Afterwards Post
  // answers kStopped. Stop those who post from outside first, or kDrain has no end but
  // `drain_limit`.
  StopReport Stop(StopPolicy policy, Duration drain_limit = std::chrono::seconds(10));

  ReadyQueue& Ready() { return ready_; }
  JobTimer& Timer() { return timer_; }
  JobStats Stats() const;
  [[nodiscard]] std::uint32_t Threads() const { return options_.threads; }

  // The seed of the shuffle, when there is one.
  std::optional<std::uint64_t> ShuffleSeed() const { return shuffle_seed_; }

 private:
  void Run(ThreadStats& stats);
  void Execute(JobQueue& queue, SliceContext& context);

  const UpdateOptions options_;
  const std::optional<std::uint64_t> shuffle_seed_;
  ReadyQueue ready_;
  JobTimer timer_;
  std::vector<std::unique_ptr<ThreadStats>> stats_;  // one per thread; made before the threads
  std::vector<std::thread> threads_;                 // owner thread only
  bool stopped_ = false;                             // owner thread only
};

}  // namespace job
