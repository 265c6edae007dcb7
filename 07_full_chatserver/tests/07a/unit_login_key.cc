// Judging a session key, and the wait between attempts to reconnect.
#include <gtest/gtest.h>

#include <string>

#include "services/login/key_verdict.h"
#include "services/reconnect/backoff.h"

namespace services {
namespace {

using std::chrono::milliseconds;

TEST(LoginKey, EqualOnlyWhenEveryByteIs) {
  const std::string key(64, 'a');
  EXPECT_TRUE(ConstantTimeEqual(key, key));
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  for (std::size_t i = 0; i < key.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = key;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      EXPECT_FALSE(ConstantTimeEqual(key, other)) << i << "/" << bit;
    }
  }
  EXPECT_FALSE(ConstantTimeEqual(key, key.substr(1)));
  EXPECT_FALSE(ConstantTimeEqual(key, key + "a"));
}

TEST(LoginKey, Verdicts) {
  EXPECT_EQ(JudgeKey("abc", "abc"), KeyVerdict::kAccepted);
  EXPECT_EQ(JudgeKey("abc", "abd"), KeyVerdict::kWrong);
  EXPECT_EQ(JudgeKey("abc", ""), KeyVerdict::kWrong);
  EXPECT_EQ(JudgeKey("", ""), KeyVerdict::kMissing);
}

TEST(ReconnectBackoff, DoublesUpToItsLimitWithARandomPart) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Backoff backoff(milliseconds(100), milliseconds(1000), seed);
    for (const int step : {100, 200, 400, 800, 1000, 1000, 1000}) {
      const milliseconds wait = backoff.Next();
      EXPECT_GE(wait.count(), step / 2);
      EXPECT_LE(wait.count(), step);
    }
    backoff.Reset();
    EXPECT_LE(backoff.Next().count(), 100);
  }
}

TEST(ReconnectBackoff, ServersDoNotKnockTogether) {
  Backoff one(milliseconds(1000), milliseconds(60000), 1);
  Backoff two(milliseconds(1000), milliseconds(60000), 2);
  int same = 0;
  for (int i = 0; i < 20; ++i) same += one.Next() == two.Next() ? 1 : 0;
  EXPECT_LT(same, 5);
}

}  // namespace
}  // namespace services
