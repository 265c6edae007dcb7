// What the tables of a full server cost as they grow: lobby, accounts, rooms, sector grid, without
// a socket.
//
//   world_tables [--sessions N ..] [--json]
//
// N clients connect, log in, enter rooms of 100 (and with that the sector grid), are heard of, are
// looked at by the time-outs, walk a step, say something near by, and go. Every step is the
// server's own code: its jobs on one update thread. What would be sent is counted and dropped, what
// would be written is accepted. If nothing is superlinear, a step costs a client the same however
// many there are.
#include <spdlog/fmt/fmt.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "chat/login_desk.h"
#include "chat/world.h"
#include "net/cipher.h"
#include "support/options.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kRoomOf = 100;
constexpr std::size_t kSome = 1024;  // requests that may wait at a time

// Everything from outside: everybody has the right key, and nobody listens.
class Outside final : public chat::SessionSender, public chat::KeyLookup, public chat::Chronicle {
 public:
  void Send(net::SessionId, const net::PacketRef& packet) override {
    if (!packet->sealed()) Seal(*packet);
    sent_.fetch_add(1, std::memory_order_relaxed);
  }
  void SendLast(net::SessionId to, const net::PacketRef& packet, const char*) override {
    Send(to, packet);
  }
  void Finish(net::SessionId) override {}
  void Trust(net::SessionId) override {}
  std::unique_ptr<net::SendTurn> BeginTurn() override { return nullptr; }
  void Seal(net::Packet& packet) override { packet.Seal(net::kDefaultFixedKey, net::RandomKey()); }
  void TakeKey(chat::AccountNo account, std::string, Done done) override {
    done({chat::KeyAnswer::kRight, "name" + std::to_string(account)});
  }
  bool Record(std::span<const chat::TalkRecord>) override { return true; }
  bool Record(const chat::LoginRecord&) override { return true; }

  std::uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> sent_{0};  // atomic: the update thread and the main thread
};

struct Step {
  std::string name;
  double us = 0;     // of one client
  double sends = 0;  // of one client
};

class Simulation {
 public:
  explicit Simulation(std::uint32_t sessions)
      : sessions_(sessions),
        desk_(sessions, outside_, outside_,
              {[this](net::SessionId owner, std::uint64_t account, const std::string& name) {
                 return Characters(owner, account, name);
               },
               [](net::SessionId) {}}),
        world_(Options(sessions), outside_, outside_, outside_, desk_, threads_) {
    threads_.Start();
  }
  ~Simulation() { threads_.Stop(job::StopPolicy::kDrain, std::chrono::seconds(60)); }

  std::vector<Step> Run() {
    slots_.reserve(sessions_);
    ForAll("connect", [this](std::uint32_t i) {
      slots_.push_back(desk_.Open(Id(i)));
      world_.lobby().Connected(Id(i));
    });
    ForAll("log in", [this](std::uint32_t i) {
      slots_[i]->Change(chat::LoginState::kOut, chat::LoginState::kLoggingIn);
      world_.lobby().Login(Id(i), i + 1, "key");
    });
    ForAll("enter room and grid", [this](std::uint32_t i) {
      stays_.push_back(std::make_shared<chat::Stay>(slots_[i]->players.at(0)));
      RoomOf(i).Enter(stays_[i], {});
    });
    ForAll("be heard of", [this](std::uint32_t i) { world_.lobby().Heard(Id(i)); });
    Once("time-outs of all", [this] {
      world_.lobby().CheckLoginTimeouts();
      world_.lobby().CheckHeartbeats();
    });
    // Ninety are near everybody, however many there are: the world grows with them.
    ForAll("walk a step", [this](std::uint32_t i) { world_.grid().Move(Id(i), PlaceOf(i)); });
    ForAll("say something near by",
           [this](std::uint32_t i) { world_.grid().Talk(Id(i), "hello"); });
    ForAll("leave", [this](std::uint32_t i) {
      RoomOf(i).Gone(stays_[i]);
      world_.lobby().Leave(Id(i));
      desk_.Close(Id(i));
    });
    return steps_;
  }

