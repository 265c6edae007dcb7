// Reference model, threads: a few workers dequeue, work and block as they are told; a model of the
// five structures says after each step who waits (in which order), who runs, who is paused, and
// what is queued.
//
// Needs the port's snapshot, so it runs on Linux only. (The conformance tests P11..P13 look at the
// same promises from outside, on every system.)
#ifndef _WIN32

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <sstream>

#include "iocp/inspect.h"
#include "tests/iocp/unit_port_model.h"

namespace course_test {
namespace {

enum Kind { kPost, kDequeue, kBlock, kUnblock, kWorkerKinds };
const std::vector<std::string> kNames = {"post", "dequeue", "block", "unblock"};
constexpr int kWorkers = 4;

enum class Mistake { kNone, kWaitersAreFifo, kBlockingKeepsTheSlot };

// --- the model: the five structures, by worker number (the device list stays empty) -------------------
class Model {
 public:
  Model(std::size_t concurrency, Mistake mistake) : concurrency_(concurrency), mistake_(mistake) {}

  void Post(ULONG_PTR key) {
    queue.push_back(key);
    Release();
  }
  void Dequeue(int worker) {
    std::erase(released, worker);
    if (!queue.empty() && released.size() < concurrency_) {
      Give(worker);
    } else if (mistake_ == Mistake::kWaitersAreFifo) {
      waiting.push_back(worker);
    } else {
      waiting.push_front(worker);
    }
  }
  void Block(int worker) {
    if (mistake_ == Mistake::kBlockingKeepsTheSlot) return;
    std::erase(released, worker);
    paused.push_back(worker);
    Release();
  }
  // Back from its wait a thread runs at once, be it one more than the limit.
  void Unblock(int worker) {
    if (mistake_ == Mistake::kBlockingKeepsTheSlot) return;
    std::erase(paused, worker);
    released.push_back(worker);
  }

  std::deque<ULONG_PTR> queue;                       // oldest first
  std::deque<int> waiting;                           // next to be woken first
  std::vector<int> released;                         // in no order
  std::vector<int> paused;                           // in no order
  std::array<std::vector<ULONG_PTR>, kWorkers> got;  // what each worker was given

 private:
  void Release() {
    while (!queue.empty() && !waiting.empty() && released.size() < concurrency_) {
      const int worker = waiting.front();
      waiting.pop_front();
      Give(worker);
    }
  }
  void Give(int worker) {
    got[static_cast<std::size_t>(worker)].push_back(queue.front());
    queue.pop_front();
    released.push_back(worker);
  }

  const std::size_t concurrency_;
  const Mistake mistake_;
};

// --- a thread that does as it is told ------------------------------------------------------------------
class Worker {
 public:
  explicit Worker(HANDLE port) : port_(port), thread_([this] { Main(); }) {}
  ~Worker() {
    Tell(Command::kEnd);
    thread_.join();
  }

  void StartDequeue() { Tell(Command::kDequeue); }
  void StartBlock() { Tell(Command::kBlock); }
  void Unblock() { SetEvent(event_); }

  DWORD id() const { return id_.load(); }
  std::vector<ULONG_PTR> got() const {
    std::lock_guard lock(lock_);
    return got_;
  }
  DWORD last_error() const {
    std::lock_guard lock(lock_);
    return last_error_;
  }

 private:
  enum class Command { kNone, kDequeue, kBlock, kEnd };

  void Tell(Command command) {
    std::unique_lock lock(lock_);
    changed_.wait(lock, [this] { return command_ == Command::kNone; });
    command_ = command;
    changed_.notify_all();
  }
  void Main() {
    id_.store(GetCurrentThreadId());
    for (;;) {
      Command command;
      {
        // Waiting here is not a call of the port's API, so the port goes on counting this thread as
        // it was: released, if it has a packet.
        std::unique_lock lock(lock_);
        changed_.wait(lock, [this] { return command_ != Command::kNone; });
        command = std::exchange(command_, Command::kNone);
        changed_.notify_all();
      }
      if (command == Command::kEnd) return;
      if (command == Command::kBlock) {
        WaitForSingleObject(event_, kDeadlineMs);
        continue;
      }
      const Dequeued result = Dequeue(port_);
      std::lock_guard lock(lock_);
      if (result.ok) {
        got_.push_back(result.key);
      } else {
        last_error_ = result.error;
      }
    }
  }

