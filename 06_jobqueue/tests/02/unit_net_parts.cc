// The parts of net/ that need no socket: ids, the free-index stack, the I/O count, options, the
// frame.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "net/error_text.h"
#include "net/index_stack.h"
#include "net/io_count.h"
#include "net/log_limit.h"
#include "net/peer_address.h"
#include "net/server_options.h"
#include "net/session_id.h"
#include "tests/support/recording_server.h"
#include "tests/support/task_input.h"
#include "tests/support/test_support.h"

namespace net {
namespace {

TEST(SessionId, HoldsSerialHighAndIndexLow) {
  const SessionId id = SessionId::Make(7, 0xFFFFFFFF);
  EXPECT_EQ(id.value, 0x00000007FFFFFFFFu);
  EXPECT_EQ(id.serial(), 7u);
  EXPECT_EQ(id.index(), 0xFFFFFFFFu);
  EXPECT_EQ(ToString(SessionId::Make(12, 3)), "12:3");
}

TEST(SessionId, ZeroIsNoSession) {
  EXPECT_FALSE(SessionId{});
  EXPECT_TRUE(SessionId::Make(1, 0));
  EXPECT_EQ(ToString(SessionId{}), "-");
  EXPECT_NE(SessionId::Make(1, 0), SessionId::Make(2, 0));
}

// --- the log's limit -------------------------------------------------------------------------------

using Told = std::vector<LogLimit::LeftOut>;

TEST(LogLimit, WritesSoManyOfAKindInASecondAndTellsOfTheRestOnce) {
  LogLimit limit(2);
  Told told;
  EXPECT_TRUE(limit.Allow("refused", 7, told));
  EXPECT_TRUE(limit.Allow("refused", 7, told));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limit.Allow("refused", 7, told));
  EXPECT_TRUE(limit.Allow("joined", 7, told)) << "another kind has its own lines";
  EXPECT_TRUE(told.empty()) << "the second is not over";
  EXPECT_TRUE(limit.Allow("refused", 8, told));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].kind, "refused");
  EXPECT_EQ(told[0].lines, 5u);
  EXPECT_TRUE(limit.Allow("refused", 9, told));
  EXPECT_EQ(told.size(), 1u) << "nothing was left out in second 8";
}

TEST(LogLimit, TheNextLineOfAnyKindTellsOfAFloodThatHasEnded) {
  LogLimit limit(1);
  Told told;
  EXPECT_TRUE(limit.Allow("refused", 7, told));
  EXPECT_FALSE(limit.Allow("refused", 7, told));
  EXPECT_TRUE(limit.Allow("stop", 60, told));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].lines, 1u);
  EXPECT_FALSE(limit.Allow("stop", 60, told));
  const Told rest = limit.Take();
  ASSERT_EQ(rest.size(), 1u) << "at the end, before the second is over";
  EXPECT_EQ(rest[0].kind, "stop");
  EXPECT_TRUE(limit.Take().empty());
}

TEST(IndexStack, HandsOutEachIndexOnceAndLastInFirstOut) {
  IndexStack stack(3);
  EXPECT_EQ(stack.Pop(), 0u);
  EXPECT_EQ(stack.Pop(), 1u);
  EXPECT_EQ(stack.Pop(), 2u);
  EXPECT_EQ(stack.Pop(), std::nullopt);
  stack.Push(1);
  stack.Push(2);
  EXPECT_EQ(stack.Pop(), 2u);
  EXPECT_EQ(stack.Pop(), 1u);
  EXPECT_EQ(stack.Pop(), std::nullopt);
}

TEST(IndexStack, EmptyStack) {
  EXPECT_EQ(IndexStack(0).Pop(), std::nullopt);
}

// The ABA schedule, step by step: while one thread is about to replace 0 by 1, another takes 0 and
// 1 and puts 0 back. The top is 0 again, but 1 is in use.
TEST(IndexStack, AnOldTopThatCameBackIsNotMistaken) {
  IndexStack stack(3);
  std::vector<std::optional<std::uint32_t>> other;
  bool first = true;
  const auto mine = stack.PopWith([&] {
    if (!std::exchange(first, false)) return;
    other = {stack.Pop(), stack.Pop()};
    stack.Push(*other[0]);
  });
  EXPECT_EQ(mine, 0u);
  EXPECT_EQ(other[1], 1u);
  EXPECT_EQ(stack.Pop(), 2u) << "index 1 was handed out twice. Note: 02, the free-index stack";
}

