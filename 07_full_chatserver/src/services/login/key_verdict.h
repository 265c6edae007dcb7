// What the look-up of a session key means for a login.
#pragma once

#include <string_view>

namespace services {

enum class KeyVerdict : unsigned char {
  kAccepted,     // the key was there and is the one the client sent; it is used up now
  kMissing,      // never issued, expired, or used already
  kWrong,        // there is a key, but another one; it stays for its owner
  kUnavailable,  // the store is down, slow or busy: "try later"; says nothing about the client
};

const char* ToString(KeyVerdict verdict);

// Equal? Takes the same time wherever the first difference is: with an ordinary comparison, which
// stops at the first difference, an attacker who measures well guesses a key character by
// character. (The length of a key is no secret.)
bool ConstantTimeEqual(std::string_view a, std::string_view b);

// `stored` was taken out of the store; `offered` came from the client.
KeyVerdict JudgeKey(std::string_view stored, std::string_view offered);

}  // namespace services
