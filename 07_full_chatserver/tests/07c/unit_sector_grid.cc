// The sector grid as an actor: order, numbers, what a slice records and sends; random steps against
// brute force, and many posters at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "job/update_threads.h"
#include "tests/support/job_test_support.h"
#include "tests/support/sector_ear.h"
#include "tests/support/task_input.h"

namespace {

using chat::Position;
using chat::SectorGrid;
using chat::SectorOptions;
using net::SessionId;
using sector_test::Ear;
using sector_test::RecordingOutlet;

SessionId Id(std::uint32_t index, std::uint32_t serial = 1) {
  return SessionId::Make(serial, index);
}

// A grid on update threads of its own. Finish() runs what is queued and ends the threads.
struct World {
  explicit World(const SectorOptions& options, std::uint32_t threads = 1)
      : workers([threads] {
          job::UpdateOptions update;
          update.threads = threads;
          update.slice_time =
              std::chrono::seconds(30);  // a slice ends by its jobs, not by the clock
          return update;
        }()),
        grid(std::make_shared<SectorGrid>(workers.Ready(), options, outlet)) {}
  void Finish() {
    workers.Start();
    ASSERT_TRUE(workers.Stop(job::StopPolicy::kDrain, job_test::kDeadline).drained);
  }

  RecordingOutlet outlet;
  job::UpdateThreads workers;
  std::shared_ptr<SectorGrid> grid;
};

TEST(SectorGrid, ThoseNearHearItAndTheOthersDoNot) {
  TASK_INPUT("07c.5", "three at (0,0), (1,1), (2,2); one speaks, walks to (3,3), speaks");
  World world({5, 5, 1});
  world.grid->Join(Id(1), 11, "가온", {0, 0});
  world.grid->Join(Id(2), 12, "나래", {1, 1});
  world.grid->Join(Id(3), 13, "far", {2, 2});
  world.grid->Talk(Id(1), "안녕");
  world.grid->Move(Id(1), {3, 3});
  world.grid->Talk(Id(1), "again");
  world.grid->Leave(Id(3));
  world.grid->Talk(Id(1), "alone");
  world.Finish();
  EXPECT_EQ(world.outlet.Heard(Id(1)), (std::vector<std::string>{"안녕", "again", "alone"}));
  EXPECT_EQ(world.outlet.Heard(Id(2)), (std::vector<std::string>{"안녕"}));
  EXPECT_EQ(world.outlet.Heard(Id(3)), (std::vector<std::string>{"again"}));
  EXPECT_EQ(world.outlet.sends(), 1u) << "one slice is one turn";
  EXPECT_EQ(world.outlet.recorded(),
            (std::vector<std::string>{"가온: 안녕", "가온: again", "가온: alone"}));
}

TEST(SectorGrid, WhoIsNotOnTheGridIsRefused) {
  TASK_INPUT("07c.5", "talk and move before the join and after the leave");
  World world({2, 2, 1});
  world.grid->Talk(Id(1), "before");
  world.grid->Move(Id(1), {0, 0});
  world.grid->Join(Id(1), 1, "a", {9, 9});
  world.grid->Join(Id(1), 1, "a", {1, 1});
  world.grid->Join(Id(1), 1, "a", {0, 0});
  world.grid->Leave(Id(1));
  world.grid->Leave(Id(1));
  world.grid->Talk(Id(1), "after");
  world.Finish();
  EXPECT_TRUE(world.outlet.Heard(Id(1)).empty());
  EXPECT_EQ(world.outlet.refusals(Id(1)), 2u);
  EXPECT_EQ(world.outlet.answers(Id(1)), (std::vector<bool>{false, false, true, false}));
}

TEST(SectorGrid, WhatIsNotRecordedIsNotSentAndTakesNoNumber) {
  TASK_INPUT("07c.5", "the first record fails");
  World world({1, 1, 1});
  world.outlet.FailRecords(1);
  world.grid->Join(Id(1), 1, "a", {0, 0});
  world.grid->Talk(Id(1), "lost with the disk");
  world.workers.Start();
  ASSERT_TRUE(world.outlet.WaitForRecords(1));
  world.grid->Talk(Id(1), "kept");
  ASSERT_TRUE(world.workers.Stop(job::StopPolicy::kDrain, job_test::kDeadline).drained);
  EXPECT_EQ(world.outlet.Heard(Id(1)), (std::vector<std::string>{"kept"}));
  EXPECT_EQ(world.outlet.refusals(Id(1)), 1u);
  EXPECT_EQ(world.outlet.last_number(Id(1)), 1u);
}

TEST(SectorGrid, AnOutletThatThrowsLosesItsSliceOnly) {
  TASK_INPUT("07c.5", "the outlet throws once");
  World world({1, 1, 1});
  world.outlet.ThrowOnce();
  world.grid->Join(Id(1), 1, "a", {0, 0});
  world.grid->Talk(Id(1), "first");
  world.workers.Start();
  ASSERT_TRUE(world.outlet.WaitForRecords(1));
  world.grid->Talk(Id(1), "second");
  ASSERT_TRUE(world.workers.Stop(job::StopPolicy::kDrain, job_test::kDeadline).drained);
  EXPECT_EQ(world.outlet.Heard(Id(1)), (std::vector<std::string>{"second"}));
}

// Random steps from one poster; what each session hears is known from a plain list of positions.
TEST(SectorGrid, RandomStepsAgreeWithBruteForce) {
  const std::uint64_t seed = job_test::Seed();
  TASK_INPUT("07c.5", "small worlds, 600 random steps each, seed " << seed);
  std::mt19937_64 random(seed);
  const auto pick = [&random](std::uint32_t below) {
    return static_cast<std::uint32_t>(random() % below);
  };
  for (std::uint64_t round = 0; round < job_test::Scaled(20); ++round) {
    const SectorOptions options{1 + pick(5), 1 + pick(5), 1 + pick(3)};
    World world(options, 2);
    std::map<SessionId, Position> model;
    std::map<SessionId, std::vector<std::string>> expected;
    const std::uint32_t steps = 600;
    for (std::uint32_t step = 0; step < steps; ++step) {
      const SessionId id = Id(pick(25));
      const Position at{pick(options.columns * options.sector_size),
                        pick(options.rows * options.sector_size)};
      if (!model.count(id)) {
        world.grid->Join(id, id.index(), "p", at);
        model[id] = at;
      } else if (const std::uint32_t what = pick(10); what == 0) {
        world.grid->Leave(id);
        model.erase(id);
      } else if (what < 4) {
        world.grid->Move(id, at);
        model[id] = at;
      } else {
        const std::string message = std::to_string(step);
        world.grid->Talk(id, message);
        for (const auto& [other, position] : model) {
          if (sector_test::Near(position, model[id], options.sector_size)) {
            expected[other].push_back(message);
          }
        }
      }
      if (step == steps / 2) world.workers.Start();  // the second half meets a running grid
    }
    ASSERT_TRUE(world.workers.Stop(job::StopPolicy::kDrain, job_test::kDeadline).drained);
    for (std::uint32_t index = 0; index < 25; ++index) {
      ASSERT_EQ(world.outlet.Heard(Id(index)), expected[Id(index)]) << "session " << index;
      ASSERT_EQ(world.outlet.Complaint(Id(index)), "") << "session " << index;
    }
  }
}

// Many posters: each session's ear checks the numbers that the header of sector_grid.h promises.
TEST(SectorGrid, EveryEarHearsConsecutiveSectorNumbersUnderLoad) {
  constexpr std::uint32_t kPosters = 4;
  constexpr std::uint32_t kSessionsEach = 12;
  const std::uint64_t seed = job_test::Seed();
  const std::uint64_t steps = job_test::Scaled(6000);
  TASK_INPUT("07c.5", kPosters << " posters, 48 sessions, 4 x 4 sectors, seed " << seed);
  World world({4, 4, 2}, 3);
  world.workers.Start();
  std::vector<std::thread> posters;
  std::vector<std::uint64_t> said(kPosters * kSessionsEach, 0);
  for (std::uint32_t poster = 0; poster < kPosters; ++poster) {
    posters.emplace_back([&, poster] {
      std::mt19937_64 random(seed + poster);
      const auto somewhere = [&random] {
        return Position{static_cast<std::uint32_t>(random() % 8),
                        static_cast<std::uint32_t>(random() % 8)};
      };
      std::vector<bool> inside(kSessionsEach, false);
      for (std::uint64_t step = 0; step < steps; ++step) {
        const auto own = static_cast<std::uint32_t>(random() % kSessionsEach);
        const std::uint32_t index = poster * kSessionsEach + own;
        if (!inside[own]) {
          world.grid->Join(Id(index), index, "p", somewhere());
          inside[own] = true;
        } else if (const auto what = random() % 16; what == 0) {
          world.grid->Leave(Id(index));
          inside[own] = false;
        } else if (what < 5) {
          world.grid->Move(Id(index), somewhere());
        } else {
          world.grid->Talk(Id(index), std::to_string(index));
          ++said[index];
        }
      }
    });
  }
  for (std::thread& poster : posters) poster.join();
  ASSERT_TRUE(world.workers.Stop(job::StopPolicy::kDrain, job_test::kDeadline).drained);
  for (std::uint32_t index = 0; index < said.size(); ++index) {
    EXPECT_EQ(world.outlet.Complaint(Id(index)), "") << "session " << index;
    const std::vector<std::string> heard = world.outlet.Heard(Id(index));
    // A speaker hears himself: nothing of what was said is lost.
    EXPECT_EQ(
        static_cast<std::uint64_t>(std::count(heard.begin(), heard.end(), std::to_string(index))),
        said[index]);
  }
}

}  // namespace
