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
  members_.push_back(Member{std::move(stay), to, std::move(hello), said_.size()});
  split_ = true;
}

bool RoomTurn::Remove(const StayRef& stay, net::PacketRef bye) {
  const auto member = Find(stay);
  if (member == members_.end()) return false;
  pieces_.push_back(Piece{member->to, std::move(member->hello), member->from, said_.size(),
                          std::move(bye), stay});
  members_.erase(member);
  return true;
}

bool RoomTurn::Finish(const StayRef& stay) {
  Piece piece;
  piece.to = stay->player->owner;
  piece.finishes = true;
  const auto member = Find(stay);
  const bool inside = member != members_.end();
  if (inside) {
    piece.hello = std::move(member->hello);
    piece.from = member->from;
    piece.until = said_.size();
    members_.erase(member);
  }
  pieces_.push_back(std::move(piece));
  return inside;
}

bool RoomTurn::Forget(const StayRef& stay) {
  const auto member = Find(stay);
  if (member == members_.end()) return false;
  members_.erase(member);
  return true;
}

void RoomTurn::Tell(const StayRef& stay, net::PacketRef packet) {
  Piece piece;
  piece.to = stay->player->owner;
  piece.last = std::move(packet);
  if (const auto member = Find(stay); member != members_.end()) {
    piece.hello = std::move(member->hello);
    piece.from = member->from;
    piece.until = member->from = said_.size();
    split_ = true;
  }
  pieces_.push_back(std::move(piece));
}

// A walk: whoever enters or leaves is announced to all members anyway, and that is a walk, too.
std::vector<RoomTurn::Member>::iterator RoomTurn::Find(const StayRef& stay) {
  return std::find_if(members_.begin(), members_.end(),
                      [&](const Member& member) { return member.stay == stay; });
}

// [flush]
void RoomTurn::Flush() {
  // First: a member that was told something hears it before what was said later.
  for (const Piece& piece : pieces_) {
    // Before the send: a client that has got its S_LEAVE_GAME must not be told that it is inside.
    if (piece.over) piece.over->over.store(true, std::memory_order_release);
    if (piece.hello || piece.from < piece.until || piece.last) {
      sender_.Send(piece.to, Joined(piece.hello, piece.from, piece.until, piece.last));
    }
    if (piece.finishes) sender_.Finish(piece.to);
  }
  // <student 06.6>
  net::PacketRef all;  // stored once, however many members hear it
  if (!said_.empty()) all = Joined({}, 0, said_.size(), {});
  for (Member& member : members_) {
    if (member.hello || (member.from > 0 && member.from < said_.size())) {
      sender_.Send(member.to, Joined(member.hello, member.from, said_.size(), {}));
    } else if (all && member.from == 0) {
      sender_.Send(member.to, all);
    }
    member.hello = {};
    member.from = 0;
  }
  // </student>
  said_.clear();
  pieces_.clear();
  bytes_ = 0;
  split_ = false;
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
