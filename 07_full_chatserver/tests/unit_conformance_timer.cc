// Conformance: waitable timers.
#include "tests/test_support.h"

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

}  // namespace
