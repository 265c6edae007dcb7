// What a person does in a chat, from logging in to leaving, as a state machine between three
// things: packets of the server, lines of the person, and what is shown. It knows neither socket
// nor terminal: it is given a function to send with and one to show with, so a test can play both
// sides.
//
//   kLoggingIn -S_LOGIN-> kChoosing -line-> kEntering -S_ENTER_GAME-> kInRoom
//                                              ^ (/room N)               |
//                                              +--S_LEAVE_GAME-- kLeaving <--/room N, /quit
//
// Threading: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apps/chat_client/command.h"
#include "apps/chat_client/connection.h"
#include "apps/chat_client/lines.h"
#include "apps/chat_client/roster.h"
#include "support/client/order_check.h"

namespace chat_client {

using Request = std::variant<Protocol::C_LOGIN, Protocol::C_ENTER_GAME, Protocol::C_CHAT,
                             Protocol::C_LEAVE_GAME>;

struct ChatOptions {
  std::string character;   // name or kind of the character to enter with; empty: not said
  std::uint32_t room = 0;  // to enter first
  bool person = true;      // somebody reads and can choose; otherwise a refusal ends the client
};

class Chat {
 public:
  // Own messages on their way, that the server has not sent back yet. A person never gets there; a
  // file in a pipe does, and waits (see ready).
  static constexpr std::size_t kMaxUnanswered = 64;
  // A longer one would not fit into a client's packet (PROTOCOL: 4096 bytes of payload), and the
  // server would close the connection instead of refusing the message.
  static constexpr std::size_t kMaxMessage = 4000;

  using SendFunction = std::function<bool(const Request&)>;  // false: the connection is over
  using ShowFunction = std::function<void(std::string_view line)>;
  Chat(ChatOptions options, Lines lines, SendFunction send, ShowFunction show);

  void Begin();
  void OnPacket(const ServerEvent& event);

  // May a line be taken now? Otherwise an answer of the server must come first.
  [[nodiscard]] bool ready() const;
  void OnLine(std::string_view line);
  // A line that was too long to be collected.
  void OnLongLine();
  // The person wants to go (/quit, Ctrl-D, Ctrl-C, the end of the input): says goodbye to the room
  // and is over when the server has answered. Whatever was said before has been said by then.
  void Leave();
  // The answer has taken too long, or the person wants to go at once.
  void GiveUp();

  // The server owes an answer without which nothing can go on.
  [[nodiscard]] bool waiting() const {
    return state_ == State::kLoggingIn || state_ == State::kEntering || state_ == State::kLeaving;
  }
  [[nodiscard]] bool leaving() const { return state_ == State::kLeaving && !next_room_; }
  [[nodiscard]] bool over() const { return state_ == State::kOver; }
  [[nodiscard]] int exit_code() const { return exit_code_; }
  [[nodiscard]] std::string prompt() const;

 private:
  enum class State : std::uint8_t {
    kLoggingIn,  // C_LOGIN was sent
    kChoosing,   // the person chooses a character
    kEntering,   // C_ENTER_GAME was sent
    kLobby,      // in no room
    kInRoom,
    kLeaving,  // C_LEAVE_GAME was sent, for next_room_ or for good
    kOver
  };

  void On(const Protocol::S_LOGIN& pkt, std::uint32_t sequence);
  void On(const Protocol::S_ENTER_GAME& pkt, std::uint32_t sequence);
  void On(const Protocol::S_LEAVE_GAME& pkt, std::uint32_t sequence);
  void On(const Protocol::S_CHAT& pkt, std::uint32_t sequence);
  void On(const Protocol::S_PLAYER_JOINED& pkt, std::uint32_t sequence);
  void On(const Protocol::S_PLAYER_LEFT& pkt, std::uint32_t sequence);
  void On(const Disconnected& end, std::uint32_t sequence);

  void Choose(std::string_view answer);
  [[nodiscard]] std::optional<std::size_t> FindCharacter(std::string_view name) const;
  void Enter(std::uint32_t room);
  void GoTo(std::uint32_t room);
  void Say(std::string_view text);
  void CheckOrder(std::uint32_t sequence);
  void Send(const Request& request);
  void End(int exit_code);
  void Notice(std::string_view text) { show_(lines_.Notice(text)); }
  void Problem(std::string_view text) { show_(lines_.Problem(text)); }

  const ChatOptions options_;
  const Lines lines_;
  const SendFunction send_;
  const ShowFunction show_;

  State state_ = State::kLoggingIn;
  int exit_code_ = 0;
  std::vector<std::string> characters_;  // names, in the order of S_LOGIN
  std::vector<std::string> kinds_;       // theirs: "knight", ...
  std::size_t character_ = 0;            // index of ours

  // The room: of the last S_ENTER_GAME.
  std::optional<std::uint32_t> room_;       // also while leaving it; nothing in the lobby
  std::uint32_t entering_ = 0;              // of C_ENTER_GAME
  std::optional<std::uint32_t> next_room_;  // kLeaving: where to
  std::optional<std::uint32_t> way_back_;   // kEntering: the room we came from
  std::uint64_t me_ = 0;                    // in-game id
  Roster roster_;
  client::OrderCheck order_;
  std::uint64_t missing_ = 0;   // of order_, told already
  std::size_t unanswered_ = 0;  // own messages
};

}  // namespace chat_client
