// Conformance: waitable timers.
#include "tests/support/test_support.h"

namespace {

using namespace course_test;

LARGE_INTEGER FromNow(int milliseconds) {
  LARGE_INTEGER due;
  due.QuadPart = -10'000LL * milliseconds;
  return due;
}

TEST(Conformance, P136_ATimerIsSetWhenItIsDue) {
  const Handle timer(CreateWaitableTimer(nullptr, FALSE, nullptr));
  ASSERT_NE(timer.get(), nullptr);
  EXPECT_CODE(WaitForSingleObject(timer, 0), WAIT_TIMEOUT);
  LARGE_INTEGER due = FromNow(50);
  const ULONGLONG start = GetTickCount64();
  ASSERT_TRUE(SetWaitableTimer(timer, &due, 0, nullptr, nullptr, FALSE));
  EXPECT_CODE(WaitForSingleObject(timer, kDeadlineMs), WAIT_OBJECT_0);
  EXPECT_GE(GetTickCount64() - start, 30u);
  EXPECT_CODE(WaitForSingleObject(timer, 60), WAIT_TIMEOUT) << "once, and used up";

  due = FromNow(10);
  ASSERT_TRUE(SetWaitableTimer(timer, &due, 10, nullptr, nullptr, FALSE));
  for (int i = 0; i < 5; ++i) EXPECT_CODE(WaitForSingleObject(timer, kDeadlineMs), WAIT_OBJECT_0);
  ASSERT_TRUE(CancelWaitableTimer(timer));
  WaitForSingleObject(timer, 0);  // perhaps it was due this very moment
  EXPECT_CODE(WaitForSingleObject(timer, 60), WAIT_TIMEOUT);
}

TEST(Conformance, P136_AnotherTimeForgetsTheFirst) {
  const Handle late(CreateWaitableTimer(nullptr, TRUE, nullptr));
  const Handle soon(CreateWaitableTimer(nullptr, TRUE, nullptr));
  LARGE_INTEGER due = FromNow(60'000);
  ASSERT_TRUE(SetWaitableTimer(late, &due, 0, nullptr, nullptr, FALSE));
  due = FromNow(30);
  ASSERT_TRUE(SetWaitableTimer(soon, &due, 0, nullptr, nullptr, FALSE));
  const HANDLE both[] = {late, soon};
  EXPECT_CODE(WaitForMultipleObjects(2, both, FALSE, kDeadlineMs), WAIT_OBJECT_0 + 1);
  due = FromNow(10);
  ASSERT_TRUE(SetWaitableTimer(late, &due, 0, nullptr, nullptr, FALSE));
  EXPECT_CODE(WaitForMultipleObjects(2, both, TRUE, kDeadlineMs), WAIT_OBJECT_0);
  due = FromNow(60'000);
  ASSERT_TRUE(SetWaitableTimer(soon, &due, 0, nullptr, nullptr, FALSE));
  EXPECT_CODE(WaitForSingleObject(soon, 0), WAIT_TIMEOUT) << "setting resets";
}

VOID CALLBACK CountTimer(LPVOID counter, DWORD, DWORD) {
  ++*static_cast<int*>(counter);
}

TEST(Conformance, P136_ATimersRoutineRunsInAnAlertableWait) {
  const Handle timer(CreateWaitableTimer(nullptr, TRUE, nullptr));
  int calls = 0;
  LARGE_INTEGER due = FromNow(10);
  ASSERT_TRUE(SetWaitableTimer(timer, &due, 0, &CountTimer, &calls, FALSE));
  EXPECT_CODE(SleepEx(kDeadlineMs, TRUE), WAIT_IO_COMPLETION);
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(SetWaitableTimer(MakeEvent(), &due, 0, nullptr, nullptr, FALSE));
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
}

// --- P147: one APC a timer ---------------------------------------------------------------------------

TEST(Conformance, P147_APeriodicTimerHasOneApcQueued) {
  const Handle timer(CreateWaitableTimer(nullptr, FALSE, nullptr));
  int calls = 0;
  LARGE_INTEGER due = FromNow(1);
  ASSERT_TRUE(SetWaitableTimer(timer, &due, 20, &CountTimer, &calls, FALSE));
  for (int i = 0; i < 6; ++i) ASSERT_CODE(WaitForSingleObject(timer, kDeadlineMs), WAIT_OBJECT_0);
  EXPECT_CODE(SleepEx(0, TRUE), WAIT_IO_COMPLETION);
  EXPECT_GE(calls, 1);
  EXPECT_LE(calls, 2) << "one was queued, and perhaps one more has come meanwhile";
}

// Sets a timer and waits, not alertably, until its APC must be queued.
void LetItQueueItsApc(HANDLE timer, int* calls) {
  LARGE_INTEGER due = FromNow(1);
  ASSERT_TRUE(SetWaitableTimer(timer, &due, 0, &CountTimer, calls, FALSE));
  ASSERT_CODE(WaitForSingleObject(timer, kDeadlineMs), WAIT_OBJECT_0);
}

TEST(Conformance, P147_CancellingTakesBackTheApc) {
  const Handle timer(CreateWaitableTimer(nullptr, TRUE, nullptr));
  int calls = 0;
  LetItQueueItsApc(timer, &calls);
  ASSERT_TRUE(CancelWaitableTimer(timer));
  EXPECT_CODE(SleepEx(0, TRUE), 0);
  EXPECT_EQ(calls, 0);
}

TEST(Conformance, P147_SettingAnewTakesBackTheApc) {
  const Handle timer(CreateWaitableTimer(nullptr, TRUE, nullptr));
  int calls = 0;
  LetItQueueItsApc(timer, &calls);
  LARGE_INTEGER due = FromNow(60'000);
  ASSERT_TRUE(SetWaitableTimer(timer, &due, 0, &CountTimer, &calls, FALSE));
  EXPECT_CODE(SleepEx(0, TRUE), 0);
  EXPECT_EQ(calls, 0);
}

TEST(Conformance, P147_ClosingTakesBackTheApc) {
  Handle timer(CreateWaitableTimer(nullptr, TRUE, nullptr));
  int calls = 0;
  LetItQueueItsApc(timer, &calls);
  timer.Close();
  const DWORD result = SleepEx(0, TRUE);
  if (!WineDiffers("P147", "the APC of a closed timer still runs", "seen with Wine 8.0")) {
    EXPECT_CODE(result, 0);
    EXPECT_EQ(calls, 0);
  }
}

// A routine that cancels another timer, whose APC is queued behind it.
VOID CALLBACK CancelTimer(LPVOID timer, DWORD, DWORD) {
  CancelWaitableTimer(timer);
}

TEST(Conformance, P147_ARoutineTakesBackTheNextApc) {
  const Handle first(CreateWaitableTimer(nullptr, TRUE, nullptr));
  const Handle second(CreateWaitableTimer(nullptr, TRUE, nullptr));
  int calls = 0;
  LARGE_INTEGER due = FromNow(1);
  ASSERT_TRUE(SetWaitableTimer(first, &due, 0, &CancelTimer, second.get(), FALSE));
  ASSERT_CODE(WaitForSingleObject(first, kDeadlineMs), WAIT_OBJECT_0);
  LetItQueueItsApc(second, &calls);
  EXPECT_CODE(SleepEx(0, TRUE), WAIT_IO_COMPLETION);
  EXPECT_EQ(calls, 0);
}

TEST(Conformance, P147_TheEndOfItsRoutinesThreadCancelsATimer) {
  const Handle timer(CreateWaitableTimer(nullptr, TRUE, nullptr));
  const Handle other(CreateWaitableTimer(nullptr, TRUE, nullptr));
  int calls = 0;
  std::thread([&] {
    LARGE_INTEGER due = FromNow(50);
    ASSERT_TRUE(SetWaitableTimer(timer, &due, 0, &CountTimer, &calls, FALSE));
    due = FromNow(100);
    ASSERT_TRUE(SetWaitableTimer(other, &due, 0, nullptr, nullptr, FALSE));
  }).join();
  EXPECT_CODE(WaitForSingleObject(other, kDeadlineMs), WAIT_OBJECT_0)
      << "without a routine it goes on";
  if (!WineDiffers("P147", "the timer is set all the same", "seen with Wine 8.0")) {
    EXPECT_CODE(WaitForSingleObject(timer, 0), WAIT_TIMEOUT);
  }
}

#ifndef _WIN32

// A handle's place in the table, which the next handle gets as soon as the object is gone.
std::uintptr_t PlaceOf(HANDLE handle) {
  return reinterpret_cast<std::uintptr_t>(handle) & 0xFFFFFF;
}

TEST(Conformance, P147_AClosedTimerIsGoneAtOnce) {
  for (const bool cancel : {false, true}) {
    Handle timer(CreateWaitableTimer(nullptr, TRUE, nullptr));
    LARGE_INTEGER due = FromNow(3'600'000);
    ASSERT_TRUE(SetWaitableTimer(timer, &due, 0, nullptr, nullptr, FALSE));
    ASSERT_TRUE(SetWaitableTimer(timer, &due, 1000, nullptr, nullptr, FALSE));
    if (cancel) {
      ASSERT_TRUE(CancelWaitableTimer(timer));
    }
    const std::uintptr_t place = PlaceOf(timer);
    timer.Close();
    EXPECT_EQ(PlaceOf(MakeEvent()), place) << "nothing keeps it until it is due";
  }
}

#endif

}  // namespace
