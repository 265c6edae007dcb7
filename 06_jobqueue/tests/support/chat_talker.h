// A chat client for scenario tests, on a plain socket: wire.h for the frames, protobuf for the
// bodies, nothing of net/ or support/client/. Every wait has a deadline.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol.pb.h"
#include "tests/support/tcp_client.h"
#include "tests/support/wire.h"

namespace course_test {

// A frame with `body`, as bytes to be sent.
std::string ChatFrame(std::uint16_t type, std::uint32_t sequence, std::string_view body);

class ChatTalker {
 public:
  explicit ChatTalker(unsigned short port) : tcp_(port) {}

  // Sends a request with the next number.
  bool Send(const Protocol::C_LOGIN& pkt);
  bool Send(const Protocol::C_ENTER_GAME& pkt);
  bool Send(const Protocol::C_CHAT& pkt);
  bool Send(const Protocol::C_LEAVE_GAME& pkt);
  bool SendRaw(std::uint16_t type, std::string_view body);

  // The next packet; nothing when the connection has ended, or at the deadline.
  std::optional<wire::Frame> Read();
  // Skips packets up to the next one of this kind.
  std::optional<Protocol::S_LOGIN> ReadLogin();
  std::optional<Protocol::S_ENTER_GAME> ReadEnterGame();
  std::optional<Protocol::S_LEAVE_GAME> ReadLeaveGame();
  std::optional<Protocol::S_CHAT> ReadChat();
  std::optional<Protocol::S_PLAYER_JOINED> ReadJoined();
  std::optional<Protocol::S_PLAYER_LEFT> ReadLeft();

  // The usual way in. False: refused, or the connection ended.
  bool LogIn();
  bool Enter(std::uint32_t room, std::uint64_t player_index = 0);
  bool Say(std::string_view text);
  // Says `text` and reads until it is heard. False: the connection ended, or it was refused.
  bool Echo(std::string_view text);

  // Of the packet read last.
  std::uint32_t sequence() const { return sequence_; }
  // The in-game id that Enter got.
  std::uint64_t player_id() const { return player_id_; }
  support::TcpClient& tcp() { return tcp_; }

 private:
  template <typename Message>
  std::optional<Message> ReadMessage(std::uint16_t type);

  support::TcpClient tcp_;
  std::uint32_t sent_ = 0;
  std::uint32_t sequence_ = 0;
  std::uint64_t player_id_ = 0;
};

}  // namespace course_test
