#include "support/client/dummy_crowd.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <thread>
#include <utility>

#include "net/send_turn.h"
#include "support/client/dummy_session.h"

namespace client {

namespace {

net::Status Interrupted() {
  return net::Status::Error("interrupted");
}

}  // namespace

DummyCrowd::DummyCrowd(const CrowdOptions& options)
    : options_(options),
      tag_("dummy" + std::to_string(options.seed) + " "),
      order_(options.sessions),
      room_sizes_(options.rooms),
      service_({options.sessions, options.worker_threads}) {
  std::mt19937_64 dice(options.seed);
  for (std::uint32_t i = 0; i < options.sessions; ++i) {
    const std::uint32_t room = i % options.rooms;
    ++room_sizes_[room];
    sessions_.push_back(std::make_unique<DummySession>(*this, options.first_room + room,
                                                       static_cast<std::uint32_t>(dice() % 2)));
  }
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::shuffle(order_.begin(), order_.end(), dice);
}

DummyCrowd::~DummyCrowd() {
  leaving_.store(true);
  service_.Stop();
}

bool DummyCrowd::Await(std::chrono::milliseconds patience, const std::function<bool()>& condition) {
  std::unique_lock lock(lock_);
  const auto over = [&] { return condition() || lost_.load() != 0 || !failure_.empty(); };
  changed_.wait_for(lock, patience, over);
  return condition();
}

void DummyCrowd::Notify() {
  const std::lock_guard lock(lock_);  // a waiter is asleep, or has not looked yet: none in between
  changed_.notify_all();
}

void DummyCrowd::Fail(std::string reason) {
  const std::lock_guard lock(lock_);
  if (failure_.empty()) failure_ = std::move(reason);
  changed_.notify_all();
}

void DummyCrowd::Interrupt() {
  interrupted_.store(true);
  Notify();
}

net::Status DummyCrowd::Enter(std::chrono::milliseconds patience) {
  if (net::Status status = service_.Start(); !status.ok()) return status;
  for (const auto& session : sessions_) {
    if (interrupted_.load()) return Interrupted();
    if (net::Status status = service_.Connect(options_.server, *session); !status.ok()) {
      return status;
    }
  }
  const auto all_in = [this] { return entered_.load() == options_.sessions; };
  Await(patience, [&] { return all_in() || interrupted_.load(); });
  if (all_in()) return net::Status::Ok();
  if (interrupted_.load()) return Interrupted();
  const std::lock_guard lock(lock_);
  if (!failure_.empty()) return net::Status::Error(failure_);
  return net::Status::Error("only " + std::to_string(entered_.load()) + " of " +
                            std::to_string(options_.sessions) + " sessions have entered in time");
}

void DummyCrowd::Talk(double rate, double seconds) {
  const double per_second = rate * options_.sessions;
  const auto all = static_cast<std::uint64_t>(std::llround(per_second * seconds));
  const Clock::time_point begin = Clock::now();
  const std::uint64_t at_once = options_.together ? options_.sessions : 1;
  const auto due = [&](std::uint64_t message) {
    message -= message % at_once;
    return begin + std::chrono::duration_cast<Clock::duration>(
                       std::chrono::duration<double>(static_cast<double>(message) / per_second));
  };
  for (std::uint64_t message = 0; message < all && !interrupted_.load() && lost_.load() == 0;) {
    {
      const net::SendTurn turn(service_);  // what is due now leaves as one send per session
      for (int burst = 0; burst < 256 && message < all && due(message) <= Clock::now(); ++burst) {
        Say(order_[next_message_++ % order_.size()], due(message++));
      }
    }
    if (message < all) std::this_thread::sleep_until(due(message));
  }
}

void DummyCrowd::Say(std::size_t speaker, Clock::time_point due) {
  std::string text = tag_ + std::to_string(speaker) + " " +
                     std::to_string(std::chrono::nanoseconds(due.time_since_epoch()).count());
  if (text.size() + 1 < options_.text_bytes) {
    text += ' ';
    text.resize(options_.text_bytes, '.');
  }
  Protocol::C_CHAT chat;
  chat.set_msg(std::move(text));
  // Counted before it is sent: what comes back must never be more than what is expected.
  sent_.fetch_add(1);
  expected_.fetch_add(room_sizes_[speaker % options_.rooms]);
  sessions_[speaker]->Send(chat);
}

bool DummyCrowd::AwaitEverything(std::chrono::milliseconds patience) {
  awaited_.store(expected_.load());
  return Await(patience, [this] { return received_.load() == expected_.load(); });
}

CrowdReport DummyCrowd::Report() {
  leaving_.store(true);
  service_.Stop();
  CrowdReport report;
  report.sent = sent_.load();
  report.expected = expected_.load();
  report.received = received_.load();
  report.missing = report.expected - std::min(report.expected, report.received);
  report.disconnected = lost_.load();
  std::uint64_t holes = 0;
  for (const auto& session : sessions_) {
    holes += session->order().missing();
    report.duplicated += session->order().duplicated();
    report.out_of_order += session->order().out_of_order();
    report.corrupted += session->corrupted();
  }
  report.missing = std::max(report.missing, holes);  // also what was not a message
  return report;
}

}  // namespace client
