// SectorMap against brute force: who hears whom is asked of a plain list of positions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <stdexcept>
#include <vector>

#include "chat/sector_map.h"
#include "tests/support/job_test_support.h"
#include "tests/support/task_input.h"

namespace {

using chat::Position;
using chat::SectorMap;
using chat::SectorOptions;
using net::SessionId;

SessionId Id(std::uint32_t index, std::uint32_t serial = 1) {
  return SessionId::Make(serial, index);
}

std::vector<SessionId> HearersOf(const SectorMap& map, std::uint32_t sector) {
  std::vector<SessionId> hearers;
  map.Hearers(sector, hearers);
  std::sort(hearers.begin(), hearers.end());
  return hearers;
}

// Everybody whose sector is at most one away, by coordinates.
std::vector<SessionId> ByBruteForce(const std::map<SessionId, Position>& all, Position at,
                                    std::uint32_t sector_size) {
  const auto close_by = [sector_size](std::uint32_t a, std::uint32_t b) {
    const std::int64_t distance = std::int64_t{a / sector_size} - std::int64_t{b / sector_size};
    return std::abs(distance) <= 1;
  };
  std::vector<SessionId> hearers;
  for (const auto& [id, position] : all) {
    if (close_by(position.x, at.x) && close_by(position.y, at.y)) hearers.push_back(id);
  }
  return hearers;  // in the map's order: sorted
}

TEST(SectorMap, RandomStepsAgreeWithBruteForce) {
  const std::uint64_t seed = job_test::Seed();
  TASK_INPUT("07c.3", "small worlds, random steps (07c.2, 07c.4 as well), seed " << seed);
  std::mt19937_64 random(seed);
  const auto pick = [&random](std::uint32_t below) {
    return static_cast<std::uint32_t>(random() % below);
  };
  const std::uint64_t worlds = job_test::Scaled(60);
  for (std::uint64_t world = 0; world < worlds; ++world) {
    const SectorOptions options{1 + pick(6), 1 + pick(6), 1 + pick(5)};
    SectorMap map(options);
    std::map<SessionId, Position> model;
    std::uint32_t serial = 1;
    const auto somewhere = [&] {
      return Position{pick(options.columns * options.sector_size),
                      pick(options.rows * options.sector_size)};
    };
    for (int step = 0; step < 400; ++step) {
      const std::uint32_t index = pick(40);
      const auto tenant = std::find_if(model.begin(), model.end(), [index](const auto& entry) {
        return entry.first.index() == index;
      });
      const Position at = somewhere();
      if (tenant == model.end()) {
        const SessionId id = Id(index, ++serial);
        ASSERT_FALSE(map.Move(id, at));
        ASSERT_TRUE(map.Add(id, serial, "name", at));
        model[id] = at;
      } else if (pick(4) == 0) {
        ASSERT_TRUE(map.Remove(tenant->first));
        ASSERT_FALSE(map.Remove(tenant->first));
        model.erase(tenant);
      } else {
        ASSERT_FALSE(map.Add(tenant->first, 1, "twice", at));
        ASSERT_TRUE(map.Move(tenant->first, at));
        tenant->second = at;
      }
      ASSERT_EQ(map.size(), model.size());
      const Position ear = somewhere();
      ASSERT_EQ(HearersOf(map, map.SectorAt(ear)), ByBruteForce(model, ear, options.sector_size))
          << options.columns << " x " << options.rows << " sectors of " << options.sector_size
          << ", step " << step << ", at " << ear.x << ',' << ear.y;
    }
  }
}

// Hearing is mutual: that is what makes "I hear you" and "you hear me" the same question.
TEST(SectorMap, NeighbourhoodIsSymmetricAndStopsAtTheEdge) {
  TASK_INPUT("07c.2", "a world of 4 x 3 sectors");
  const SectorMap map({4, 3, 1});
  std::vector<std::vector<std::uint32_t>> heard_in(map.sectors());
  for (std::uint32_t sector = 0; sector < map.sectors(); ++sector) {
    map.ForEachNeighbour(sector, [&](std::uint32_t other) { heard_in[sector].push_back(other); });
  }
  EXPECT_EQ(heard_in[0], (std::vector<std::uint32_t>{0, 1, 4, 5}));
  EXPECT_EQ(heard_in[3], (std::vector<std::uint32_t>{2, 3, 6, 7}));
  EXPECT_EQ(heard_in[5], (std::vector<std::uint32_t>{0, 1, 2, 4, 5, 6, 8, 9, 10}));
  for (std::uint32_t a = 0; a < map.sectors(); ++a) {
    for (const std::uint32_t b : heard_in[a]) {
      EXPECT_TRUE(std::count(heard_in[b].begin(), heard_in[b].end(), a) == 1) << a << ' ' << b;
    }
  }
}

TEST(SectorMap, APositionOutsideIsRefusedAndChangesNothing) {
  TASK_INPUT("07c.3", "2 x 2 sectors of 10 units, positions 20 and more");
  SectorMap map({2, 2, 10});
  EXPECT_FALSE(map.Add(Id(1), 1, "a", {20, 0}));
  EXPECT_TRUE(map.Add(Id(1), 1, "a", {19, 19}));
  EXPECT_FALSE(map.Move(Id(1), {0, 20}));
  EXPECT_FALSE(map.Move(Id(1), {UINT32_MAX, UINT32_MAX}));
  EXPECT_EQ(map.Find(Id(1))->at, (Position{19, 19}));
}

TEST(SectorMap, AStaleIdNeverReachesTheNextTenant) {
  TASK_INPUT("07c.3", "slot 7, serial 1, then serial 2 without a Leave");
  SectorMap map({3, 3, 1});
  ASSERT_TRUE(map.Add(Id(7, 1), 1, "first", {0, 0}));
  // The first never said good-bye: the slot's new tenant takes its place.
  ASSERT_TRUE(map.Add(Id(7, 2), 2, "second", {2, 2}));
  EXPECT_EQ(map.size(), 1u);
  EXPECT_EQ(map.Find(Id(7, 1)), nullptr);
  EXPECT_FALSE(map.Move(Id(7, 1), {1, 1}));
  EXPECT_FALSE(map.Remove(Id(7, 1)));
  EXPECT_TRUE(HearersOf(map, 0).empty());
  EXPECT_EQ(HearersOf(map, 8), std::vector<SessionId>{Id(7, 2)});
}

// Whoever leaves a sector leaves a gap in its list; the last one moves there, and has to be found
// there afterwards.
TEST(SectorMap, WhoTakesTheGapIsFoundThere) {
  TASK_INPUT("07c.4", "1, 2 and 3 in one sector; 1 goes, then 3 goes, then 2 is asked for");
  SectorMap map({3, 3, 1});
  for (std::uint32_t index = 1; index <= 3; ++index) {
    ASSERT_TRUE(map.Add(Id(index), index, "a", {0, 0}));
  }
  ASSERT_TRUE(map.Remove(Id(1)));
  ASSERT_TRUE(map.Remove(Id(3)));
  EXPECT_EQ(HearersOf(map, 0), std::vector<SessionId>{Id(2)});
  ASSERT_TRUE(map.Move(Id(2), {2, 2}));
  EXPECT_TRUE(HearersOf(map, 0).empty());
  EXPECT_EQ(HearersOf(map, 8), std::vector<SessionId>{Id(2)});
}

TEST(SectorMap, BadOptionsAreNamed) {
  EXPECT_THROW(SectorMap({0, 1, 1}), std::invalid_argument);
  EXPECT_THROW(SectorMap({1, 1001, 1}), std::invalid_argument);
  EXPECT_THROW(SectorMap({1, 1, 0}), std::invalid_argument);
}

}  // namespace
