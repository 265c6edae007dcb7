// The first inputs of the chat's fuzzer: short scripts of its steps, which are described in
// chat_fuzzer.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "enum.pb.h"
#include "protocol.pb.h"
#include "tests/fuzz/packets.h"
#include "tests/fuzz/seeds.h"

namespace fuzz {

namespace chat_step {
enum Kind : std::uint8_t { kServices = 12, kTime, kFinish, kGo };
}

class ChatScript {
 public:
  explicit ChatScript(wire::Bytes& seed) : seed_(seed) {}
  ChatScript& Do(std::uint8_t kind, std::size_t client = 0) {
    seed_.push_back(static_cast<std::uint8_t>((client << 4) | kind));
    return *this;
  }
  ChatScript& With(std::uint8_t value) {
    seed_.push_back(value);
    return *this;
  }
  template <typename Message>
  ChatScript& Send(Protocol::PacketId id, const Message& message, std::size_t client = 0) {
    Do(0, client);
    PutPacket(seed_, static_cast<std::uint16_t>(id), message.SerializeAsString());
    return *this;
  }
  ChatScript& LogIn(std::size_t client = 0) {
    Protocol::C_LOGIN login;
    login.set_account(client + 1);
    login.set_session_key("key");
    return Send(Protocol::PACKET_C_LOGIN, login, client);
  }
  ChatScript& Enter(std::uint32_t room, std::size_t client = 0) {
    Protocol::C_ENTER_GAME enter;
    enter.set_room_id(room);
    enter.set_player_index(1);
    return Send(Protocol::PACKET_C_ENTER_GAME, enter, client);
  }
  ChatScript& Say(const std::string& text, std::size_t client = 0) {
    Protocol::C_CHAT chat;
    chat.set_msg(text);
    return Send(Protocol::PACKET_C_CHAT, chat, client);
  }
  ChatScript& Move(std::uint32_t x, std::uint32_t y, std::size_t client = 0) {
    Protocol::C_MOVE_SECTOR move;
    move.set_x(x);
    move.set_y(y);
    return Send(Protocol::PACKET_C_MOVE_SECTOR, move, client);
  }
  ChatScript& SayToSector(const std::string& text, std::size_t client = 0) {
    Protocol::C_SECTOR_CHAT chat;
    chat.set_msg(text);
    return Send(Protocol::PACKET_C_SECTOR_CHAT, chat, client);
  }
  ChatScript& Leave(std::size_t client = 0) {
    return Send(Protocol::PACKET_C_LEAVE_GAME, Protocol::C_LEAVE_GAME(), client);
  }

 private:
  wire::Bytes& seed_;
};

inline Seeds MakeChatSeeds() {
  using namespace chat_step;
  Seeds seeds;
  const auto script = [&](const char* name) { return ChatScript(seeds[name]); };
  script("whole-stay").LogIn().Enter(1).Say("hello").Move(9, 29).SayToSector("here").Leave();
  script("two-talk").LogIn().LogIn(1).Enter(0).Enter(0, 1).Say("a").Say("b", 1).Leave(1).Say("c");
  script("room-full").LogIn().LogIn(1).LogIn(2).Enter(0).Enter(0, 1).Enter(0, 2).Enter(1, 2);
  script("bad-text").LogIn().Enter(0).Say("\xff\xfe").Say("").Say("\n").Say(std::string(101, 'a'));
  script("bad-place").LogIn().Enter(2).Enter(1).Move(30, 0).Move(0, 30);
  script("too-early").Enter(0).Say("x").Move(0, 0).SayToSector("x").Leave();
  script("wrong-key").Do(kServices).With(1).LogIn().LogIn(1);
  script("no-store").Do(kServices).With(3).LogIn().Do(kServices).With(0).LogIn().Enter(0);
  script("nothing-kept").LogIn().Enter(0).Do(kServices).With(4).Say("x").SayToSector("x").Do(kGo);
  script("silent").LogIn().Enter(0).LogIn(1).Do(kTime).With(255).Do(kTime).With(255).Say("x");
  script("says-no-more").LogIn().Enter(0).Say("x").Do(kFinish).LogIn(1).Enter(0, 1);
  script("goes").LogIn().Enter(0).Say("x").Do(kGo).LogIn().Enter(0).LogIn(1).Enter(0, 1);
  Protocol::C_LOGIN same;
  same.set_account(1);
  script("logs-in-twice").LogIn().Enter(0).Send(Protocol::PACKET_C_LOGIN, same, 1).Say("x");
  Protocol::C_HEARTBEAT beat;
  beat.set_client_time(~std::uint64_t{0});
  ChatScript flood = script("flood").LogIn().Enter(0);
  for (int i = 0; i < 60; ++i) flood.Send(Protocol::PACKET_C_HEARTBEAT, beat);
  for (const std::uint16_t id : PacketIds()) {  // also what no client may send
    ChatScript each = script(("packet-" + std::to_string(id)).c_str()).LogIn().Enter(0);
    each.Do(0);
    PutPacket(seeds["packet-" + std::to_string(id)], id, "\x08\x01");
  }
  return seeds;
}

}  // namespace fuzz
