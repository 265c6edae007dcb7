// JobQueue: an object that does one thing at a time.
//
// Any thread posts jobs; the update threads execute them, never two jobs of one queue at once, and
// in the order in which each poster posted. A class that derives from JobQueue is an actor: state
// that only its jobs touch needs no lock, and nobody ever waits for it.
//
//     class Room : public job::JobQueue { ... void Enter(PlayerRef player); ... };
//     auto room = std::make_shared<Room>(threads.Ready());
//     room->Post([room = room.get(), player] { room->Enter(player); });
//
// Life and death. A job queue is owned by std::shared_ptr (make_shared; the stack is not possible).
// While it has jobs or executes, the scheduler holds one reference, taken by the push that wakes
// the queue and not by every job. Therefore:
//   - a job may use a plain pointer to its own queue's object: it is alive while the job runs;
//   - giving up the last reference with jobs inside destroys nothing: the jobs still run, in order,
//     and then the object is destroyed, on the thread that ran the last one;
//   - a job that holds a shared_ptr to its own queue is fine too: the reference goes with the job;
//   - an object that must do no more (a room that is closed) calls Close(): jobs inside are
//     destroyed without being run, later posts are refused. The running job is finished;
//   - a pointer to ANOTHER actor in a job must own it (shared_ptr), or be a weak_ptr;
//   - two actors that own each other for good are a leak, as always: one of them must hold a
//   weak_ptr.
// The destructor may run on any update thread, on the timer's, or on the last owner's: it must not
// assume one. The UpdateThreads object must outlive every job queue (checked: it aborts otherwise).
//
// An exception that leaves a job is logged with the line that posted it; the queue lives on.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "job/inbox.h"
#include "job/job.h"
#include "job/message_pool.h"
#include "job/ready_queue.h"

namespace job {

struct SliceContext;

enum class PostResult {
  kQueued,   // will run, unless the queue is closed or the threads stop with kDrop before its turn
  kClosed,   // Close() was called: the job was destroyed
  kStopped,  // the update threads have stopped: the job was destroyed
  kNoOwner,  // no shared_ptr owns the queue (made without make_shared, or being destroyed):
             // destroyed
};
const char* ToString(PostResult result);

class JobQueue : public std::enable_shared_from_this<JobQueue> {
 public:
  // Throws std::length_error when there are too many job queues (UpdateOptions::max_queues).
  explicit JobQueue(ReadyQueue& ready);
  virtual ~JobQueue();
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  // Any thread that holds a reference, a job of this queue included. Never blocks and never runs
  // the job itself. No allocation for captures up to Job::kInlineBytes once the pool has grown to
  // the load.
  template <class F>
  PostResult Post(F&& f, SourceLocation origin = SourceLocation::current()) {
    return PostNode(MessagePool<JobNode>::Make(std::forward<F>(f), origin));
  }
  PostResult PostJob(Job&& job) { return PostNode(MessagePool<JobNode>::Make(std::move(job))); }

  // Any thread. No job starts after the one that is running now; see above.
  void Close() { Refuse(PostResult::kClosed); }
  bool IsClosed() const { return refusal_.load(std::memory_order_acquire) != PostResult::kQueued; }

  // Any thread. Jobs inside at a moment that may be over already.
  std::uint64_t Length() const;

  // The queue whose job the calling thread is running; nullptr outside of jobs. For assertions:
  // a method that only jobs may call begins with assert(InThisQueue()).
  static JobQueue* Current();
  bool InThisQueue() const { return Current() == this; }

 protected:
  // Runs after the last job of each time slice, still as the queue's one executor. The place to
  // send what the jobs of this slice have produced, once. May post jobs. Not called when the slice
  // ran no job.
  virtual void OnSliceEnd() {}

 private:
  friend class ReadyQueue;
  friend class UpdateThreads;

  void Refuse(PostResult reason);
  PostResult PostNode(JobNode* node);
  PostResult MakeReady();
  JobNode* NextJob();
  void RunJob(JobNode& node, SliceContext& context);

  // The executor only. Runs jobs until there are none or the slice is used up. True: jobs remain
  // and the caller stays responsible; false: the queue is idle and the caller must not touch it any
  // more (but for dropping its reference).
  bool RunSlice(SliceContext& context);

  // The executor only, after the threads have stopped. Destroys all jobs.
  void DropJobs();

  ReadyQueue& ready_;
  // atomic: what new posts are answered (kQueued: they are taken); set once, by any thread
  std::atomic<PostResult> refusal_{PostResult::kQueued};
  std::atomic<std::uint64_t> done_{0};  // atomic: written by the executor, read by Length
  std::uint64_t reported_ = 0;          // executor only: of posted_, already counted as queued
  JobNode* taken_ = nullptr;            // executor only: out of the inbox, oldest first
  // Set by whoever makes the queue ready, then the executor's:
  std::shared_ptr<JobQueue> keep_alive_;
  TimePoint ready_since_{};
  // Producers write here; the fields above are the executor's.
  alignas(kCacheLine) Inbox<JobNode> inbox_;
  std::atomic<std::uint64_t> posted_{0};  // atomic: any thread
};

}  // namespace job
