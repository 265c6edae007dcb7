// A few threads that do slow work from a bounded queue: Argon2id takes a tenth of a second and
// 64 MiB on purpose, so neither an I/O worker may do it, nor may it be queued without end.
//
// Fair by address. With one queue, whoever sends 300 guesses makes everybody behind him wait for
// 300 hashes. Here each address has a queue of its own and the threads take from them in turn: one
// who asks once waits for one hash of each address that asks, however often those ask. What is too
// much is refused: a full queue of one's own, and when all together are too many, the newest of the
// address that has most.
//
// Threading: Submit from any thread; construction and Stop by one owner thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace auth {

struct Work {
  std::function<void()> run;     // must not throw
  std::function<void()> refuse;  // instead of `run`, when somebody else needs its place; any thread
};

class WorkPool {
 public:
  using Address = std::uint32_t;
  using Clock = std::chrono::steady_clock;

  // queue_max: of all that wait; address_max: of those of one address.
  WorkPool(std::uint32_t threads, std::size_t queue_max, std::size_t address_max);
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;
  ~WorkPool() { Stop(); }

  // Begins no earlier than after `delay`; waits in the queue meanwhile. False: no place, or the
  // pool stops; then nothing of `work` is called.
  bool Submit(Address from, std::chrono::milliseconds delay, Work work);
  // Waits for the work that is being done; what still waits is dropped. A second call does nothing.
  void Stop();

  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Queue {
    std::deque<Work> due;
    std::size_t waiting = 0;  // those in `due` and those in later_
  };
  using Queues = std::unordered_map<Address, Queue>;

  void Run();
  // All under lock_:
  bool MakeRoom(std::size_t own, std::vector<Work>& refused);
  void MoveDue(Clock::time_point now);
  void Put(Address from, Work work);
  Work TakeNext();
  void Forget(Queues::iterator queue);

  const std::size_t queue_max_;
  const std::size_t address_max_;
  mutable std::mutex lock_;
  std::condition_variable changed_;
  Queues queues_;             // guarded by lock_
  std::deque<Address> turn_;  // guarded by lock_: those with due work, each once
  std::multimap<Clock::time_point, std::pair<Address, Work>> later_;  // guarded by lock_
  std::size_t waiting_ = 0;           // guarded by lock_: in all queues
  bool stopping_ = false;             // guarded by lock_
  std::vector<std::thread> threads_;  // owner thread only
};

}  // namespace auth
