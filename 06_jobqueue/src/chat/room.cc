#include "chat/room.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "client_packet_handler.h"
#include "net/thread_object.h"

namespace chat {

// [room]
// --- any thread: post and go on -------------------------------------------------------------------

void Room::Enter(StayRef stay, JobBudget::Permit permit) {
  // <student 06.5>
  Post([this, stay = std::move(stay), permit = std::move(permit)]() mutable {
    DoEnter(std::move(stay));
  });
  // </student>
}

void Room::Leave(StayRef stay, JobBudget::Permit permit) {
  // <student 06.5>
  Post([this, stay = std::move(stay), permit = std::move(permit)] { DoLeave(stay); });
  // </student>
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
  // <student 06.6>
  auto& chat = net::ThreadObject<Protocol::S_CHAT>::Get();  // again and again: its strings keep
  chat.set_player_id(speaker.id);                           // their memory
  chat.set_name(speaker.name);
  chat.mutable_msg()->assign(message);
  // As much as possible here, on the worker: workers are many, the room is one.
  net::PacketRef packet = ClientPacketHandler::MakeSendBuffer(chat);

  // [chat]
  Post([this, packet = std::move(packet), permit = std::move(permit)]() mutable {
    Broadcast(std::move(packet));
  });
  // [/chat]
  // </student>
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
  // <student 06.5>
  const Player& player = *stay->player;
  Protocol::S_PLAYER_JOINED joined;
  player.CopyTo(*joined.mutable_player());
  ++news_;
  Broadcast(ClientPacketHandler::MakeSendBuffer(joined));  // before it is a member: to the others
  turn_.Add(stay, roster_.Hello(player));
  roster_.Changed(stay->place);
  size_.store(turn_.size(), std::memory_order_relaxed);
  // </student>
}
// [/enter]

void Room::DoLeave(const StayRef& stay) {
  // <student 06.5>
  Protocol::S_LEAVE_GAME answer;
  answer.set_success(true);
  net::PacketRef bye = ClientPacketHandler::MakeSendBuffer(answer);
  sender_.Seal(*bye);
  const std::size_t place = stay->place;
  if (turn_.Remove(stay, std::move(bye))) Announce(*stay->player, place);
  // </student>
}

void Room::DoFinish(const StayRef& stay) {
  const std::size_t place = stay->place;
  if (turn_.Finish(stay)) Announce(*stay->player, place);
}

void Room::DoGone(const StayRef& stay) {
  const std::size_t place = stay->place;
  if (turn_.Forget(stay)) Announce(*stay->player, place);
}

void Room::Announce(const Player& leaver, std::size_t place) {
  // <student 06.5>
  roster_.Changed(place);
  roster_.Changed(turn_.size());  // where the one was who has taken the place
  size_.store(turn_.size(), std::memory_order_relaxed);
  Protocol::S_PLAYER_LEFT left;
  left.set_player_id(leaver.id);
  ++news_;
  Broadcast(ClientPacketHandler::MakeSendBuffer(left));
  // </student>
}

// --- the end of a slice ---------------------------------------------------------------------------

// [slice-end]
void Room::OnSliceEnd() {
  const bool only_news = turn_.said() == news_ && turn_.size() > kManyMembers;
  if (only_news) turn_.FlushAnswers();
  if (turn_.empty()) {
    flush_due_ = false;
    return;
  }
  const job::Duration wait =
      only_news ? std::max(flush_interval_, news_interval_) : flush_interval_;
  // With nobody inside there is nobody to wait for; a server that stops empties its rooms this way.
  const bool at_once = wait <= job::Duration::zero() || turn_.size() == 0;
  if (at_once || flush_due_) return Flush();
  if (reserved_ > job::Duration::zero() && reserved_ <= wait) return;
  reserved_ = wait;
  // No timer any more: the threads are about to stop.
  if (!timer_.Reserve(wait, *this, [this] { flush_due_ = true; })) Flush();
}
// [/slice-end]

void Room::Flush() {
  reserved_ = job::Duration::zero();
  flush_due_ = false;
  news_ = 0;
  flushes_.fetch_add(1, std::memory_order_relaxed);
  turn_.Flush();
}
// [/room]

}  // namespace chat
