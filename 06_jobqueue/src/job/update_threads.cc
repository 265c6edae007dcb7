#include "job/update_threads.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <utility>

#include "job/job_queue.h"

namespace job {
namespace {

thread_local const UpdateThreads* pool_of_this_thread = nullptr;

#ifdef NDEBUG
constexpr bool kDebugBuild = false;
#else
constexpr bool kDebugBuild = true;
#endif

void LogFailure(const JobFailure& failure) {
  spdlog::error("job failed: {} (posted at {}:{}, {}{})", failure.what, failure.origin.file_name(),
                failure.origin.line(), failure.origin.function_name(),
                failure.in_slice_end ? ", in OnSliceEnd" : "");
}

UpdateOptions Checked(UpdateOptions options) {
  if (const auto reason = options.Validate()) throw std::invalid_argument(*reason);
  if (!options.on_failure) options.on_failure = LogFailure;
  if (options.threads == 0) {
    options.threads = std::clamp(std::thread::hardware_concurrency(), 1U, 256U);
  }
  return options;
}

std::optional<std::uint64_t> ChooseSeed(const UpdateOptions& options) {
  const bool shuffle = options.shuffle == Shuffle::kOn ||
                       (options.shuffle == Shuffle::kInDebugBuilds && kDebugBuild);
  if (!shuffle) return std::nullopt;
  std::uint64_t seed = options.seed;
  if (const char* text = std::getenv("COURSE_SEED"); seed == 0 && text != nullptr) {
    seed = std::strtoull(text, nullptr, 0);
  }
  if (seed == 0) seed = std::random_device{}();
  spdlog::info("job: the order of ready queues is shuffled, COURSE_SEED={}", seed);
  return seed;
}

Duration FromNanoseconds(std::uint64_t ns) {
  return Duration{static_cast<Duration::rep>(ns)};
}

}  // namespace

std::optional<std::string> UpdateOptions::Validate() const {
  if (threads > 256) return "update threads must be 0..256";
  if (slice_jobs < 1) return "jobs per time slice must be at least 1";
  if (slice_time <= Duration::zero()) return "the time slice must be longer than 0";
  if (max_queues < 1 || max_queues > (1U << 20)) return "max job queues must be 1..1048576";
  if (clock == nullptr) return "a clock is needed";
  return std::nullopt;
}

UpdateThreads::UpdateThreads(UpdateOptions options)
    : options_(Checked(std::move(options))),
      shuffle_seed_(ChooseSeed(options_)),
      ready_(options_.max_queues, *options_.clock, shuffle_seed_),
      timer_(*options_.clock) {
  for (std::uint32_t i = 0; i < options_.threads; ++i) {
    stats_.push_back(std::make_unique<ThreadStats>());
  }
}

UpdateThreads::~UpdateThreads() {
  if (!stopped_) Stop(StopPolicy::kDrop);
}

void UpdateThreads::Start() {
  if (stopped_ || !threads_.empty()) return;
  timer_.Start();
  for (const auto& stats : stats_) {
    threads_.emplace_back([this, own = stats.get()] { Run(*own); });
  }
}

StopReport UpdateThreads::Stop(StopPolicy policy, Duration drain_limit) {
  if (pool_of_this_thread == this) {
    spdlog::critical("job: UpdateThreads::Stop called from a job; it would wait for itself");
    spdlog::default_logger_raw()->flush();
    std::abort();
  }
  StopReport report;
  if (std::exchange(stopped_, true)) return report;
  const std::uint64_t dropped_before = Stats().dropped;
  report.dropped_timers = timer_.Stop();
  if (policy == StopPolicy::kDrain && !threads_.empty()) ready_.WaitUntilAllIdle(drain_limit);
  ready_.Close();
  for (std::thread& thread : threads_) thread.join();
  ready_.DropAbandoned();
  report.dropped_jobs = Stats().dropped - dropped_before;
  report.drained = report.dropped_jobs == 0;
  return report;
}

void UpdateThreads::Run(ThreadStats& stats) {
  pool_of_this_thread = this;
  SliceContext context{*options_.clock, options_.slice_jobs, options_.slice_time, stats,
                       options_.on_failure};
  bool slept = false;
  while (JobQueue* queue = ready_.Wait(&slept)) {
    if (slept) stats.wakeups.Add();
    Execute(*queue, context);
  }
}

// The thread is the queue's only executor until RunSlice returns false or the queue is ready again.
// [execute]
void UpdateThreads::Execute(JobQueue& queue, SliceContext& context) {
  std::shared_ptr<JobQueue> self = std::move(queue.keep_alive_);
  while (queue.RunSlice(context)) {
    queue.ready_since_ = context.clock.Now();
    // Nobody else waits: the next slice at once, without a detour through the ready queue.
    if (ready_.LooksEmpty() && !ready_.IsClosed()) continue;
    queue.keep_alive_ = std::move(self);
    ready_.Requeue(queue);
    return;
  }
  self.reset();     // perhaps the last reference; the actor's destructor may post to others,
  ready_.Retire();  // which a drain has to wait for: so this comes last
}
// [/execute]

JobStats UpdateThreads::Stats() const {
  JobStats sum;
  std::uint64_t longest_wait = 0;
  std::uint64_t longest_job = 0;
  for (const auto& stats : stats_) {
    sum.queued += stats->queued.Get();
    sum.executed += stats->executed.Get();
    sum.failed += stats->failed.Get();
    sum.dropped += stats->dropped.Get();
    sum.slices += stats->slices.Get();
    sum.wakeups += stats->wakeups.Get();
    longest_wait = std::max(longest_wait, stats->longest_wait_ns.Get());
    longest_job = std::max(longest_job, stats->longest_job_ns.Get());
    stats->job_time.AddTo(sum.job_times);
  }
  sum.dropped += ready_.Dropped();
  sum.timers_pending = timer_.Pending();
  sum.timers_orphaned = timer_.Orphaned();
  sum.live_queues = ready_.LiveQueues();
  sum.busy_queues = ready_.BusyQueues();
  sum.longest_wait = FromNanoseconds(longest_wait);
  sum.longest_job = FromNanoseconds(longest_job);
  sum.job_time_p50 = Histogram::Percentile(sum.job_times, 0.50);
  sum.job_time_p99 = Histogram::Percentile(sum.job_times, 0.99);
  return sum;
}

}  // namespace job
