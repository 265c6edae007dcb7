// Session keys in a real Redis: found, missing, used, wrong, expired; passwords, strangers, the
// end.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "tests/outside/redis_fixture.h"
#include "tests/support/task_input.h"

namespace services {
namespace {

TEST_F(Redis, KeyOpensOneSessionOnce) {
  TASK_INPUT("07a.1",
             "a key of 64 bytes, too long, too short, right, used; a key of another version");
  ASSERT_TRUE(server_.Start()) << server_.Output();
  RedisClient client(Options());
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20))) << client.Status().reason;
  RedisKeyStore store(client);
  const std::string key(64, 'k');
  EXPECT_EQ(Put(store, 7, {key, "김 철수"}), "");
  EXPECT_EQ(server_.Cli({"GET", "session:7"}), "1:64:" + key + "김 철수");
  EXPECT_NE(server_.Cli({"TTL", "session:7"}), "-1") << "it must not live for ever";
  EXPECT_EQ(Take(store, 7, key + "김").verdict, KeyVerdict::kWrong);
  EXPECT_EQ(Take(store, 7, key.substr(1)).verdict, KeyVerdict::kWrong);
  const Checked opened = Take(store, 7, key);
  EXPECT_EQ(opened.verdict, KeyVerdict::kAccepted);
  EXPECT_EQ(opened.detail, "김 철수") << "whose it is comes with it";
  EXPECT_EQ(Take(store, 7, key).verdict, KeyVerdict::kMissing) << "used twice";
  // Stored by an auth service of another version: not a wrong key, and nothing is used up.
  server_.Cli({"SET", "session:9", key});
  EXPECT_EQ(Take(store, 9, key).verdict, KeyVerdict::kUnavailable);
  EXPECT_EQ(server_.Cli({"GET", "session:9"}), key);
}

TEST_F(Redis, MissingWrongExpiredAndReplacedKeys) {
  TASK_INPUT("07a.1", "no key, wrong, empty, expired, replaced, binary, not a string");
  ASSERT_TRUE(server_.Start()) << server_.Output();
  RedisClient client(Options());
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  RedisKeyStore store(client);
  EXPECT_EQ(Take(store, 1, "x").verdict, KeyVerdict::kMissing);

  ASSERT_EQ(Put(store, 2, "right"), "");
  EXPECT_EQ(Take(store, 2, "wrong").verdict, KeyVerdict::kWrong);
  EXPECT_EQ(Take(store, 2, "").verdict, KeyVerdict::kWrong);
  EXPECT_EQ(Take(store, 2, "right").verdict, KeyVerdict::kAccepted) << "a wrong key used it up";
  EXPECT_EQ(Take(store, 2, "right").verdict, KeyVerdict::kMissing);

  ASSERT_EQ(Put(store, 3, "old"), "");
  ASSERT_EQ(server_.Cli({"PEXPIRE", "session:3", "1"}), "1");
  ASSERT_TRUE(WaitUntil([&] { return server_.Cli({"EXISTS", "session:3"}) == "0"; }));
  EXPECT_EQ(Take(store, 3, "old").verdict, KeyVerdict::kMissing);

  ASSERT_EQ(Put(store, 4, "first"), "");
  ASSERT_EQ(Put(store, 4, "second"), "");
  EXPECT_EQ(Take(store, 4, "second").verdict, KeyVerdict::kAccepted);

  const std::string binary("a\0 \r\n\"b", 7);
  ASSERT_EQ(Put(store, 5, binary), "");
  EXPECT_EQ(Take(store, 5, binary).verdict, KeyVerdict::kAccepted);

  server_.Cli({"LPUSH", "session:6", "not a string"});
  const Checked odd = Take(store, 6, "x");
  EXPECT_EQ(odd.verdict, KeyVerdict::kUnavailable);
  EXPECT_NE(odd.detail.find("WRONGTYPE"), std::string::npos) << odd.detail;

  server_.Cli({"SET", "session:8", ""});
  EXPECT_EQ(Take(store, 8, "").verdict, KeyVerdict::kMissing) << "an empty key must open nothing";
}

