#include "services/redis/redis_client.h"

#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace services {
namespace {

RedisOptions Checked(RedisOptions options) {
  if (const auto wrong = options.Validate()) throw std::invalid_argument(*wrong);
  return options;
}

}  // namespace

RedisClient::RedisClient(RedisOptions options, std::uint64_t seed)
    : options_(Checked(std::move(options))),
      wake_(std::make_shared<WakePipe>()),
      link_(options_),
      names_(options_.host, options_.resolve ? options_.resolve : &NameLookup::AskSystem,
             [wake = wake_] { wake->Wake(); }),
      backoff_(options_.backoff_first, options_.backoff_max, seed) {}

void RedisClient::Start() {
  thread_ = std::thread([this] { Run(); });
}

void RedisClient::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    status_.state = RedisState::kStopped;
  }
  wake_->Wake();
  state_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// [redis-send]
void RedisClient::Send(std::vector<std::string> command, RedisCallback done) {
  RedisReply refusal;
  {
    const std::lock_guard lock(mutex_);
    if (status_.state == RedisState::kUp && status_.inside < options_.max_requests) {
      // The state is read and the request queued under one lock: whoever declares Redis down takes
      // the same lock and finds this request in the queue. None can slip in behind and be
      // forgotten.
      ++status_.inside;
      queue_.push_back(std::make_shared<Request>(
          Request{std::move(command), std::move(done), Clock::now() + options_.request_timeout}));
      if (queue_.size() == 1) wake_->Wake();
      return;
    }
    if (status_.state == RedisState::kStopped) {
      refusal = {ReplyKind::kStopped, "stopped"};
    } else if (status_.state != RedisState::kUp) {
      refusal = {ReplyKind::kUnavailable,
                 status_.reason.empty() ? "not connected yet" : status_.reason};
    } else {
      refusal = {ReplyKind::kBusy, "too many requests wait for redis"};
    }
  }
  done(refusal);
}
// [/redis-send]

RedisStatus RedisClient::Status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

bool RedisClient::WaitUntilUp(std::chrono::milliseconds limit) const {
  std::unique_lock lock(mutex_);
  return state_changed_.wait_for(lock, limit, [this] {
    return status_.state == RedisState::kUp || status_.state == RedisState::kStopped;
  }) && status_.state == RedisState::kUp;
}

}  // namespace services