// Few indices and many threads: the pattern that breaks a stack without a tag (ABA).
TEST(IndexStack, NeverHandsOneIndexToTwoThreads) {
  constexpr std::uint32_t kCapacity = 4;
  constexpr int kThreads = 4;
  const int rounds = 100'000 * course_test::StressFactor();
  IndexStack stack(kCapacity);
  std::vector<std::atomic<int>> owners(kCapacity);
  std::atomic<int> doubles{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < rounds; ++i) {
        const auto first = stack.Pop();
        const auto second = stack.Pop();
        for (const auto& index : {first, second}) {
          if (index && owners[*index].fetch_add(1) != 0) ++doubles;
        }
        // First out, first back: the order that brings the old head back under a changed list.
        for (const auto& index : {first, second}) {
          if (!index) continue;
          owners[*index].fetch_sub(1);
          stack.Push(*index);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(doubles.load(), 0)
      << "an index was in two hands at once. Note: 02, the free-index stack";
  std::vector<std::uint32_t> left;
  while (const auto index = stack.Pop()) left.push_back(*index);
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left, (std::vector<std::uint32_t>{0, 1, 2, 3})) << "an index was lost";
}

TEST(IoCount, TheLastDropReleasesAndOnlyThat) {
  TASK_INPUT("02.1", "Open(5), Add, Drop, Drop");
  IoCount io;
  EXPECT_TRUE(io.released());
  io.Open(5);
  EXPECT_EQ(io.count(), 1u);
  EXPECT_EQ(io.serial(), 5u);
  EXPECT_FALSE(io.released());
  io.Add();
  EXPECT_FALSE(io.Drop());
  EXPECT_FALSE(io.released());
  EXPECT_TRUE(io.Drop());
  EXPECT_TRUE(io.released());
  EXPECT_EQ(io.count(), 0u);
}

TEST(IoCount, AStaleSerialChangesNothing) {
  TASK_INPUT("02.1", "serial 5; TryAdd with 0, 4, 5, and after the release");
  IoCount io;
  EXPECT_FALSE(io.TryAdd(0)) << "a slot that never had a tenant";
  io.Open(5);
  EXPECT_FALSE(io.TryAdd(4)) << "the tenant before";
  EXPECT_EQ(io.count(), 1u);
  EXPECT_TRUE(io.TryAdd(5));
  EXPECT_EQ(io.count(), 2u);
  EXPECT_FALSE(io.Drop());
  EXPECT_TRUE(io.Drop());
  EXPECT_FALSE(io.TryAdd(5)) << "released: nobody may revive it";
  EXPECT_EQ(io.count(), 0u);
}

TEST(IoCount, AReleasedSlotKeepsItsSerialUntilTheNextTenant) {
  TASK_INPUT("02.1", "Open(5), Drop, Open(6), TryAdd(5), TryAdd(6)");
  IoCount io;
  io.Open(5);
  EXPECT_TRUE(io.Drop());
  io.Open(6);
  EXPECT_FALSE(io.TryAdd(5));
  EXPECT_TRUE(io.TryAdd(6));
}

// Two threads at once on one word: nothing may get lost between looking at it and changing it.
TEST(IoCount, NoCountIsLostAndTheEndIsSeenOnce) {
  const int rounds = 200 * course_test::StressFactor();
  TASK_INPUT("02.1", "4 threads, 1000 times TryAdd and Drop each, " << rounds << " times");
  for (int round = 0; round < rounds; ++round) {
    IoCount io;
    const auto serial = static_cast<std::uint32_t>(round + 1);
    io.Open(serial);
    std::atomic<int> ends{0};
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        ++ready;
        while (ready.load() < 4) std::this_thread::yield();
        for (int i = 0; i < 1000; ++i) {
          if (io.TryAdd(serial) && io.Drop()) ++ends;
        }
      });
    }
    while (ready.load() < 4) std::this_thread::yield();
    if (io.Drop()) ++ends;  // from now on each Drop may be the last, and none may come after it
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(ends.load(), 1) << "exactly one caller frees the session";
    ASSERT_EQ(io.count(), 0u);
    ASSERT_TRUE(io.released());
  }
}

TEST(ServerOptions, DefaultsAreValid) {
  EXPECT_EQ(ServerOptions{}.Validate().error(), "");
}

TEST(ServerOptions, EachMistakeGetsOneClearLine) {
  const auto error_of = [](auto change) {
    ServerOptions options;
    change(options);
    return options.Validate().error();
  };
  EXPECT_EQ(error_of([](auto& o) { o.port = 65536; }), "port is 65536, allowed is 0 to 65535");
  EXPECT_EQ(error_of([](auto& o) { o.session_max = 0; }),
            "session_max is 0, allowed is 1 to 1000000");
  EXPECT_EQ(error_of([](auto& o) { o.session_max = 1'000'001; }),
            "session_max is 1000001, allowed is 1 to 1000000");
  EXPECT_EQ(error_of([](auto& o) { o.worker_threads = 257; }),
            "worker_threads is 257, allowed is 0 to 256");
  EXPECT_EQ(error_of([](auto& o) { o.running_threads = 300; }),
            "running_threads is 300, allowed is 0 to 256");
  EXPECT_EQ(error_of([](auto& o) { o.backlog = 0; }), "backlog is 0, allowed is 1 to 65535");
  EXPECT_EQ(error_of([](auto& o) { o.accepts_outstanding = 0; }),
            "accepts_outstanding is 0, allowed is 1 to 1024");
  EXPECT_EQ(error_of([](auto& o) { o.host = "localhost"; }),
            "host is \"localhost\", allowed is an IPv4 address");
  EXPECT_EQ(error_of([](auto& o) { o.full_notice.resize(256); }),
            "full_notice is 256 bytes, allowed is 255 at most");
}

TEST(PeerAddress, TextBothWays) {
  EXPECT_EQ(ToString(PeerAddress{0x7F000001, 80}), "127.0.0.1:80");
  EXPECT_EQ(ParseIpv4("127.0.0.1"), 0x7F000001u);
  EXPECT_EQ(ParseIpv4("255.255.255.255"), 0xFFFFFFFFu);
  for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ", "a.b.c.d", "1..2.3"}) {
    EXPECT_EQ(ParseIpv4(bad), std::nullopt) << bad;
  }
}

TEST(ErrorText, TheErrorsOfAClosedConnectionAreOneClass) {
  for (const DWORD error : {64u, 995u, 1236u, 10053u, 10054u}) EXPECT_TRUE(IsConnectionOver(error));
  for (const DWORD error : {0u, 6u, 87u, 997u, 10024u}) EXPECT_FALSE(IsConnectionOver(error));
  EXPECT_EQ(ErrorText(10048), "address already in use (10048)");
}

}  // namespace
}  // namespace net
