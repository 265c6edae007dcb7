// Thousands of people who are logged in and mostly silent: all of them stay, and the server's
// memory stays what it is. COURSE_STRESS=60: ten thousand for ten minutes.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tests/outside/redis_server.h"
#include "tests/support/catch.h"
#include "tests/support/metered_server.h"
#include "tests/support/storage_support.h"

namespace {

using support::MeteredServer;
using support::Process;
using Clock = std::chrono::steady_clock;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kMemoryMeansSomething = false;  // a sanitizer keeps what was freed
#else
constexpr bool kMemoryMeansSomething = true;
#endif

constexpr double kMiB = 1024 * 1024;

struct Moment {
  double resident = 0;  // bytes
  double sessions = 0;
  double players = 0;
};

// Redis (where it is installed), auth and chat server, SQLite.
class World {
 public:
  World() : redis_here_(outside::RedisServer::IsInstalled()) {
    std::vector<std::string> sets;
    if (redis_here_) {
      REQUIRE(redis_.Start());
      sets = {"login.store=redis", "login.redis_socket=" + redis_.Socket()};
    }
    chat_ = std::make_unique<MeteredServer>(folder_.path(), sets);
    REQUIRE(chat_->ready());
    auth_port_ = chat_->auth_port();
    if (redis_here_) {
      auth_ =
          std::make_unique<Process>("auth_server", MeteredServer::Arguments(folder_.path(), sets));
      auth_port_ = std::to_string(auth_->ReadPort().value());
    }
  }

  std::unique_ptr<Process> StartClients(int sessions, int seconds) {
    return std::make_unique<Process>(
        "dummy_client", std::vector<std::string>{"--port", chat_->port(), "--auth-port", auth_port_,
                                                 "--sessions", std::to_string(sessions), "--rooms",
                                                 std::to_string(std::max(1, sessions / 100)),
                                                 "--rate", "0.01", "--sector-every", "1", "--for",
                                                 std::to_string(seconds), "--patience", "900"});
  }

  // What the server says of itself.
  [[nodiscard]] Moment Now() const {
    return {chat_->Metric("process_resident_memory_bytes"), chat_->Metric("chat_sessions"),
            chat_->Metric("chat_players")};
  }
  MeteredServer& chat() { return *chat_; }

 private:
  storage_test::TemporaryFolder folder_;
  const bool redis_here_;
  outside::RedisServer redis_;
  std::unique_ptr<MeteredServer> chat_;
  std::unique_ptr<Process> auth_;
  std::string auth_port_;
};

}  // namespace

SCENARIO("Thousands stay logged in, and the memory stays what it is") {
  const int sessions = std::min(500 * storage_test::StressScale(), 10'000);
  const int seconds = std::min(10 * storage_test::StressScale(), 600);
  GIVEN("a server") {
    World world;
    REQUIRE(world.chat().AwaitMetric("chat_sessions", 0));
    const Moment empty = world.Now();
    WHEN("many log in, beat, and say a word to their sector now and then") {
      const Clock::time_point began = Clock::now();
      const std::unique_ptr<Process> clients = world.StartClients(sessions, seconds);
      const bool all_in = clients->ReadLineWith("clients in", std::chrono::minutes(15)).has_value();
      INFO(clients->Errors());
      REQUIRE(all_in);
      const std::chrono::duration<double> took = Clock::now() - began;
      std::cout << sessions << " logged in after " << took.count() << " s; resident MiB before "
                << empty.resident / kMiB;
      REQUIRE(world.chat().AwaitMetric("chat_players", sessions));
      std::vector<Moment> moments = {world.Now()};
      const auto pause = std::chrono::milliseconds(seconds * 1000 / 60);
      while (!clients->Wait(pause)) {
        const Moment now = world.Now();
        if (now.sessions < sessions) break;  // they are leaving
        moments.push_back(now);
      }
      CHECK(clients->Wait(std::chrono::minutes(16)) == 0);  // nobody lost anything or was lost
      INFO(clients->Output() << clients->Errors());
      THEN("all were there to the end, with the same memory") {
        CHECK(moments.size() > 30);
        const auto all_here = [&](const Moment& now) {
          return now.sessions == sessions && now.players == sessions;
        };
        CHECK(std::all_of(moments.begin(), moments.end(), all_here));
        // The first tenth: buffers and caches find their size.
        const auto settled = moments.begin() + static_cast<std::ptrdiff_t>(moments.size() / 10);
        const double most =
            std::max_element(settled, moments.end(), [](const Moment& a, const Moment& b) {
              return a.resident < b.resident;
            })->resident;
        std::cout << ", while they were there";
        for (std::size_t i = 0; i < moments.size(); i += moments.size() / 10) {
          std::cout << " " << moments[i].resident / kMiB;
        }
        std::cout << ", most after a tenth " << most / kMiB << "; bytes per session "
                  << (settled->resident - empty.resident) / sessions << std::endl;
        if (kMemoryMeansSomething) CHECK(most < settled->resident * 1.02 + 2 * kMiB);
        CHECK(world.chat().Stop());
      }
    }
  }
}
