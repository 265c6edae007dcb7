// The Redis thread: connects, sends, expires, calls back.
#include <arpa/inet.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <utility>

#include "services/log/quoted.h"
#include "services/redis/redis_client.h"
#include "services/redis/redis_trouble.h"

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
    if (looking_up_) TakeAddress(now);
    Check(now);
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
  trouble_.clear();
  opened_at_ = last_heard_ = now;
  std::array<unsigned char, 16> binary{};
  if (!options_.unix_socket.empty() ||
      inet_pton(AF_INET, options_.host.c_str(), binary.data()) == 1 ||
      inet_pton(AF_INET6, options_.host.c_str(), binary.data()) == 1) {
    link_.Open(options_.host);  // a failure is seen by WatchLink
  } else {
    looking_up_ = true;
    names_.Begin();
  }
}

// A name is looked up at every attempt: after a failover it means another machine. Of several
// addresses each attempt takes the next one.
void RedisClient::TakeAddress(Clock::time_point now) {
  const std::optional<NameAnswer> answer = names_.Take();
  const std::string name = "the name '" + options_.host + "' ";
  if (answer && !answer->addresses.empty()) {
    looking_up_ = false;
    link_.Open(answer->addresses[next_address_++ % answer->addresses.size()]);
  } else if (answer) {
    LinkIsDown(now, name + "has no address: " + answer->error);
  } else if (now - opened_at_ >= options_.connect_timeout) {
    LinkIsDown(now, name + "is still being looked up");  // goes on, for the next attempt
  }
}

// Nobody may be asking anything when Redis becomes a replica or runs out of memory: it is asked.
void RedisClient::Check(Clock::time_point now) {
  if (!was_ready_ || link_.state() != RedisLink::State::kReady || now < next_check_) return;
  next_check_ = now + options_.check_interval;
  auto request = std::make_shared<Request>();
  request->command = options_.probe.empty() ? std::vector<std::string>{"PING"} : options_.probe;
  request->done = [](const RedisReply&) {};  // SendOne looks at the answer
  request->deadline = now + options_.request_timeout;
  {
    const std::lock_guard lock(mutex_);
    ++status_.inside;
  }
  if (sent_.empty()) last_heard_ = now;
  SendOne(request);
}

void RedisClient::SendQueued() {
  if (link_.state() != RedisLink::State::kReady) return;
  std::deque<RequestPtr> requests;
  {
    const std::lock_guard lock(mutex_);
    requests.swap(queue_);
  }
  if (sent_.empty()) last_heard_ = Clock::now();  // until now there was nothing to say
  for (const RequestPtr& request : requests) SendOne(request);
}

void RedisClient::SendOne(const RequestPtr& request) {
  sent_.push_back(request);
  link_.Send(std::exchange(request->command, {}), [this, request](const RedisReply& reply) {
    last_heard_ = Clock::now();
    if (reply.kind == ReplyKind::kError && !TroubleIn(reply.text).empty()) trouble_ = reply.text;
    Answer(*request, reply);
    // Answers come in order, so this is the front; it may be one that had timed out.
    if (!sent_.empty() && sent_.front() == request) sent_.pop_front();
    const std::lock_guard lock(mutex_);
    --status_.inside;
  });
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
  if (looking_up_) return;
  const RedisLink::State state = link_.state();
  if (state == RedisLink::State::kReady && !was_ready_) LinkIsUp();
  if (!trouble_.empty()) {
    link_.Close(trouble_);
  } else if (state == RedisLink::State::kReady && !sent_.empty() &&
             now - last_heard_ >= options_.silence_limit) {
    link_.Close("no answer to anything for too long");
  } else if (state != RedisLink::State::kReady && state != RedisLink::State::kClosed &&
             now - opened_at_ >= options_.connect_timeout) {
    link_.Close("no answer while connecting");
  }
  if (link_open_ && link_.state() == RedisLink::State::kClosed) {
    LinkIsDown(now, link_.reason().empty() ? "connection closed" : link_.reason());
  }
}

void RedisClient::LinkIsUp() {
  was_ready_ = true;
  next_check_ = Clock::now() + options_.check_interval;
  backoff_.Reset();
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    status_.state = RedisState::kUp;
    status_.reason.clear();
    status_.trouble = {};
    ++status_.connects;
  }
  state_changed_.notify_all();
  spdlog::info("redis.up");
}

void RedisClient::LinkIsDown(Clock::time_point now, const std::string& reason) {
  link_open_ = looking_up_ = false;
  sent_.clear();  // hiredis has answered all of them when it closed
  std::string_view trouble = TroubleIn(reason);
  if (trouble.empty()) {
    trouble = reason.find(" refused: ") == std::string::npos ? kUnreachable : kOtherError;
  }
  const std::chrono::milliseconds wait = backoff_.Next();
  next_attempt_ = now + wait;
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    is_news = status_.state != RedisState::kDown || status_.reason != reason;
    status_.state = RedisState::kDown;
    status_.reason = reason;
    status_.trouble = trouble;
    if (!was_ready_) ++status_.failed_attempts;
  }
  state_changed_.notify_all();
  // One line per outage and reason, not one per attempt.
  if (is_news) {
    // What Redis itself says no to wants a person who looks after it.
    spdlog::log(trouble == kUnreachable ? spdlog::level::warn : spdlog::level::err,
                "redis.down trouble={} reason={} next_attempt_ms={}", trouble, Quoted(reason),
                wait.count());
  }
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
  if (reply.kind == ReplyKind::kTimeout) {
    const std::lock_guard lock(mutex_);
    ++status_.timeouts;
  }
  done(reply);
}

RedisClient::Clock::time_point RedisClient::NextWake(Clock::time_point now) const {
  Clock::time_point next = now + std::chrono::hours(1);
  if (!link_open_) next = std::min(next, next_attempt_);
  if (link_open_ && !was_ready_) next = std::min(next, opened_at_ + options_.connect_timeout);
  if (was_ready_ && link_open_) next = std::min(next, next_check_);
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
      {{wake_->Descriptor(), POLLIN, 0}, {link_.Descriptor(), link_.WantedEvents(), 0}}};
  const int count =
      poll(watched.data(), watched.size(), static_cast<int>(std::max<std::int64_t>(wait, 0)));
  if (count <= 0) return;  // time, or a signal
  if (watched[0].revents != 0) wake_->Drain();
  if (watched[1].revents != 0) link_.HandleEvents(watched[1].revents);
}

}  // namespace services
