#include "services/login/key_verdict.h"

#include <cstddef>

namespace services {

const char* ToString(KeyVerdict verdict) {
  switch (verdict) {
    case KeyVerdict::kAccepted:
      return "accepted";
    case KeyVerdict::kMissing:
      return "no such key";
    case KeyVerdict::kWrong:
      return "wrong key";
    case KeyVerdict::kUnavailable:
      return "login service unavailable";
  }
  return "?";
}

// [constant-time]
bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  // volatile: the compiler must not turn this into a comparison that stops early.
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  }
  return difference == 0;
}
// [/constant-time]

KeyVerdict JudgeKey(std::string_view stored, std::string_view offered) {
  if (stored.empty()) return KeyVerdict::kMissing;  // an empty key opens nothing
  return ConstantTimeEqual(stored, offered) ? KeyVerdict::kAccepted : KeyVerdict::kWrong;
}

}  // namespace services
