// What the tests of the port share: sockets, ports and threads that clean up after themselves,
// dequeues that record all out-parameters, and waits that end at a deadline instead of after a
// guessed time.
//
// Everything here works on both systems. Unless a line says otherwise: one thread at a time.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "iocp/iocp.h"

namespace course_test {

// --- systems that differ ---------------------------------------------------------------------------

// True when the Windows build runs under Wine (ntdll exports wine_get_version there).
bool RunningUnderWine();

// Marks the running test: Wine is known to differ from Windows for conformance item `id`. Under
// Wine the mark is recorded in the test result (property "wine_differs", read by
// conformance_table.py) and the function returns true, so that the test can expect what Wine really
// does. Elsewhere: false. `source` says where the difference was verified. Nothing is skipped
// silently.
bool WineDiffers(std::string_view id, std::string_view reason, std::string_view source);

// The same for an item that only our Linux port promises (P39): true on Windows and under Wine.
bool OnlyOurPort(std::string_view id, std::string_view reason, std::string_view source);

// Compares error codes of whatever integer type the system's headers give them.
#define EXPECT_CODE(actual, expected) \
  EXPECT_EQ(static_cast<long long>(actual), static_cast<long long>(expected))
#define ASSERT_CODE(actual, expected) \
  ASSERT_EQ(static_cast<long long>(actual), static_cast<long long>(expected))

// --- time, seeds -----------------------------------------------------------------------------------

// How long a test waits for what must happen before it calls it a failure (generous: sanitizers,
// busy machines). A passing test never waits this long.
inline constexpr std::chrono::milliseconds kDeadline{20'000};
inline constexpr DWORD kDeadlineMs = 20'000;

// Looks at `condition` until it holds; false when the time passed first.
bool Eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds at_most = kDeadline);

// COURSE_SEED, or a fresh seed; prints it, so that a failing run can be repeated.
std::uint64_t TestSeed();

// COURSE_STRESS: multiplies the length of random and stress tests (default 1).
int StressFactor();

// splitmix64: small, and the same numbers on every system.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next();
  // 0 .. bound-1
  std::size_t Below(std::size_t bound) { return static_cast<std::size_t>(Next() % bound); }
  bool OneIn(std::size_t n) { return Below(n) == 0; }

 private:
  std::uint64_t state_;
};

// --- handles ---------------------------------------------------------------------------------------

class Socket {
 public:
  Socket() = default;
  explicit Socket(SOCKET socket) : socket_(socket) {}
  Socket(Socket&& other) noexcept : socket_(std::exchange(other.socket_, INVALID_SOCKET)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { Close(); }

  SOCKET get() const { return socket_; }
  operator SOCKET() const { return socket_; }  // NOLINT: reads like the API in the tests
  HANDLE handle() const { return reinterpret_cast<HANDLE>(socket_); }
  SOCKET release() { return std::exchange(socket_, INVALID_SOCKET); }
  void Close();
  // Closes so that the peer sees a reset (RST) instead of an orderly end (FIN).
  void Reset();

 private:
  SOCKET socket_ = INVALID_SOCKET;
};

// A kernel object closed by CloseHandle: port, event, thread, file.
class Handle {
 public:
  Handle() = default;
  explicit Handle(HANDLE handle) : handle_(handle) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept;
  ~Handle() { Close(); }

  HANDLE get() const { return handle_; }
  operator HANDLE() const { return handle_; }  // NOLINT: reads like the API in the tests
  void Close();

 private:
  HANDLE handle_ = nullptr;
};

Handle MakePort(DWORD concurrency = 0);
Handle MakeEvent(bool manual_reset = true, bool signaled = false);

// An overlapped TCP socket, not bound.
Socket MakeTcp();
// An overlapped TCP socket bound to 127.0.0.1, port 0.
Socket MakeBoundTcp();
// A listening one; `address` (if given) gets where.
Socket MakeListener(sockaddr_in* address = nullptr, int backlog = 64);
sockaddr_in LoopbackAddress(unsigned short port_in_network_order = 0);
sockaddr_in LocalAddressOf(SOCKET socket);
// 0 or the error.
int BindTo(SOCKET socket, const sockaddr_in& address);
// What AcceptEx wants for one IPv4 address.
inline constexpr DWORD kAddressRoom = sizeof(sockaddr_in) + 16;

// Two connected overlapped sockets, not associated with any port. Tests call one end `ours` (the
// end the server would own) and the other `peer`.
struct Connection {
  Socket ours;
  Socket peer;
};
Connection Connect();

// Associates and checks that it worked.
void Associate(HANDLE port, HANDLE device, ULONG_PTR key);
inline void Associate(HANDLE port, const Socket& socket, ULONG_PTR key) {
  Associate(port, socket.handle(), key);
}

// A connection whose end `ours` is associated with a port of its own, under the key 1.
struct Associated {
  explicit Associated(DWORD concurrency = 0) : port(MakePort(concurrency)), connection(Connect()) {
    Associate(port, connection.ours, 1);
  }
  SOCKET ours() const { return connection.ours; }
  SOCKET peer() const { return connection.peer; }

