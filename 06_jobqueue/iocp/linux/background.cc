#include "iocp/linux/background.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "iocp/linux/counters.h"
#include "iocp/linux/socket.h"
#include "iocp/linux/thread.h"

namespace iocp {
namespace {

constexpr auto kTick = std::chrono::milliseconds(10);
constexpr int kUnattendedTicks = 3;  // nobody has looked at a port's sockets for so long: take over
constexpr int kQuietTicks = 10;      // a port attended for so long is dropped from the list

struct WatchedPort {
  HANDLE handle = nullptr;
  Ref<CompletionPort> closed;  // set: a closed port, kept until its last device has gone
  std::uint64_t entries = 0;   // Attendance::entries at the last look
  int quiet_ticks = 0;         // in a row without a new entry
  bool nested = false;         // its poller reports to ours
  bool now = false;            // in the inbox: nest it at once
};

class Watcher {
 public:
  bool Start() {
    if (!poller_.Open() || !StartHelper([this] { Run(); })) return false;
    CountDescriptors(-2);  // the thread's own, for the rest of the process: not the port's
    return true;
  }

  Poller& poller() { return poller_; }

  // The one watcher; started when first needed, never ended. nullptr: it could not be started.
  static Watcher* Get() {
    static std::mutex* const lock = new std::mutex;
    static Watcher* watcher = nullptr;  // guarded by lock
    const std::lock_guard guard(*lock);
    if (watcher == nullptr) {
      auto started = std::make_unique<Watcher>();
      if (started->Start()) watcher = started.release();
    }
    return watcher;
  }

  // Puts something into its inbox. False: it could not be started.
  template <typename Change>
  static bool Tell(Change change) {
    Watcher* const watcher = Get();
    if (watcher == nullptr) return false;
    {
      const std::lock_guard guard(watcher->lock_);
      change(watcher->inbox_);
    }
    watcher->poller_.Signal();
    return true;
  }

 private:
  struct Inbox {
    std::vector<WatchedPort> ports;
    std::unordered_set<HANDLE> listeners;
    bool look_over = false;  // a closed port has lost its last device
  };

  void Run() {
    auto next_tick = Clock::now() + kTick;
    for (;;) {
      const bool ticking = TakeInbox();
      std::array<Ready, Poller::kMostEvents> storage;
      for (const Ready& ready : poller_.Wait(storage, ticking ? UntilTick(next_tick) : -1)) {
        if (ready.token == Poller::kSignalToken) continue;
        if (!OnPortReady(ready.token)) Socket::OnReady(ready);
      }
      if (Clock::now() < next_tick) continue;
      next_tick = Clock::now() + kTick;
      Tick();
    }
  }

  using Clock = std::chrono::steady_clock;

  static int UntilTick(Clock::time_point tick) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(tick - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }

  // True: there is something that needs ticks.
  bool TakeInbox() {
    const std::lock_guard guard(lock_);
    listeners_.merge(inbox_.listeners);
    const bool look_over = std::exchange(inbox_.look_over, false) || !inbox_.ports.empty();
    for (WatchedPort& port : inbox_.ports) Take(std::move(port));
    if (look_over) {
      std::erase_if(ports_, [](const auto& entry) {
        const WatchedPort& watched = entry.second;
        const Ref<CompletionPort> port = Find(watched);
        return !port || (watched.closed && !port->Attend().needed);
      });
    }
    inbox_.ports.clear();
    inbox_.listeners.clear();
    return !listeners_.empty() || std::any_of(ports_.begin(), ports_.end(), [](const auto& entry) {
      return !entry.second.nested;
    });
  }

  // One entry a port: it may be closed, or have to be nested, while it is on the list.
  void Take(WatchedPort told) {
    WatchedPort& watched = ports_[told.handle];
    watched.handle = told.handle;
    if (told.closed) watched.closed = std::move(told.closed);
    if (told.now) Nest(watched);
  }

  static Ref<CompletionPort> Find(const WatchedPort& watched) {
    return watched.closed ? watched.closed : HandleTable::Find<CompletionPort>(watched.handle);
  }

  void Nest(WatchedPort& watched) {
    const Ref<CompletionPort> port = Find(watched);
    if (watched.nested || !port) return;
    watched.entries = port->Attend().entries;
    watched.nested =
        poller_.AddNested(port->poller(), reinterpret_cast<std::uint64_t>(watched.handle));
  }

  // A nested poller has something to report, which nobody of the port's own threads may have taken.
  bool OnPortReady(std::uint64_t token) {
    const auto it = ports_.find(reinterpret_cast<HANDLE>(token));
    if (it == ports_.end()) return false;
    WatchedPort& watched = it->second;
    if (!watched.nested) return true;  // no longer
    const Ref<CompletionPort> port = Find(watched);
    if (!port) {
      ports_.erase(it);  // closed, and its last device has gone
      return true;
    }
    const CompletionPort::Attendance attendance = port->Attend();
    const bool attended = attendance.entries != watched.entries && !attendance.paused;
    // A thread that blocks from here on tells that its port must be nested again, which is done
    // after this: the inbox is emptied by this thread.
    if ((attendance.polled || attended) && port->EndNesting()) {
      poller_.RemoveNested(port->poller());
      watched.nested = false;
      watched.entries = attendance.entries;
      watched.quiet_ticks = 0;
    } else {
      port->Harvest();
    }
    return true;
  }

  void Tick() {
    for (auto it = ports_.begin(); it != ports_.end();) {
      WatchedPort& watched = it->second;
      it = !watched.nested && Done(watched) ? ports_.erase(it) : std::next(it);
    }
    for (const HANDLE listener : std::exchange(listeners_, {})) {
      Socket::OnReady({.token = reinterpret_cast<std::uint64_t>(listener),
                       .readable = true,
                       .writable = false,
                       .more = false});
    }
  }

  // One look at a port that is not nested: nest it, drop it (true), or look again next time.
  bool Done(WatchedPort& watched) {
    const Ref<CompletionPort> port = Find(watched);
    if (!port) return true;
    const CompletionPort::Attendance now = port->Attend();
    if (now.entries != watched.entries) {
      watched.entries = now.entries;
      watched.quiet_ticks = 0;
      return false;
    }
    ++watched.quiet_ticks;
    if (now.needed && !now.polled) {
      if (watched.closed || watched.quiet_ticks >= kUnattendedTicks) Nest(watched);
      return false;
    }
    if (now.needed && watched.quiet_ticks < kQuietTicks) return false;
    return port->EndWatch(now.entries);
  }

  Poller poller_;
  std::mutex lock_;
  Inbox inbox_;                                    // guarded by lock_
  std::unordered_map<HANDLE, WatchedPort> ports_;  // background thread only
  std::unordered_set<HANDLE> listeners_;           // background thread only
};

}  // namespace

Poller* Background::SocketPoller() {
  Watcher* const watcher = Watcher::Get();
  return watcher == nullptr ? nullptr : &watcher->poller();
}

bool Background::Watch(HANDLE port, bool now) {
  return Watcher::Tell(
      [&](auto& inbox) { inbox.ports.push_back({.handle = port, .closed = {}, .now = now}); });
}

void Background::LookOver() {
  Watcher::Tell([](auto& inbox) { inbox.look_over = true; });
}

void Background::AdoptClosed(const Ref<CompletionPort>& port) {
  Watcher::Tell(
      [&](auto& inbox) { inbox.ports.push_back({.handle = port->handle(), .closed = port}); });
}

void Background::RetryAccept(HANDLE listener) {
  Watcher::Tell([&](auto& inbox) { inbox.listeners.insert(listener); });
}

}  // namespace iocp
