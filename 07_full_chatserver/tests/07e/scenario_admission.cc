// Who is hostile at the door, and who is honest beside them: thousands of silent connections,
// floods of guesses, wrong session keys; on real processes, from many addresses of this machine.
#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/outside/http_get.h"
#include "tests/outside/redis_server.h"
#include "tests/support/catch.h"
#include "tests/support/chat_server_process.h"
#include "tests/support/loopback_client.h"

namespace {

using course_test::ChatServerProcess;
using course_test::ChatTalker;
using course_test::CountIn;
using course_test::LoopbackClient;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr unsigned kAttackers = 8;  // addresses 127.0.0.2 ...

// The limits that the configuration has when nobody says otherwise (ChatServerProcess has none).
std::vector<std::string> WithDefaultLimits(std::vector<std::string> more = {}) {
  more.insert(more.end(), {"limits.connections_per_address=1000", "limits.connection_rate=100",
                           "auth.connections_per_address=100", "timeouts.first_packet_ms=600000"});
  return more;
}

std::vector<LoopbackClient> Silent(unsigned short port, int each) {
  std::vector<LoopbackClient> clients;
  for (int i = 0; i < each; ++i) {
    for (unsigned from = 2; from < 2 + kAttackers; ++from) clients.emplace_back(from, port);
  }
  return clients;
}

Clock::duration HonestLogIn(const ChatServerProcess& server) {
  const Clock::time_point begin = Clock::now();
  ChatTalker talker(server.port);
  CHECK(talker.LogIn());
  return Clock::now() - begin;
}

double Metric(int port, const std::string& name) {
  std::istringstream lines(outside::HttpGet(port, "/metrics").body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + " ")) return std::stod(line.substr(name.size()));
  }
  return -1;
}

bool AwaitMetric(int port, const std::string& name, double value) {
  const auto deadline = Clock::now() + support::kPatience;
  while (Metric(port, name) != value) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

}  // namespace

SCENARIO("2,000 silent connections keep nobody out") {
  course_test::RaiseDescriptorLimit();
  GIVEN("a server with the usual limits") {
    ChatServerProcess server(WithDefaultLimits());
    WHEN("eight addresses open 2,000 connections to the auth port and say nothing") {
      std::vector<LoopbackClient> silent = Silent(server.port.auth, 250);
      THEN("honest people log in at once, and who is refused is told why") {
        for (int i = 0; i < 10; ++i) CHECK(HonestLogIn(server) < 2s);
        LoopbackClient& last = silent.back();
        const auto answer = last.ReadAuth();
        REQUIRE(answer);
        CHECK(answer->reason() == Protocol::REFUSAL_TOO_MANY_CONNECTIONS);
        CHECK(last.IsOver());
        const std::string log = server.Stop();
        CHECK(log.find("reason=\"too many connections from this address\"") != std::string::npos);
        CHECK(CountIn(log, "door event=refused") < 100);  // of 1,200: a few a second
      }
    }
    WHEN("they do so at the chat port") {
      const std::vector<LoopbackClient> silent = Silent(server.port.chat, 250);
      THEN("honest people log in at once") {
        for (int i = 0; i < 10; ++i) CHECK(HonestLogIn(server) < 2s);
      }
    }
  }
  GIVEN("an auth service whose slots strangers have taken") {
    ChatServerProcess server(
        {"auth.session_max=20", "limits.reserved_percent=10", "timeouts.first_packet_ms=600000"});
    HonestLogIn(server);
    std::vector<LoopbackClient> silent;
    // Again while the slot of the log-in before is still on its way to be free.
    for (int attempts = 0; silent.size() < 18 && attempts < 1000; ++attempts) {
      silent.emplace_back(static_cast<unsigned>(2 + silent.size()), server.port.auth);
      if (silent.back().HasHeard(20ms)) silent.pop_back();
    }
    REQUIRE(silent.size() == 18);
    WHEN("another stranger comes") {
      LoopbackClient stranger(50, server.port.auth);
      THEN("it is told that there is no place") {
        const auto answer = stranger.ReadAuth();
        REQUIRE(answer);
        CHECK(answer->reason() == Protocol::REFUSAL_SERVER_FULL);
      }
    }
    WHEN("somebody comes whose address has logged in lately") {
      THEN("there is a place") {
        HonestLogIn(server);
      }
    }
  }
}

