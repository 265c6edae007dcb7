// Conformance, group "Dequeue", what happens between threads: P11 (waiters), P12, P13.
#include <algorithm>
#include <array>
#include <memory>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

constexpr const char* kWineFifo = "Wine wakes waiters first in, first out";
constexpr const char* kWineFifoSource =
    "Wine 8.0 server/completion.c, FIXMEs: 'threads are awaken FIFO and not LIFO as native does'";
constexpr const char* kWineSteal = "Wine wakes a waiter, which then races others for the packet";
constexpr const char* kWineStealSource =
    "Wine 8.0 dlls/ntdll/unix/sync.c, NtRemoveIoCompletion: waits until the port is signalled, "
    "then "
    "asks for a packet again";
constexpr const char* kWineNoLimit = "Wine has no concurrency limit and no list of threads";
constexpr const char* kWineConcurrencySource =
    "Wine 8.0 server/completion.c, FIXMEs: '\"max concurrent active threads\" parameter not used'";

TEST(Conformance, P11_WaitersWakeLastInFirstOut) {
  const Handle port = MakePort(8);
  std::array<std::unique_ptr<Waiter>, 4> waiters;
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    waiters[i] = std::make_unique<Waiter>(port);
    ASSERT_TRUE(waiters[i]->AwaitParked(i + 1));
  }
  for (ULONG_PTR key = 0; key < waiters.size(); ++key) {
    ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, key, nullptr));
  }
  std::vector<ULONG_PTR> keys;
  for (auto& waiter : waiters) {
    ASSERT_TRUE(waiter->AwaitReturned());
    EXPECT_TRUE(waiter->result().ok);
    keys.push_back(waiter->result().key);
  }
  if (WineDiffers("P11", kWineFifo, kWineFifoSource)) {
    std::sort(keys.begin(), keys.end());
    EXPECT_EQ(keys, (std::vector<ULONG_PTR>{0, 1, 2, 3})) << "each thread got one of the packets";
    return;
  }
  EXPECT_EQ(keys, (std::vector<ULONG_PTR>{3, 2, 1, 0})) << "the last to park gets the first packet";
}

TEST(Conformance, P11_OneHotThreadDoesAllTheWorkAtLowLoad) {
  const Handle port = MakePort(4);
  Connection connection = Connect();
  Associate(port, connection.ours, 9);
  Waiter cold(port);
  ASSERT_TRUE(cold.AwaitParked(1));
  // The hot thread parks last, so each completion of a socket is its own, however often it comes
  // back.
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    Operation receive;
    ASSERT_TRUE(Receive(connection.ours, &receive).pended());
    Waiter hot(port);
    ASSERT_TRUE(hot.AwaitParked(2));
    SendAll(connection.peer, "x");
    if (WineDiffers("P11", kWineFifo, kWineFifoSource)) {
      ASSERT_TRUE(Eventually([&] { return hot.returned() || cold.returned(); }));
      ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 0, nullptr));
      ASSERT_TRUE(hot.AwaitReturned() && cold.AwaitReturned());
      return;
    }
    ASSERT_TRUE(hot.AwaitReturned());
    EXPECT_EQ(hot.result().overlapped, &receive);
    EXPECT_FALSE(cold.returned());
  }
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 0, nullptr));
  ASSERT_TRUE(cold.AwaitReturned());
}

TEST(Conformance, P11_PacketHandedToAParkedWaiterCannotBeStolen) {
  const Handle port = MakePort(4);
  for (ULONG_PTR round = 0; round < 200; ++round) {
    Waiter waiter(port);
    ASSERT_TRUE(waiter.AwaitParked(1));
    ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, round, nullptr));
    const Dequeued stolen = Dequeue(port, 0);
    if (WineDiffers("P11", kWineSteal, kWineStealSource)) {
      if (stolen.ok) {
        ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, round, nullptr));
      }
      ASSERT_TRUE(waiter.AwaitReturned());
      return;
    }
    EXPECT_TRUE(stolen.timed_out()) << "round " << round;
    ASSERT_TRUE(waiter.AwaitReturned());
    EXPECT_EQ(waiter.result().key, round);
  }
}

