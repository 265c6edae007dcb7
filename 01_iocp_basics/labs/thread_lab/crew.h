// A port with a crew of workers that count what they do: how many packets each served, and how many
// of them were at work at the same time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "support/network.h"

namespace thread_lab {

inline constexpr std::chrono::seconds kPatience{20};

// Lengths of the port's lists at one moment; -1 where the port cannot be looked into (Windows).
struct Lengths {
  int queue = -1;
  int waiting = -1;
  int released = -1;
  int paused = -1;
};

class Crew {
 public:
  // `limit` is the port's concurrency. `work` is what a worker does with a packet; it runs in the
  // worker and must not throw.
  Crew(DWORD limit, std::size_t workers, std::function<void()> work);
  // Sends the end packets and joins. The work must be able to end.
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  HANDLE Port() const { return port_.Get(); }
  void Post(std::size_t packets);

  // Each waits up to kPatience and throws apps::StartError when it does not happen.
  void WaitUntilServed(std::uint64_t packets);
  void WaitUntilAllAsleep();  // where that cannot be seen: gives them the time for it

  std::vector<std::uint64_t> Served() const;  // packets of each worker
  std::size_t PeakAtWork() const { return peak_at_work_; }
  Lengths Look() const;

 private:
  struct Count {
    std::atomic<std::uint64_t> packets{0};  // written by its worker, read by anybody
  };

  void Run(std::size_t worker);

  apps::UniqueHandle port_;
  const std::function<void()> work_;
  std::vector<std::unique_ptr<Count>> counts_;  // one per worker; the list itself never changes
  std::atomic<std::uint64_t> served_{0};        // any worker adds
  std::atomic<std::size_t> at_work_{0};         // workers between two dequeues
  std::atomic<std::size_t> peak_at_work_{0};    // its highest value
  std::vector<std::thread> threads_;
};

// Looks at `condition` until it holds; throws apps::StartError("... `what` ...") after kPatience.
void WaitUntil(const std::function<bool()>& condition, const char* what);

}  // namespace thread_lab