 private:
  static chat::WorldOptions Options(std::uint32_t sessions) {
    chat::WorldOptions options;
    options.rooms = (sessions + kRoomOf - 1) / kRoomOf;
    options.lobby.login_timeout = std::chrono::hours(1);
    options.lobby.heartbeat_timeout = std::chrono::hours(1);
    options.fan_out_bytes_per_second = 0;
    options.news_interval = job::Duration{0};  // what a step causes belongs to it
    options.sector.columns = options.sector.rows = Side(sessions);
    return options;
  }
  // Of the world, in sectors: ten clients in each, so ninety near everybody.
  static std::uint32_t Side(std::uint32_t sessions) {
    std::uint32_t side = 3;
    while (side * side * 10 < sessions) ++side;
    return side;
  }

  std::vector<chat::PlayerRef> Characters(net::SessionId owner, std::uint64_t account,
                                          const std::string& name) {
    return {std::make_shared<const chat::Player>(chat::Player{
        world_.NewPlayerId(), name, Protocol::PLAYER_TYPE_KNIGHT, owner, {}, account})};
  }
  static net::SessionId Id(std::uint32_t i) { return net::SessionId::Make(1, i); }
  chat::Room& RoomOf(std::uint32_t i) { return *world_.FindRoom(i / kRoomOf); }
  chat::Position PlaceOf(std::uint32_t i) const {
    const std::uint32_t side = Side(sessions_);
    return {i % side, i / side % side};  // a sector is one unit
  }

  void Settle() {
    while (threads_.Ready().BusyQueues() != 0) std::this_thread::yield();
  }
  void Once(const std::string& name, const std::function<void()>& deed) {
    const std::uint64_t sent = outside_.sent();
    const auto begin = Clock::now();
    deed();
    Settle();
    const double us = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    steps_.push_back(
        {name, us / sessions_, static_cast<double>(outside_.sent() - sent) / sessions_});
  }
  void ForAll(const std::string& name, const std::function<void(std::uint32_t)>& deed) {
    Once(name, [&] {
      for (std::uint32_t i = 0; i < sessions_; ++i) {
        deed(i);
        if (i % kSome == kSome - 1) Settle();
      }
    });
  }

  const std::uint32_t sessions_;
  Outside outside_;
  job::UpdateThreads threads_{{.threads = 1}};
  chat::LoginDesk desk_;
  chat::World world_;
  std::vector<std::shared_ptr<chat::LoginSlot>> slots_;
  std::vector<chat::StayRef> stays_;
  std::vector<Step> steps_;
};

double Sum(const std::vector<Step>& steps) {
  double sum = 0;
  for (const Step& step : steps) sum += step.us;
  return sum;
}

void PrintTable(const std::vector<std::uint32_t>& sessions,
                const std::vector<std::vector<Step>>& found) {
  std::cout << fmt::format("{:<24}", "us of one client");
  for (const std::uint32_t n : sessions) std::cout << fmt::format("{:>12}", n);
  std::cout << '\n';
  for (std::size_t i = 0; i < found.front().size(); ++i) {
    std::cout << fmt::format("{:<24}", found.front()[i].name);
    for (const auto& steps : found) std::cout << fmt::format("{:>12.3f}", steps[i].us);
    std::cout << '\n';
  }
  std::cout << fmt::format("{:<24}", "all of it");
  for (const auto& steps : found) std::cout << fmt::format("{:>12.3f}", Sum(steps));
  std::cout << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("What lobby, rooms and sector grid cost as the sessions become more",
                        "world_tables");
  std::vector<std::uint32_t> sessions = {1'000, 10'000, 50'000};
  bool json = false;
  app.Add("--sessions", sessions, "how many sessions, several values")
      .Range(100, 1'000'000)
      .ShowDefault();
  app.Flag("--json", json, "the sums as JSON");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  std::vector<std::vector<Step>> found;
  for (const std::uint32_t n : sessions) {
    found.push_back(Simulation(n).Run());
    if (json) {
      std::cout << fmt::format("{{\"sessions\": {}, \"tables_s\": {:.6f}}}\n", n,
                               Sum(found.back()) * n / 1e6);
    }
  }
  if (!json) PrintTable(sessions, found);
  return 0;
}
