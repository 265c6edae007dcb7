// Conformance: critical sections, slim locks, condition variables, Interlocked, singly linked
// lists.
#include <atomic>
#include <set>
#include <vector>

#include "iocp/win32_threads.h"
#include "tests/support/test_support.h"

namespace {

using namespace course_test;

constexpr int kThreads = 4;

// Runs `work(index)` on several threads at once.
template <typename Work>
void OnThreads(Work work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

TEST(Conformance, P110_CriticalSectionIsExclusiveAndRecursive) {
  CRITICAL_SECTION section;
  InitializeCriticalSection(&section);
  int counter = 0;  // plain: guarded by the section
  OnThreads([&](int) {
    for (int i = 0; i < 20'000; ++i) {
      EnterCriticalSection(&section);
      EnterCriticalSection(&section);
      ++counter;
      LeaveCriticalSection(&section);
      LeaveCriticalSection(&section);
    }
  });
  EXPECT_EQ(counter, kThreads * 20'000);
  EnterCriticalSection(&section);
  std::thread other([&] { EXPECT_FALSE(TryEnterCriticalSection(&section)); });
  other.join();
  LeaveCriticalSection(&section);
  EXPECT_TRUE(TryEnterCriticalSection(&section));
  LeaveCriticalSection(&section);
  DeleteCriticalSection(&section);
}

TEST(Conformance, P111_SlimLockHasOneWriterOrManyReaders) {
  SRWLOCK lock = SRWLOCK_INIT;
  int first = 0;  // plain: guarded by the lock, always equal
  int second = 0;
  std::atomic<int> torn{0};
  OnThreads([&](int index) {
    for (int i = 0; i < 20'000; ++i) {
      if ((i + index) % 4 == 0) {
        AcquireSRWLockExclusive(&lock);
        ++first;
        ++second;
        ReleaseSRWLockExclusive(&lock);
      } else {
        AcquireSRWLockShared(&lock);
        if (first != second) ++torn;
        ReleaseSRWLockShared(&lock);
      }
    }
  });
  EXPECT_EQ(torn.load(), 0);
  EXPECT_EQ(first, kThreads * 5'000);

  AcquireSRWLockShared(&lock);
  EXPECT_TRUE(TryAcquireSRWLockShared(&lock)) << "many readers";
  EXPECT_FALSE(TryAcquireSRWLockExclusive(&lock));
  ReleaseSRWLockShared(&lock);
  ReleaseSRWLockShared(&lock);
  EXPECT_TRUE(TryAcquireSRWLockExclusive(&lock));
  EXPECT_FALSE(TryAcquireSRWLockShared(&lock));
  EXPECT_FALSE(TryAcquireSRWLockExclusive(&lock));
  ReleaseSRWLockExclusive(&lock);
}

TEST(Conformance, P112_ConditionVariableWithEitherLock) {
  CRITICAL_SECTION section;
  InitializeCriticalSection(&section);
  SRWLOCK lock = SRWLOCK_INIT;
  CONDITION_VARIABLE filled = CONDITION_VARIABLE_INIT;
  CONDITION_VARIABLE emptied;
  InitializeConditionVariable(&emptied);
  int value = 0;  // 0: empty. Guarded by the section
  int sum = 0;
  std::thread consumer([&] {
    for (int i = 1; i <= 1000; ++i) {
      EnterCriticalSection(&section);
      while (value == 0) ASSERT_TRUE(SleepConditionVariableCS(&filled, &section, kDeadlineMs));
      sum += value;
      value = 0;
      LeaveCriticalSection(&section);
      WakeConditionVariable(&emptied);
    }
  });
  for (int i = 1; i <= 1000; ++i) {
    EnterCriticalSection(&section);
    while (value != 0) ASSERT_TRUE(SleepConditionVariableCS(&emptied, &section, kDeadlineMs));
    value = i;
    LeaveCriticalSection(&section);
    WakeConditionVariable(&filled);
  }
  consumer.join();
  EXPECT_EQ(sum, 1000 * 1001 / 2);
  DeleteCriticalSection(&section);

  AcquireSRWLockExclusive(&lock);
  SetLastError(0);
  EXPECT_FALSE(SleepConditionVariableSRW(&filled, &lock, 20, 0));
  EXPECT_CODE(GetLastError(), ERROR_TIMEOUT);
  EXPECT_FALSE(TryAcquireSRWLockShared(&lock)) << "held again";
  ReleaseSRWLockExclusive(&lock);

  bool go = false;  // guarded by the lock
  std::atomic<int> gone{0};
  std::thread all([&] {
    OnThreads([&](int) {
      AcquireSRWLockShared(&lock);
      while (!go) {
        SleepConditionVariableSRW(&filled, &lock, kDeadlineMs, CONDITION_VARIABLE_LOCKMODE_SHARED);
      }
      ReleaseSRWLockShared(&lock);
      ++gone;
    });
  });
  AcquireSRWLockExclusive(&lock);
  go = true;
  ReleaseSRWLockExclusive(&lock);
  WakeAllConditionVariable(&filled);
  all.join();
  EXPECT_EQ(gone.load(), kThreads);
}

TEST(Conformance, P113_InterlockedHasTheWidthOfItsArgument) {
  LONG volatile number = 0x7FFFFFFF;
  EXPECT_EQ(InterlockedIncrement(&number), static_cast<LONG>(-0x7FFFFFFF - 1)) << "32 bits";
  EXPECT_EQ(InterlockedDecrement(&number), 0x7FFFFFFF);
  EXPECT_EQ(InterlockedExchange(&number, 5), 0x7FFFFFFF);
  EXPECT_EQ(InterlockedExchangeAdd(&number, 3), 5);
  EXPECT_EQ(InterlockedCompareExchange(&number, 1, 7), 8) << "not equal: unchanged";
  EXPECT_EQ(InterlockedCompareExchange(&number, 12, 8), 8);
  EXPECT_EQ(InterlockedAnd(&number, 4), 12);
  EXPECT_EQ(InterlockedOr(&number, 3), 4);
  EXPECT_EQ(InterlockedXor(&number, 1), 7);
  EXPECT_EQ(number, 6);

  LONG64 volatile wide = 0xFFFFFFFF;
  EXPECT_EQ(InterlockedIncrement64(&wide), 0x100000000LL);
  EXPECT_EQ(InterlockedExchangeAdd64(&wide, 0x100000000LL), 0x100000000LL);
  EXPECT_EQ(InterlockedCompareExchange64(&wide, -1, 0x200000000LL), 0x200000000LL);
  EXPECT_EQ(InterlockedExchange64(&wide, 7), -1);
  EXPECT_EQ(InterlockedDecrement64(&wide), 6);

  int here = 0;
  PVOID volatile pointer = nullptr;
  EXPECT_EQ(InterlockedCompareExchangePointer(&pointer, &here, nullptr), nullptr);
  EXPECT_EQ(InterlockedExchangePointer(&pointer, nullptr), &here);

  long volatile own = 0;  // the program's own `long`: 32 bits on Windows, 64 here
  OnThreads([&](int) {
    for (int i = 0; i < 50'000; ++i) InterlockedIncrement(&own);
  });
  EXPECT_EQ(own, kThreads * 50'000);
}

TEST(Conformance, P114_SinglyLinkedListIsAStackForAnyThreads) {
  struct Item : SLIST_ENTRY {
    int number = 0;
  };
  alignas(MEMORY_ALLOCATION_ALIGNMENT) SLIST_HEADER list;
  InitializeSListHead(&list);
  EXPECT_EQ(InterlockedPopEntrySList(&list), nullptr);
  std::vector<Item> items(1000);
  EXPECT_EQ(InterlockedPushEntrySList(&list, &items[0]), nullptr);
  EXPECT_EQ(InterlockedPushEntrySList(&list, &items[1]), &items[0]);
  EXPECT_EQ(QueryDepthSList(&list), 2);
  EXPECT_EQ(InterlockedPopEntrySList(&list), &items[1]);
  EXPECT_EQ(InterlockedFlushSList(&list), &items[0]);
  EXPECT_EQ(QueryDepthSList(&list), 0);

  for (Item& item : items) InterlockedPushEntrySList(&list, &item);
  std::atomic<int> moves{0};
  OnThreads([&](int) {
    for (int i = 0; i < 5'000; ++i) {
      if (SLIST_ENTRY* const entry = InterlockedPopEntrySList(&list)) {
        ++static_cast<Item*>(entry)->number;  // plain: whoever has popped it owns it
        InterlockedPushEntrySList(&list, entry);
        ++moves;
      }
    }
  });
  EXPECT_EQ(QueryDepthSList(&list), 1000);
  int sum = 0;
  while (SLIST_ENTRY* const entry = InterlockedPopEntrySList(&list)) {
    sum += static_cast<Item*>(entry)->number;
  }
  EXPECT_EQ(sum, moves.load());
}

}  // namespace
