// Many threads ask while Redis is killed and started again: each callback exactly once, nothing
// left inside, and no key opens two sessions.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <vector>

#include "services/redis/redis_key_store.h"
#include "tests/outside/redis_server.h"
#include "tests/support/task_input.h"

namespace services {
namespace {

using outside::RedisServer;
using outside::WaitUntil;
using std::chrono::milliseconds;
using std::chrono::seconds;

int Scaled(int count) {
  const char* text = std::getenv("COURSE_STRESS");
  return text != nullptr ? static_cast<int>(count * std::max(std::atof(text), 0.01)) : count;
}

TEST(RedisStress, EveryCallbackOnceThroughKillsAndRestarts) {
  if (!RedisServer::IsInstalled()) GTEST_SKIP() << "redis-server is not installed";
  RedisServer server;
  ASSERT_TRUE(server.Start()) << server.Output();
  RedisOptions options;
  options.unix_socket = server.Socket();
  options.backoff_first = milliseconds(1);
  options.backoff_max = milliseconds(10);
  options.max_requests = 64;  // so that kBusy happens too
  options.check_interval = milliseconds(5);
  RedisClient client(options, 42);
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));

  constexpr int kThreads = 4;
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> asked{0};
  std::atomic<std::uint64_t> called{0};
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> twice{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      while (!done) {
        if (asked - called > 1000) {
          std::this_thread::yield();
          continue;
        }
        ++asked;
        auto calls = std::make_shared<std::atomic<int>>(0);
        client.Send({"GET", "session:1"}, [&, calls](const RedisReply& reply) {
          if (++*calls > 1) ++twice;
          if (reply.kind == ReplyKind::kNil) ++answered;
          ++called;
        });
      }
    });
  }
  for (int round = 0; round < Scaled(10); ++round) {
    const std::uint64_t before = answered;
    ASSERT_TRUE(WaitUntil([&] { return answered > before + 100; }));
    server.Kill();
    ASSERT_TRUE(WaitUntil([&] { return client.Status().state == RedisState::kDown; }));
    ASSERT_TRUE(server.Start()) << server.Output();
    ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(WaitUntil([&] { return client.Status().inside == 0; }));
  client.Stop();
  EXPECT_EQ(asked, called);
  EXPECT_EQ(twice, 0u);
  std::cout << "asked " << asked << ", answered " << answered << "\n";
}

// Two chat servers, one account: the key lets one of them in.
TEST(RedisStress, OneKeyOpensOneSessionOnManyServers) {
  TASK_INPUT("07a.1", "two chat servers ask with the same key");
  if (!RedisServer::IsInstalled()) GTEST_SKIP() << "redis-server is not installed";
  RedisServer server;
  ASSERT_TRUE(server.Start()) << server.Output();
  RedisOptions options;
  options.unix_socket = server.Socket();
  options.request_timeout = options.silence_limit = seconds(20);
  RedisClient first(options);
  RedisClient second(options);
  first.Start();
  second.Start();
  ASSERT_TRUE(first.WaitUntilUp(seconds(20)));
  ASSERT_TRUE(second.WaitUntilUp(seconds(20)));
  RedisKeyStore stores[] = {RedisKeyStore(first), RedisKeyStore(second)};
  const int kKeys = Scaled(500);
  std::vector<std::atomic<int>> opened(static_cast<std::size_t>(kKeys));
  std::atomic<int> answers{0};
  for (int key = 0; key < kKeys; ++key) {
    const auto account = static_cast<std::uint64_t>(key);
    const std::string text = "key " + std::to_string(key);
    std::atomic<bool> stored{false};
    stores[0].Put(account, text, seconds(60), [&](const std::string& error) {
      EXPECT_EQ(error, "");
      stored = true;
    });
    ASSERT_TRUE(WaitUntil([&] { return stored.load(); }));
    for (RedisKeyStore& store : stores) {
      store.TakeAndCheck(account, text, [&, account](KeyVerdict verdict, const std::string&) {
        if (verdict == KeyVerdict::kAccepted) ++opened[account];
        ++answers;
      });
    }
  }
  ASSERT_TRUE(WaitUntil([&] { return answers == 2 * kKeys; }));
  for (const std::atomic<int>& count : opened) ASSERT_EQ(count, 1);
}

}  // namespace
}  // namespace services
