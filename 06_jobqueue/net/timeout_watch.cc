// The timeout watch: sessions that never say a whole packet, or stopped doing so, are closed.
//
// What counts is a whole packet, not a byte: a client that sends one byte a second is "active" for
// ever and would keep a session and a receive buffer for ever (the slow drip).
//
// A process can stand still as a whole: a debugger, SIGSTOP, a machine that sleeps. Then everybody
// looks silent, and what they have sent is queued and not read yet. The watch notices, because it
// comes far too late itself, and everybody's time begins anew.
#include <algorithm>
#include <utility>

#include "net/log.h"
#include "net/server.h"

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

void Server::StartTimeoutWatch() {
  const std::uint32_t first = options_.first_packet_timeout_ms;
  const std::uint32_t idle = options_.idle_timeout_ms;
  std::uint32_t shorter = options_.linger_ms;
  if (first != 0) shorter = std::min(shorter, first);
  if (idle != 0) shorter = std::min(shorter, idle);
  // Looks four times per timeout, so nobody stays more than a quarter too long.
  watch_interval_ms_ = std::clamp(shorter / 4, 10u, 1000u);
  looked_at_ = resumed_at_ = MillisecondsNow();
  timeout_thread_ = std::thread([this] {
    while (!BackOff(watch_interval_ms_)) CheckTimeouts();
  });
}

void Server::NotePause(std::uint32_t now) {
  constexpr std::uint32_t kLate = 500;           // a busy machine is that late, too
  constexpr std::uint32_t kLongAgo = 1U << 30U;  // the milliseconds must not wrap around past it
  if (now - std::exchange(looked_at_, now) > 2 * watch_interval_ms_ + kLate) {
    resumed_at_ = now;
    Log(LogLevel::kWarning, "pause", SessionId{}, "the process stood still: time-outs begin anew");
  } else if (now - resumed_at_ > kLongAgo) {
    resumed_at_ = now - kLongAgo;
  }
}

// [check-timeouts]
void Server::CheckTimeouts() {
  const std::uint32_t now = MillisecondsNow();
  NotePause(now);
  for (std::uint32_t index = 0; index < sessions_->capacity(); ++index) {
    // A look without a count first: nearly all sessions are fine, and free slots are many.
    Session& slot = sessions_->slot(index);
    if (slot.io.released() || OverdueNow(slot, now, resumed_at_, options_) == nullptr) continue;
    // Then with one: it may be another tenant by now, so the question is asked again.
    const SessionRef session(*this, sessions_->Acquire(SessionId::Make(slot.io.serial(), index)));
    if (!session || session->closing()) continue;
    if (const char* reason = OverdueNow(*session, now, resumed_at_, options_))
      Refuse(*session, reason);
  }
}
// [/check-timeouts]

}  // namespace net
