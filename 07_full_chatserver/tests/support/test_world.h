// The chat's world and its sessions without a network and without services, for tests of what
// happens between them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chat/game_session.h"
#include "chat/login_desk.h"
#include "tests/support/fake_sender.h"
#include "tests/support/fake_services.h"

namespace course_test {

struct WorldParts {
  WorldParts(chat::SessionSender& sender, chat::LoginDesk::MakePlayers make_players)
      : desk(1024, sender, services, {std::move(make_players), [](net::SessionId) {}}) {}
  FakeServices services;
  chat::LoginDesk desk;
};

class TestWorld : private WorldParts, public chat::World {
 public:
  TestWorld(const chat::WorldOptions& options, chat::SessionSender& sender,
            job::UpdateThreads& threads)
      : WorldParts(sender, [this](net::SessionId owner, std::uint64_t account,
                                  const std::string&) { return MakePlayers(owner, account); }),
        World(options, sender, services, services, desk, threads) {}

  using WorldParts::desk;
  using WorldParts::services;

  std::vector<chat::PlayerRef> MakePlayers(net::SessionId owner, std::uint64_t account) {
    const auto make = [&](const char* kind, Protocol::PlayerType type) {
      const std::uint64_t id = NewPlayerId();
      return std::make_shared<const chat::Player>(
          chat::Player{id, kind + std::to_string(id), type, owner, {}, account});
    };
    return {make("Knight", Protocol::PLAYER_TYPE_KNIGHT), make("Mage", Protocol::PLAYER_TYPE_MAGE)};
  }
};

// One connection, from its OnClientJoin to its OnClientLeave.
class TestSession final : public chat::GameSession {
 public:
  TestSession(net::SessionId id, TestWorld& world, chat::JobBudget& budget)
      : TestSession(world.desk.Open(id), world, budget) {}
  ~TestSession() {
    world_.desk.Close(id());
    slot_->state.store(chat::LoginState::kGone);
  }

  // Logged in, without the lobby and its jobs.
  void LetIn() {
    slot_->players = world_.MakePlayers(id(), slot_->account);
    slot_->state.store(chat::LoginState::kIn);
  }

 private:
  TestSession(std::shared_ptr<chat::LoginSlot> slot, TestWorld& world, chat::JobBudget& budget)
      : GameSession(slot, world, budget), slot_(std::move(slot)), world_(world) {
    world.lobby().Connected(id());
  }

  const std::shared_ptr<chat::LoginSlot> slot_;
  TestWorld& world_;
};

}  // namespace course_test
