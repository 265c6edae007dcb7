#include "tests/support/chat_talker.h"

namespace course_test {

std::string ChatFrame(std::uint16_t type, std::uint32_t sequence, std::string_view body) {
  const wire::Bytes frame =
      wire::MakeFrame({type, sequence, wire::Bytes(body.begin(), body.end())});
  return {frame.begin(), frame.end()};
}

bool ChatTalker::Send(const Protocol::C_LOGIN& pkt) {
  return SendRaw(Protocol::PACKET_C_LOGIN, pkt.SerializeAsString());
}
bool ChatTalker::Send(const Protocol::C_ENTER_GAME& pkt) {
  return SendRaw(Protocol::PACKET_C_ENTER_GAME, pkt.SerializeAsString());
}
bool ChatTalker::Send(const Protocol::C_CHAT& pkt) {
  return SendRaw(Protocol::PACKET_C_CHAT, pkt.SerializeAsString());
}
bool ChatTalker::Send(const Protocol::C_LEAVE_GAME& pkt) {
  return SendRaw(Protocol::PACKET_C_LEAVE_GAME, pkt.SerializeAsString());
}

bool ChatTalker::SendRaw(std::uint16_t type, std::string_view body) {
  return tcp_.Send(ChatFrame(type, ++sent_, body));
}

std::optional<wire::Frame> ChatTalker::Read() {
  const std::string header = tcp_.Receive(5);
  if (header.size() != 5) return std::nullopt;
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(header[1]) +
                                               256 * static_cast<unsigned char>(header[2]));
  const std::string frame = header + tcp_.Receive(length);
  const wire::Meaning meaning = wire::NaiveRead({frame.begin(), frame.end()}, 0xA9, 65535, false);
  if (meaning.frames.size() != 1) return std::nullopt;
  sequence_ = meaning.frames[0].sequence;
  return meaning.frames[0];
}

template <typename Message>
std::optional<Message> ChatTalker::ReadMessage(std::uint16_t type) {
  while (const auto frame = Read()) {
    if (frame->type != type) continue;
    Message message;
    if (!message.ParseFromArray(frame->body.data(), static_cast<int>(frame->body.size()))) {
      return std::nullopt;
    }
    return message;
  }
  return std::nullopt;
}

std::optional<Protocol::S_LOGIN> ChatTalker::ReadLogin() {
  return ReadMessage<Protocol::S_LOGIN>(Protocol::PACKET_S_LOGIN);
}
std::optional<Protocol::S_ENTER_GAME> ChatTalker::ReadEnterGame() {
  return ReadMessage<Protocol::S_ENTER_GAME>(Protocol::PACKET_S_ENTER_GAME);
}
std::optional<Protocol::S_LEAVE_GAME> ChatTalker::ReadLeaveGame() {
  return ReadMessage<Protocol::S_LEAVE_GAME>(Protocol::PACKET_S_LEAVE_GAME);
}
std::optional<Protocol::S_CHAT> ChatTalker::ReadChat() {
  return ReadMessage<Protocol::S_CHAT>(Protocol::PACKET_S_CHAT);
}
std::optional<Protocol::S_PLAYER_JOINED> ChatTalker::ReadJoined() {
  return ReadMessage<Protocol::S_PLAYER_JOINED>(Protocol::PACKET_S_PLAYER_JOINED);
}
std::optional<Protocol::S_PLAYER_LEFT> ChatTalker::ReadLeft() {
  return ReadMessage<Protocol::S_PLAYER_LEFT>(Protocol::PACKET_S_PLAYER_LEFT);
}

bool ChatTalker::LogIn() {
  if (!Send(Protocol::C_LOGIN())) return false;
  const auto answer = ReadLogin();
  return answer && answer->success();
}

bool ChatTalker::Enter(std::uint32_t room, std::uint64_t player_index) {
  Protocol::C_ENTER_GAME enter;
  enter.set_room_id(room);
  enter.set_player_index(player_index);
  if (!Send(enter)) return false;
  const auto answer = ReadEnterGame();
  if (!answer || !answer->success()) return false;
  player_id_ = answer->player_id();
  return true;
}

bool ChatTalker::Say(std::string_view text) {
  Protocol::C_CHAT chat;
  chat.set_msg(text.data(), text.size());
  return Send(chat);
}

bool ChatTalker::Echo(std::string_view text) {
  if (!Say(text)) return false;
  while (const auto heard = ReadChat()) {
    if (heard->reason() != Protocol::REFUSAL_NONE) return false;
    if (heard->player_id() == player_id_ && heard->msg() == text) return true;
  }
  return false;
}

}  // namespace course_test