  const HANDLE port_;
  const Handle event_ = MakeEvent(false);
  std::atomic<DWORD> id_{0};
  mutable std::mutex lock_;
  std::condition_variable changed_;
  Command command_ = Command::kNone;  // guarded by lock_
  std::vector<ULONG_PTR> got_;        // guarded by lock_
  DWORD last_error_ = 0;              // guarded by lock_
  std::thread thread_;                // last: it uses all of the above
};

// --- one run ---------------------------------------------------------------------------------------------
class Session {
 public:
  Session(std::size_t concurrency, Mistake mistake, std::chrono::milliseconds patience)
      : port_(MakePort(static_cast<DWORD>(concurrency))),
        model_(concurrency, mistake),
        patience_(patience) {
    for (auto& worker : workers_) worker = std::make_unique<Worker>(port_);
    for (auto& worker : workers_) Eventually([&] { return worker->id() != 0; });
  }

  Verdict Run(const Program& program) {
    Verdict verdict;
    for (std::size_t i = 0; i < program.size() && !verdict; ++i) {
      if (!Do(program[i])) continue;
      if (!Eventually([&] { return Difference().empty(); }, patience_)) {
        verdict = "step " + std::to_string(i) + ": " + Difference();
      }
    }
    return End(verdict);
  }

 private:
  enum class State { kOutside, kRunning, kWaiting, kBlocked };

  State StateOf(int worker) const {
    const auto in = [worker](const auto& list) {
      return std::find(list.begin(), list.end(), worker) != list.end();
    };
    if (in(model_.waiting)) return State::kWaiting;
    if (in(model_.paused)) return State::kBlocked;
    return in(model_.released) ? State::kRunning : State::kOutside;
  }

  // False when the step means nothing in this state.
  bool Do(const Step& step) {
    const int number = step.slot % kWorkers;
    Worker& worker = *workers_[static_cast<std::size_t>(number)];
    const State state = StateOf(number);
    switch (step.kind) {
      case kPost:
        PostQueuedCompletionStatus(port_, 0, ++last_key_, nullptr);
        model_.Post(last_key_);
        return true;
      case kDequeue:
        if (state == State::kWaiting || state == State::kBlocked || blocked_[Index(number)])
          return false;
        worker.StartDequeue();
        model_.Dequeue(number);
        return true;
      case kBlock:
        if (state != State::kRunning || blocked_[Index(number)]) return false;
        blocked_[Index(number)] = true;
        worker.StartBlock();
        // Until it really blocks, the port looks as before: that must not pass for agreement.
        Eventually([&] { return Paused(number); }, patience_);
        model_.Block(number);
        return true;
      case kUnblock:
        if (!blocked_[Index(number)]) return false;
        blocked_[Index(number)] = false;
        worker.Unblock();
        model_.Unblock(number);
        return true;
      default:
        return false;
    }
  }

  static std::size_t Index(int number) { return static_cast<std::size_t>(number); }

  std::vector<int> Numbers(const std::vector<iocp::ThreadEntry>& threads) const {
    std::vector<int> numbers;
    for (const iocp::ThreadEntry& thread : threads) {
      for (int i = 0; i < kWorkers; ++i) {
        if (workers_[Index(i)]->id() == thread.id) numbers.push_back(i);
      }
    }
    return numbers;
  }
  bool Paused(int number) const {
    const auto snapshot = iocp::TakeSnapshot(port_);
    if (!snapshot) return false;
    const std::vector<int> paused = Numbers(snapshot->paused_threads);
    return std::find(paused.begin(), paused.end(), number) != paused.end();
  }
  template <typename List>
  static std::string Text(const List& list) {
    std::ostringstream text;
    for (const auto& item : list) text << ' ' << item;
    return text.str();
  }
  template <typename List>
  static std::vector<int> Sorted(const List& list) {
    std::vector<int> sorted(list.begin(), list.end());
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }

  // Packets, threads that wait, run and are paused, and packets taken so far.
  std::string SizesOfPort() const {
    const iocp::PortSizes now = iocp::ReadSizes(port_).value_or(iocp::PortSizes{});
    return Text(std::array<std::uint64_t, 5>{now.packets, now.waiting, now.released, now.paused,
                                             now.packets_taken});
  }
  std::string SizesOfModel() const {
    std::uint64_t taken = 0;
    for (const auto& got : model_.got) taken += got.size();
    return Text(std::array<std::uint64_t, 5>{model_.queue.size(), model_.waiting.size(),
                                             model_.released.size(), model_.paused.size(), taken});
  }

