// The name of an account: what may be one, and when two are the same.
//
// A name is shown to others, so it must be what it looks like. Refused is what nobody sees
// (zero-width and other ignorable characters, controls), what turns the text around it (bidi
// controls), what looks like a space and is none, and what the Unicode tables do not know. Then it
// is normalised (NFC): the same letters in two encodings are one name. And two names are the same
// when they differ in case, or in the form of their letters only (NFKC case folding): nobody can
// pass for "Kim" as "kim", or as "Kim" in full-width letters.
//
// It does not find letters of different scripts that look alike (UTS 39 has tables for that).
//
// Threading: pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace account {

struct AccountName {
  std::string shown;  // UTF-8, NFC
  std::string key;    // equal: the same name
};

// 1 .. auth::kNameBytesMax bytes of UTF-8; nothing when nobody can have that name.
std::optional<AccountName> MakeAccountName(std::string_view text);

}  // namespace account
