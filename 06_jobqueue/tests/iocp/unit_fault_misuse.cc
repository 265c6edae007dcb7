// Misuse that Windows cannot catch and our debug builds do: an OVERLAPPED used twice at a time.
#ifndef _WIN32

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

// Only debug builds of the port look for this; the sanitizer builds are such.
#ifndef NDEBUG
TEST(MisuseDeathTest, OverlappedReusedWhilePendingAbortsWithAnExplanation) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        const Handle port = MakePort();
        const Connection connection = Connect();
        Associate(port, connection.ours, 1);
        Operation receive;
        Receive(connection.ours, &receive);
        Receive(connection.ours, &receive);  // the mistake
      },
      "OVERLAPPED .* still pending");
}
#endif

TEST(MisuseDeathTest, OverlappedMayBeUsedAgainAfterItsPacket) {
  const Handle port = MakePort();
  const Connection connection = Connect();
  Associate(port, connection.ours, 1);
  Operation receive;
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(Receive(connection.ours, &receive).pended());
    SendAll(connection.peer, "x");
    ASSERT_EQ(Dequeue(port).overlapped, &receive);
    receive.Clear();
  }
}

}  // namespace

#endif  // _WIN32
