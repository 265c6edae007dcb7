// UTF-8 text as a terminal shows it: what a person takes for one character (a grapheme cluster) and
// how many columns it takes. Korean, Japanese and Chinese characters take two, a combining accent
// takes none.
//
// Sources: the tables of utf8proc (Unicode 14), UAX #29 for clusters, UAX #11 for widths.
// Threading: pure functions. Errors: bytes that are not UTF-8 count as one character of one column
// each.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace terminal {

// True when all of `text` is well-formed UTF-8 (no overlong form, no surrogate, nothing cut off).
[[nodiscard]] bool IsUtf8(std::string_view text);

// The columns that `text` takes on a terminal.
[[nodiscard]] std::size_t DisplayWidth(std::string_view text);

// The byte offset of the character after (before) the one at `offset`; offset itself at the end
// (the beginning). `offset` must be the beginning of a character or text.size().
[[nodiscard]] std::size_t NextCharacter(std::string_view text, std::size_t offset);
[[nodiscard]] std::size_t PreviousCharacter(std::string_view text, std::size_t offset);

// `text` with everything a terminal would obey (control characters, escape, bytes that are not
// UTF-8) replaced by U+FFFD: what other people wrote must not move our cursor or recolour our
// screen.
[[nodiscard]] std::string Printable(std::string_view text);

// True when Printable would change nothing.
[[nodiscard]] bool IsHarmless(std::string_view text);

}  // namespace terminal
