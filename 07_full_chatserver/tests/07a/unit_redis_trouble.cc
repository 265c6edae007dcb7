// A Redis that answers and does not serve: a replica, no memory, a renamed command, a password, a
// full disk's MISCONF, a script that never ends. And names: slow, gone, of several addresses.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "services/redis/redis_trouble.h"
#include "tests/outside/redis_fixture.h"

namespace {
std::atomic<bool> bind_to_the_peer{false};
}

// What the system does once in a while by chance, when the port is one of those that it gives to
// connections: the connection's own port is the one that it connects to. hiredis calls this one.
extern "C" int connect(int descriptor, const sockaddr* address, socklen_t size) {
  static const auto real =
      reinterpret_cast<int (*)(int, const sockaddr*, socklen_t)>(dlsym(RTLD_NEXT, "connect"));
  if (bind_to_the_peer && address->sa_family == AF_INET) (void)bind(descriptor, address, size);
  return real(descriptor, address, size);
}

namespace services {
namespace {

using outside::FreePort;

class RedisTrouble : public Redis {
 protected:
  RedisOptions Taking() {
    RedisOptions options = Options();
    options.probe = RedisKeyStore::TakeProbe("session:");
    options.check_interval = milliseconds(20);
    return options;
  }
  RedisOptions Giving() {
    RedisOptions options = Taking();
    options.probe = RedisKeyStore::GiveProbe("session:");
    return options;
  }
  static bool AwaitTrouble(const RedisClient& client, std::string_view trouble) {
    return WaitUntil([&] {
      const RedisStatus status = client.Status();
      return status.state == RedisState::kDown && status.trouble == trouble;
    });
  }
  // Says what kills the log-ins, and is up again when `mend` has been said, by itself.
  void DownAndUp(const RedisOptions& options, std::vector<std::string> hurt,
                 std::vector<std::string> mend, std::string_view trouble) {
    ASSERT_TRUE(server_.Start()) << server_.Output();
    RedisClient client(options);
    client.Start();
    ASSERT_TRUE(client.WaitUntilUp(seconds(20))) << client.Status().reason;
    server_.Cli(hurt);
    ASSERT_TRUE(AwaitTrouble(client, trouble)) << client.Status().reason;
    EXPECT_NE(client.Status().reason.find(trouble), std::string::npos) << "Redis' own words";
    EXPECT_EQ(Ask(client, {"GET", "x"}).kind, ReplyKind::kUnavailable);
    server_.Cli(mend);
    ASSERT_TRUE(client.WaitUntilUp(seconds(20))) << client.Status().reason;
    EXPECT_EQ(client.Status().reason, "");
    RedisKeyStore store(client);
    EXPECT_EQ(Put(store, 1, "k"), "");
    EXPECT_EQ(Take(store, 1, "k").verdict, KeyVerdict::kAccepted);
  }
};

TEST_F(RedisTrouble, DemotedToAReplicaAndPromoted) {
  const std::string port = std::to_string(FreePort());  // nobody there: the master is away
  DownAndUp(Taking(), {"REPLICAOF", "127.0.0.1", port}, {"REPLICAOF", "NO", "ONE"}, "READONLY");
}

TEST_F(RedisTrouble, DemotedIsFoundOutByWhoeverAsksFirst) {
  ASSERT_TRUE(server_.Start()) << server_.Output();
  RedisOptions options = Taking();
  options.check_interval = seconds(3600);
  RedisClient client(options);
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  RedisKeyStore store(client);
  EXPECT_EQ(Put(store, 1, "k"), "");
  server_.Cli({"REPLICAOF", "127.0.0.1", std::to_string(FreePort())});
  EXPECT_EQ(Take(store, 1, "k").verdict, KeyVerdict::kUnavailable);
  ASSERT_TRUE(AwaitTrouble(client, "READONLY")) << client.Status().reason;
  server_.Cli({"REPLICAOF", "NO", "ONE"});
  ASSERT_TRUE(client.WaitUntilUp(seconds(20)));
  EXPECT_EQ(Take(store, 1, "k").verdict, KeyVerdict::kAccepted) << "the key is still there";
}

TEST_F(RedisTrouble, OutOfMemoryStoresNothingAndGivesOutWhatItHas) {
  ASSERT_TRUE(server_.Start()) << server_.Output();
  RedisClient giver(Giving());
  RedisClient taker(Taking());
  giver.Start();
  taker.Start();
  ASSERT_TRUE(giver.WaitUntilUp(seconds(20)));
  RedisKeyStore give(giver);
  RedisKeyStore take(taker);
  ASSERT_EQ(Put(give, 1, "k"), "");
  server_.Cli({"CONFIG", "SET", "maxmemory", "1"});
  ASSERT_TRUE(AwaitTrouble(giver, "OOM")) << giver.Status().reason;
  ASSERT_TRUE(taker.WaitUntilUp(seconds(20)));
  EXPECT_EQ(Take(take, 1, "k").verdict, KeyVerdict::kAccepted);
  server_.Cli({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_TRUE(giver.WaitUntilUp(seconds(20)));
}

TEST_F(RedisTrouble, TooFewReplicas) {
  DownAndUp(Giving(), {"CONFIG", "SET", "min-replicas-to-write", "1"},
            {"CONFIG", "SET", "min-replicas-to-write", "0"}, "NOREPLICAS");
}

TEST_F(RedisTrouble, ARenamedCommandIsSaidAtStart) {
  ASSERT_TRUE(server_.Start("", {"--rename-command", "EVAL", ""})) << server_.Output();
  RedisClient taker(Taking());
  taker.Start();
  ASSERT_TRUE(AwaitTrouble(taker, "UNKNOWN_COMMAND"));
  EXPECT_EQ(taker.Status().reason.find("EVAL refused: ERR unknown command"), 0U)
      << taker.Status().reason;
  EXPECT_EQ(taker.Status().connects, 0U);
  RedisClient giver(Giving());
  giver.Start();
  EXPECT_TRUE(giver.WaitUntilUp(seconds(20))) << "it does not need EVAL";
}

TEST_F(RedisTrouble, APasswordThatNobodyHasToldUs) {
  ASSERT_TRUE(server_.Start("open sesame")) << server_.Output();
  RedisClient client(Taking());
  client.Start();
  ASSERT_TRUE(AwaitTrouble(client, "NOAUTH")) << client.Status().reason;
  RedisOptions wrong = Taking();
  wrong.password = "open says me";
  RedisClient other(wrong);
  other.Start();
  ASSERT_TRUE(AwaitTrouble(other, "WRONGPASS")) << other.Status().reason;
  server_.Cli({"CONFIG", "SET", "requirepass", ""});
  EXPECT_TRUE(client.WaitUntilUp(seconds(20)));
}

TEST(RedisWords, AreFoundInScriptsToo) {
  EXPECT_EQ(TroubleIn("READONLY You can't write against a read only replica."), "READONLY");
  EXPECT_EQ(TroubleIn("ERR Error running script (call to f_1): @user_script:1: @user_script: 1: "
                      "-READONLY You can't write against a read only replica."),
            "READONLY");
  EXPECT_EQ(TroubleIn("PING refused: LOADING Redis is loading the dataset in memory"), "LOADING");
  EXPECT_EQ(TroubleIn("MOVED 3999 127.0.0.1:6381"), "MOVED");
  EXPECT_EQ(TroubleIn("BUSY Redis is busy running a script."), "BUSY");
  EXPECT_EQ(TroubleIn("MISCONF Redis is configured to save RDB snapshots"), "MISCONF");
  EXPECT_EQ(TroubleIn("ERR unknown command 'EVAL', with args"), "UNKNOWN_COMMAND");
  EXPECT_EQ(TroubleIn("ERR value is not an integer or out of range"), "");
  EXPECT_EQ(TroubleIn("WRONGTYPE Operation against a key"), "");
  EXPECT_EQ(TroubleIn("BUSYGROUP Consumer Group name already exists"), "");
  EXPECT_EQ(TroubleIn(""), "");
}

// --- names ----------------------------------------------------------------------------------------

// A resolver that answers when the test lets it. What the look-up's thread needs is shared: it may
// outlive the test.
struct SlowNames {
  NameAnswer Resolve() {
    std::unique_lock guard(lock);
    ++asked;
    changed.notify_all();
    changed.wait(guard, [this] { return open; });
    return answer;
  }
  void Open(NameAnswer with) {
    const std::lock_guard guard(lock);
    answer = std::move(with);
    open = true;
    changed.notify_all();
  }
  bool AwaitAsked(int times) {
    std::unique_lock guard(lock);
    return changed.wait_for(guard, seconds(20), [&] { return asked >= times; });
  }

  std::mutex lock;
  std::condition_variable changed;
  bool open = false;  // all guarded by lock
  int asked = 0;
  NameAnswer answer;
};

class RedisNames : public Redis {
 protected:
  RedisOptions ByName() {
    RedisOptions options = Options();
    options.unix_socket.clear();
    options.host = "redis.test";
    options.port = static_cast<std::uint16_t>(port_);
    options.resolve = [names = names_](const std::string&) { return names->Resolve(); };
    return options;
  }
  bool StartOnPort() {
    return server_.Start("", {"--port", std::to_string(port_), "--bind", "127.0.0.1"});
  }
  void TearDown() override { names_->Open({{"127.0.0.1"}, ""}); }  // lets its threads end

  const int port_ = FreePort();
  std::shared_ptr<SlowNames> names_ = std::make_shared<SlowNames>();
};

TEST_F(RedisNames, ASlowNameHoldsUpNeitherRequestsNorTheStop) {
  RedisOptions options = ByName();
  options.connect_timeout = milliseconds(20);
  auto client = std::make_unique<RedisClient>(options);
  client->Start();
  ASSERT_TRUE(names_->AwaitAsked(1));
  ASSERT_TRUE(WaitUntil([&] { return client->Status().state == RedisState::kDown; }));
  EXPECT_EQ(client->Status().reason, "the name 'redis.test' is still being looked up");
  EXPECT_EQ(Ask(*client, {"GET", "x"}).kind, ReplyKind::kUnavailable);
  ASSERT_TRUE(WaitUntil([&] { return client->Status().failed_attempts >= 3; }));
  // Once: the same look-up is waited for. And the end does not wait for it, or this would hang.
  client->Stop();
  client.reset();
  const std::lock_guard guard(names_->lock);
  EXPECT_EQ(names_->asked, 1);
}

TEST_F(RedisNames, AnAnswerThatComesLateIsUsed) {
  ASSERT_TRUE(StartOnPort()) << server_.Output();
  RedisOptions options = ByName();
  options.connect_timeout = milliseconds(20);
  RedisClient client(options);
  client.Start();
  ASSERT_TRUE(WaitUntil([&] { return client.Status().state == RedisState::kDown; }));
  names_->Open({{"127.0.0.1"}, ""});
  ASSERT_TRUE(client.WaitUntilUp(seconds(20))) << client.Status().reason;
}

TEST_F(RedisNames, EveryAttemptAsksAgainAndTriesTheNextAddress) {
  ASSERT_TRUE(StartOnPort()) << server_.Output();
  names_->Open({{"127.0.0.77", "127.0.0.1"}, ""});  // nobody listens at the first
  RedisClient client(ByName());
  client.Start();
  ASSERT_TRUE(client.WaitUntilUp(seconds(20))) << client.Status().reason;
  ASSERT_TRUE(names_->AwaitAsked(2));
  names_->Open({{}, "no such host"});
  server_.Kill();
  ASSERT_TRUE(WaitUntil([&] {
    return client.Status().reason == "the name 'redis.test' has no address: no such host";
  })) << client.Status().reason;
}

// Its thread is still in the middle of it, and will be for ever.
TEST(RedisNamesDeathTest, TheProcessEndsWhileALookUpIsOnItsWay) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        const auto names = std::make_shared<SlowNames>();
        RedisOptions options;
        options.host = "redis.test";
        options.resolve = [names](const std::string&) { return names->Resolve(); };
        {
          RedisClient client(options);
          client.Start();
          if (!names->AwaitAsked(1)) std::exit(2);
        }
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(RedisNames, TheSystemsResolverKnowsThisMachine) {
  const NameAnswer here = NameLookup::AskSystem("localhost");
  ASSERT_FALSE(here.addresses.empty()) << here.error;
  EXPECT_TRUE(here.addresses[0] == "127.0.0.1" || here.addresses[0] == "::1");
  const NameAnswer nowhere = NameLookup::AskSystem("no-such-name.invalid");
  EXPECT_TRUE(nowhere.addresses.empty());
  EXPECT_FALSE(nowhere.error.empty());
}

// --- oneself --------------------------------------------------------------------------------------

TEST(SelfConnect, IsSeen) {
  const int self = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(self, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(self, reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_FALSE(IsConnectedToItself(self)) << "not connected";
  ASSERT_EQ(connect(self, reinterpret_cast<sockaddr*>(&address), size), 0) << "TCP allows it";
  EXPECT_TRUE(IsConnectedToItself(self));
  close(self);
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  EXPECT_FALSE(IsConnectedToItself(pair[0]));
  close(pair[0]);
  close(pair[1]);
}

TEST_F(RedisNames, AClientNeverTalksToItself) {
  RedisOptions options = ByName();
  options.host = "127.0.0.1";
  options.backoff_first = options.backoff_max = milliseconds(300);
  bind_to_the_peer = true;
  RedisClient client(options);
  client.Start();
  EXPECT_TRUE(WaitUntil([&] {
    return client.Status().reason == "connected to itself: nobody listens there";
  })) << client.Status().reason;
  EXPECT_EQ(client.Status().connects, 0U);
  bind_to_the_peer = false;
  ASSERT_TRUE(StartOnPort()) << "it must not hold the port that Redis wants";
  EXPECT_TRUE(client.WaitUntilUp(seconds(20))) << client.Status().reason;
}

}  // namespace
}  // namespace services