SCENARIO("A flood of guesses keeps nobody waiting") {
  course_test::RaiseDescriptorLimit();
  GIVEN("hashes that take their time, and 360 guesses from 8 addresses") {
    ChatServerProcess server(WithDefaultLimits(
        {"auth.hash_ops=2", "auth.hash_memory_bytes=16777216", "auth.create_accounts=true"}));
    const Clock::duration alone = HonestLogIn(server);
    std::vector<LoopbackClient> guesses = Silent(server.port.auth, 45);
    for (std::size_t i = 0; i < guesses.size(); ++i) {
      REQUIRE(guesses[i].Ask("victim" + std::to_string(i), "guess"));
    }
    WHEN("somebody logs in") {
      const auto answered = [&] {
        return std::count_if(guesses.begin(), guesses.end(),
                             [](const LoopbackClient& guess) { return guess.HasHeard(); });
      };
      const auto before = answered();
      const Clock::duration took = HonestLogIn(server);
      THEN("it waits for one hash of each address, not for all of them") {
        // Nine hashes instead of one; behind all of them it would be 361.
        CHECK(took < std::max<Clock::duration>(2s, 30 * alone));
        // One round of the addresses, and what was answered before the question was read.
        CHECK(answered() - before < 4 * kAttackers);
      }
    }
  }
}

SCENARIO("Wrong guesses lock nobody out") {
  ChatServerProcess server;
  const auto ask = [&](unsigned from, const std::string& password) {
    LoopbackClient client(from, server.port.auth);
    REQUIRE(client.Ask("owner", password));
    const auto answer = client.ReadAuth();
    REQUIRE(answer);
    return answer->reason();
  };
  GIVEN("an account, and five wrong guesses by anybody") {
    CHECK(ask(1, "secret") == Protocol::REFUSAL_NONE);
    for (int i = 0; i < 5; ++i) CHECK(ask(2, "guess") == Protocol::REFUSAL_BAD_PASSWORD);
    THEN("who has guessed is refused, and the owner is not") {
      CHECK(ask(2, "secret") == Protocol::REFUSAL_TOO_MANY_REQUESTS);
      CHECK(ask(1, "secret") == Protocol::REFUSAL_NONE);
      const Clock::time_point begin = Clock::now();
      CHECK(ask(3, "secret") == Protocol::REFUSAL_NONE);  // slowed down: it is a new address
      CHECK(Clock::now() - begin >= 250ms);
    }
  }
}

SCENARIO("A wrong session key ends the connection, and too many of them the address's welcome") {
  GIVEN("a server that lets an address try five a minute") {
    ChatServerProcess server({"limits.wrong_keys_per_minute=5", "monitor.metrics=true",
                              "monitor.metrics_port=0", "monitor.interval_ms=50"});
    const auto line = server.process.ReadLineWith("metrics on ");
    REQUIRE(line);
    const int metrics = std::stoi(line->substr(line->rfind(':') + 1));
    const Protocol::C_LOGIN right = course_test::FreshLogin(server.port);
    Protocol::C_LOGIN wrong = right;
    wrong.set_session_key(std::string(64, 'x'));
    for (int i = 0; i < 5; ++i) {
      LoopbackClient thief(2, server.port.chat);
      REQUIRE(thief.Send(Protocol::PACKET_C_LOGIN, wrong.SerializeAsString()));
      const auto answer = thief.ReadLogin();
      REQUIRE(answer);
      CHECK(answer->reason() == Protocol::REFUSAL_BAD_SESSION_KEY);
      CHECK(thief.IsOver());
    }
    THEN("its next connection is refused, others are not, and all of it is told") {
      LoopbackClient thief(2, server.port.chat);
      const auto refused = thief.ReadLogin();
      REQUIRE(refused);
      CHECK(refused->reason() == Protocol::REFUSAL_TOO_MANY_CONNECTIONS);
      CHECK(thief.IsOver());
      LoopbackClient owner(1, server.port.chat);
      REQUIRE(owner.Send(Protocol::PACKET_C_LOGIN, right.SerializeAsString()));
      const auto granted = owner.ReadLogin();
      REQUIRE(granted);
      CHECK(granted->success());
      CHECK(AwaitMetric(metrics, "chat_logins_total{outcome=\"granted\"}", 1));
      CHECK(Metric(metrics, "chat_logins_total{outcome=\"wrong_key\"}") == 5);
      CHECK(Metric(metrics, "auth_questions_total{outcome=\"granted\"}") == 1);
      CHECK(Metric(metrics, "chat_refused_total{reason=\"limit\"}") == 1);
      CHECK(Metric(metrics, "chat_refused_total{reason=\"full\"}") == 0);
      const std::string log = server.Stop();
      CHECK(CountIn(log, "door event=\"wrong session key\" port=chat peer=127.0.0.2:") == 5);
    }
  }
}