  Handle port;
  Connection connection;
};

// Blocking transfers for the peer's end; they fail the test instead of returning short.
void SendAll(SOCKET socket, std::string_view bytes);
std::string ReceiveExactly(SOCKET socket, std::size_t count);

// The same through a listener that is there already; safe from several threads at once only if each
// has its own listener.
Connection ConnectThrough(SOCKET listener);

// Waits until `count` bytes can be read from the socket's kernel buffer (FIONREAD).
bool AwaitReadable(SOCKET socket, std::size_t count = 1);

// --- operations ------------------------------------------------------------------------------------

// One operation with its data buffer. Zeroed, so usable again after its packet was seen.
struct Operation : OVERLAPPED {
  Operation() : OVERLAPPED{} {}
  void Clear() { *static_cast<OVERLAPPED*>(this) = OVERLAPPED{}; }
  std::string_view bytes(std::size_t count) const { return {buffer, count}; }

  char buffer[256] = {};
};

// What an issuing call said. `bytes` and `flags` start as sentinels: P17 promises they stay
// untouched when the operation pends.
inline constexpr DWORD kUntouched = 0xABABABAB;
struct Issued {
  int result;
  int error;  // meaningful when result is SOCKET_ERROR
  DWORD bytes;

  bool pended() const { return result == SOCKET_ERROR && error == WSA_IO_PENDING; }
  bool done() const { return result == 0; }
};
Issued Receive(SOCKET socket, Operation* operation, std::size_t length = sizeof Operation::buffer);
Issued Send(SOCKET socket, OVERLAPPED* overlapped, std::string_view bytes);

// One call of GetQueuedCompletionStatus, all it touched.
inline constexpr ULONG_PTR kUntouchedKey = 0xCDCDCDCD;
struct Dequeued {
  BOOL ok;
  DWORD bytes = kUntouched;
  ULONG_PTR key = kUntouchedKey;
  OVERLAPPED* overlapped;
  DWORD error;  // GetLastError() right after the call
  bool timed_out() const { return !ok && overlapped == nullptr && error == WAIT_TIMEOUT; }
};
Dequeued Dequeue(HANDLE port, DWORD timeout_ms = kDeadlineMs);

// "Nothing is queued": a dequeue that may not wait finds nothing.
::testing::AssertionResult NothingQueued(HANDLE port);

// True for the errors with which a pending operation of a closed socket may complete (P29).
bool IsClosedError(DWORD error);
// Expects such an error. Wine has one of its own there, which is marked under `id`.
void ExpectClosedError(std::string_view id, DWORD error);

// A function that the provider hands out through WSAIoctl.
template <typename Function>
Function ExtensionFunction(SOCKET socket, GUID id) {
  Function function = nullptr;
  DWORD bytes = 0;
  const int result = WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, &function,
                              sizeof function, &bytes, nullptr, nullptr);
  EXPECT_EQ(result, 0) << "WSAIoctl: " << WSAGetLastError();
  return function;
}

// --- threads that wait in a port ---------------------------------------------------------------------

// Packets in the completion queue that no thread was given yet.
std::size_t QueuedPackets(HANDLE port);

// Wine: how many references its server counts to the port: handles, associated sockets, operations,
// and threads that wait in it. Elsewhere 0: there the waiters themselves can be seen.
std::size_t PortReferences(HANDLE port);

// A thread that dequeues once from a port and keeps what it got.
class Waiter {
 public:
  explicit Waiter(HANDLE port, DWORD timeout_ms = kDeadlineMs);
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // Returns when this thread is parked in the port as the `position`-th waiter (1 = it alone).
  // Linux: read from the port's snapshot. Windows: the kernel reports the thread as waiting in a
  // queue. Wine reports no thread state, but each waiter holds a reference to the port: one has
  // been added since this thread was made, so nobody else may come to wait or issue anything
  // meanwhile.
  ::testing::AssertionResult AwaitParked(std::size_t position);

  bool returned() const { return returned_.load(std::memory_order_acquire); }
  // After this the result may be read. The thread still counts as running in the port until
  // Finish().
  bool AwaitReturned();
  const Dequeued& result() const { return result_; }

  // Lets the thread end (it stays alive, running and counted by the port, until told).
  void Finish();
  // Runs `work` on the waiter's thread after its dequeue returned and waits for the end of it.
  void Run(const std::function<void()>& work);
  // The same without waiting for the end; AwaitIdle() does that.
  void Start(std::function<void()> work);
  bool AwaitIdle();

 private:
  void ThreadMain(DWORD timeout_ms);

  HANDLE port_;
  const std::size_t references_;       // to the port, before the thread began (Wine; else 0)
  std::atomic<DWORD> thread_id_{0};    // set by the thread just before it dequeues
  std::atomic<bool> returned_{false};  // set by the thread, publishes result_
  Dequeued result_{};                  // written by the thread before returned_
  std::function<void()> work_;         // written by the test before busy_ becomes true
  std::atomic<bool> busy_{false};      // set by the test, cleared by the thread
  std::atomic<bool> finish_{false};    // set by the test
  std::thread thread_;
};

}  // namespace course_test
