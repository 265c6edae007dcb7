// Redis away, back, killed, slow, silent, flooded: every callback exactly once, and in time.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>

#include "tests/outside/redis_fixture.h"

namespace services {
namespace {

TEST_F(Redis, DownIsAnsweredAtOnceAndComesBackByItself) {
  RedisClient client(Options());
  client.Start();
  RedisKeyStore store(client);
  ASSERT_TRUE(WaitUntil([&] { return client.Status().state == RedisState::kDown; }));
  bool called = false;
  store.TakeAndCheck(1, "k", [&](KeyVerdict verdict, const std::string&) {
    called = true;
    EXPECT_EQ(verdict, KeyVerdict::kUnavailable);
  });
  EXPECT_TRUE(called) << "refused before the call returns";
  EXPECT_FALSE(client.Status().reason.empty());

  ASSERT_TRUE(server_.Start()) << server_.Output();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  ASSERT_EQ(Put(store, 1, "k"), "");
  for (int round = 0; round < 3; ++round) {
    server_.Kill();
    ASSERT_TRUE(WaitUntil([&] { return client.Status().state == RedisState::kDown; }));
    EXPECT_EQ(Take(store, 1, "k").verdict, KeyVerdict::kUnavailable);
    ASSERT_TRUE(server_.Start()) << server_.Output();
    ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
    EXPECT_EQ(Put(store, 1, "k"), "");
  }
  EXPECT_EQ(client.Status().connects, 4u);
  EXPECT_GE(client.Status().failed_attempts, 1u);
}

TEST_F(Redis, KilledWithRequestsOnTheWay) {
  ASSERT_TRUE(server_.Start()) << server_.Output();
  RedisClient client(Options());
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  server_.process().Signal(SIGSTOP);
  constexpr int kRequests = 100;
  std::atomic<int> unavailable{0};
  std::atomic<int> other{0};
  for (int i = 0; i < kRequests; ++i) {
    client.Send({"GET", "session:1"}, [&](const RedisReply& reply) {
      ++(reply.kind == ReplyKind::kUnavailable ? unavailable : other);
    });
  }
  server_.Kill();
  EXPECT_TRUE(WaitUntil([&] { return unavailable + other == kRequests; }));
  EXPECT_EQ(other, 0);
  EXPECT_TRUE(WaitUntil([&] { return client.Status().inside == 0; }));
}

// A slow Redis: requests time out one by one, the connection stays, late answers reach nobody.
TEST_F(Redis, SlowRedisTimesOutAndLateAnswersAreNotMixedUp) {
  ASSERT_TRUE(server_.Start()) << server_.Output();
  RedisOptions options = Options();
  options.request_timeout = milliseconds(50);
  RedisClient client(options);
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  server_.Cli({"MSET", "slow", "old answer", "fast", "new answer"});
  server_.process().Signal(SIGSTOP);
  EXPECT_EQ(Ask(client, {"GET", "slow"}).kind, ReplyKind::kTimeout);
  EXPECT_EQ(Ask(client, {"GET", "slow"}).kind, ReplyKind::kTimeout);
  EXPECT_EQ(client.Status().state, RedisState::kUp);
  EXPECT_EQ(client.Status().inside, 2u) << "their answers are still to come";
  server_.process().Signal(SIGCONT);
  EXPECT_TRUE(WaitUntil([&] { return client.Status().inside == 0; }));
  // Until the machine lets the server answer within the (short) limit.
  RedisReply reply;
  EXPECT_TRUE(WaitUntil([&] {
    return (reply = Ask(client, {"GET", "fast"})).kind != ReplyKind::kTimeout;
  }));
  EXPECT_EQ(reply.text, "new answer");
  EXPECT_EQ(client.Status().connects, 1u);
  EXPECT_GE(client.Status().timeouts, 2u);
}

// CLIENT PAUSE: Redis holds back every answer for a while; nothing is lost when it goes on in time.
TEST_F(Redis, PausedRedisAnswersLater) {
  ASSERT_TRUE(server_.Start()) << server_.Output();
  RedisClient client(Options());
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  ASSERT_EQ(Ask(client, {"CLIENT", "PAUSE", "200"}).kind, ReplyKind::kText);
  EXPECT_EQ(Ask(client, {"GET", "x"}).kind, ReplyKind::kNil);
}

TEST_F(Redis, SilentRedisIsDroppedAndFoundAgain) {
  ASSERT_TRUE(server_.Start()) << server_.Output();
  RedisOptions options = Options();
  options.request_timeout = milliseconds(30);
  options.silence_limit = milliseconds(100);
  options.connect_timeout = milliseconds(100);
  RedisClient client(options);
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  server_.process().Signal(SIGSTOP);
  EXPECT_EQ(Ask(client, {"GET", "x"}).kind, ReplyKind::kTimeout);
  EXPECT_TRUE(WaitUntil([&] { return client.Status().state == RedisState::kDown; }));
  EXPECT_EQ(Ask(client, {"GET", "x"}).kind, ReplyKind::kUnavailable);
  EXPECT_TRUE(WaitUntil([&] { return client.Status().reason == "no answer while connecting"; }))
      << client.Status().reason;
  server_.process().Signal(SIGCONT);
  EXPECT_TRUE(WaitUntil([&] { return client.Status().state == RedisState::kUp; }));
}

TEST_F(Redis, TooManyRequestsAreRefusedAtOnce) {
  ASSERT_TRUE(server_.Start()) << server_.Output();
  RedisOptions options = Options();
  options.max_requests = 4;
  RedisClient client(options);
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  server_.process().Signal(SIGSTOP);
  std::atomic<int> answered{0};
  for (int i = 0; i < 4; ++i) client.Send({"GET", "x"}, [&](const RedisReply&) { ++answered; });
  EXPECT_EQ(Ask(client, {"GET", "x"}).kind, ReplyKind::kBusy);
  EXPECT_EQ(answered, 0);
  server_.process().Signal(SIGCONT);
  EXPECT_TRUE(WaitUntil([&] { return answered == 4; }));
  EXPECT_TRUE(WaitUntil([&] { return client.Status().inside == 0; }));
  EXPECT_EQ(Ask(client, {"GET", "x"}).kind, ReplyKind::kNil);
}

}  // namespace
}  // namespace services
