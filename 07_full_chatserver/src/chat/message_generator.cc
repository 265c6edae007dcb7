#include "chat/message_generator.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>

namespace chat {

void MessageGenerator::Every(job::Duration interval, std::function<void()> post) {
  assert(interval > job::Duration::zero() && !thread_.joinable());
  messages_.push_back(Message{interval, std::move(post)});
}

void MessageGenerator::Start() {
  if (thread_.joinable() || messages_.empty()) return;
  const job::TimePoint now = clock_.Now();
  for (Message& message : messages_) message.due = now + message.interval;
  thread_ = std::thread([this] { Run(); });
}

void MessageGenerator::Shut() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  idle_.wait(lock, [this] { return !posting_; });
}

void MessageGenerator::Stop() {
  Shut();
  if (thread_.joinable()) thread_.join();
}

// [run]
void MessageGenerator::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    posting_ = true;
    lock.unlock();
    const job::TimePoint next = PostDue(clock_.Now());
    lock.lock();
    posting_ = false;
    idle_.notify_all();
    if (!stopping_) clock_.WaitUntil(lock, wake_, next);
  }
}
// [/run]

job::TimePoint MessageGenerator::PostDue(job::TimePoint now) {
  job::TimePoint next = job::TimePoint::max();
  for (Message& message : messages_) {
    if (message.due <= now) {
      try {
        message.post();
      } catch (const std::exception& error) {
        spdlog::error("message generator: {}", error.what());
      }
      message.due += message.interval;
      if (message.due <= now) message.due = now + message.interval;  // no burst for what was missed
    }
    next = std::min(next, message.due);
  }
  return next;
}

}  // namespace chat
