#include "chat/room.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "client_packet_handler.h"
#include "net/thread_object.h"

namespace chat {

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
        permit = std::move(permit)]() mutable {
    CommitTalk();
    turn_.Tell(stay, std::move(packet));
  });
}

void Room::Chat(StayRef speaker, std::string_view message, JobBudget::Permit permit) {
  // <student 06.6>
  auto& chat = net::ThreadObject<Protocol::S_CHAT>::Get();  // again and again: its strings keep
  chat.set_player_id(speaker->player->id);                  // their memory
  chat.set_name(speaker->player->name);
  chat.mutable_msg()->assign(message);
  // As much as possible here, on the worker: workers are many, the room is one.
  net::PacketRef packet = ClientPacketHandler::MakeSendBuffer(chat);

  // [chat]
  auto say = [this, packet = std::move(packet), speaker = std::move(speaker),
              bytes = static_cast<std::uint32_t>(message.size()),
              permit = std::move(permit)]() mutable {
    if (speaker->over.load(std::memory_order_relaxed)) return;  // the room was full
    talk_.push_back({std::move(packet), std::move(speaker), bytes});
  };
  static_assert(job::Job::kFitsInline<decltype(say)>, "one allocation per message");
  Post(std::move(say));
  // [/chat]
  // </student>
}

// --- jobs -----------------------------------------------------------------------------------------

// [commit]
void Room::CommitTalk() {
  // <student 07c.1>
  assert(InThisQueue());
  if (!talk_.empty()) LimitTalk();
  if (talk_.empty()) return;
  records_.clear();
  for (const Talk& talk : talk_) {
    const Player& speaker = *talk.speaker->player;
    // S_CHAT's last field is the message (`reason` is 0 and takes no byte).
    const auto text = talk.packet->body().last(talk.message_bytes);
    TalkRecord& record = records_.emplace_back();
    record.account = speaker.account;
    record.session = speaker.owner;
    record.name = speaker.name;
    record.message = {reinterpret_cast<const char*>(text.data()), text.size()};
    record.place = id_;
    record.sequence = next_sequence_ + static_cast<std::uint32_t>(records_.size()) - 1;
  }
  if (chronicle_.Record(records_)) {
    for (Talk& talk : talk_) Broadcast(std::move(talk.packet));
  } else {
    for (const Talk& talk : talk_) RefuseTalk(talk.speaker, Protocol::REFUSAL_NOT_STORED);
  }
  talk_.clear();
  // </student>
}
// [/commit]

// [broadcast]
void Room::Broadcast(net::PacketRef packet) {
  assert(InThisQueue());
  packet->SetSequence(next_sequence_++);
  sender_.Seal(*packet);  // once, not once per receiver
  turn_.Say(std::move(packet));
  if (turn_.bytes() > options_.most_unsent) Flush();
}
// [/broadcast]

// [enter]
void Room::DoEnter(StayRef stay) {
  // <student 06.5>
  CommitTalk();
  const Player& player = *stay->player;
  if (turn_.size() >= options_.members_max) {
    Protocol::S_ENTER_GAME answer;
    answer.set_reason(Protocol::REFUSAL_ROOM_FULL);
    stay->over.store(true,
                     std::memory_order_release);  // before the answer: it may try another room
    return sender_.Send(player.owner, ClientPacketHandler::MakeSendBuffer(answer));
  }
  Protocol::S_PLAYER_JOINED joined;
  player.CopyTo(*joined.mutable_player());
  ++news_;
  Broadcast(ClientPacketHandler::MakeSendBuffer(joined));  // before it is a member: to the others
  turn_.Add(stay, roster_.Hello(player));
  roster_.Changed(stay->place);
  size_.store(turn_.size(), std::memory_order_relaxed);
  grid_.Join(player.owner, player.id, player.name, options_.start, player.account);
  // </student>
}
// [/enter]

void Room::DoLeave(const StayRef& stay) {
  // <student 06.5>
  CommitTalk();
  Protocol::S_LEAVE_GAME answer;
  answer.set_success(true);
  net::PacketRef bye = ClientPacketHandler::MakeSendBuffer(answer);
  sender_.Seal(*bye);
  const std::size_t place = stay->place;
  if (turn_.Remove(stay, std::move(bye))) Announce(*stay->player, place);
  // </student>
}

void Room::DoFinish(const StayRef& stay) {
  CommitTalk();
  const std::size_t place = stay->place;
  if (turn_.Finish(stay)) Announce(*stay->player, place);
}

void Room::DoGone(const StayRef& stay) {
  CommitTalk();
  const std::size_t place = stay->place;
  if (turn_.Forget(stay)) Announce(*stay->player, place);
}

void Room::Announce(const Player& leaver, std::size_t place) {
  // <student 06.5>
  roster_.Changed(place);
  roster_.Changed(turn_.size());  // where the one was who has taken the place
  grid_.Leave(leaver.owner);
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
  CommitTalk();
  const bool only_news = turn_.said() == news_ && turn_.size() > kManyMembers;
  if (only_news) turn_.FlushAnswers();
  if (turn_.empty()) {
    flush_due_ = false;
    return;
  }
  const job::Duration wait = only_news ? std::max(options_.flush_interval, options_.news_interval)
                                       : options_.flush_interval;
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

}  // namespace chat
