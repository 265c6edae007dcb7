#include "auth/work_pool.h"

#include <algorithm>

namespace auth {

WorkPool::WorkPool(std::uint32_t threads, std::size_t queue_max, std::size_t address_max)
    : queue_max_(queue_max), address_max_(address_max) {
  for (std::uint32_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

// [fair-queue]
bool WorkPool::Submit(Address from, std::chrono::milliseconds delay, Work work) {
  std::vector<Work> refused;  // told outside the lock
  {
    const std::lock_guard lock(lock_);
    const auto known = queues_.find(from);
    const std::size_t own = known == queues_.end() ? 0 : known->second.waiting;
    if (stopping_ || own >= address_max_) return false;
    if (waiting_ >= queue_max_ && !MakeRoom(own, refused)) return false;
    ++waiting_;
    ++queues_[from].waiting;
    if (delay > std::chrono::milliseconds::zero()) {
      later_.emplace(Clock::now() + delay, std::pair(from, std::move(work)));
    } else {
      Put(from, std::move(work));
    }
  }
  changed_.notify_one();
  for (const Work& other : refused) other.refuse();
  return true;
}

// Whoever has most gives his newest, unless that is who asks.
bool WorkPool::MakeRoom(std::size_t own, std::vector<Work>& refused) {
  auto most = queues_.end();
  for (auto queue = queues_.begin(); queue != queues_.end(); ++queue) {
    const std::size_t due = queue->second.due.size();
    if (due > own + 1 && (most == queues_.end() || due > most->second.due.size())) most = queue;
  }
  if (most == queues_.end()) return false;
  refused.push_back(std::move(most->second.due.back()));
  most->second.due.pop_back();
  Forget(most);
  return true;
}

void WorkPool::Put(Address from, Work work) {
  Queue& queue = queues_[from];
  if (queue.due.empty()) turn_.push_back(from);
  queue.due.push_back(std::move(work));
}

Work WorkPool::TakeNext() {
  const auto queue = queues_.find(turn_.front());
  turn_.pop_front();
  Work work = std::move(queue->second.due.front());
  queue->second.due.pop_front();
  if (!queue->second.due.empty()) turn_.push_back(queue->first);
  Forget(queue);
  return work;
}
// [/fair-queue]

void WorkPool::MoveDue(Clock::time_point now) {
  while (!later_.empty() && later_.begin()->first <= now) {
    auto next = later_.extract(later_.begin());
    Put(next.mapped().first, std::move(next.mapped().second));
  }
}

// One less waits there.
void WorkPool::Forget(Queues::iterator queue) {
  --waiting_;
  if (--queue->second.waiting == 0) queues_.erase(queue);
}

void WorkPool::Stop() {
  Queues dropped;  // destroyed outside the lock, as what is in `later`
  std::multimap<Clock::time_point, std::pair<Address, Work>> later;
  {
    const std::lock_guard lock(lock_);
    stopping_ = true;
    dropped.swap(queues_);
    later.swap(later_);
    turn_.clear();
    waiting_ = 0;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::size_t WorkPool::waiting() const {
  const std::lock_guard lock(lock_);
  return waiting_;
}

void WorkPool::Run() {
  std::unique_lock lock(lock_);
  while (!stopping_) {
    MoveDue(Clock::now());
    if (turn_.empty()) {
      // Several threads wait for the same moment; the first one that wakes takes the work.
      if (later_.empty()) {
        changed_.wait(lock);
      } else {
        // A copy: another thread may take the entry away while this one sleeps.
        const Clock::time_point next = later_.begin()->first;
        changed_.wait_until(lock, next);
      }
      continue;
    }
    const Work work = TakeNext();
    lock.unlock();
    work.run();
    lock.lock();
  }
}

}  // namespace auth
