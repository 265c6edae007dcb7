#include "labs/thread_lab/crew.h"

#include <string>

#include "iocp/inspect.h"

namespace thread_lab {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds kLookAgain{200};
constexpr std::chrono::milliseconds kBlindPause{2};  // long enough to fall asleep, nearly always

}  // namespace

void WaitUntil(const std::function<bool()>& condition, const char* what) {
  const Clock::time_point deadline = Clock::now() + kPatience;
  while (!condition()) {
    if (Clock::now() > deadline) {
      throw apps::StartError(std::string("this did not happen in time: ") + what);
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

Crew::Crew(DWORD limit, std::size_t workers, std::function<void()> work)
    : port_(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, limit)),
      work_(std::move(work)) {
  for (std::size_t i = 0; i < workers; ++i) {
    counts_.push_back(std::make_unique<Count>());
  }
  for (std::size_t i = 0; i < workers; ++i) {
    threads_.emplace_back([this, i] { Run(i); });
  }
  WaitUntilAllAsleep();
}

Crew::~Crew() {
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    PostQueuedCompletionStatus(Port(), 0, 0, nullptr);
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Crew::Post(std::size_t packets) {
  for (std::size_t i = 0; i < packets; ++i) {
    PostQueuedCompletionStatus(Port(), 0, 1, nullptr);
  }
}

// [crew-loop]
void Crew::Run(std::size_t worker) {
  iocp::NameThread("worker " + std::to_string(worker + 1));
  while (true) {
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* overlapped = nullptr;
    GetQueuedCompletionStatus(Port(), &bytes, &key, &overlapped, INFINITE);
    if (key == 0) {
      return;  // the end packet
    }
    const std::size_t now = at_work_.fetch_add(1) + 1;
    for (std::size_t peak = peak_at_work_; peak < now;) {
      peak_at_work_.compare_exchange_weak(peak, now);
    }
    work_();
    at_work_.fetch_sub(1);
    counts_[worker]->packets.fetch_add(1);
    served_.fetch_add(1);
  }
}
// [/crew-loop]

void Crew::WaitUntilServed(std::uint64_t packets) {
  WaitUntil([&] { return served_ >= packets; }, "all packets served");
}

void Crew::WaitUntilAllAsleep() {
  if (!iocp::TakeSnapshot(Port())) {
    std::this_thread::sleep_for(kBlindPause);
  } else if (!iocp::WaitUntilParked(Port(), counts_.size(), Clock::now() + kPatience)) {
    throw apps::StartError("the workers do not fall asleep in the port");
  }
}

std::vector<std::uint64_t> Crew::Served() const {
  std::vector<std::uint64_t> served;
  for (const auto& count : counts_) {
    served.push_back(count->packets);
  }
  return served;
}

Lengths Crew::Look() const {
  Lengths lengths;
  if (const auto snapshot = iocp::TakeSnapshot(Port())) {
    lengths.queue = static_cast<int>(snapshot->completion_queue.size());
    lengths.waiting = static_cast<int>(snapshot->waiting_threads.size());
    lengths.released = static_cast<int>(snapshot->released_threads.size());
    lengths.paused = static_cast<int>(snapshot->paused_threads.size());
  }
  return lengths;
}

}  // namespace thread_lab
