// Congestion control: the rule, the thread with counters of our own, and the system's real
// counters.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "services/congestion/congestion_control.h"
#include "tests/support/task_input.h"

namespace services {
namespace {

using Change = CongestionJudge::Change;
using std::chrono::milliseconds;

class Judged : public ::testing::Test {
 protected:
  Change Add(std::uint64_t sent, std::uint64_t retransmitted) {
    counters_.sent += sent;
    counters_.retransmitted += retransmitted;
    return judge_.Look(counters_);
  }
  void Pause() {
    Add(0, 0);
    ASSERT_EQ(Add(20'000, 5'000), Change::kPause);
  }

  TcpCounters counters_{1'000'000, 50'000};
  CongestionJudge judge_{CongestionOptions{}};
};

TEST_F(Judged, TheFirstLookHasNothingToCompareWith) {
  TASK_INPUT("07e.3", "one look");
  EXPECT_EQ(Add(5'000'000, 4'000'000), Change::kNone);
  EXPECT_FALSE(judge_.paused());
}

TEST_F(Judged, BothLimitsMustBePassed) {
  TASK_INPUT("07e.3", "9999 and 10000 sent, 10 % and more repeated");
  Add(0, 0);
  EXPECT_EQ(Add(9'999, 9'999), Change::kNone) << "too few sent to judge";
  EXPECT_EQ(Add(10'000, 1'000), Change::kNone) << "10 % exactly";
  EXPECT_EQ(Add(1'000'000, 100'000), Change::kNone);
  EXPECT_EQ(Add(10'000, 1'001), Change::kPause);
  EXPECT_TRUE(judge_.paused());
  EXPECT_EQ(judge_.NextLook(), milliseconds(100));
}

TEST_F(Judged, TenCleanLooksInARowEndIt) {
  TASK_INPUT("07e.3", "paused, then 100 sent and none repeated, ten times");
  Pause();
  for (int i = 0; i < 9; ++i) ASSERT_EQ(Add(100, 0), Change::kNone) << i;
  EXPECT_EQ(Add(100, 0), Change::kResume);
  EXPECT_FALSE(judge_.paused());
  EXPECT_EQ(judge_.NextLook(), milliseconds(500));
}

TEST_F(Judged, OneDirtyLookStartsTheCountAgain) {
  TASK_INPUT("07e.3", "nine clean looks, one dirty, ten clean");
  Pause();
  for (int i = 0; i < 9; ++i) ASSERT_EQ(Add(100, 0), Change::kNone);
  ASSERT_EQ(Add(1'000, 500), Change::kNone);
  for (int i = 0; i < 9; ++i) ASSERT_EQ(Add(100, 0), Change::kNone);
  EXPECT_EQ(Add(100, 0), Change::kResume);
}

TEST_F(Judged, OneLostSegmentOnAQuietNetworkIsClean) {
  TASK_INPUT("07e.3", "paused, 1 of 5 repeated");
  Pause();
  for (int i = 0; i < 9; ++i) ASSERT_EQ(Add(5, 1), Change::kNone);
  EXPECT_EQ(Add(5, 1), Change::kResume);
}

TEST_F(Judged, StaysPausedWhileTheSystemRepeats) {
  TASK_INPUT("07e.3", "paused, 200 of 300 repeated");
  Pause();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(Add(300, 200), Change::kNone);
  EXPECT_TRUE(judge_.paused());
}

TEST_F(Judged, BlindMeansGoOn) {
  TASK_INPUT("07e.3", "paused, then no counters");
  Pause();
  EXPECT_EQ(judge_.Look(std::nullopt), Change::kResume);
  EXPECT_EQ(judge_.Look(std::nullopt), Change::kNone);
  EXPECT_EQ(Add(0, 0), Change::kNone) << "the first look after that compares with nothing";
}

TEST_F(Judged, CountersWrapAt32BitsAndMayStartAgain) {
  TASK_INPUT("07e.3", "counters that wrap at 32 bits; counters that begin anew");
  counters_ = {0xFFFFFFF0u, 0xFFFFFFF0u};
  judge_.Look(counters_);
  counters_ = {20'000 - 16, 5'000 - 16};
  EXPECT_EQ(judge_.Look(counters_), Change::kPause);
  EXPECT_EQ(judge_.sent(), 20'000u);
  EXPECT_EQ(judge_.retransmitted(), 5'000u);

  CongestionJudge other{CongestionOptions{}};
  other.Look(TcpCounters{50'000, 40'000});
  EXPECT_EQ(other.Look(TcpCounters{10, 5}), Change::kNone) << "the counters began anew";
  EXPECT_EQ(other.sent(), 0u);
}

TEST(Congestion, OptionsAreChecked) {
  EXPECT_FALSE(CongestionOptions{}.Validate());
  CongestionOptions options;
  options.retransmit_percent = 100;
  EXPECT_THROW(CongestionControl(options, [](bool) {}), std::invalid_argument);
  options = {};
  options.recheck = milliseconds(501);
  EXPECT_TRUE(options.Validate());
}

TEST(Congestion, ThreadPausesAndResumesInTurns) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<bool> told;
  int bad_looks = 3;  // each with a quarter of the segments repeated; then clean ones
  TcpCounters counters{};
  CongestionOptions options;
  options.sample = options.recheck = milliseconds(1);
  CongestionControl control(
      options,
      [&](bool pause) {
        const std::lock_guard lock(mutex);
        told.push_back(pause);
        changed.notify_all();
      },
      [&]() -> std::optional<TcpCounters> {
        const std::lock_guard lock(mutex);
        counters.sent += 20'000;
        counters.retransmitted += bad_looks > 0 ? 5'000 : 0;
        if (bad_looks > 0) --bad_looks;
        return counters;
      });
  control.Start();
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return told.size() == 2; }));
    EXPECT_EQ(told, (std::vector<bool>{true, false}));
    bad_looks = 1'000'000'000;
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return told.size() == 3; }));
  }
  EXPECT_TRUE(control.IsPaused());
  control.Stop();  // during a pause
  EXPECT_EQ(told, (std::vector<bool>{true, false, true, false})) << "Stop leaves nobody paused";
  EXPECT_FALSE(control.IsPaused());
}

TEST(Congestion, RealCountersGrow) {
  const auto counters = ReadTcpCounters();
  ASSERT_TRUE(counters);
  const auto later = ReadTcpCounters();
  ASSERT_TRUE(later);
  EXPECT_GE(later->sent, counters->sent);
}

TEST(Congestion, ParsesProcNetSnmp) {
  const char* text =
      "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
      "Tcp: RtoAlgorithm RtoMin MaxConn ActiveOpens InSegs OutSegs RetransSegs InErrs\n"
      "Tcp: 1 200 -1 10 111 222 33 0\nUdp: InDatagrams\nUdp: 5\n";
  const auto counters = ParseNetSnmp(text);
  ASSERT_TRUE(counters);
  EXPECT_EQ(counters->sent, 222u);
  EXPECT_EQ(counters->retransmitted, 33u);
  EXPECT_FALSE(ParseNetSnmp(""));
  EXPECT_FALSE(ParseNetSnmp("Tcp: OutSegs RetransSegs\n"));
  EXPECT_FALSE(ParseNetSnmp("Tcp: OutSegs\nTcp: 5\n"));
  EXPECT_FALSE(ParseNetSnmp("Tcp: OutSegs RetransSegs\nTcp: 5\n"));
  EXPECT_FALSE(ParseNetSnmp("Tcp: OutSegs RetransSegs\nTcp: 5 x\n"));
}

}  // namespace
}  // namespace services
