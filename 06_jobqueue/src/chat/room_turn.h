// What a room has to send, from one flush to the next: each broadcast stored ONCE, and who is to
// hear which part of them.
//
// A member hears everything from its entering to its leaving, so what one member gets is one
// contiguous piece of `said_`, with perhaps an answer of its own before or after it:
//
//        said_:        #7  #8  #9  #10 #11
//        old members   =================      all of them get the same joined packet
//        newcomer          [hello]=======     its S_ENTER_GAME, then what was said after it
//        leaver        =========[bye]         what was said before it, then its S_LEAVE_GAME
//
// Flush makes one packet of each piece and sends it: for a member of a busy room that is ONE queued
// packet and one send, whatever was said; stage 05 queued each message for each member.
//
// Threading: none; the room's jobs use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chat/packet_sender.h"
#include "chat/stay.h"

namespace chat {

class RoomTurn {
 public:
  explicit RoomTurn(PacketSender& sender) : sender_(sender) {}

  // A sealed broadcast, to those who are members now.
  void Say(net::PacketRef packet);
  // A new member: first `hello` (sealed), then what is said from now on.
  void Add(StayRef stay, net::PacketRef hello);
  // What was said until now, then `bye` (sealed); then the stay is over. False: not a member.
  bool Remove(const StayRef& stay, net::PacketRef bye);
  // The client says no more: it gets what was said until now, then its connection ends. False: not
  // a member (any more); it ends all the same.
  bool Finish(const StayRef& stay);
  // The member's connection has ended: nothing is sent. False: not a member.
  bool Forget(const StayRef& stay);
  // A packet (sealed) for one session, in its place behind what was said until now.
  void Tell(const StayRef& stay, net::PacketRef packet);

  // Sends everything.
  void Flush();
  // Sends what is for single sessions (a newcomer's hello, a good-bye, an answer), each with what
  // it has to hear before. What was said stays, for the others.
  void FlushAnswers();
  [[nodiscard]] bool empty() const {
    return said_.empty() && pieces_.empty() && newcomers_.empty();
  }
  // Broadcasts that were said and not sent yet to all.
  [[nodiscard]] std::size_t said() const { return said_.size(); }
  // Their bytes.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  [[nodiscard]] std::size_t size() const { return members_.size(); }
  // 0 .. size() - 1. Stay::place says who is where; when somebody leaves, the last one takes his
  // place.
  [[nodiscard]] const Player& player(std::size_t place) const {
    return *members_[place].stay->player;
  }

 private:
  struct Member {
    StayRef stay;
    net::SessionId to;
    net::PacketRef hello;  // not sent yet; null: none
    std::size_t from = 0;  // in said_: the first that it has not been given
  };
  // What a session gets before the others get theirs: hello, said_[from, until), last.
  struct Piece {
    net::SessionId to;
    net::PacketRef hello;
    std::size_t from = 0;
    std::size_t until = 0;
    net::PacketRef last;
    StayRef over;  // null: the stay goes on
    bool finishes = false;
  };

  Member* Find(const StayRef& stay);
  void TakeOut(Member& member);
  net::PacketRef Joined(const net::PacketRef& hello, std::size_t from, std::size_t until,
                        const net::PacketRef& last);

  PacketSender& sender_;
  std::vector<Member> members_;  // by Stay::place
  // Since the last flush. The vectors are kept for their memory.
  std::vector<net::PacketRef> said_;
  std::size_t bytes_ = 0;
  std::vector<Piece> pieces_;       // in the order of happening
  std::vector<StayRef> newcomers_;  // have a hello, if they are still here
  std::vector<net::PacketRef> parts_;
};

}  // namespace chat
