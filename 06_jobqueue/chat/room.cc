#include "chat/room.h"

#include <cassert>
#include <utility>
#include <vector>

#include "client_packet_handler.h"

namespace chat {

// --- any thread: post and go on -------------------------------------------------------------------

void Room::Enter(StayRef stay, JobBudget::Permit permit) {
  Post([this, stay = std::move(stay), permit = std::move(permit)]() mutable {
    DoEnter(std::move(stay));
  });
}

void Room::Leave(StayRef stay, JobBudget::Permit permit) {
  Post([this, stay = std::move(stay), permit = std::move(permit)] { DoLeave(stay); });
}

void Room::Finish(StayRef stay) {
  Post([this, stay = std::move(stay)] { DoFinish(stay); });
}

void Room::Gone(StayRef stay) {
  Post([this, stay = std::move(stay)] { DoGone(stay); });
}

void Room::Tell(StayRef stay, net::PacketRef packet, JobBudget::Permit permit) {
  sender_.Seal(*packet);
  Post([this, stay = std::move(stay), packet = std::move(packet),
        permit = std::move(permit)]() mutable { turn_.Tell(stay, std::move(packet)); });
}

void Room::Chat(const Player& speaker, std::string_view message, JobBudget::Permit permit) {
  Protocol::S_CHAT chat;
  chat.set_player_id(speaker.id);
  chat.set_name(speaker.name);
  chat.set_msg(message.data(), message.size());
  // As much as possible here, on the worker: workers are many, the room is one.
  net::PacketRef packet = ClientPacketHandler::MakeSendBuffer(chat);

  // [chat]
  // <student 06.5>
  Post([this, packet = std::move(packet), permit = std::move(permit)]() mutable {
    Broadcast(std::move(packet));
  });
  // </student>
  // [/chat]
}

// --- jobs -----------------------------------------------------------------------------------------

// [broadcast]
void Room::Broadcast(net::PacketRef packet) {
  assert(InThisQueue());
  packet->SetSequence(next_sequence_++);
  sender_.Seal(*packet);  // once, not once per receiver
  turn_.Say(std::move(packet));
  if (turn_.bytes() > most_unsent_) Flush();
}
// [/broadcast]

// [enter]
void Room::DoEnter(StayRef stay) {
  const Player& player = *stay->player;
  Protocol::S_PLAYER_JOINED joined;
  player.CopyTo(*joined.mutable_player());
  Broadcast(ClientPacketHandler::MakeSendBuffer(joined));  // before it is a member: to the others
  const std::vector<net::PacketRef> hello = Hello(player);
  turn_.Add(stay, hello.front());
  for (std::size_t i = 1; i < hello.size(); ++i) turn_.Tell(stay, hello[i]);
  size_.store(turn_.size(), std::memory_order_relaxed);
}
// [/enter]

// S_ENTER_GAME with those who are inside and the newcomer, and the rest of a large room, as few
// packets: each is far smaller than the largest block of the pool.
std::vector<net::PacketRef> Room::Hello(const Player& player) {
  std::vector<net::PacketRef> hello;
  std::vector<net::PacketRef> parts;
  std::size_t bytes = 0;
  const auto join = [&] {
    hello.push_back(parts.size() == 1 ? parts.front() : net::Packet::Join(parts));
    parts.clear();
    bytes = 0;
  };
  const auto add = [&](net::PacketRef packet) {
    sender_.Seal(*packet);
    if (bytes > 0 && bytes + packet->frame().size() > kHelloBytes) join();
    bytes += packet->frame().size();
    parts.push_back(std::move(packet));
  };

  Protocol::S_ENTER_GAME answer;
  answer.set_success(true);
  answer.set_room_id(id_);
  answer.set_player_id(player.id);
  std::vector<const Player*> others;
  const auto list = [&](const Player& member) {
    if (answer.players_size() < static_cast<int>(kMostListed) && bytes < kMostListedBytes) {
      member.CopyTo(*answer.add_players());
      bytes += answer.players().rbegin()->ByteSizeLong();
    } else {
      others.push_back(&member);
    }
  };
  turn_.ForEachPlayer(list);
  list(player);
  bytes = 0;
  add(ClientPacketHandler::MakeSendBuffer(answer));
  for (const Player* const other : others) {
    Protocol::S_PLAYER_JOINED more;
    other->CopyTo(*more.mutable_player());
    add(ClientPacketHandler::MakeSendBuffer(more));
  }
  join();
  return hello;
}

void Room::DoLeave(const StayRef& stay) {
  Protocol::S_LEAVE_GAME answer;
  answer.set_success(true);
  net::PacketRef bye = ClientPacketHandler::MakeSendBuffer(answer);
  sender_.Seal(*bye);
  if (turn_.Remove(stay, std::move(bye))) Announce(*stay->player);
}

void Room::DoFinish(const StayRef& stay) {
  if (turn_.Finish(stay)) Announce(*stay->player);
}

void Room::DoGone(const StayRef& stay) {
  if (turn_.Forget(stay)) Announce(*stay->player);
}

void Room::Announce(const Player& leaver) {
  size_.store(turn_.size(), std::memory_order_relaxed);
  Protocol::S_PLAYER_LEFT left;
  left.set_player_id(leaver.id);
  Broadcast(ClientPacketHandler::MakeSendBuffer(left));
}

// --- the end of a slice ---------------------------------------------------------------------------

// [slice-end]
void Room::OnSliceEnd() {
  if (turn_.empty()) return;
  // With nobody inside there is nobody to wait for; a server that stops empties its rooms this way.
  const bool at_once = flush_interval_ <= job::Duration::zero() || turn_.size() == 0;
  if (at_once || flush_due_) return Flush();
  if (flush_reserved_) return;
  flush_reserved_ = true;
  // No timer any more: the threads are about to stop.
  if (!timer_.Reserve(flush_interval_, *this, [this] { flush_due_ = true; })) Flush();
}
// [/slice-end]

void Room::Flush() {
  flush_reserved_ = flush_due_ = false;
  flushes_.fetch_add(1, std::memory_order_relaxed);
  turn_.Flush();
}

}  // namespace chat
