// A worker thread that does just what it is told: ask the port, block, compute, end.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "iocp/iocp.h"

namespace port_tour {

class Worker {
 public:
  // What came out of its last GetQueuedCompletionStatus.
  struct Got {
    BOOL ok = FALSE;
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    bool null_overlapped = true;
    DWORD error = 0;
  };

  // Starts the thread; it computes until told otherwise.
  Worker(HANDLE port, std::string name);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  const std::string& Name() const { return name_; }

  // Orders, given by the tour's thread to a worker that computes. They return at once.
  void AskPort();            // calls GetQueuedCompletionStatus, then computes
  void Block(HANDLE event);  // calls WaitForSingleObject, then computes
  void End();                // the thread ends

  // True when the last order is done and the worker computes (or has ended).
  bool Idle() const { return order_ == Order::kCompute; }
  Got Last() const;

 private:
  enum class Order { kCompute, kAskPort, kBlock, kEnd };

  void Run();
  void Give(Order order);

  const HANDLE port_;
  const std::string name_;
  std::atomic<Order> order_{Order::kCompute};  // set by the tour, set back by the worker when done
  std::atomic<HANDLE> event_{nullptr};         // what Block() waits for
  mutable std::mutex lock_;
  Got last_;  // guarded by lock_
  std::thread thread_;
};

}  // namespace port_tour
