// What counts as a chat message. Pure functions.
#pragma once

#include <cstddef>
#include <string_view>

#include "enum.pb.h"

namespace chat {

// REFUSAL_NONE, or why the text is refused: empty, longer than `max_bytes`, not UTF-8, or with
// characters that are commands and no text (controls, line ends, bidi overrides).
[[nodiscard]] Protocol::Refusal CheckMessage(std::string_view text, std::size_t max_bytes);

}  // namespace chat