TEST_F(Redis, Passwords) {
  ASSERT_TRUE(server_.Start("secret")) << server_.Output();
  struct Case {
    std::string user, password, reason;  // an empty reason: it comes up
  };
  for (const Case& c :
       {Case{"", "secret", ""}, Case{"default", "secret", ""},
        Case{"", "guess", "AUTH refused: WRONGPASS"}, Case{"", "", "PING refused: NOAUTH"},
        Case{"nobody", "secret", "AUTH refused: WRONGPASS"}}) {
    SCOPED_TRACE(c.user + "/" + c.password);
    RedisOptions options = Options();
    options.user = c.user;
    options.password = c.password;
    RedisClient client(options);
    client.Start();
    if (c.reason.empty()) {
      EXPECT_TRUE(client.WaitUntilUp(seconds(20))) << client.Status().reason;
      continue;
    }
    EXPECT_TRUE(WaitUntil([&] { return client.Status().reason.starts_with(c.reason); }))
        << client.Status().reason;
    EXPECT_EQ(client.Status().connects, 0u);
    const RedisReply refused = Ask(client, {"GET", "x"});
    EXPECT_EQ(refused.kind, ReplyKind::kUnavailable);
    EXPECT_EQ(refused.text.find(c.password.empty() ? "secret" : c.password), std::string::npos)
        << "a password in a message";
  }
}

TEST_F(Redis, OtherDatabase) {
  ASSERT_TRUE(server_.Start()) << server_.Output();
  RedisOptions options = Options();
  options.database = 3;
  RedisClient client(options);
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  EXPECT_EQ(Ask(client, {"SET", "a", "b"}).kind, ReplyKind::kText);
  EXPECT_EQ(server_.Cli({"-n", "3", "GET", "a"}), "b");
}

TEST_F(Redis, StopAnswersWhatIsInside) {
  ASSERT_TRUE(server_.Start()) << server_.Output();
  RedisClient client(Options());
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  server_.process().Signal(SIGSTOP);
  std::atomic<int> stopped{0};
  std::atomic<int> other{0};
  for (int i = 0; i < 10; ++i) {
    client.Send({"GET", "x"}, [&](const RedisReply& reply) {
      ++(reply.kind == ReplyKind::kStopped ? stopped : other);
    });
  }
  client.Stop();
  EXPECT_EQ(stopped, 10);
  EXPECT_EQ(other, 0);
  EXPECT_EQ(Ask(client, {"GET", "x"}).kind, ReplyKind::kStopped);
  client.Stop();  // twice is fine
}

// A stranger that takes the connection and says nothing (or nonsense) is not Redis.
TEST_F(Redis, WhatIsNotRedisNeverComesUp) {
  outside::TemporaryFolder folder;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder.File("mute.sock");
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  RedisOptions options = Options();
  options.unix_socket = path;
  options.connect_timeout = milliseconds(20);
  RedisClient client(options);
  client.Start();
  EXPECT_TRUE(WaitUntil([&] { return client.Status().failed_attempts >= 2; }));
  EXPECT_EQ(client.Status().reason, "no answer while connecting");
  const int accepted = accept(listener, nullptr, nullptr);
  const std::string page = "HTTP/1.0 400 Bad Request\r\n\r\n";
  std::thread impolite([&] {
    int fd = accepted;
    while (fd >= 0) {
      (void)!send(fd, page.data(), page.size(), MSG_NOSIGNAL);
      close(fd);
      fd = accept(listener, nullptr, nullptr);
    }
  });
  EXPECT_TRUE(WaitUntil([&] {
    return client.Status().reason.find("Protocol error") != std::string::npos;
  })) << client.Status().reason;
  client.Stop();
  EXPECT_EQ(client.Status().connects, 0u);
  shutdown(listener, SHUT_RDWR);
  impolite.join();
  close(listener);
}

TEST(RedisOptions, WrongOnesAreNamed) {
  EXPECT_FALSE(RedisOptions{}.Validate());
  RedisOptions options;
  options.database = 16;
  EXPECT_EQ(options.Validate(), "redis: database must be 0..15");
  EXPECT_THROW(RedisClient{options}, std::invalid_argument);
  options = {};
  options.port = 0;
  EXPECT_TRUE(options.Validate());
  options.unix_socket = "/run/redis.sock";
  EXPECT_FALSE(options.Validate());
  options.backoff_max = milliseconds(1);
  EXPECT_TRUE(options.Validate());
}

}  // namespace
}  // namespace services
