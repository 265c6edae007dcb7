#include "chat/room.h"

#include <chrono>

#include "client_packet_handler.h"
#include "net/thread_object.h"

namespace chat {

// Takes the lock and notes what the wait has cost. The clock is read only when somebody else has
// the lock.
class Room::Lock {
 public:
  explicit Lock(Room& room) : guard_(room.lock_, std::try_to_lock) {
    room.times_locked_.fetch_add(1, std::memory_order_relaxed);
    if (guard_.owns_lock()) return;
    const auto begin = std::chrono::steady_clock::now();
    guard_.lock();
    const auto waited = std::chrono::steady_clock::now() - begin;
    room.waits_.fetch_add(1, std::memory_order_relaxed);
    room.waited_ns_.fetch_add(
        static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(waited).count()),
        std::memory_order_relaxed);
  }

 private:
  std::unique_lock<std::mutex> guard_;
};

// [broadcast]
void Room::Broadcast(const net::PacketRef& packet) {
  // <student 05.3>
  packet->SetSequence(next_sequence_++);
  sender_.Seal(*packet);  // once, not once per receiver
  for (const auto& [id, player] : players_) sender_.Send(player->owner, packet);
  // </student>
}
// [/broadcast]

// [enter]
void Room::Enter(const PlayerRef& player) {
  // <student 05.3>
  Protocol::S_PLAYER_JOINED joined;
  player->CopyTo(*joined.mutable_player());
  Protocol::S_ENTER_GAME answer;
  answer.set_success(true);
  answer.set_room_id(id_);
  answer.set_player_id(player->id);

  const net::PacketRef notice = ClientPacketHandler::MakeSendBuffer(joined);

  const Lock lock(*this);
  Broadcast(notice);  // before it is a member: to the others
  for (auto member = players_.begin();
       member != players_.end() && answer.players_size() + 1 < static_cast<int>(kMostListed);
       ++member) {
    member->second->CopyTo(*answer.add_players());
  }
  player->CopyTo(*answer.add_players());
  players_[player->id] = player;
  answer.set_unnamed(static_cast<std::uint32_t>(players_.size()) -
                     static_cast<std::uint32_t>(answer.players_size()));
  sender_.Send(player->owner, ClientPacketHandler::MakeSendBuffer(answer));
  // </student>
}
// [/enter]

void Room::Leave(const Player& player) {
  // <student 05.3>
  Protocol::S_PLAYER_LEFT left;
  left.set_player_id(player.id);

  const Lock lock(*this);
  if (players_.erase(player.id) == 0) return;
  // The packet is made after that: without memory for it the player is gone all the same.
  Broadcast(ClientPacketHandler::MakeSendBuffer(left));
  // </student>
}

// [chat]
void Room::Chat(const Player& speaker, std::string_view message) {
  // <student 05.4>
  auto& chat = net::ThreadObject<Protocol::S_CHAT>::Get();  // again and again: its strings keep
  chat.set_player_id(speaker.id);                           // their memory
  chat.set_name(speaker.name);
  chat.mutable_msg()->assign(message);
  const net::PacketRef packet =
      ClientPacketHandler::MakeSendBuffer(chat);  // as much as possible before the lock

  const Lock lock(*this);
  Broadcast(packet);
  // </student>
}
// [/chat]

std::size_t Room::size() const {
  const std::lock_guard guard(lock_);
  return players_.size();
}

Room::LockCost Room::lock_cost() const {
  return {times_locked_.load(std::memory_order_relaxed), waits_.load(std::memory_order_relaxed),
          waited_ns_.load(std::memory_order_relaxed)};
}

}  // namespace chat