TEST(Conformance, P12_WaiterIsReleasedOnlyBelowTheConcurrencyLimit) {
  const Handle port = MakePort(1);
  Waiter first(port);
  ASSERT_TRUE(first.AwaitParked(1));
  Waiter second(port);
  ASSERT_TRUE(second.AwaitParked(2));

  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 1, nullptr));
  ASSERT_TRUE(Eventually([&] { return first.returned() || second.returned(); }));
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 2, nullptr));
  if (WineDiffers("P12", kWineNoLimit, kWineConcurrencySource)) {
    ASSERT_TRUE(first.AwaitReturned() && second.AwaitReturned());
    return;
  }
  ASSERT_TRUE(second.returned());
  EXPECT_EQ(QueuedPackets(port), 1u) << "one thread runs, the limit is one: the packet waits";
  EXPECT_FALSE(first.returned());
  second.Finish();  // the running thread ends and so leaves the port
  EXPECT_TRUE(first.AwaitReturned());
  EXPECT_EQ(first.result().key, 2u);
}

TEST(Conformance, P12_ComingBackToThePortTakesTheQueuedPacketItself) {
  const Handle port = MakePort(1);
  Waiter parked(port);
  ASSERT_TRUE(parked.AwaitParked(1));
  Waiter running(port);
  ASSERT_TRUE(running.AwaitParked(2));
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 1, nullptr));
  if (WineDiffers("P12", kWineNoLimit, kWineConcurrencySource)) {
    ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 2, nullptr));
    ASSERT_TRUE(parked.AwaitReturned() && running.AwaitReturned());
    return;
  }
  ASSERT_TRUE(running.AwaitReturned());
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 2, nullptr));
  Dequeued next{};
  running.Run([&] { next = Dequeue(port, 0); });
  EXPECT_TRUE(next.ok);
  EXPECT_EQ(next.key, 2u) << "the running thread keeps working, nobody else is woken";
  EXPECT_FALSE(parked.returned());
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 3, nullptr));
  running.Finish();
  EXPECT_TRUE(parked.AwaitReturned());
}

TEST(Conformance, P12_ThreadBelongsToThePortFromItsFirstDequeue) {
  const Handle port = MakePort(1);
  // This thread has never called the port: it does not count, however busy it is.
  Waiter waiter(port);
  ASSERT_TRUE(waiter.AwaitParked(1));
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 1, nullptr));
  ASSERT_TRUE(waiter.AwaitReturned());
  EXPECT_EQ(waiter.result().key, 1u);
  waiter.Finish();

  // One dequeue, even an empty one, and it counts as the one thread that may run.
  EXPECT_TRUE(Dequeue(port, 0).timed_out());
  Waiter next(port);
  ASSERT_TRUE(next.AwaitParked(1));
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 2, nullptr));
  if (WineDiffers("P12", kWineNoLimit, kWineConcurrencySource)) {
    ASSERT_TRUE(next.AwaitReturned());
    return;
  }
  EXPECT_EQ(QueuedPackets(port), 1u);
  EXPECT_EQ(Dequeue(port, 0).key, 2u);
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 3, nullptr));
  EXPECT_EQ(Dequeue(port, 0).key, 3u);
  // It blocks (here: in SleepEx), so the waiter may run in its place.
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 4, nullptr));
  EXPECT_TRUE(Eventually([&] {
    SleepEx(1, FALSE);
    return next.returned();
  }));
  EXPECT_EQ(next.result().key, 4u);
}

// A released thread that blocks in `block` lets a parked one run. `unblock` ends the blocking call.
void BlockingFreesTheSlot(const std::function<void()>& block,
                          const std::function<void()>& unblock) {
  const Handle port = MakePort(1);
  Waiter parked(port);
  ASSERT_TRUE(parked.AwaitParked(1));
  Waiter blocker(port);
  ASSERT_TRUE(blocker.AwaitParked(2));
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 1, nullptr));
  if (WineDiffers("P12", kWineNoLimit, kWineConcurrencySource)) {
    ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 2, nullptr));
    ASSERT_TRUE(parked.AwaitReturned() && blocker.AwaitReturned());
    return;
  }
  ASSERT_TRUE(blocker.AwaitReturned());
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 2, nullptr));
  EXPECT_FALSE(parked.returned());
  EXPECT_EQ(QueuedPackets(port), 1u);

  blocker.Start(block);
  EXPECT_TRUE(parked.AwaitReturned()) << "released -> paused must have let the next one run";
  EXPECT_EQ(parked.result().key, 2u);
  unblock();
  EXPECT_TRUE(blocker.AwaitIdle());

  // Back from its wait the thread runs again (brief overshoot: two run now, the limit is one).
  // Nobody else is released until both are below the limit again.
  Waiter third(port);
  ASSERT_TRUE(third.AwaitParked(1));
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 3, nullptr));
  EXPECT_EQ(QueuedPackets(port), 1u);
  parked.Finish();
  EXPECT_EQ(QueuedPackets(port), 1u) << "the returned thread took its slot back";
  EXPECT_FALSE(third.returned());
  blocker.Finish();
  EXPECT_TRUE(third.AwaitReturned());
}

