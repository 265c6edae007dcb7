// What a typed line means. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chat_client {

struct Command {
  enum class Kind : std::uint8_t {
    kNothing,  // an empty line
    kSay,      // `text`
    kHelp,
    kWho,
    kRoom,  // `room`
    kQuit,
    kMistake  // `text` says what is wrong, for the person
  };
  Kind kind = Kind::kNothing;
  std::string text;
  std::uint32_t room = 0;
};

// A line that begins with / is a command, "//..." says "/...", anything else is said as it is.
[[nodiscard]] Command ParseCommand(std::string_view line);

}  // namespace chat_client
