#include "chat/room_turn.h"

#include <algorithm>
#include <utility>

namespace chat {

void RoomTurn::Say(net::PacketRef packet) {
  bytes_ += packet->frame().size();
  said_.push_back(std::move(packet));
}

void RoomTurn::Add(StayRef stay, net::PacketRef hello) {
  const net::SessionId to = stay->player->owner;
  stay->place = members_.size();
  newcomers_.push_back(stay);
  members_.push_back(Member{std::move(stay), to, std::move(hello), said_.size()});
}

bool RoomTurn::Remove(const StayRef& stay, net::PacketRef bye) {
  Member* const member = Find(stay);
  if (member == nullptr) return false;
  pieces_.push_back(Piece{member->to, std::move(member->hello), member->from, said_.size(),
                          std::move(bye), stay});
  TakeOut(*member);
  return true;
}

bool RoomTurn::Finish(const StayRef& stay) {
  Piece piece;
  piece.to = stay->player->owner;
  piece.finishes = true;
  Member* const member = Find(stay);
  if (member != nullptr) {
    piece.hello = std::move(member->hello);
    piece.from = member->from;
    piece.until = said_.size();
    TakeOut(*member);
  }
  pieces_.push_back(std::move(piece));
  return member != nullptr;
}

bool RoomTurn::Forget(const StayRef& stay) {
  Member* const member = Find(stay);
  if (member == nullptr) return false;
  TakeOut(*member);
  return true;
}

void RoomTurn::Tell(const StayRef& stay, net::PacketRef packet) {
  Piece piece;
  piece.to = stay->player->owner;
  piece.last = std::move(packet);
  if (Member* const member = Find(stay)) {
    piece.hello = std::move(member->hello);
    piece.from = member->from;
    piece.until = member->from = said_.size();
  }
  pieces_.push_back(std::move(piece));
}

RoomTurn::Member* RoomTurn::Find(const StayRef& stay) {
  return stay->place == Stay::kOutside ? nullptr : &members_[stay->place];
}

// Not in the order of entering any more, and nobody is moved but the last one.
void RoomTurn::TakeOut(Member& member) {
  const std::size_t place = std::exchange(member.stay->place, Stay::kOutside);
  if (place + 1 < members_.size()) {
    member = std::move(members_.back());
    member.stay->place = place;
  }
  members_.pop_back();
}

// [flush]
void RoomTurn::FlushAnswers() {
  // <student 06.7>
  // First: a member that was told something hears it before what was said later.
  for (const Piece& piece : pieces_) {
    // Before the send: a client that has got its S_LEAVE_GAME must not be told that it is inside.
    if (piece.over) piece.over->over.store(true, std::memory_order_release);
    if (piece.hello || piece.from < piece.until || piece.last) {
      sender_.Send(piece.to, Joined(piece.hello, piece.from, piece.until, piece.last));
    }
    if (piece.finishes) sender_.Finish(piece.to);
  }
  pieces_.clear();
  for (const StayRef& stay : newcomers_) {
    Member* const member = Find(stay);
    if (member == nullptr || !member->hello) continue;
    sender_.Send(member->to, Joined(member->hello, member->from, said_.size(), {}));
    member->hello = {};
    member->from = said_.size();
  }
  newcomers_.clear();
  // </student>
}

void RoomTurn::Flush() {
  // <student 06.7>
  FlushAnswers();
  net::PacketRef all;  // stored once, however many members hear it
  if (!said_.empty()) all = Joined({}, 0, said_.size(), {});
  for (Member& member : members_) {
    if (member.from > 0 && member.from < said_.size()) {
      sender_.Send(member.to, Joined({}, member.from, said_.size(), {}));
    } else if (all && member.from == 0) {
      sender_.Send(member.to, all);
    }
    member.from = 0;
  }
  said_.clear();
  bytes_ = 0;
  // </student>
}
// [/flush]

net::PacketRef RoomTurn::Joined(const net::PacketRef& hello, std::size_t from, std::size_t until,
                                const net::PacketRef& last) {
  parts_.clear();
  if (hello) parts_.push_back(hello);
  parts_.insert(parts_.end(), said_.begin() + static_cast<std::ptrdiff_t>(from),
                said_.begin() + static_cast<std::ptrdiff_t>(until));
  if (last) parts_.push_back(last);
  net::PacketRef joined = parts_.size() == 1 ? parts_.front() : net::Packet::Join(parts_);
  parts_.clear();
  return joined;
}

}  // namespace chat
