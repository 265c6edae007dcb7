#include "load/crew.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace load {

namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr int kAtOnceSaid = 64;
// The server is behind by more than it can make good.
constexpr std::size_t kMostUnsent = 4 * 1024 * 1024;
// What is still on its way may take so long; when nothing comes for a while, nothing will.
constexpr std::int64_t kDrainAtMost = 30 * kSecond;
constexpr std::int64_t kDrainSilence = 3 * kSecond;

double ThreadCpuSeconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

}  // namespace

Crew::Crew(const LoadOptions& options, Shared& shared, unsigned number)
    : options_(options),
      shared_(shared),
      number_(number),
      to_(net::ToSockaddr(options.to)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // setting it anew is a new edge: it need not be read
  event.data.ptr = nullptr;
  if (epoll_ < 0 || timer_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event) != 0) {
    throw std::runtime_error("no epoll or timer: out of descriptors");
  }
}

Crew::~Crew() {
  clients_.clear();
  ::close(timer_);
  ::close(epoll_);
}

void Crew::Run() {
  if (!BringIn()) return;
  figures_.ready_at = Now();
  shared_.CountReady();
  std::int64_t begin = 0;
  while ((begin = shared_.begin.load()) == 0 && !shared_.stop) Poll(Now() + 10 * kMillisecond);
  if (shared_.stop) return;
  Talk(begin);
  shared_.CountSilent();
  while (!shared_.drain && !shared_.stop) Poll(Now() + 10 * kMillisecond);
  Drain();
  for (const auto& client : clients_) client->AddUp();
}

// --- coming in ------------------------------------------------------------------------------------

bool Crew::BringIn() {
  while (ready_ < clients_.size() && !shared_.stop) {
    while (coming_ < kAtOnce && started_ < clients_.size() && !shared_.stop) StartNext();
    if (!shared_.stop) Poll(Now() + 50 * kMillisecond);
  }
  return !shared_.stop;
}

void Crew::StartNext() {
  Client& client = *clients_[started_++];
  ++coming_;
  client.state = ClientState::kConnecting;
  if (client.link.Connect(to_, epoll_, &client) == Link::State::kEnded) {
    client.state = ClientState::kGone;
    OnChanged(client, ClientState::kConnecting);
  }
}

// --- talking --------------------------------------------------------------------------------------

void Crew::Talk(std::int64_t begin) {
  const auto seconds = [](double count) { return static_cast<std::int64_t>(count * 1e9); };
  tally_.measured_from = begin + seconds(options_.warm_up);
  measured_until_ = tally_.measured_from + seconds(options_.seconds);
  const bool silent = options_.work == Work::kIdle || options_.work == Work::kLogin;
  const double share = static_cast<double>(clients_.size()) / options_.clients;
  const Schedule schedule(begin, silent ? 0 : options_.rate * share,
                          options_.warm_up + options_.seconds, number_, options_.threads);
  schedule_ = &schedule;
  while (!shared_.stop && (next_message_ < schedule.count() || !measured_)) {
    SayDue();
    const bool done = next_message_ >= schedule.count();
    Poll(done ? measured_until_ : std::min(schedule.Due(next_message_), measured_until_));
    Mark(Now());
  }
  schedule_ = nullptr;
}

void Crew::SayDue() {
  if (schedule_ == nullptr) return;
  // Who is late must not only speak: what comes meanwhile has to be read.
  for (int said = 0; said < kAtOnceSaid && next_message_ < schedule_->count(); ++said) {
    const std::int64_t due = schedule_->Due(next_message_);
    const std::int64_t now = Now();
    if (now < due) return;
    Mark(now);
    Client* const speaker = NextSpeaker();
    if (speaker == nullptr) {
      shared_.Fail("all clients were disconnected: " + tally_.first_end);
      return;
    }
    if (due >= tally_.measured_from) {
      tally_.lateness.Record(std::min(now - due, Tally::kLongest));
      ++figures_.said;
    }
    figures_.last_said = now;
    ++next_message_;
    speaker->Say(due);
    if (speaker->state == ClientState::kGone) OnGone(*speaker, ClientState::kReady);
    if (speaker->link.unsent() > kMostUnsent) {
      shared_.Note("the server takes no more: a client has " +
                   std::to_string(speaker->link.unsent()) + " bytes to be sent");
      next_message_ = schedule_->count();
    }
  }
}