TEST(Conformance, P12_WaitingForAnEventFreesTheSlot) {
  const Handle event = MakeEvent();
  BlockingFreesTheSlot([&] { EXPECT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0); },
                       [&] { SetEvent(event); });
}

TEST(Conformance, P12_DequeuingFromAnotherPortLeavesTheFirst) {
  // A thread belongs to one port: the one it dequeued from last.
  const Handle other = MakePort(4);
  const Handle port = MakePort(1);
  Waiter parked(port);
  ASSERT_TRUE(parked.AwaitParked(1));
  Waiter mover(port);
  ASSERT_TRUE(mover.AwaitParked(2));
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 1, nullptr));
  if (WineDiffers("P12", kWineNoLimit, kWineConcurrencySource)) {
    ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 2, nullptr));
    ASSERT_TRUE(parked.AwaitReturned() && mover.AwaitReturned());
    return;
  }
  ASSERT_TRUE(mover.AwaitReturned());
  ASSERT_TRUE(PostQueuedCompletionStatus(port, 0, 2, nullptr));
  EXPECT_FALSE(parked.returned());
  mover.Run([&] { EXPECT_TRUE(Dequeue(other, 0).timed_out()); });
  EXPECT_TRUE(parked.AwaitReturned());
}

TEST(Conformance, P13_ClosingThePortReleasesTheParked) {
  Handle port = MakePort(4);
  const DWORD timeout = RunningUnderWine() ? 500 : kDeadlineMs;
  std::array<std::unique_ptr<Waiter>, 3> waiters;
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    waiters[i] = std::make_unique<Waiter>(port, timeout);
    ASSERT_TRUE(waiters[i]->AwaitParked(i + 1));
  }
  port.Close();
  for (auto& waiter : waiters) ASSERT_TRUE(waiter->AwaitReturned());
  for (auto& waiter : waiters) {
    const Dequeued& got = waiter->result();
    EXPECT_FALSE(got.ok);
    EXPECT_EQ(got.overlapped, nullptr);
    EXPECT_EQ(got.bytes, kUntouched);
    EXPECT_EQ(got.key, kUntouchedKey);
  }
  if (WineDiffers(
          "P13", "Wine leaves parked waiters parked until their own timeout",
          "Wine 8.0 server/completion.c, completion_destroy frees the packets and wakes nobody; "
          "Microsoft, GetQueuedCompletionStatus, Remarks: ERROR_ABANDONED_WAIT_0")) {
    for (auto& waiter : waiters) EXPECT_CODE(waiter->result().error, WAIT_TIMEOUT);
    return;
  }
  for (auto& waiter : waiters) EXPECT_CODE(waiter->result().error, ERROR_ABANDONED_WAIT_0);
}

TEST(Conformance, P13_CallsAfterTheCloseFail) {
  Handle owner = MakePort();
  const HANDLE port = owner;
  owner.Close();
  const Dequeued got = Dequeue(port, 0);
  EXPECT_FALSE(got.ok);
  EXPECT_EQ(got.overlapped, nullptr);
  EXPECT_CODE(got.error, ERROR_INVALID_HANDLE);

  SetLastError(0);
  EXPECT_FALSE(PostQueuedCompletionStatus(port, 0, 0, nullptr));
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);

  OVERLAPPED_ENTRY entry{};
  ULONG count = 0;
  SetLastError(0);
  EXPECT_FALSE(GetQueuedCompletionStatusEx(port, &entry, 1, &count, 0, FALSE));
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);

  SetLastError(0);
  EXPECT_FALSE(CloseHandle(port)) << "closing twice";
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
}

TEST(Conformance, P13_PacketHandedOverBeforeTheCloseIsDelivered) {
  const int rounds = RunningUnderWine() ? 1 : 100;
  for (int round = 0; round < rounds; ++round) {
    Handle port = MakePort(4);
    Waiter waiter(port, RunningUnderWine() ? 500 : kDeadlineMs);
    ASSERT_TRUE(waiter.AwaitParked(1));
    ASSERT_TRUE(PostQueuedCompletionStatus(port, 1, 2, nullptr));
    port.Close();
    ASSERT_TRUE(waiter.AwaitReturned());
    if (WineDiffers("P13", kWineSteal, kWineStealSource)) return;
    EXPECT_TRUE(waiter.result().ok) << "round " << round << " error " << waiter.result().error;
    EXPECT_EQ(waiter.result().key, 2u);
  }
}

}  // namespace
