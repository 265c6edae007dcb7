// A job: something to be called once, later, on another thread.
//
// Like std::function but move-only (so that it may own what it carries: a PacketRef, a unique_ptr),
// and without an allocation for captures up to kInlineBytes: a lambda with six pointers fits.
// Larger ones work too, on the heap, and are counted, so that a test can prove that the steady
// state has none.
//
// Threading: a Job belongs to one thread at a time; handing it on is the queue's work.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "job/source_location.h"

namespace job {

class Job {
 public:
  static constexpr std::size_t kInlineBytes = 48;

  template <class F>
  static constexpr bool kFitsInline =
      sizeof(F) <= kInlineBytes &&
      alignof(F) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<F>;

  Job() = default;

  // NOLINTBEGIN(bugprone-forwarding-reference-overload): `requires` leaves a Job to the move
  // constructor, which the check does not see.
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Job> &&
           std::is_invocable_v<std::remove_cvref_t<F>&>) explicit Job(F&& f,
                                                                      SourceLocation origin =
                                                                          SourceLocation::current())
      // NOLINTEND(bugprone-forwarding-reference-overload)
      : origin_(origin) {
    using Callable = std::remove_cvref_t<F>;
    if constexpr (kFitsInline<Callable>) {
      Store<Callable>(std::forward<F>(f));
    } else {
      heap_jobs_.fetch_add(1, std::memory_order_relaxed);
      Store<OnHeap<Callable>>(OnHeap<Callable>{std::make_unique<Callable>(std::forward<F>(f))});
    }
  }

  Job(Job&& other) noexcept : ops_(std::exchange(other.ops_, nullptr)), origin_(other.origin_) {
    if (ops_ != nullptr) ops_->relocate(other.storage_, storage_);
  }
  Job& operator=(Job&& other) noexcept {
    if (this != &other) {
      Reset();
      ops_ = std::exchange(other.ops_, nullptr);
      origin_ = other.origin_;
      if (ops_ != nullptr) ops_->relocate(other.storage_, storage_);
    }
    return *this;
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  ~Job() { Reset(); }

  explicit operator bool() const { return ops_ != nullptr; }

  // Runs the job; it must not be empty. May throw what the job throws. The captures live on until
  // the Job is destroyed or Reset().
  void operator()() { ops_->invoke(storage_); }

  // Destroys the captures.
  void Reset() noexcept {
    if (const Ops* ops = std::exchange(ops_, nullptr)) ops->destroy(storage_);
  }

  // Where the job was made: the line that called Post or Reserve.
  const SourceLocation& origin() const { return origin_; }

  // Any thread. How many jobs of this process were too big for the inline buffer.
  static std::uint64_t HeapJobs() { return heap_jobs_.load(std::memory_order_relaxed); }

 private:
  struct Ops {
    void (*invoke)(void* self);
    void (*relocate)(void* from, void* to) noexcept;  // move-construct at `to`, destroy `from`
    void (*destroy)(void* self) noexcept;
  };

  template <class F>
  struct OnHeap {
    std::unique_ptr<F> callable;
    void operator()() { (*callable)(); }
  };

  template <class F>
  static constexpr Ops kOps = {
      [](void* self) { (*static_cast<F*>(self))(); },
      [](void* from, void* to) noexcept {
        ::new (to) F(std::move(*static_cast<F*>(from)));
        static_cast<F*>(from)->~F();
      },
      [](void* self) noexcept { static_cast<F*>(self)->~F(); },
  };

  template <class F, class Arg>
  void Store(Arg&& arg) {
    ::new (static_cast<void*>(storage_)) F(std::forward<Arg>(arg));
    ops_ = &kOps<F>;
  }

  static inline std::atomic<std::uint64_t> heap_jobs_{0};  // atomic: any thread

  const Ops* ops_ = nullptr;
  SourceLocation origin_{};
  alignas(std::max_align_t) std::byte storage_[kInlineBytes];
};

// A job on its way through a queue. Taken from MessagePool<JobNode>, so that posting does not
// allocate.
struct JobNode {
  template <class F>
  JobNode(F&& f, SourceLocation origin) : job(std::forward<F>(f), origin) {}
  explicit JobNode(Job&& ready_made) : job(std::move(ready_made)) {}

  JobNode* next = nullptr;  // the poster's until it is pushed, then the executor's
  Job job;
};

}  // namespace job
