// How many jobs one client may have waiting in the queues of the actors.
//
// A job queue has no limit, so somebody must bound what a stranger can put in: a client that talks
// faster than its room works would fill the memory of the server. Each of its jobs carries a
// permit; when all are out, the next request is refused with a reason (the session lives), and when
// a job has run, or was thrown away, its permit comes back by itself.
//
// The budget belongs to the session's SLOT and not to the session: a job may outlive the session
// that asked for it. The slot's next tenant begins with what his predecessor has left over, for the
// moment that it takes to run those jobs.
//
// Threading: TryTake and the end of a permit on any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace chat {

class JobBudget {
 public:
  // The right to have one job waiting; empty: refused. Goes with the job. Move-only.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept : out_(std::exchange(other.out_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(out_, other.out_);
      return *this;
    }
    ~Permit() {
      if (out_ != nullptr) out_->fetch_sub(1, std::memory_order_relaxed);
    }
    explicit operator bool() const { return out_ != nullptr; }

   private:
    friend class JobBudget;
    explicit Permit(std::atomic<std::uint32_t>* out) : out_(out) {}
    std::atomic<std::uint32_t>* out_ = nullptr;
  };

  // [take]
  Permit TryTake(std::uint32_t limit) {
    // Add first, then look: two threads that both look first could both find the last one free.
    if (out_.fetch_add(1, std::memory_order_relaxed) < limit) return Permit(&out_);
    out_.fetch_sub(1, std::memory_order_relaxed);
    return Permit();
  }
  // [/take]
  [[nodiscard]] std::uint32_t out() const { return out_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> out_{0};  // atomic: permits that are out, any thread
};

}  // namespace chat
