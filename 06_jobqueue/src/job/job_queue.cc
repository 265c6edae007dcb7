#include "job/job_queue.h"

#include <spdlog/spdlog.h>

#include <exception>

#include "job/slice.h"

namespace job {
namespace {

thread_local JobQueue* current_queue = nullptr;  // whose job this thread is running

std::uint64_t Nanoseconds(Duration time) {
  return time.count() < 0 ? 0 : static_cast<std::uint64_t>(time.count());
}

// Runs `f`; what leaves it as an exception is reported and goes no further.
template <class F>
void Guarded(F&& f, const SourceLocation& origin, bool in_slice_end, SliceContext& context) {
  try {
    f();
    return;
  } catch (const std::exception& error) {
    context.on_failure(JobFailure{origin, in_slice_end, error.what()});
  } catch (...) {
    context.on_failure(JobFailure{origin, in_slice_end, "not a std::exception"});
  }
  context.stats.failed.Add();
}

}  // namespace

const char* ToString(PostResult result) {
  switch (result) {
    case PostResult::kQueued:
      return "queued";
    case PostResult::kClosed:
      return "queue closed";
    case PostResult::kStopped:
      return "update threads stopped";
    case PostResult::kNoOwner:
      return "queue has no owner";
  }
  return "?";
}

JobQueue::JobQueue(ReadyQueue& ready) : ready_(ready) {
  ready_.AddQueue();
}

// No job can be inside: with one inside, the scheduler holds a reference.
JobQueue::~JobQueue() {
  ready_.RemoveQueue();
}

JobQueue* JobQueue::Current() {
  return current_queue;
}

std::uint64_t JobQueue::Length() const {
  const std::uint64_t done =
      done_.load(std::memory_order_acquire);  // first: never more than posted_
  return posted_.load(std::memory_order_relaxed) - done;
}

void JobQueue::Refuse(PostResult reason) {
  PostResult taken = PostResult::kQueued;
  refusal_.compare_exchange_strong(taken, reason, std::memory_order_acq_rel);
}

// [post]
PostResult JobQueue::PostNode(JobNode* node) {
  // <student 06.2>
  const PostResult refusal = refusal_.load(std::memory_order_acquire);
  if (refusal != PostResult::kQueued) {
    MessagePool<JobNode>::Free(node);
    return refusal;
  }
  posted_.fetch_add(1, std::memory_order_relaxed);
  if (!inbox_.Push(node)) return PostResult::kQueued;
  return MakeReady();
  // </student>
}

PostResult JobQueue::MakeReady() {
  keep_alive_ = weak_from_this().lock();
  if (keep_alive_ == nullptr) {
    spdlog::error("job: posted to a job queue that no shared_ptr owns; the job is dropped");
    do {
      while (JobNode* node = NextJob()) MessagePool<JobNode>::Free(node);
    } while (!inbox_.TryGoIdle());
    return PostResult::kNoOwner;
  }
  ready_since_ = ready_.Now();
  return ready_.Activate(*this) ? PostResult::kQueued : PostResult::kStopped;
}
// [/post]

JobNode* JobQueue::NextJob() {
  if (taken_ == nullptr) taken_ = inbox_.TakeAll();
  JobNode* node = taken_;
  if (node != nullptr) {
    taken_ = node->next;
    done_.store(done_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  return node;
}

void JobQueue::RunJob(JobNode& node, SliceContext& context) {
  Guarded([&node] { node.job(); }, node.job.origin(), false, context);
  node.job.Reset();  // the captures die here, as a part of the job
  context.stats.executed.Add();
}

// [run-slice]
bool JobQueue::RunSlice(SliceContext& context) {
  // <student 06.2>
  const TimePoint start = context.clock.Now();
  context.stats.longest_wait_ns.RaiseTo(Nanoseconds(start - ready_since_));
  context.stats.slices.Add();
  current_queue = this;

  TimePoint now = start;
  std::uint32_t ran = 0;
  SourceLocation last_origin;
  while (ran < context.max_jobs && now - start < context.max_time) {
    JobNode* node = NextJob();
    if (node == nullptr) break;
    if (IsClosed()) {
      context.stats.dropped.Add();
    } else {
      last_origin = node->job.origin();
      RunJob(*node, context);
      const TimePoint end = context.clock.Now();
      context.stats.job_time.Record(end - now);
      context.stats.longest_job_ns.RaiseTo(Nanoseconds(end - now));
      now = end;
      ++ran;
    }
    MessagePool<JobNode>::Free(node);
  }
  if (ran > 0) Guarded([this] { OnSliceEnd(); }, last_origin, true, context);

  current_queue = nullptr;
  const std::uint64_t posted = posted_.load(std::memory_order_relaxed);
  context.stats.queued.Add(posted - reported_);
  reported_ = posted;
  // Nothing may be touched after TryGoIdle has succeeded: the next executor may be running already.
  return taken_ != nullptr || !inbox_.TryGoIdle();
  // </student>
}
// [/run-slice]

void JobQueue::DropJobs() {
  ReadyQueue& ready = ready_;
  std::shared_ptr<JobQueue> self = std::move(keep_alive_);
  std::uint64_t dropped = 0;
  Refuse(PostResult::kStopped);  // or producers that post faster than this loop would keep it busy
                                 // for ever
  do {
    while (JobNode* node = NextJob()) {
      MessagePool<JobNode>::Free(node);
      ++dropped;
    }
  } while (!inbox_.TryGoIdle());
  ready.CountDropped(dropped);
  self.reset();  // perhaps the last reference: `this` may be gone now
  ready.Retire();
}

}  // namespace job
