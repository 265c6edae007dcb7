// A few threads that do slow work from a bounded queue: Argon2id takes a tenth of a second and
// 64 MiB on purpose, so neither an I/O worker may do it, nor may it be queued without end.
//
// Threading: Submit from any thread; construction and Stop by one owner thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace auth {

class WorkPool {
 public:
  WorkPool(std::uint32_t threads, std::size_t queue_max);
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;
  ~WorkPool() { Stop(); }

  // False: the queue is full, or the pool stops. The work must not throw.
  bool Submit(std::function<void()> work);
  // Waits for the work that is being done; what still waits is dropped. A second call does nothing.
  void Stop();

  [[nodiscard]] std::size_t waiting() const;

 private:
  void Run();

  const std::size_t queue_max_;
  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;  // guarded by lock_
  bool stopping_ = false;                    // guarded by lock_
  std::vector<std::thread> threads_;         // owner thread only
};

}  // namespace auth
