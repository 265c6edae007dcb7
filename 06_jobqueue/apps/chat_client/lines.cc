#include "apps/chat_client/lines.h"

#include <array>
#include <ctime>

#include "support/terminal/text.h"

namespace chat_client {

namespace {

// Select Graphic Rendition: colours that can be read on a dark and on a light background.
constexpr std::array<std::string_view, 5> kNameColours = {"36", "32", "35", "34", "31"};
constexpr std::string_view kDim = "2";
constexpr std::string_view kProblem = "1;31";

}  // namespace

std::string Lines::Coloured(std::string_view code, std::string_view text) const {
  if (!style_.colours) return std::string(text);
  std::string result = "\x1b[";
  result += code;
  result += 'm';
  result += text;
  return result + "\x1b[0m";
}

std::string Lines::Clock() const {
  if (!style_.clock) return {};
  const std::time_t now = std::time(nullptr);
  const std::tm* const local = std::localtime(&now);
  char text[16];
  if (local == nullptr || std::strftime(text, sizeof text, "%H:%M ", local) == 0) return {};
  return Coloured(kDim, text);
}

std::string Lines::Chat(std::uint64_t player_id, std::string_view name, std::string_view message,
                        bool mine) const {
  std::string code(kNameColours[player_id % kNameColours.size()]);
  if (mine) code = "1;" + code;
  return Clock() + Coloured(code, terminal::Printable(name)) + ": " + terminal::Printable(message);
}

std::string Lines::Notice(std::string_view text) const {
  return Clock() + Coloured(kDim, "* " + terminal::Printable(text));
}

std::string Lines::Problem(std::string_view text) const {
  return Clock() + Coloured(kProblem, "! " + terminal::Printable(text));
}

std::string_view InWords(Protocol::Refusal reason) {
  switch (reason) {
    case Protocol::REFUSAL_NONE:
      return "no reason given";
    case Protocol::REFUSAL_NOT_LOGGED_IN:
      return "not logged in";
    case Protocol::REFUSAL_ALREADY_LOGGED_IN:
      return "logged in already";
    case Protocol::REFUSAL_BAD_PLAYER_INDEX:
      return "there is no such character";
    case Protocol::REFUSAL_ALREADY_IN_ROOM:
      return "in a room already";
    case Protocol::REFUSAL_NOT_IN_ROOM:
      return "not in a room";
    case Protocol::REFUSAL_BAD_ROOM:
      return "there is no such room";
    case Protocol::REFUSAL_EMPTY_MESSAGE:
      return "the message is empty";
    case Protocol::REFUSAL_MESSAGE_TOO_LONG:
      return "the message is too long";
    case Protocol::REFUSAL_NOT_UTF8:
      return "the message is not UTF-8";
    case Protocol::REFUSAL_BAD_TEXT:
      return "the message has characters that are no text";
    case Protocol::REFUSAL_TOO_MANY_REQUESTS:
      return "too many requests, slow down";
    default:
      return "a reason that this client does not know";
  }
}

std::string Count(std::size_t number, std::string_view what) {
  return std::to_string(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

}  // namespace chat_client