  // Empty, or in what the port differs from the model.
  std::string Difference() const {
    const auto snapshot = iocp::TakeSnapshot(port_);
    if (!snapshot) return "no snapshot";
    std::ostringstream text;
    const auto compare = [&](const char* what, const std::string& port, const std::string& model) {
      if (port != model) text << what << " is" << port << ", expected" << model << ". ";
    };
    std::vector<ULONG_PTR> keys;
    for (const iocp::PacketEntry& packet : snapshot->completion_queue) keys.push_back(packet.key);
    compare("CompletionQueue", Text(keys), Text(model_.queue));
    compare("WaitingThreads", Text(Numbers(snapshot->waiting_threads)), Text(model_.waiting));
    compare("ReleasedThreads", Text(Sorted(Numbers(snapshot->released_threads))),
            Text(Sorted(model_.released)));
    compare("PausedThreads", Text(Sorted(Numbers(snapshot->paused_threads))),
            Text(Sorted(model_.paused)));
    compare("ReadSizes", SizesOfPort(), SizesOfModel());
    for (int i = 0; i < kWorkers; ++i) {
      compare("what a worker got", Text(workers_[Index(i)]->got()), Text(model_.got[Index(i)]));
    }
    return text.str();
  }

  // P13: closing the port ends every parked dequeue with 735. (Whoever waits in truth when the
  // model is wrong is released by this too.)
  Verdict End(Verdict verdict) {
    port_.Close();
    for (int i = 0; i < kWorkers; ++i) {
      Worker& worker = *workers_[Index(i)];
      if (blocked_[Index(i)]) worker.Unblock();
      if (verdict || StateOf(i) != State::kWaiting) continue;
      if (!Eventually([&] { return worker.last_error() != 0; })) {
        verdict = "worker " + std::to_string(i) + " stayed parked in a closed port";
      } else if (worker.last_error() != static_cast<DWORD>(ERROR_ABANDONED_WAIT_0)) {
        verdict = "a parked worker got error " + std::to_string(worker.last_error());
      }
    }
    return verdict;
  }

  Handle port_;
  Model model_;
  const std::chrono::milliseconds patience_;
  std::array<std::unique_ptr<Worker>, kWorkers> workers_;
  std::array<bool, kWorkers> blocked_{};
  ULONG_PTR last_key_ = 0;
};

Verdict RunProgram(const Program& program, std::size_t concurrency,
                   Mistake mistake = Mistake::kNone,
                   std::chrono::milliseconds patience = kDeadline) {
  return Session(concurrency, mistake, patience).Run(program);
}

Program Generate(Random& random) {
  static constexpr std::array<int, 12> kMix = {kPost,    kPost,    kPost,    kPost,
                                               kDequeue, kDequeue, kDequeue, kDequeue,
                                               kBlock,   kBlock,   kUnblock, kUnblock};
  Program program;
  const std::size_t length = 4 + random.Below(40);
  while (program.size() < length) {
    program.push_back(
        {kMix[random.Below(kMix.size())], static_cast<int>(random.Below(kWorkers)), 0});
  }
  return program;
}

TEST(PortThreadModel, RandomProgramsAgreeWithTheModel) {
  for (const std::size_t concurrency : {1u, 2u, 3u}) {
    SCOPED_TRACE("concurrency " + std::to_string(concurrency));
    CheckPrograms(100 * StressFactor(), kNames, Generate, [concurrency](const Program& program) {
      return RunProgram(program, concurrency);
    });
  }
}

// The harness must be able to fail: a model with a mistake in it disagrees with the port.
TEST(PortThreadModelHarness, WrongModelsAreFound) {
  // However long one looks, port and wrong model never agree, so a short look is enough.
  const auto look = std::chrono::milliseconds(200);
  const auto order = Parse("dequeue 0 0; dequeue 1 0; post 0 0", kNames);
  ASSERT_TRUE(order.has_value());
  EXPECT_FALSE(RunProgram(*order, 2).has_value());
  EXPECT_TRUE(RunProgram(*order, 2, Mistake::kWaitersAreFifo, look).has_value());

  const auto slot =
      Parse("dequeue 0 0; dequeue 1 0; post 0 0; post 0 0; block 1 0; unblock 1 0", kNames);
  ASSERT_TRUE(slot.has_value());
  EXPECT_FALSE(RunProgram(*slot, 1).has_value());
  EXPECT_TRUE(RunProgram(*slot, 1, Mistake::kBlockingKeepsTheSlot, look).has_value());
}

}  // namespace
}  // namespace course_test

#endif  // _WIN32
