// The gate for connections of one address: count, rate, bounded memory.
#include "services/admission/connection_gate.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/support/task_input.h"

namespace {

using services::ConnectionGate;
using services::GateAnswer;
using namespace std::chrono_literals;

struct Time {
  ConnectionGate::Clock::time_point now{};
  auto operator()() { return now; }
};

TEST(ConnectionGate, WithoutLimitsEverybodyComesInAndNothingIsRemembered) {
  TASK_INPUT("07e.2", "no limits, 1000 knocks");
  ConnectionGate gate({});
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(gate.Knock(7), GateAnswer::kOpen);
  EXPECT_EQ(gate.addresses(), 0U);
}

TEST(ConnectionGate, CountsConnectionsByAddress) {
  TASK_INPUT("07e.2", "per_address 2");
  ConnectionGate gate({.per_address = 2});
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(gate.Knock(1), GateAnswer::kOpen);
    gate.Entered(1);
  }
  EXPECT_EQ(gate.Knock(1), GateAnswer::kTooMany);
  EXPECT_EQ(gate.Knock(2), GateAnswer::kOpen) << "another address is nobody's fault";
  gate.Left(1);
  EXPECT_EQ(gate.Knock(1), GateAnswer::kOpen);
  EXPECT_EQ(gate.refused(), 1U);
}

TEST(ConnectionGate, TheRateIsABucketThatFillsAgain) {
  TASK_INPUT("07e.2", "rate 10, burst 3");
  Time time;
  ConnectionGate gate({.rate = 10, .burst = 3}, [&time] { return time(); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(gate.Knock(1), GateAnswer::kOpen);
  EXPECT_EQ(gate.Knock(1), GateAnswer::kTooFast);
  time.now += 100ms;
  EXPECT_EQ(gate.Knock(1), GateAnswer::kOpen);
  EXPECT_EQ(gate.Knock(1), GateAnswer::kTooFast);
  time.now += 1h;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(gate.Knock(1), GateAnswer::kOpen);
  EXPECT_EQ(gate.Knock(1), GateAnswer::kTooFast) << "never more than the burst";
}

TEST(ConnectionGate, WrongKeysCostAnAddressItsWelcomeForAWhile) {
  TASK_INPUT("07e.2", "wrong_keys 6 a minute");
  Time time;
  ConnectionGate gate({.wrong_keys = 6}, [&time] { return time(); });
  for (int guess = 0; guess < 6; ++guess) {
    EXPECT_EQ(gate.Knock(1), GateAnswer::kOpen);
    gate.WrongKey(1);
  }
  EXPECT_EQ(gate.Knock(1), GateAnswer::kWrongKeys);
  EXPECT_EQ(gate.Knock(2), GateAnswer::kOpen);
  time.now += 10s;  // six a minute
  EXPECT_EQ(gate.Knock(1), GateAnswer::kOpen);
  gate.WrongKey(1);
  EXPECT_EQ(gate.Knock(1), GateAnswer::kWrongKeys);
  gate.WrongKey(1);  // of a connection that was there before: it owes nothing
  time.now += 10s;
  EXPECT_EQ(gate.Knock(1), GateAnswer::kOpen);
}

TEST(ConnectionGate, ForgetsWhoIsIdleAndRefusesAboveItsMemory) {
  TASK_INPUT("07e.2", "entries_max 2000, 2000 addresses, then 5000");
  Time time;
  ConnectionGate gate({.per_address = 5, .rate = 1, .burst = 1, .entries_max = 2000},
                      [&time] { return time(); });
  for (std::uint32_t address = 0; address < 2000; ++address) {
    ASSERT_EQ(gate.Knock(address), GateAnswer::kOpen);
  }
  EXPECT_EQ(gate.Knock(5000), GateAnswer::kTooManyAddresses);
  gate.Entered(3);
  time.now += 2s;  // all buckets are full again; only address 3 has a connection
  EXPECT_EQ(gate.Knock(5000), GateAnswer::kOpen);
  EXPECT_LE(gate.addresses(), 2U);
}

// Against a model that forgets nothing.
TEST(ConnectionGate, AgreesWithAModel) {
  TASK_INPUT("07e.2", "20 addresses, 20000 random steps, dice 7");
  std::mt19937 dice(7);
  Time time;
  ConnectionGate gate({.per_address = 3, .rate = 2, .burst = 2, .entries_max = 100},
                      [&time] { return time(); });
  struct Model {
    std::uint32_t connections = 0;
    double tokens = 2;
    ConnectionGate::Clock::time_point filled{};
  };
  std::map<std::uint32_t, Model> models;
  for (int step = 0; step < 20'000; ++step) {
    const auto address = static_cast<std::uint32_t>(dice() % 20);
    Model& model = models[address];
    time.now += std::chrono::milliseconds(dice() % 60);
    if (dice() % 3 == 0) {
      if (model.connections == 0) continue;
      --model.connections;
      gate.Left(address);
      continue;
    }
    const std::chrono::duration<double> passed = time.now - model.filled;
    model.tokens = std::min(2.0, model.tokens + passed.count() * 2);
    model.filled = time.now;
    const GateAnswer expected = model.connections >= 3    ? GateAnswer::kTooMany
                                : model.tokens < 1 - 1e-9 ? GateAnswer::kTooFast
                                                          : GateAnswer::kOpen;
    if (expected == GateAnswer::kOpen && model.tokens < 1) continue;  // on the edge of rounding
    ASSERT_EQ(gate.Knock(address), expected) << "step " << step;
    if (expected != GateAnswer::kOpen) continue;
    model.tokens -= 1;
    ++model.connections;
    gate.Entered(address);
  }
}

}  // namespace
