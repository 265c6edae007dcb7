// The chat of the peers, without input and output: who is logged in, who is in which room, what
// each packet means. Every peer has this same code, so that only the way the bytes go differs.
//
// It does what the stages do with the same packets, and by the same code: net::Packet and its
// encoding, protobuf on an arena, the rules for texts. There is no auth service behind it: C_LOGIN
// is always right.
//
// Threading: none, a peer has one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "net/packet.h"
#include "protocol.pb.h"

namespace peers {

class Room;

// One connection, as far as the chat is concerned. The peers derive their connections from it.
struct Member {
  std::uint32_t next_sequence = 1;  // of its next packet
  bool logged_in = false;
  std::uint64_t id = 0;
  std::string name;
  Room* room = nullptr;
  std::size_t place = 0;  // in the room's list
};

class Room {
 public:
  explicit Room(std::size_t number) : number_(number) { hello_.set_success(true); }

  std::size_t number() const { return number_; }
  const std::vector<Member*>& members() const { return members_; }

 private:
  friend class ChatCore;

  net::PacketRef Hello(const Member& newcomer);
  void Add(Member& member);
  void Remove(Member& member);

  const std::size_t number_;
  std::vector<Member*> members_;
  std::uint32_t next_sequence_ = 1;
  Protocol::S_ENTER_GAME hello_;  // names the first members; kept from one newcomer to the next
};

// Where the chat's packets go. All are sealed.
class Output {
 public:
  virtual ~Output() = default;
  // To this one alone, before anything that its room says from now on.
  virtual void Answer(Member& to, net::PacketRef packet) = 0;
  // To everybody who is in the room now.
  virtual void Broadcast(Room& room, net::PacketRef packet) = 0;
  // It is in member.room now, and hears what is said there from here on.
  virtual void Entered(Member& member) = 0;
};

class ChatCore {
 public:
  static constexpr std::size_t kMostMessageBytes = 1024;  // as stage 07's default
  static constexpr std::size_t kMostNamed = 200;          // in S_ENTER_GAME, as in stage 07

  ChatCore(Output& output, std::size_t rooms);

  // A whole packet, decoded and checked. False: end the connection.
  bool OnPacket(Member& member, std::uint16_t type, std::span<const std::uint8_t> body);
  // The connection has ended; nothing of it is used afterwards.
  void Gone(Member& member);

  std::size_t rooms() const { return rooms_.size(); }
  std::uint64_t said() const { return said_; }

 private:
  void Login(Member& member);
  void Enter(Member& member, const Protocol::C_ENTER_GAME& packet);
  void Chat(Member& member, const Protocol::C_CHAT& packet);
  void Broadcast(Room& room, net::PacketRef packet);

  Output& output_;
  std::vector<std::unique_ptr<Room>> rooms_;
  std::uint64_t next_id_ = 1;
  std::uint64_t said_ = 0;
};

}  // namespace peers