SCENARIO("What a client asks for beyond its limit is counted") {
  GIVEN("a server that takes twenty requests a second") {
    ChatServerProcess server({"limits.messages_per_second=20", "monitor.metrics=true",
                              "monitor.metrics_port=0", "monitor.interval_ms=50"});
    const auto line = server.process.ReadLineWith("metrics on ");
    REQUIRE(line);
    const int metrics = std::stoi(line->substr(line->rfind(':') + 1));
    const std::string name = "chat_requests_refused_total{reason=\"too_fast\"}";
    ChatTalker talker(server.port);
    REQUIRE(talker.LogIn());
    REQUIRE(AwaitMetric(metrics, name, 0));
    for (int i = 0; i < 100; ++i) REQUIRE(talker.SendRaw(Protocol::PACKET_C_HEARTBEAT, ""));
    const auto deadline = Clock::now() + support::kPatience;
    while (Metric(metrics, name) <= 0 && Clock::now() < deadline) std::this_thread::sleep_for(20ms);
    CHECK(Metric(metrics, name) > 0);
  }
}

SCENARIO("A Redis that becomes a replica is said, measured, and used again by itself") {
  if (!outside::RedisServer::IsInstalled()) {
    WARN("skipped: redis-server is not installed");
    return;
  }
  GIVEN("auth_server and its Redis") {
    outside::RedisServer redis;
    REQUIRE(redis.Start());
    const storage_test::TemporaryFolder folder;
    support::Process auth(
        "auth_server", ChatServerProcess::Args(
                           folder, {"login.store=redis", "monitor.metrics=true",
                                    "login.redis_socket=" + redis.Socket(), "auth.metrics_port=0",
                                    "log.level=warn", "monitor.interval_ms=50"}));
    const auto port = auth.ReadPort();
    const auto line = auth.ReadLineWith("metrics on ");
    INFO(auth.Errors());
    REQUIRE(port);
    REQUIRE(line);
    const int metrics = std::stoi(line->substr(line->rfind(':') + 1));
    REQUIRE(AwaitMetric(metrics, "auth_redis_up", 1));
    const auto ask = [&] {
      LoopbackClient client(1, *port);
      REQUIRE(client.Ask("somebody", "secret"));
      const auto answer = client.ReadAuth();
      REQUIRE(answer);
      return answer->reason();
    };
    CHECK(ask() == Protocol::REFUSAL_NONE);
    WHEN("it is demoted, and nobody asks anything") {
      redis.Cli({"REPLICAOF", "127.0.0.1", "1"});
      THEN("the metrics and the log say so, and after its promotion keys are given again") {
        CHECK(AwaitMetric(metrics, "auth_redis_trouble{reason=\"READONLY\"}", 1));
        CHECK(AwaitMetric(metrics, "auth_redis_up", 0));
        CHECK(ask() == Protocol::REFUSAL_TRY_LATER);
        redis.Cli({"REPLICAOF", "NO", "ONE"});
        CHECK(AwaitMetric(metrics, "auth_redis_up", 1));
        CHECK(AwaitMetric(metrics, "auth_redis_trouble{reason=\"READONLY\"}", 0));
        CHECK(ask() == Protocol::REFUSAL_NONE);
        auth.Stop();
        CHECK(auth.Wait() == 0);
        const std::string log = auth.Output() + auth.Errors();
        CHECK(log.find("redis.down trouble=READONLY reason=\"") != std::string::npos);
        CHECK(CountIn(log, "redis.down") < 4);  // per change of state, not per attempt
      }
    }
  }
}
