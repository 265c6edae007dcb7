// How the client says things: one line of text for each thing that happens, in colours where the
// terminal has them. Names and messages of other people go through terminal::Printable here, and
// nowhere else.
//
// Threading: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "enum.pb.h"

namespace chat_client {

class Lines {
 public:
  struct Style {
    bool colours = false;
    bool clock = false;  // the time before each line
  };
  explicit Lines(Style style) : style_(style) {}

  // "Knight1: hello". The colour of a name follows from the player's id.
  [[nodiscard]] std::string Chat(std::uint64_t player_id, std::string_view name,
                                 std::string_view message, bool mine) const;
  // "* Mage2 has come in"
  [[nodiscard]] std::string Notice(std::string_view text) const;
  // "! not sent: the message is too long"
  [[nodiscard]] std::string Problem(std::string_view text) const;

 private:
  [[nodiscard]] std::string Clock() const;
  [[nodiscard]] std::string Coloured(std::string_view code, std::string_view text) const;

  const Style style_;
};

// The server's reason in words: "there is no such room".
[[nodiscard]] std::string_view InWords(Protocol::Refusal reason);

// "3 players", "1 player"
[[nodiscard]] std::string Count(std::size_t number, std::string_view what);

}  // namespace chat_client
