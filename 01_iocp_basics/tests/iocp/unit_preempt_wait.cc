// Scenarios of waiting: ports, events, asynchronous procedure calls.
#ifndef _WIN32

#include <mutex>

#include "tests/iocp/unit_preempt_world.h"

namespace course_test {
namespace {

// P13: a parked dequeue is told 735, a later one 6; a packet that was there is delivered.
class DequeueAgainstPortClose : public Scenario {
 public:
  void Left() override { got_ = Dequeue(closing_, kDeadlineMs); }
  void Right() override { CloseHandle(closing_); }
  void Verify() override {
    port_.release();
    EXPECT_FALSE(got_.ok);
    EXPECT_EQ(got_.overlapped, nullptr);
    EXPECT_TRUE(got_.error == ERROR_ABANDONED_WAIT_0 || got_.error == ERROR_INVALID_HANDLE)
        << got_.error;
  }

 private:
  struct Port {
    HANDLE handle = CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 0);
    void release() { handle = nullptr; }
  };
  Port port_;
  const HANDLE closing_ = port_.handle;
  Dequeued got_{};
};

class PostAgainstPortClose : public Scenario {
 public:
  void Left() override { posted_ = PostQueuedCompletionStatus(port_, 1, 2, &packet_); }
  void Right() override { closed_ = CloseHandle(port_); }
  void Verify() override {
    EXPECT_TRUE(closed_);
    EXPECT_FALSE(PostQueuedCompletionStatus(port_, 1, 2, &packet_)) << "the port is closed";
    EXPECT_CODE(GetLastError(), ERROR_INVALID_HANDLE);
  }

 private:
  const HANDLE port_ = CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 0);
  OVERLAPPED packet_{};
  BOOL posted_ = FALSE;
  BOOL closed_ = FALSE;
};

// P11: a packet that was posted while a thread waits is taken, once.
class PostAgainstDequeue : public Scenario {
 public:
  void Left() override { got_ = Dequeue(port_, kDeadlineMs); }
  void Right() override { EXPECT_TRUE(PostQueuedCompletionStatus(port_, 1, 2, &packet_)); }
  void Verify() override {
    EXPECT_TRUE(got_.ok) << got_.error;
    EXPECT_EQ(got_.overlapped, &packet_);
    EXPECT_TRUE(NothingQueued(port_));
  }

 private:
  const Handle port_ = MakePort();
  OVERLAPPED packet_{};
  Dequeued got_{};
};

// The call runs exactly once, in its thread, whatever becomes of the port that the thread waits in.
class ApcAgainstPortClose : public Scenario {
 public:
  ApcAgainstPortClose() {
    waiter_ = std::thread([this] {
      PlayRole(Role::kPort);
      thread_.store(OpenThread(THREAD_SET_CONTEXT, FALSE, GetCurrentThreadId()));
      OVERLAPPED_ENTRY entry{};
      ULONG count = 0;
      GetQueuedCompletionStatusEx(port_, &entry, 1, &count, kDeadlineMs, TRUE);
      EXPECT_TRUE(Eventually([this] {
        SleepEx(0, TRUE);
        return calls_.load() > 0;
      })) << "the call was lost";
    });
    EXPECT_TRUE(Eventually([this] { return thread_.load() != nullptr; }));
  }
  void Left() override {
    EXPECT_NE(QueueUserAPC([](ULONG_PTR calls) { ++*reinterpret_cast<std::atomic<int>*>(calls); },
                           thread_.load(), reinterpret_cast<ULONG_PTR>(&calls_)),
              0u);
  }
  void Right() override { CloseHandle(port_); }
  void Verify() override {
    waiter_.join();
    EXPECT_EQ(calls_.load(), 1);
    CloseHandle(thread_.load());
  }

 private:
  const HANDLE port_ = CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 0);
  std::atomic<HANDLE> thread_{nullptr};  // set by the waiter
  std::atomic<int> calls_{0};            // by the call, in the waiter
  std::thread waiter_;
};

// An auto-reset event: what a wait took is gone, what it did not take is there.
class TimeOutAgainstSetEvent : public Scenario {
 public:
  void Left() override { waited_ = WaitForSingleObject(event_, 1); }
  void Right() override { EXPECT_TRUE(SetEvent(event_)); }
  void Verify() override {
    EXPECT_TRUE(waited_ == WAIT_OBJECT_0 || waited_ == WAIT_TIMEOUT) << waited_;
    EXPECT_CODE(WaitForSingleObject(event_, 0),
                waited_ == WAIT_OBJECT_0 ? WAIT_TIMEOUT : WAIT_OBJECT_0);
    EXPECT_TRUE(SetEvent(event_)) << "and nobody is woken who has gone";
  }

 private:
  const Handle event_ = MakeEvent(false);
  DWORD waited_ = 0;
};

// A time-out that ends while the packet arrives: in the wait, or still in the queue.
class TimeOutAgainstPost : public Scenario {
 public:
  void Left() override { got_ = Dequeue(port_, 1); }
  void Right() override { EXPECT_TRUE(PostQueuedCompletionStatus(port_, 1, 2, &packet_)); }
  void Verify() override {
    if (!got_.timed_out()) {
      EXPECT_EQ(got_.overlapped, &packet_);
      EXPECT_TRUE(NothingQueued(port_));
      return;
    }
    EXPECT_EQ(Dequeue(port_, 0).overlapped, &packet_);
  }

 private:
  const Handle port_ = MakePort();
  OVERLAPPED packet_{};
  Dequeued got_{};
};

}  // namespace

const std::vector<NamedScenario>& WaitScenarios() {
  static const std::vector<NamedScenario> scenarios = {
      Named<DequeueAgainstPortClose>("DequeueAgainstPortClose"),
      Named<PostAgainstPortClose>("PostAgainstPortClose"),
      Named<PostAgainstDequeue>("PostAgainstDequeue"),
      Named<ApcAgainstPortClose>("ApcAgainstPortClose"),
      Named<TimeOutAgainstSetEvent>("TimeOutAgainstSetEvent"),
      Named<TimeOutAgainstPost>("TimeOutAgainstPost"),
  };
  return scenarios;
}

}  // namespace course_test

#endif  // _WIN32
