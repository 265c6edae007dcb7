#include "labs/locked_room.h"

#include <chrono>

#include "client_packet_handler.h"

namespace apps {

namespace {
constexpr int kMostListed = 500;  // as in chat/room.h
}

std::unique_lock<std::mutex> LockedRoom::Lock() {
  std::unique_lock lock(lock_, std::try_to_lock);
  if (lock.owns_lock()) return lock;
  const auto begin = std::chrono::steady_clock::now();
  lock.lock();
  const std::chrono::nanoseconds waited = std::chrono::steady_clock::now() - begin;
  waited_ns_.fetch_add(static_cast<std::uint64_t>(waited.count()), std::memory_order_relaxed);
  return lock;
}

void LockedRoom::Broadcast(const net::PacketRef& packet) {
  packet->SetSequence(next_sequence_++);
  sender_.Seal(*packet);
  for (const auto& [id, player] : players_) sender_.Send(player->owner, packet);
}

void LockedRoom::Enter(const chat::PlayerRef& player) {
  Protocol::S_PLAYER_JOINED joined;
  player->CopyTo(*joined.mutable_player());
  Protocol::S_ENTER_GAME answer;
  answer.set_success(true);
  answer.set_room_id(id_);
  answer.set_player_id(player->id);
  const auto lock = Lock();
  Broadcast(ClientPacketHandler::MakeSendBuffer(joined));
  player->CopyTo(*answer.add_players());
  for (auto member = players_.begin();
       member != players_.end() && answer.players_size() < kMostListed; ++member) {
    member->second->CopyTo(*answer.add_players());
  }
  players_[player->id] = player;
  answer.set_unnamed(static_cast<std::uint32_t>(players_.size()) -
                     static_cast<std::uint32_t>(answer.players_size()));
  sender_.Send(player->owner, ClientPacketHandler::MakeSendBuffer(answer));
}

void LockedRoom::Leave(const chat::Player& player) {
  Protocol::S_PLAYER_LEFT left;
  left.set_player_id(player.id);
  const auto lock = Lock();
  if (players_.erase(player.id) != 0) Broadcast(ClientPacketHandler::MakeSendBuffer(left));
}

void LockedRoom::Chat(const chat::Player& speaker, std::string_view message) {
  Protocol::S_CHAT chat;
  chat.set_player_id(speaker.id);
  chat.set_name(speaker.name);
  chat.set_msg(message.data(), message.size());
  const net::PacketRef packet = ClientPacketHandler::MakeSendBuffer(chat);
  const auto lock = Lock();
  Broadcast(packet);
}

}  // namespace apps
