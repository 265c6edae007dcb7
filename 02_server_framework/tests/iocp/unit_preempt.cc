// All single preemptions of every scenario, and pairs at random. COURSE_STRESS=n makes n times as
// many random pairs, COURSE_SECONDS=n makes as many as fit into n seconds, all scenarios together
// (the single preemptions come on top); COURSE_SEED repeats them. For an hour, with the seed in the
// output:
//   ./course test 01 --asan --filter stage01.unit.preempt
//   COURSE_SECONDS=3600 build/asan/<this folder>/bin/unit_preempt
// and the same with --tsan and build/tsan.
#ifndef _WIN32

#include "tests/iocp/unit_preempt.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "tests/iocp/unit_port_stress.h"

namespace course_test {
namespace {

std::string Describe(const NamedScenario& scenario, Stop stop) {
  return std::string(scenario.name) + ": " + ToString(stop.role) + " is stopped at " +
         std::to_string(stop.at);
}

// What one run has used: the stops of each role.
struct Used {
  bool reached = false;
  int left = 0;
  int right = 0;
  int port = 0;
};

Used Meet(const NamedScenario& scenario, Stop first, std::optional<Stop> second) {
  PlayRole(Role::kNobody);
  const std::unique_ptr<Scenario> meeting = scenario.make();
  Used used;
  {
    Schedule schedule(first, second);
    const auto side = [&](Role role) {
      return std::thread([&, role] {
        PlayRole(role);
        role == Role::kLeft ? meeting->Left() : meeting->Right();
        PlayRole(Role::kNobody);
        schedule.Finished(role);
      });
    };
    const Role begins = first.role == Role::kRight ? Role::kRight : Role::kLeft;
    std::thread one = side(begins);
    if (!second) schedule.AwaitFirst();
    std::thread other = side(begins == Role::kLeft ? Role::kRight : Role::kLeft);
    one.join();
    other.join();
    used = {schedule.reached(), schedule.stops(Role::kLeft), schedule.stops(Role::kRight),
            schedule.stops(Role::kPort)};
  }
  meeting->Verify();
  return used;
}

// A scenario's share of COURSE_SECONDS; zero: so many rounds.
std::chrono::milliseconds TimeForPairs() {
  const char* const seconds = std::getenv("COURSE_SECONDS");
  const std::size_t scenarios =
      StreamScenarios().size() + LifeScenarios().size() + WaitScenarios().size();
  return std::chrono::milliseconds(seconds == nullptr ? 0
                                                      : std::max(0LL, std::atoll(seconds)) * 1000 /
                                                            static_cast<long long>(scenarios));
}

class Preemption : public ::testing::TestWithParam<NamedScenario> {};

TEST_P(Preemption, AtEveryStop) {
  const NamedScenario& scenario = GetParam();
  const NothingLeftBehind books;
  int tried = 0;
  for (const Role role : {Role::kLeft, Role::kRight, Role::kPort}) {
    constexpr int kMost = 80;  // the rest of a large transfer is more of the same
    int at = 1;
    for (; at <= kMost; ++at) {
      const Stop stop{role, at};
      SCOPED_TRACE(Describe(scenario, stop));
      const Used used = Meet(scenario, stop, std::nullopt);
      if (HasFailure()) return;
      if (!used.reached) break;
    }
    tried += at - 1;
  }
  EXPECT_GT(tried, 0) << "no side makes a system call";
}

TEST_P(Preemption, AtTwoStopsAtRandom) {
  const NamedScenario& scenario = GetParam();
  const NothingLeftBehind books;
  Random random(TestSeed());
  Used most = Meet(scenario, {Role::kNobody, 1}, std::nullopt);
  const auto any_stop = [&] {
    const auto below = [&](int bound) {
      return 1 + static_cast<int>(random.Below(static_cast<std::size_t>(std::max(1, bound))));
    };
    switch (random.Below(3)) {
      case 0:
        return Stop{Role::kLeft, below(most.left)};
      case 1:
        return Stop{Role::kRight, below(most.right)};
      default:
        return Stop{Role::kPort, below(most.port)};
    }
  };
  const auto time = TimeForPairs();
  const auto end = std::chrono::steady_clock::now() + time;
  const auto goes_on = [&](int round) {
    return time.count() > 0 ? std::chrono::steady_clock::now() < end : round < 15 * StressFactor();
  };
  for (int round = 0; goes_on(round); ++round) {
    const Stop first = any_stop();
    const Stop second = any_stop();
    SCOPED_TRACE(Describe(scenario, first) + ", " + ToString(second.role) + " at " +
                 std::to_string(second.at) + ", round " + std::to_string(round));
    Meet(scenario, first, second);
    if (HasFailure()) return;
  }
}

std::string Name(const ::testing::TestParamInfo<NamedScenario>& scenario) {
  return scenario.param.name;
}
INSTANTIATE_TEST_SUITE_P(Stream, Preemption, ::testing::ValuesIn(StreamScenarios()), Name);
INSTANTIATE_TEST_SUITE_P(Life, Preemption, ::testing::ValuesIn(LifeScenarios()), Name);
INSTANTIATE_TEST_SUITE_P(Waits, Preemption, ::testing::ValuesIn(WaitScenarios()), Name);

}  // namespace
}  // namespace course_test

#endif  // _WIN32
