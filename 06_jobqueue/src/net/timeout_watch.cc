#include "net/timeout_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "net/log.h"

namespace net {

const char* Overdue(bool spoke, std::uint32_t last_packet, std::uint32_t now,
                    std::uint32_t first_packet_ms, std::uint32_t idle_ms) {
  const std::uint32_t limit = spoke ? idle_ms : first_packet_ms;
  if (limit == 0) return nullptr;
  // Signed: a packet may have come after `now` was read, and then the difference is below zero.
  const auto silent = static_cast<std::int32_t>(now - last_packet);
  if (silent < 0 || static_cast<std::uint32_t>(silent) < limit) return nullptr;
  return spoke ? "idle timeout" : "first packet timeout";
}

namespace {
std::uint32_t Later(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) > 0 ? a : b;
}

// Other threads may be receiving and sending for this session at this moment.
const char* OverdueNow(const Session& session, std::uint32_t now, std::uint32_t resumed,
                       const ServerOptions& options) {
  // The last packet was queued, but the peer does not read what comes before it.
  if (session.send.last_reason.load(std::memory_order_acquire) != nullptr) {
    return Overdue(true, session.send.last_since.load(std::memory_order_relaxed), now, 0,
                   options.linger_ms) != nullptr
               ? "last packet not taken in time"
               : nullptr;
  }
  const RecvState& recv = session.recv;
  return Overdue(recv.spoke.load(std::memory_order_relaxed),
                 Later(recv.last_packet.load(std::memory_order_relaxed), resumed), now,
                 options.first_packet_timeout_ms, options.idle_timeout_ms);
}
}  // namespace

void TimeoutWatch::Start() {
  const std::uint32_t first = options_.first_packet_timeout_ms;
  const std::uint32_t idle = options_.idle_timeout_ms;
  std::uint32_t shorter = options_.linger_ms;
  if (first != 0) shorter = std::min(shorter, first);
  if (idle != 0) shorter = std::min(shorter, idle);
  // Looks four times per timeout, so nobody stays more than a quarter too long.
  interval_ms_ = std::clamp(shorter / 4, 10u, 1000u);
  looked_at_ = resumed_at_ = MillisecondsNow();
  stopping_ = false;
  thread_ = std::thread([this] { Loop(); });
}

void TimeoutWatch::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
}

void TimeoutWatch::Loop() {
  const std::chrono::milliseconds interval(interval_ms_);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval, [this] { return stopping_; })) {
    lock.unlock();
    CheckTimeouts();
    lock.lock();
  }
}

// [check-timeouts]
void TimeoutWatch::NotePause(std::uint32_t now) {
  constexpr std::uint32_t kLate = 500;           // a busy machine is that late, too
  constexpr std::uint32_t kLongAgo = 1U << 30U;  // the milliseconds must not wrap around past it
  if (now - std::exchange(looked_at_, now) > 2 * interval_ms_ + kLate) {
    resumed_at_ = now;
    Log(LogLevel::kWarning, "pause", SessionId{}, "the process stood still: time-outs begin anew");
  } else if (now - resumed_at_ > kLongAgo) {
    resumed_at_ = now - kLongAgo;
  }
}

void TimeoutWatch::CheckTimeouts() {
  const std::uint32_t now = MillisecondsNow();
  NotePause(now);
  SessionTable& table = life_.table();
  for (std::uint32_t index = 0; index < table.capacity(); ++index) {
    // A look without a count first: nearly all sessions are fine, and free slots are many.
    Session& slot = table.slot(index);
    if (slot.io.released() || OverdueNow(slot, now, resumed_at_, options_) == nullptr) continue;
    // Then with one: it may be another tenant by now, so the question is asked again.
    const SessionRef session = life_.Acquire(SessionId::Make(slot.io.serial(), index));
    if (!session || session->closing()) continue;
    if (const char* reason = OverdueNow(*session, now, resumed_at_, options_))
      life_.Refuse(*session, reason);
  }
}
// [/check-timeouts]

}  // namespace net
