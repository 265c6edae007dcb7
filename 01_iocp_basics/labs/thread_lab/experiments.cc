#include "labs/thread_lab/experiments.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "iocp/inspect.h"

namespace thread_lab {
namespace {

constexpr std::chrono::milliseconds kBlindPause{300};  // where the port cannot be looked into

constexpr std::chrono::microseconds kComputing{50};

void NoWork() {}

// Workers that stand at a closed gate. Opened once, for all.
class Gate {
 public:
  void Wait() {
    std::unique_lock guard(lock_);
    opened_.wait(guard, [this] { return open_; });
  }
  void Open() {
    const std::lock_guard guard(lock_);
    open_ = true;
    opened_.notify_all();
  }

 private:
  std::mutex lock_;
  std::condition_variable opened_;
  bool open_ = false;  // guarded by lock_
};

}  // namespace

// [low-load]
LowLoad RunLowLoadPosted(std::size_t workers, DWORD limit, std::size_t packets) {
  Crew crew(limit, workers, NoWork);
  for (std::size_t i = 0; i < packets; ++i) {
    crew.Post(1);
    crew.WaitUntilServed(i + 1);
    crew.WaitUntilAllAsleep();
  }
  return {"posted packets", limit, crew.Served()};
}
// [/low-load]

LowLoad RunLowLoadSocket(std::size_t workers, DWORD limit, std::size_t packets) {
  const apps::UniqueSocket listener = apps::ListenOnLoopback(0);
  const apps::UniqueSocket peer = apps::ConnectToLoopback(apps::PortOf(listener.Get()));
  const apps::UniqueSocket socket(accept(listener.Get(), nullptr, nullptr));
  Crew crew(limit, workers, NoWork);
  CreateIoCompletionPort(reinterpret_cast<HANDLE>(socket.Get()), crew.Port(), 1, 0);
  for (std::size_t i = 0; i < packets; ++i) {
    OVERLAPPED overlapped{};  // on this stack: this function waits for its packet below
    char data[8];
    WSABUF buffer{sizeof data, data};
    DWORD flags = 0;
    WSARecv(socket.Get(), &buffer, 1, nullptr, &flags, &overlapped, nullptr);
    send(peer.Get(), "x", 1, 0);
    crew.WaitUntilServed(i + 1);
    crew.WaitUntilAllAsleep();
  }
  return {"socket data", limit, crew.Served()};
}

// [burst]
// To see the limit itself and not the luck of the schedule, the first packets keep their workers
// busy until as many as the limit allows are at work together, and each packet takes a while, so
// that a port without a limit would show more. The work must not block meanwhile (the port would
// release others instead), so it spins.
Burst RunBurst(std::size_t workers, DWORD limit, std::size_t packets) {
  const std::size_t together = std::min<std::size_t>(limit, workers);
  std::atomic<std::size_t> arrived{0};
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  Crew crew(limit, workers, [&] {
    arrived.fetch_add(1);
    while (arrived < together && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    const auto done = std::chrono::steady_clock::now() + kComputing;
    while (std::chrono::steady_clock::now() < done) {
    }
  });
  crew.Post(packets);
  crew.WaitUntilServed(packets);
  return {limit, crew.PeakAtWork(), crew.Served()};
}
// [/burst]

// [blocking-in-api]
Blocking RunBlockingInApi(std::size_t workers, DWORD limit) {
  const apps::UniqueHandle gate(CreateEventW(nullptr, TRUE, FALSE, nullptr));
  std::atomic<std::size_t> blocked{0};
  Crew crew(limit, workers, [&] {
    blocked.fetch_add(1);
    WaitForSingleObject(gate.Get(), INFINITE);  // the port notices: released -> paused (P12)
  });
  crew.Post(workers);
  WaitUntil(
      [&] {
        const Lengths now = crew.Look();
        const bool all_paused = now.paused == static_cast<int>(workers) || now.paused == -1;
        return blocked == workers && all_paused;
      },
      "every worker is blocked in WaitForSingleObject");
  Blocking result{"WaitForSingleObject", limit, blocked, crew.Look(), {}};
  SetEvent(gate.Get());
  crew.WaitUntilServed(workers);
  result.served = crew.Served();
  return result;
}
// [/blocking-in-api]

Blocking RunBlockingElsewhere(std::size_t workers, DWORD limit) {
  Gate gate;
  std::atomic<std::size_t> blocked{0};
  Crew crew(limit, workers, [&] {
    blocked.fetch_add(1);
    gate.Wait();  // only a kernel can notice this
  });
  crew.Post(workers);
  const std::size_t visible = std::min<std::size_t>(limit, workers);
  WaitUntil([&] { return blocked >= visible; }, "the first workers are blocked");
  if (crew.Look().queue == -1) {
    std::this_thread::sleep_for(kBlindPause);  // time for a kernel that notices to release the rest
  }
  Blocking result{"std::condition_variable", limit, blocked, crew.Look(), {}};
  gate.Open();
  crew.WaitUntilServed(workers);
  result.served = crew.Served();
  return result;
}

}  // namespace thread_lab