Client* Crew::NextSpeaker() {
  for (std::size_t tried = 0; tried < clients_.size(); ++tried) {
    Client& client = *clients_[next_speaker_];
    if (++next_speaker_ == clients_.size()) next_speaker_ = 0;
    if (client.state == ClientState::kReady) return &client;
  }
  return nullptr;
}

void Crew::Mark(std::int64_t now) {
  if (cpu_before_ < 0 && now >= tally_.measured_from) {
    cpu_before_ = ThreadCpuSeconds();
    heard_before_ = tally_.heard;
  }
  if (!measured_ && now >= measured_until_) {
    measured_ = true;
    figures_.cpu_s = ThreadCpuSeconds() - cpu_before_;
    figures_.delivered_in_time = tally_.heard - heard_before_;
  }
}

void Crew::Drain() {
  const std::int64_t began = Now();
  std::uint64_t heard = tally_.heard;
  std::int64_t last = began;
  const auto complete = [this] {
    return std::ranges::all_of(clients_, [](const auto& client) {
      return client->state != ClientState::kReady || client->HasHeardAll();
    });
  };
  while (!shared_.stop && !complete()) {
    const std::int64_t now = Now();
    if (tally_.heard != heard) {
      heard = tally_.heard;
      last = now;
    }
    if (now - last > kDrainSilence || now - began > kDrainAtMost) return;
    Poll(now + 10 * kMillisecond);
  }
}

// --- events ---------------------------------------------------------------------------------------

void Crew::SetTimer(std::int64_t at) {
  if (at == timer_at_) return;
  timer_at_ = at;
  itimerspec when{};
  when.it_value.tv_sec = at / kSecond;
  when.it_value.tv_nsec = at % kSecond;
  ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

void Crew::Poll(std::int64_t until) {
  const bool wait = until > Now();
  if (wait) SetTimer(until);
  std::array<epoll_event, 256> events;
  const int count =
      ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait ? -1 : 0);
  if (count < 0 && errno != EINTR) {
    shared_.Fail("epoll_wait: " + std::generic_category().message(errno));
  }
  for (int i = 0; i < count; ++i) {
    auto* const client = static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (client == nullptr) continue;  // the timer
    OnEvent(*client, events[static_cast<std::size_t>(i)].events);
    SayDue();
  }
}

void Crew::OnEvent(Client& client, std::uint32_t events) {
  if (client.state == ClientState::kGone) return;
  const ClientState before = client.state;
  bool open = true;
  if (before == ClientState::kConnecting) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
    open = client.link.FinishConnect() == Link::State::kOpen;
    if (open) client.OnConnected();
  } else if ((events & EPOLLOUT) != 0) {
    open = client.link.Flush() == Link::State::kOpen;
  }
  constexpr std::uint32_t kEnding = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if (open && client.state != ClientState::kGone && (events & (EPOLLIN | kEnding)) != 0) {
    const auto take = [&](std::span<const std::uint8_t> bytes) { return client.OnBytes(bytes); };
    open = client.link.Read(buffer_, (events & kEnding) != 0, take) == Link::State::kOpen;
  }
  if (!open) client.state = ClientState::kGone;
  OnChanged(client, before);
}

void Crew::OnChanged(Client& client, ClientState before) {
  if (client.state == before) return;
  if (client.state == ClientState::kReady) {
    --coming_;
    ++ready_;
  } else if (client.state == ClientState::kGone) {
    OnGone(client, before);
  }
}

void Crew::OnGone(Client& client, ClientState before) {
  const int error = client.link.error();
  const std::string why = !client.refusal.empty() ? client.refusal
                          : error == 0            ? std::string("closed by the server")
                                                  : std::generic_category().message(error);
  client.link.Close();
  ++tally_.disconnected;
  if (tally_.first_end.empty()) tally_.first_end = why;
  if (before == ClientState::kReady) return;
  shared_.Fail(before == ClientState::kConnecting
                   ? "cannot connect to " + net::ToString(options_.to) + ": " + why
                   : "a client did not get in: " + why);
}

}  // namespace load
