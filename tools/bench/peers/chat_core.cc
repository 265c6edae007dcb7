#include "peers/chat_core.h"

#include <algorithm>
#include <array>
#include <utility>

#include "chat/text_rules.h"
#include "net/frame.h"
#include "proto/dispatch.h"
#include "proto/send_buffer.h"

namespace peers {

namespace {

template <typename Message>
net::PacketRef Sealed(Protocol::PacketId type, const Message& message, std::uint32_t sequence = 0) {
  net::PacketRef packet =
      proto::MakeSendBuffer(static_cast<std::uint16_t>(type), message, sequence);
  packet->Seal(net::kDefaultFixedKey, net::RandomKey());
  return packet;
}

void Describe(const Member& member, Protocol::Player& player) {
  player.set_id(member.id);
  player.set_name(member.name);
  player.set_player_type(Protocol::PLAYER_TYPE_KNIGHT);
}

// Parses on the thread's arena and calls `use`; false: not such a message.
template <typename Message, typename Use>
bool Parsed(std::span<const std::uint8_t> body, const Use& use) {
  google::protobuf::Arena& arena = proto::ParseArena();
  const proto::ArenaScope scope(arena);
  auto* const message = google::protobuf::Arena::CreateMessage<Message>(&arena);
  if (!message->ParseFromArray(body.data(), static_cast<int>(body.size()))) return false;
  use(*message);
  return true;
}

}  // namespace

// --- the room -------------------------------------------------------------------------------------

net::PacketRef Room::Hello(const Member& newcomer) {
  const std::size_t named = std::min(members_.size(), ChatCore::kMostNamed);
  for (auto at = static_cast<std::size_t>(hello_.players_size()); at < named; ++at) {
    Describe(*members_[at], *hello_.add_players());
  }
  hello_.set_room_id(static_cast<std::uint32_t>(number_));
  hello_.set_unnamed(static_cast<std::uint32_t>(members_.size() - named));
  hello_.set_player_id(newcomer.id);
  Describe(newcomer, *hello_.add_players());
  net::PacketRef packet = Sealed(Protocol::PACKET_S_ENTER_GAME, hello_);
  hello_.mutable_players()->RemoveLast();
  return packet;
}

void Room::Add(Member& member) {
  member.room = this;
  member.place = members_.size();
  members_.push_back(&member);
}

void Room::Remove(Member& member) {
  // Nobody is moved but the last one; the names are right up to the place that changes.
  auto& named = *hello_.mutable_players();
  while (static_cast<std::size_t>(named.size()) > member.place) named.RemoveLast();
  members_[member.place] = members_.back();
  members_[member.place]->place = member.place;
  members_.pop_back();
  member.room = nullptr;
}

// --- the packets ----------------------------------------------------------------------------------

ChatCore::ChatCore(Output& output, std::size_t rooms) : output_(output) {
  rooms_.reserve(rooms);
  for (std::size_t number = 0; number < rooms; ++number) {
    rooms_.push_back(std::make_unique<Room>(number));
  }
}

bool ChatCore::OnPacket(Member& member, std::uint16_t type, std::span<const std::uint8_t> body) {
  switch (type) {
    case Protocol::PACKET_C_LOGIN:
      return Parsed<Protocol::C_LOGIN>(body, [&](const auto&) { Login(member); });
    case Protocol::PACKET_C_ENTER_GAME:
      return Parsed<Protocol::C_ENTER_GAME>(body, [&](const auto& it) { Enter(member, it); });
    case Protocol::PACKET_C_CHAT:
      return Parsed<Protocol::C_CHAT>(body, [&](const auto& it) { Chat(member, it); });
    default:
      return false;
  }
}

void ChatCore::Login(Member& member) {
  Protocol::S_LOGIN answer;
  if (member.logged_in) {
    answer.set_reason(Protocol::REFUSAL_ALREADY_LOGGED_IN);
  } else {
    member.logged_in = true;
    member.id = next_id_++;
    member.name = "player" + std::to_string(member.id);
    answer.set_success(true);
    Describe(member, *answer.add_players());
  }
  output_.Answer(member, Sealed(Protocol::PACKET_S_LOGIN, answer));
}

void ChatCore::Enter(Member& member, const Protocol::C_ENTER_GAME& packet) {
  Protocol::Refusal reason = Protocol::REFUSAL_NONE;
  if (!member.logged_in) {
    reason = Protocol::REFUSAL_NOT_LOGGED_IN;
  } else if (member.room != nullptr) {
    reason = Protocol::REFUSAL_ALREADY_IN_ROOM;
  } else if (packet.player_index() != 0) {
    reason = Protocol::REFUSAL_BAD_PLAYER_INDEX;
  } else if (packet.room_id() >= rooms_.size()) {
    reason = Protocol::REFUSAL_BAD_ROOM;
  }
  if (reason != Protocol::REFUSAL_NONE) {
    Protocol::S_ENTER_GAME answer;
    answer.set_reason(reason);
    return output_.Answer(member, Sealed(Protocol::PACKET_S_ENTER_GAME, answer));
  }
  Room& room = *rooms_[packet.room_id()];
  Protocol::S_PLAYER_JOINED joined;
  Describe(member, *joined.mutable_player());
  // Before it is a member: to the others.
  Broadcast(room, proto::MakeSendBuffer(Protocol::PACKET_S_PLAYER_JOINED, joined, 0));
  output_.Answer(member, room.Hello(member));
  room.Add(member);
  output_.Entered(member);
}

void ChatCore::Chat(Member& member, const Protocol::C_CHAT& packet) {
  Protocol::S_CHAT chat;
  Protocol::Refusal reason = Protocol::REFUSAL_NONE;
  if (!member.logged_in) {
    reason = Protocol::REFUSAL_NOT_LOGGED_IN;
  } else if (member.room == nullptr) {
    reason = Protocol::REFUSAL_NOT_IN_ROOM;
  } else {
    reason = chat::CheckMessage(packet.msg(), kMostMessageBytes);
  }
  if (reason != Protocol::REFUSAL_NONE) {
    chat.set_reason(reason);
    return output_.Answer(member, Sealed(Protocol::PACKET_S_CHAT, chat));
  }
  ++said_;
  chat.set_player_id(member.id);
  chat.set_name(member.name);
  chat.set_msg(packet.msg());
  Broadcast(*member.room, proto::MakeSendBuffer(Protocol::PACKET_S_CHAT, chat, 0));
}

void ChatCore::Broadcast(Room& room, net::PacketRef packet) {
  packet->SetSequence(room.next_sequence_++);
  packet->Seal(net::kDefaultFixedKey, net::RandomKey());
  output_.Broadcast(room, std::move(packet));
}

void ChatCore::Gone(Member& member) {
  if (member.room == nullptr) return;
  Room& room = *member.room;
  room.Remove(member);
  Protocol::S_PLAYER_LEFT left;
  left.set_player_id(member.id);
  Broadcast(room, proto::MakeSendBuffer(Protocol::PACKET_S_PLAYER_LEFT, left, 0));
}

}  // namespace peers
