#include "net/receive_pause.h"

#include <chrono>
#include <new>
#include <utility>

#include "net/session.h"

namespace net {

namespace {
constexpr std::chrono::milliseconds kTick{10};
}  // namespace

void ReceivePause::Start(GoOn go_on) {
  go_on_ = std::move(go_on);
  stopping_ = false;
  thread_ = std::thread([this] { Loop(); });
}

void ReceivePause::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
}

bool ReceivePause::Park(Session& session, std::uint32_t wait_ms) {
  const std::lock_guard lock(mutex_);
  try {
    parked_.push_back({&session, MillisecondsNow() + wait_ms});
  } catch (const std::bad_alloc&) {
    return false;
  }
  if (parked_.size() == 1) wake_.notify_all();
  return true;
}

void ReceivePause::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !parked_.empty(); });
    if (parked_.empty()) return;
    wake_.wait_for(lock, kTick, [this] { return stopping_; });
    const std::uint32_t now = MillisecondsNow();
    for (std::size_t i = 0; i < parked_.size();) {
      const Parked one = parked_[i];
      if (!one.session->closing() && static_cast<std::int32_t>(now - one.due) < 0) {
        ++i;
        continue;
      }
      parked_[i] = parked_.back();
      parked_.pop_back();
      lock.unlock();
      go_on_(*one.session);
      lock.lock();
    }
  }
}

}  // namespace net
