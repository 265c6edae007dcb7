// The Redis thread: connects, sends, expires, calls back.
#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "services/redis/redis_client.h"

namespace services {
namespace {

// hiredis writes with write(): on a connection that Redis has just closed that raises SIGPIPE in
// the writing thread, and its default is the end of the process. Blocked, write() answers EPIPE.
void BlockBrokenPipeSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

void RedisClient::Run() {
  BlockBrokenPipeSignal();
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    const Clock::time_point now = Clock::now();
    if (!link_open_ && now >= next_attempt_) Connect(now);
    SendQueued();
    Expire(now);
    WatchLink(now);
    Poll(now);
  }
  for (const RequestPtr& request : sent_) Answer(*request, {ReplyKind::kStopped, "stopped"});
  link_.Close("stopped");
  AnswerQueued({ReplyKind::kStopped, "stopped"});
}

void RedisClient::Connect(Clock::time_point now) {
  link_open_ = true;
  was_ready_ = false;
  opened_at_ = last_heard_ = now;
  link_.Open();  // a failure is seen by WatchLink
}

void RedisClient::SendQueued() {
  if (link_.state() != RedisLink::State::kReady) return;
  std::deque<RequestPtr> requests;
  {
    const std::lock_guard lock(mutex_);
    requests.swap(queue_);
  }
  if (sent_.empty()) last_heard_ = Clock::now();  // until now there was nothing to say
  for (RequestPtr& request : requests) {
    sent_.push_back(request);
    link_.Send(std::exchange(request->command, {}), [this, request](const RedisReply& reply) {
      last_heard_ = Clock::now();
      Answer(*request, reply);
      // Answers come in order, so this is the front; it may be one that had timed out.
      if (!sent_.empty() && sent_.front() == request) sent_.pop_front();
      const std::lock_guard lock(mutex_);
      --status_.inside;
    });
  }
}

// A request that has waited too long is answered now. It keeps its place in sent_ (and counts as
// inside) until Redis' late answer has been taken off the connection.
void RedisClient::Expire(Clock::time_point now) {
  for (const RequestPtr& request : sent_) {
    if (request->deadline > now) break;
    Answer(*request, {ReplyKind::kTimeout, "redis did not answer in time"});
  }
}

void RedisClient::WatchLink(Clock::time_point now) {
  const RedisLink::State state = link_.state();
  if (state == RedisLink::State::kReady && !was_ready_) LinkIsUp();
  if (state == RedisLink::State::kReady && !sent_.empty() &&
      now - last_heard_ >= options_.silence_limit) {
    link_.Close("no answer to anything for too long");
  } else if (state != RedisLink::State::kReady && state != RedisLink::State::kClosed &&
             now - opened_at_ >= options_.connect_timeout) {
    link_.Close("no answer while connecting");
  }
  if (link_open_ && link_.state() == RedisLink::State::kClosed) LinkIsDown(now);
}

void RedisClient::LinkIsUp() {
  was_ready_ = true;
  backoff_.Reset();
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    status_.state = RedisState::kUp;
    status_.since = std::chrono::system_clock::now();
    status_.reason.clear();
    ++status_.connects;
  }
  state_changed_.notify_all();
  spdlog::info("redis.up");
}

void RedisClient::LinkIsDown(Clock::time_point now) {
  link_open_ = false;
  sent_.clear();  // hiredis has answered all of them when it closed
  const std::string reason = link_.reason().empty() ? "connection closed" : link_.reason();
  const std::chrono::milliseconds wait = backoff_.Next();
  next_attempt_ = now + wait;
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    is_news = status_.state != RedisState::kDown || status_.reason != reason;
    if (status_.state != RedisState::kDown) {
      status_.state = RedisState::kDown;
      status_.since = std::chrono::system_clock::now();
    }
    status_.reason = reason;
    if (!was_ready_) ++status_.failed_attempts;
  }
  state_changed_.notify_all();
  // One line per outage and reason, not one per attempt.
  if (is_news) spdlog::warn("redis.down reason=\"{}\" next_attempt_ms={}", reason, wait.count());
  AnswerQueued({ReplyKind::kUnavailable, reason});
}

void RedisClient::AnswerQueued(const RedisReply& reply) {
  std::deque<RequestPtr> requests;
  {
    const std::lock_guard lock(mutex_);
    requests.swap(queue_);
    status_.inside -= requests.size();
  }
  for (const RequestPtr& request : requests) Answer(*request, reply);
}

void RedisClient::Answer(Request& request, const RedisReply& reply) {
  const RedisCallback done = std::exchange(request.done, nullptr);
  if (!done) return;  // timed out before
  {
    const std::lock_guard lock(mutex_);
    if (reply.kind == ReplyKind::kTimeout) {
      ++status_.timeouts;
    } else if (reply.kind == ReplyKind::kUnavailable || reply.kind == ReplyKind::kStopped) {
      ++status_.refused;
    } else {
      ++status_.answered;
    }
  }
  done(reply);
}

RedisClient::Clock::time_point RedisClient::NextWake(Clock::time_point now) const {
  Clock::time_point next = now + std::chrono::hours(1);
  if (!link_open_) next = std::min(next, next_attempt_);
  if (link_open_ && !was_ready_) next = std::min(next, opened_at_ + options_.connect_timeout);
  if (!sent_.empty()) next = std::min(next, last_heard_ + options_.silence_limit);
  // Deadlines grow along sent_: the first that is still waited for is the earliest.
  const auto waiting = std::find_if(sent_.begin(), sent_.end(), [](const RequestPtr& request) {
    return request->done != nullptr;
  });
  if (waiting != sent_.end()) next = std::min(next, (*waiting)->deadline);
  return next;
}

void RedisClient::Poll(Clock::time_point now) {
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(NextWake(now) - now).count();
  std::array<pollfd, 2> watched{
      {{wake_.Descriptor(), POLLIN, 0}, {link_.Descriptor(), link_.WantedEvents(), 0}}};
  const int count =
      poll(watched.data(), watched.size(), static_cast<int>(std::max<std::int64_t>(wait, 0)));
  if (count <= 0) return;  // time, or a signal
  if (watched[0].revents != 0) wake_.Drain();
  if (watched[1].revents != 0) link_.HandleEvents(watched[1].revents);
}

}  // namespace services
