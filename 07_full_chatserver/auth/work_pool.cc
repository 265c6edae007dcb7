#include "auth/work_pool.h"

#include <utility>

namespace auth {

WorkPool::WorkPool(std::uint32_t threads, std::size_t queue_max) : queue_max_(queue_max) {
  for (std::uint32_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

bool WorkPool::Submit(std::function<void()> work) {
  {
    const std::lock_guard lock(lock_);
    if (stopping_ || queue_.size() >= queue_max_) return false;
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void WorkPool::Stop() {
  std::deque<std::function<void()>> dropped;  // destroyed outside the lock
  {
    const std::lock_guard lock(lock_);
    stopping_ = true;
    dropped.swap(queue_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::size_t WorkPool::waiting() const {
  const std::lock_guard lock(lock_);
  return queue_.size();
}

void WorkPool::Run() {
  std::unique_lock lock(lock_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace auth
