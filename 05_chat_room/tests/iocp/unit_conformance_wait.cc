// Conformance: waits for one of several objects or for all, thread handles, winsock's events.
#include <array>
#include <atomic>
#include <vector>

#include "iocp/win32_threads.h"
#include "tests/support/test_support.h"

namespace {

using namespace course_test;

// Events that close themselves, as the array that the API wants.
struct Events {
  explicit Events(std::size_t count, bool manual_reset = false) {
    for (std::size_t i = 0; i < count; ++i) {
      owned.push_back(MakeEvent(manual_reset));
      array.push_back(owned.back().get());
    }
  }
  DWORD Wait(bool all, DWORD milliseconds) const {
    return WaitForMultipleObjects(static_cast<DWORD>(array.size()), array.data(),
                                  all ? TRUE : FALSE, milliseconds);
  }
  std::vector<Handle> owned;
  std::vector<HANDLE> array;
};

TEST(Conformance, P102_AnyGivesTheFirstThatIsSet) {
  const Events events(3);
  EXPECT_CODE(events.Wait(false, 0), WAIT_TIMEOUT);
  EXPECT_CODE(events.Wait(false, 20), WAIT_TIMEOUT);
  SetEvent(events.array[2]);
  SetEvent(events.array[1]);
  EXPECT_CODE(events.Wait(false, 0), WAIT_OBJECT_0 + 1);
  EXPECT_CODE(events.Wait(false, 0), WAIT_OBJECT_0 + 2) << "only one was used up";
  EXPECT_CODE(events.Wait(false, 0), WAIT_TIMEOUT);
}

TEST(Conformance, P102_AnyWakesForEachOfThem) {
  const Events events(64);
  for (const std::size_t which : {std::size_t{0}, std::size_t{31}, std::size_t{63}}) {
    std::atomic<DWORD> result{WAIT_FAILED};
    std::thread waiter([&] { result = events.Wait(false, kDeadlineMs); });
    SetEvent(events.array[which]);
    waiter.join();
    EXPECT_CODE(result.load(), WAIT_OBJECT_0 + which);
  }
}

TEST(Conformance, P103_AllTakesAllOrNothing) {
  const Events events(3);
  SetEvent(events.array[0]);
  SetEvent(events.array[2]);
  EXPECT_CODE(events.Wait(true, 20), WAIT_TIMEOUT);
  EXPECT_CODE(WaitForSingleObject(events.array[0], 0), WAIT_OBJECT_0) << "left as it was";
  SetEvent(events.array[0]);
  std::thread last([&] { SetEvent(events.array[1]); });
  EXPECT_CODE(events.Wait(true, kDeadlineMs), WAIT_OBJECT_0);
  last.join();
  EXPECT_CODE(events.Wait(false, 0), WAIT_TIMEOUT) << "all used up";
}

TEST(Conformance, P104_ArgumentsOfWaits) {
  const Events events(2);
  std::array<HANDLE, 65> many;
  many.fill(events.array[0]);
  EXPECT_CODE(WaitForMultipleObjects(65, many.data(), FALSE, 0), WAIT_FAILED);
  EXPECT_CODE(GetLastError(), ERROR_INVALID_PARAMETER);
  EXPECT_CODE(WaitForMultipleObjects(0, many.data(), FALSE, 0), WAIT_FAILED);
  EXPECT_CODE(GetLastError(), ERROR_INVALID_PARAMETER);
  if (!WineDiffers("P104", "takes the same object twice", "seen with Wine 8.0")) {
    EXPECT_CODE(WaitForMultipleObjects(2, many.data(), TRUE, 0), WAIT_FAILED);
    EXPECT_CODE(GetLastError(), ERROR_INVALID_PARAMETER);
  }
  const HANDLE with_port[] = {events.array[0], nullptr};
  EXPECT_CODE(WaitForMultipleObjects(2, with_port, FALSE, 0), WAIT_FAILED);
  EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
}

// One set of an automatic event lets exactly one wait through, whichever kind of wait it is.
TEST(Conformance, P102_NoSignalIsLostOrGivenTwice) {
  const Events events(2);
  constexpr int kSignals = 2000;
  std::atomic<int> taken{0};
  std::vector<std::thread> waiters;
  for (std::size_t i = 0; i < 4; ++i) {
    waiters.emplace_back([&, i] {
      for (;;) {
        const DWORD result =
            i % 2 == 0 ? events.Wait(false, 200) : WaitForSingleObject(events.array[i / 2], 200);
        if (result == static_cast<DWORD>(WAIT_TIMEOUT)) return;
        ++taken;
      }
    });
  }
  int set = 0;
  for (int i = 0; i < kSignals; ++i) {
    const HANDLE event = events.array[static_cast<std::size_t>(i % 2)];
    SetEvent(event);
    ++set;
    // The next one only when this one was taken: a set event stays set, it does not count.
    ASSERT_TRUE(Eventually([&] { return taken.load() == set; }));
  }
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(taken.load(), kSignals);
}

VOID CALLBACK CountCall(ULONG_PTR counter) {
  ++*reinterpret_cast<int*>(counter);
}

TEST(Conformance, P105_ASetObjectGoesBeforeAQueuedApc) {
  int calls = 0;
  const Handle event = MakeEvent(false, true);
  ASSERT_NE(QueueUserAPC(&CountCall, GetCurrentThread(), reinterpret_cast<ULONG_PTR>(&calls)), 0u);
  EXPECT_CODE(WaitForSingleObjectEx(event, 0, TRUE), WAIT_OBJECT_0);
  EXPECT_EQ(calls, 0);
  EXPECT_CODE(WaitForSingleObjectEx(event, kDeadlineMs, TRUE), WAIT_IO_COMPLETION);
  EXPECT_EQ(calls, 1);
}

// --- thread handles ----------------------------------------------------------------------------------

struct Gate {
  HANDLE open;
  DWORD code;
  std::atomic<DWORD> id{0};
};

DWORD WINAPI PassGate(LPVOID argument) {
  Gate& gate = *static_cast<Gate*>(argument);
  gate.id = GetCurrentThreadId();
  WaitForSingleObject(gate.open, kDeadlineMs);
  return gate.code;
}

TEST(Conformance, P106_AThreadHandleIsSetWhenTheThreadHasEnded) {
  const Handle open = MakeEvent(true);
  Gate gate{open, 42};
  DWORD id = 0;
  const Handle thread(CreateThread(nullptr, 0, &PassGate, &gate, 0, &id));
  ASSERT_NE(thread.get(), nullptr);
  EXPECT_CODE(WaitForSingleObject(thread, 20), WAIT_TIMEOUT);
  DWORD code = 0;
  ASSERT_TRUE(GetExitCodeThread(thread, &code));
  EXPECT_CODE(code, STILL_ACTIVE);
  EXPECT_EQ(GetThreadId(thread), id);
  SetEvent(open);
  EXPECT_CODE(WaitForSingleObject(thread, kDeadlineMs), WAIT_OBJECT_0);
  EXPECT_CODE(WaitForSingleObject(thread, 0), WAIT_OBJECT_0) << "stays set";
  ASSERT_TRUE(GetExitCodeThread(thread, &code));
  EXPECT_EQ(code, 42u);
  EXPECT_EQ(gate.id.load(), id);
}

unsigned WINAPI EndInTheMiddle(void* argument) {
  *static_cast<int*>(argument) = 1;
  _endthreadex(7);
}

TEST(Conformance, P106_BeginThreadExAndEndThreadEx) {
  int reached = 0;
  unsigned id = 0;
  const Handle thread(
      reinterpret_cast<HANDLE>(_beginthreadex(nullptr, 0, &EndInTheMiddle, &reached, 0, &id)));
  ASSERT_NE(thread.get(), nullptr);
  ASSERT_CODE(WaitForSingleObject(thread, kDeadlineMs), WAIT_OBJECT_0);
  DWORD code = 0;
  GetExitCodeThread(thread, &code);
  EXPECT_EQ(code, 7u);
  EXPECT_EQ(reached, 1);
}

TEST(Conformance, P106_WaitsForManyThreads) {
  const Handle open = MakeEvent(true);
  std::array<Gate, 16> gates;
  std::vector<Handle> owned;
  std::vector<HANDLE> threads;
  for (std::size_t i = 0; i < gates.size(); ++i) {
    gates[i].open = open;
    gates[i].code = static_cast<DWORD>(i);
    owned.emplace_back(CreateThread(nullptr, 64 * 1024, &PassGate, &gates[i], 0, nullptr));
    threads.push_back(owned.back().get());
    ASSERT_NE(threads.back(), nullptr);
  }
  const auto count = static_cast<DWORD>(threads.size());
  EXPECT_CODE(WaitForMultipleObjects(count, threads.data(), TRUE, 10), WAIT_TIMEOUT);
  SetEvent(open);
  EXPECT_CODE(WaitForMultipleObjects(count, threads.data(), TRUE, kDeadlineMs), WAIT_OBJECT_0);
  EXPECT_CODE(WaitForMultipleObjects(count, threads.data(), FALSE, 0), WAIT_OBJECT_0);
}

TEST(Conformance, P107_ASuspendedThreadBeginsWhenResumedWithItsApcsFirst) {
  const Handle open = MakeEvent(true, true);
  Gate gate{open, 1};
  const Handle thread(CreateThread(nullptr, 0, &PassGate, &gate, CREATE_SUSPENDED, nullptr));
  ASSERT_NE(thread.get(), nullptr);
  EXPECT_CODE(WaitForSingleObject(thread, 20), WAIT_TIMEOUT);
  EXPECT_EQ(gate.id.load(), 0u);
  int calls = 0;
  ASSERT_NE(QueueUserAPC(&CountCall, thread, reinterpret_cast<ULONG_PTR>(&calls)), 0u);
  EXPECT_EQ(ResumeThread(thread), 1u);
  ASSERT_CODE(WaitForSingleObject(thread, kDeadlineMs), WAIT_OBJECT_0);
  EXPECT_NE(gate.id.load(), 0u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(QueueUserAPC(&CountCall, thread, reinterpret_cast<ULONG_PTR>(&calls)), 0u) << "ended";
}

// --- winsock's events --------------------------------------------------------------------------------

TEST(Conformance, P108_WinsockEventsAreEvents) {
  const WSAEVENT event = WSACreateEvent();
  ASSERT_NE(event, WSA_INVALID_EVENT);
  EXPECT_CODE(WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE), WSA_WAIT_TIMEOUT);
  EXPECT_TRUE(WSASetEvent(event));
  EXPECT_CODE(WSAWaitForMultipleEvents(1, &event, TRUE, WSA_INFINITE, FALSE), WSA_WAIT_EVENT_0);
  EXPECT_CODE(WaitForSingleObject(event, 0), WAIT_OBJECT_0) << "manual-reset";
  EXPECT_TRUE(WSAResetEvent(event));
  EXPECT_CODE(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
  EXPECT_TRUE(WSACloseEvent(event));
  EXPECT_FALSE(WSACloseEvent(event));
  EXPECT_CODE(WSAGetLastError(), WSA_INVALID_HANDLE);
}

// --- the place in the port (P12) ---------------------------------------------------------------------

// The only place of a port is free while its thread waits in any of these ways.
void OtherThreadRunsWhile(const std::function<void(HANDLE go_on)>& wait) {
  const Handle port = MakePort(1);
  const Handle go_on = MakeEvent(true);
  std::atomic<bool> waits{false};
  std::thread first([&] {
    ASSERT_EQ(Dequeue(port, kDeadlineMs).key, 1u);
    waits = true;
    wait(go_on);
  });
  PostQueuedCompletionStatus(port, 0, 1, nullptr);
  ASSERT_TRUE(Eventually([&] { return waits.load(); }));
  PostQueuedCompletionStatus(port, 0, 2, nullptr);
  std::thread second([&] {
    EXPECT_EQ(Dequeue(port, kDeadlineMs).key, 2u);
    SetEvent(go_on);
  });
  second.join();
  first.join();
}

TEST(Conformance, P109_AWaitForSeveralFreesThePlace) {
  OtherThreadRunsWhile([](HANDLE go_on) {
    const Handle never = MakeEvent();
    const HANDLE both[] = {never, go_on};
    EXPECT_CODE(WaitForMultipleObjects(2, both, FALSE, kDeadlineMs), WAIT_OBJECT_0 + 1);
  });
}

TEST(Conformance, P109_ACriticalSectionFreesThePlace) {
  OtherThreadRunsWhile([](HANDLE go_on) {
    CRITICAL_SECTION section;
    InitializeCriticalSection(&section);
    const Handle held = MakeEvent();
    std::thread owner([&] {
      EnterCriticalSection(&section);
      SetEvent(held);
      WaitForSingleObject(go_on, kDeadlineMs);
      LeaveCriticalSection(&section);
    });
    WaitForSingleObject(held, kDeadlineMs);
    EnterCriticalSection(&section);
    LeaveCriticalSection(&section);
    owner.join();
    DeleteCriticalSection(&section);
  });
}

TEST(Conformance, P109_ASlimLockFreesThePlace) {
  OtherThreadRunsWhile([](HANDLE go_on) {
    SRWLOCK lock = SRWLOCK_INIT;
    const Handle held = MakeEvent();
    std::thread owner([&] {
      AcquireSRWLockExclusive(&lock);
      SetEvent(held);
      WaitForSingleObject(go_on, kDeadlineMs);
      ReleaseSRWLockExclusive(&lock);
    });
    WaitForSingleObject(held, kDeadlineMs);
    AcquireSRWLockShared(&lock);
    ReleaseSRWLockShared(&lock);
    owner.join();
  });
}

}  // namespace
