#include "server/doorman.h"

#include <spdlog/spdlog.h>

#include "services/log/quoted.h"

namespace server {

namespace {

constexpr std::array<Protocol::Refusal, kDoorAnswers> kReasons = {
    Protocol::REFUSAL_NONE, Protocol::REFUSAL_COUNTRY, Protocol::REFUSAL_TOO_MANY_CONNECTIONS,
    Protocol::REFUSAL_SERVER_FULL};

// For NoticeFor, which follows on the same thread.
thread_local DoorAnswer last_answer = DoorAnswer::kOpen;

}  // namespace

ServerDoorman::ServerDoorman(const DoorOptions& options, MakeNotice make_notice,
                             std::uint8_t fixed_key)
    : options_(options),
      gate_(options.limits),
      known_(options.limits.entries_max, options.known_for) {
  for (std::size_t i = 1; i < kDoorAnswers; ++i) notices_[i] = make_notice(kReasons[i], fixed_key);
}

void ServerDoorman::RefreshCountries() {
  if (const std::string error = country_.Refresh(); !error.empty()) {
    spdlog::warn("door event=\"countries not replaced\" reason={}", services::Quoted(error));
  }
}

// [may-enter]
ServerDoorman::Judgement ServerDoorman::Judge(const net::PeerAddress& peer) {
  const services::CountryAnswer country = country_.Check(peer.ip);
  if (!country.allowed()) {
    return {DoorAnswer::kAbroad, ToString(country.entry), country.country};
  }
  if (IsFullFor(peer)) return {DoorAnswer::kFull, "no slot but the reserved ones", {}};
  const services::GateAnswer gate = gate_.Knock(peer.ip);
  if (gate != services::GateAnswer::kOpen) return {DoorAnswer::kLimited, ToString(gate), {}};
  return {};
}

bool ServerDoorman::IsFullFor(const net::PeerAddress& peer) {
  const std::uint32_t open = options_.session_max - options_.reserved;
  if (inside_.load(std::memory_order_relaxed) < open) return false;
  const std::lock_guard lock(lock_);
  return !known_.Contains(peer.ip, std::chrono::steady_clock::now());
}
// [/may-enter]

bool ServerDoorman::MayEnter(const net::PeerAddress& peer) {
  const Judgement judgement = Judge(peer);
  last_answer = judgement.answer;
  if (judgement.answer == DoorAnswer::kOpen) return true;
  refused_[static_cast<std::size_t>(judgement.answer)].fetch_add(1, std::memory_order_relaxed);
  if (const auto left_out = log_.Take()) {
    spdlog::warn("door event=refused port={} peer={} reason=\"{}\" country={} left_out={}",
                 options_.port, net::ToString(peer), judgement.why,
                 services::Quoted(judgement.country), *left_out);
  }
  return false;
}

std::span<const std::byte> ServerDoorman::NoticeFor(const net::PeerAddress&) {
  return notice(last_answer);
}

void ServerDoorman::Entered(const net::PeerAddress& peer) {
  inside_.fetch_add(1, std::memory_order_relaxed);
  gate_.Entered(peer.ip);
}

void ServerDoorman::Left(const net::PeerAddress& peer) {
  inside_.fetch_sub(1, std::memory_order_relaxed);
  gate_.Left(peer.ip);
}

void ServerDoorman::LoggedIn(const net::PeerAddress& peer) {
  const std::lock_guard lock(lock_);
  known_.Add(peer.ip, std::chrono::steady_clock::now());
}

void ServerDoorman::WrongKey(const net::PeerAddress& peer) {
  gate_.WrongKey(peer.ip);
  if (const auto left_out = log_.Take()) {
    spdlog::warn("door event=\"wrong session key\" port={} peer={} left_out={}", options_.port,
                 net::ToString(peer), *left_out);
  }
}

std::uint64_t ServerDoorman::refused() const {
  return refused(DoorAnswer::kAbroad) + refused(DoorAnswer::kLimited) + refused(DoorAnswer::kFull);
}

}  // namespace server
