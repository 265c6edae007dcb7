#include "support/client/dummy_session.h"

#include <charconv>
#include <string>

namespace client {

namespace {

// The next number of "12 34 56 ..."; false: there is none.
bool TakeNumber(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return true;
}

}  // namespace

void DummySession::OnConnected() {
  Send(Protocol::C_LOGIN());
}

void DummySession::OnDisconnected(std::string_view reason) {
  if (crowd_.leaving_.load()) return;
  crowd_.lost_.fetch_add(1);
  crowd_.Fail("a session has ended: " + std::string(reason));
}

void DummySession::OnLogin(const Protocol::S_LOGIN& pkt) {
  if (!pkt.success() || pkt.players().empty()) {
    crowd_.Fail("login refused: " + Protocol::Refusal_Name(pkt.reason()));
    return;
  }
  Protocol::C_ENTER_GAME enter;
  enter.set_player_index(character_ % static_cast<std::uint32_t>(pkt.players_size()));
  enter.set_room_id(room_);
  Send(enter);
}

void DummySession::OnEnterGame(const Protocol::S_ENTER_GAME& pkt) {
  if (!pkt.success()) {
    crowd_.Fail("entering room " + std::to_string(room_) +
                " refused: " + Protocol::Refusal_Name(pkt.reason()));
    return;
  }
  player_id_.store(pkt.player_id(), std::memory_order_release);
  crowd_.entered_.fetch_add(1);
  crowd_.Notify();
}

void DummySession::OnPlayerJoined(const Protocol::S_PLAYER_JOINED&) {
  if (sequence() != 0) order_.Take(sequence());  // 0: the rest of a long list of members
}

void DummySession::OnPlayerLeft(const Protocol::S_PLAYER_LEFT&) {
  order_.Take(sequence());
}

void DummySession::OnChat(const Protocol::S_CHAT& pkt) {
  if (pkt.reason() != Protocol::REFUSAL_NONE) {
    crowd_.Fail("message refused: " + Protocol::Refusal_Name(pkt.reason()));
    return;
  }
  const bool duplicate = order_.Take(sequence()) == OrderCheck::Verdict::kDuplicate;
  std::string_view text = pkt.msg();
  if (!text.starts_with(crowd_.tag_)) return;  // somebody else talks in this room, too
  text.remove_prefix(crowd_.tag_.size());
  std::uint64_t speaker = 0;
  std::uint64_t due = 0;  // nanoseconds of the steady clock
  if (!TakeNumber(text, speaker) || !TakeNumber(text, due) || speaker >= crowd_.sessions_.size() ||
      crowd_.sessions_[speaker]->player_id() != pkt.player_id() ||
      crowd_.sessions_[speaker]->room() != room_ ||
      text.find_first_not_of('.') != std::string_view::npos) {
    ++corrupted_;
    return;
  }
  if (duplicate) return;
  const auto now = DummyCrowd::Clock::now().time_since_epoch();
  const auto late = std::chrono::nanoseconds(now).count() - static_cast<std::int64_t>(due);
  crowd_.latency_.Add(late > 0 ? static_cast<std::uint64_t>(late) / 1000 : 0);
  const std::uint64_t received = crowd_.received_.fetch_add(1) + 1;
  if (received == crowd_.awaited_.load()) crowd_.Notify();
}

}  // namespace client
