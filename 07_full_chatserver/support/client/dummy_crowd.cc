#include "support/client/dummy_crowd.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <thread>
#include <utility>

#include "net/send_turn.h"
#include "support/client/dummy_session.h"
#include "support/client/tickets.h"

namespace client {

namespace {

constexpr std::size_t kPortion = 256;
constexpr std::chrono::seconds kBeat{10};

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
  const auto over = [&] {
    return condition() || interrupted_.load() || lost_.load() != 0 || !failure_.empty();
  };
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
  // In portions: a session key is good for a minute only.
  const Clock::time_point deadline = Clock::now() + patience;
  for (std::size_t begin = 0; begin < sessions_.size(); begin += kPortion) {
    const std::size_t end = std::min(begin + kPortion, sessions_.size());
    if (net::Status status = EnterSome(begin, end, deadline); !status.ok()) return status;
  }
  if (Await(patience, [this] { return entered_.load() == options_.sessions; })) {
    return net::Status::Ok();
  }
  if (interrupted_.load()) return Interrupted();
  const std::lock_guard lock(lock_);
  if (!failure_.empty()) return net::Status::Error(failure_);
  return net::Status::Error("only " + std::to_string(entered_.load()) + " of " +
                            std::to_string(options_.sessions) + " sessions have entered in time");
}

net::Status DummyCrowd::EnterSome(std::size_t begin, std::size_t end, Clock::time_point deadline) {
  std::vector<std::string> names;
  for (std::size_t i = begin; i < end; ++i) names.push_back(options_.name + std::to_string(i));
  std::vector<Ticket> tickets;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  if (net::Status status = FetchTickets(
          options_.auth, names, options_.password, left, [this] { return interrupted_.load(); },
          tickets);
      !status.ok()) {
    return status;
  }
  if (interrupted_.load()) return Interrupted();
  for (std::size_t i = begin; i < end; ++i) {
    Ticket& ticket = tickets[i - begin];
    if (ticket.refusal != Protocol::REFUSAL_NONE) {
      return net::Status::Error("auth of " + names[i - begin] +
                                " refused: " + Protocol::Refusal_Name(ticket.refusal));
    }
    sessions_[i]->SetTicket(std::move(ticket));
    if (net::Status status = service_.Connect(options_.server, *sessions_[i]); !status.ok()) {
      return status;
    }
  }
  return net::Status::Ok();
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
  for (std::uint64_t message = 0;
       message < all && !quiet_.load() && !interrupted_.load() && lost_.load() == 0;) {
    {
      const net::SendTurn turn(service_);  // what is due now leaves as one send per session
      for (int burst = 0; burst < 256 && message < all && due(message) <= Clock::now(); ++burst) {
        Say(order_[next_message_++ % order_.size()], due(message++));
      }
    }
    Beat(Clock::now());
    if (message < all) std::this_thread::sleep_until(std::min(due(message), next_beat_));
  }
}

// A sign of life from those who have nothing to say, and once at the beginning a walk: everybody
// stands at the same place when he comes in.
void DummyCrowd::Beat(Clock::time_point now) {
  if (now < next_beat_) return;
  const bool first = next_beat_ == Clock::time_point{};
  next_beat_ = now + kBeat;
  const net::SendTurn turn(service_);
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    if (first && options_.sector_every != 0) Walk(i, 0);
    Protocol::C_HEARTBEAT beat;
    beat.set_client_time(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    sessions_[i]->Send(beat);
  }
}

void DummyCrowd::Walk(std::size_t session, std::uint32_t step) {
  Protocol::C_MOVE_SECTOR move;
  move.set_x(static_cast<std::uint32_t>(session + step) % options_.world);
  move.set_y(static_cast<std::uint32_t>(session / 7 + step / 3) % options_.world);
  moves_sent_.fetch_add(1);
  sessions_[session]->Send(move);
}

void DummyCrowd::SaySector(std::size_t speaker, std::string text) {
  const std::uint64_t before = sent_sector_.fetch_add(1);
  if (before % 5 == 4) Walk(speaker, static_cast<std::uint32_t>(before));
  Protocol::C_SECTOR_CHAT chat;
  chat.set_msg(std::move(text));
  sessions_[speaker]->Send(chat);
}

void DummyCrowd::Say(std::size_t speaker, Clock::time_point due) {
  std::string text = tag_ + std::to_string(speaker) + " " +
                     std::to_string(std::chrono::nanoseconds(due.time_since_epoch()).count());
  if (text.size() + 1 < options_.text_bytes) {
    text += ' ';
    text.resize(options_.text_bytes, '.');
  }
  if (options_.sector_every != 0 && next_message_ % options_.sector_every == 0) {
    return SaySector(speaker, std::move(text));
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
  if (!Await(patience, [this] { return received_.load() == expected_.load(); })) return false;
  if (options_.sector_every == 0) return true;
  // Twice. After the first round everything that was said has been delivered, so that the answers
  // of the second tell each client the last numbers that it must have heard.
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < sessions_.size(); ++i) {
      Walk(i, static_cast<std::uint32_t>(sent_sector_.load()));
    }
    if (!Await(patience, [this] {
          return moves_answered_.load() == moves_sent_.load() + sessions_.size();
        })) {
      return false;
    }
  }
  return true;
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
  report.sent_sector = sent_sector_.load();
  report.received_sector = received_sector_.load();
  report.refused = refused_.load();
  std::uint64_t holes = 0;
  for (const auto& session : sessions_) {
    holes += session->order().missing();
    report.duplicated += session->order().duplicated();
    report.out_of_order += session->order().out_of_order();
    report.corrupted += session->corrupted();
    report.missing_sector += session->sectors().missing();
    report.wrong_sector += session->sectors().wrong();
  }
  report.missing = std::max(report.missing, holes);  // also what was not a message
  return report;
}

}  // namespace client
