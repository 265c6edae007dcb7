#include "load/chat_client.h"

#include <charconv>
#include <string>
#include <utility>

#include "protocol.pb.h"

namespace load {

namespace {

bool Parse(google::protobuf::MessageLite& message, std::span<const std::uint8_t> body) {
  return message.ParseFromArray(body.data(), static_cast<int>(body.size()));
}

}  // namespace

ChatClient::ChatClient(const LoadOptions& options, Shared& shared, Tally& tally, std::uint32_t room,
                       bool sampled, client::Ticket ticket)
    : Client(tally),
      options_(options),
      shared_(shared),
      room_(room),
      sampled_(sampled),
      ticket_(std::move(ticket)) {}

// --- coming in ------------------------------------------------------------------------------------

void ChatClient::OnConnected() {
  if (options_.login == Login::kNone) {
    state = ClientState::kReady;
    return;
  }
  state = ClientState::kGreeting;
  Protocol::C_LOGIN login;
  if (options_.login == Login::kAuth) {
    login.set_account(ticket_.account);
    login.set_session_key(ticket_.session_key);
  }
  Send(MakeFrame(Protocol::PACKET_C_LOGIN, login, next_sequence_++)->frame());
}

void ChatClient::Enter() {
  Protocol::C_ENTER_GAME enter;
  enter.set_room_id(room_);
  Send(MakeFrame(Protocol::PACKET_C_ENTER_GAME, enter, next_sequence_++)->frame());
}

bool ChatClient::OnAnswer(std::uint16_t type, std::span<const std::uint8_t> body) {
  if (type == Protocol::PACKET_S_LOGIN) {
    Protocol::S_LOGIN answer;
    if (!Parse(answer, body)) return false;
    if (!answer.success()) {
      Refused("log-in refused: " + Protocol::Refusal_Name(answer.reason()));
    } else if (options_.rooms == 0) {
      state = ClientState::kReady;
    } else {
      Enter();
    }
    return true;
  }
  Protocol::S_ENTER_GAME answer;
  if (!Parse(answer, body)) return false;
  if (answer.success()) {
    state = ClientState::kReady;
  } else {
    Refused("entering refused: " + Protocol::Refusal_Name(answer.reason()));
  }
  return true;
}

// --- hearing --------------------------------------------------------------------------------------

std::optional<std::size_t> ChatClient::OnBytes(std::span<const std::uint8_t> bytes) {
  std::size_t done = 0;
  for (;;) {
    FrameHead head;
    const auto left = bytes.subspan(done);
    const Peek peek = PeekFrame(left, head);
    if (peek == Peek::kBroken) return std::nullopt;
    if (peek == Peek::kNeedMore) return done;
    if (!OnFrame(head, left.first(head.size))) return std::nullopt;
    done += head.size;
  }
}

bool ChatClient::OnFrame(const FrameHead& head, std::span<const std::uint8_t> frame) {
  switch (head.type) {
    case Protocol::PACKET_S_CHAT:
      if (head.sequence == 0) return OnRefused(frame);
      if (order_.Take(head.sequence) != client::OrderCheck::Verdict::kDuplicate) {
        ++heard_;
        ++tally_.heard;
      }
      return !sampled_ || Listen(frame);
    case Protocol::PACKET_S_PLAYER_JOINED:
    case Protocol::PACKET_S_PLAYER_LEFT:
      if (head.sequence != 0) order_.Take(head.sequence);  // 0: the rest of a long list of members
      return true;
    case Protocol::PACKET_S_LOGIN:
    case Protocol::PACKET_S_ENTER_GAME: {
      const auto body = DecodeFrame(frame, run_);
      return body && OnAnswer(head.type, *body);
    }
    default:
      return true;  // what else a server says
  }
}

// A message begins with the time at which it was due, in nanoseconds.
bool ChatClient::Listen(std::span<const std::uint8_t> frame) {
  const auto body = DecodeFrame(frame, run_);
  Protocol::S_CHAT chat;
  if (!body || !Parse(chat, *body)) return false;
  std::int64_t due = 0;
  const char* const end = chat.msg().data() + chat.msg().size();
  if (std::from_chars(chat.msg().data(), end, due).ec != std::errc()) return false;
  CountLatency(due);
  return true;
}

bool ChatClient::OnRefused(std::span<const std::uint8_t> frame) {
  const auto body = DecodeFrame(frame, run_);
  Protocol::S_CHAT chat;
  if (!body || !Parse(chat, *body)) return false;
  ++tally_.refused;
  if (tally_.first_refusal.empty()) {
    tally_.first_refusal = "a message was refused: " + Protocol::Refusal_Name(chat.reason());
  }
  return true;
}

// --- saying ---------------------------------------------------------------------------------------

void ChatClient::Say(std::int64_t due) {
  std::string text = std::to_string(due) + ' ';
  if (text.size() < options_.payload) text.resize(options_.payload, '.');
  Protocol::C_CHAT chat;
  chat.set_msg(std::move(text));
  // Before it is sent: who drains compares with it.
  shared_.rooms[room_].all.fetch_add(1, std::memory_order_relaxed);
  if (due >= tally_.measured_from) {
    shared_.rooms[room_].measured.fetch_add(1, std::memory_order_relaxed);
  }
  Send(MakeFrame(Protocol::PACKET_C_CHAT, chat, next_sequence_++)->frame());
}

bool ChatClient::HasHeardAll() const {
  return options_.rooms == 0 || heard_ >= shared_.rooms[room_].all.load(std::memory_order_relaxed);
}

void ChatClient::AddUp() {
  tally_.twice += order_.duplicated();
  tally_.out_of_order += order_.out_of_order();
}

}  // namespace load
