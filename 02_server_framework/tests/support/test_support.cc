#include "tests/support/test_support.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

namespace course_test {
namespace {

// Winsock must be started before any test makes a socket, as in a program.
class WinsockEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    WSADATA data{};
    ASSERT_EQ(WSAStartup(MAKEWORD(2, 2), &data), 0);
  }
  void TearDown() override { EXPECT_EQ(WSACleanup(), 0); }
};
const auto* const kEnvironment = ::testing::AddGlobalTestEnvironment(new WinsockEnvironment);

void RecordMark(const char* property, std::string_view id, std::string_view reason,
                std::string_view source) {
  const std::string text =
      std::string(id) + ": " + std::string(reason) + " [" + std::string(source) + "]";
  ::testing::Test::RecordProperty(property, text);
  std::cout << "[  MARKED  ] " << text << std::endl;
}

}  // namespace

bool WineDiffers(std::string_view id, std::string_view reason, std::string_view source) {
  if (!RunningUnderWine()) return false;
  RecordMark("wine_differs", id, reason, source);
  return true;
}

bool OnlyOurPort([[maybe_unused]] std::string_view id, [[maybe_unused]] std::string_view reason,
                 [[maybe_unused]] std::string_view source) {
#ifdef _WIN32
  RecordMark("only_our_port", id, reason, source);
  return true;
#else
  return false;
#endif
}

bool Eventually(const std::function<bool()>& condition, std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  for (int round = 0; !condition(); ++round) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    if (round < 50) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  }
  return true;
}

std::uint64_t TestSeed() {
  const char* fixed = std::getenv("COURSE_SEED");
  const std::uint64_t seed =
      fixed != nullptr ? std::strtoull(fixed, nullptr, 0)
                       : (std::uint64_t{std::random_device{}()} << 16) ^ std::random_device{}();
  std::cout << "[   SEED   ] repeat with COURSE_SEED=" << seed << std::endl;
  ::testing::Test::RecordProperty("seed", std::to_string(seed));
  return seed;
}

int StressFactor() {
  const char* factor = std::getenv("COURSE_STRESS");
  return factor == nullptr ? 1 : std::max(1, std::atoi(factor));
}

std::uint64_t Random::Next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// --- handles ---------------------------------------------------------------------------------------

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    Close();
    socket_ = other.release();
  }
  return *this;
}

void Socket::Close() {
  if (socket_ != INVALID_SOCKET) closesocket(release());
}

void Socket::Reset() {
  linger hard{};
  hard.l_onoff = 1;
  hard.l_linger = 0;
  EXPECT_EQ(setsockopt(socket_, SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&hard),
                       static_cast<int>(sizeof hard)),
            0);
  Close();
}

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    Close();
    handle_ = std::exchange(other.handle_, nullptr);
  }
  return *this;
}

void Handle::Close() {
  if (handle_ != nullptr) CloseHandle(std::exchange(handle_, nullptr));
}

Handle MakePort(DWORD concurrency) {
  Handle port(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, concurrency));
  EXPECT_NE(port.get(), nullptr) << GetLastError();
  return port;
}

Handle MakeEvent(bool manual_reset, bool signaled) {
  Handle event(
      CreateEventW(nullptr, manual_reset ? TRUE : FALSE, signaled ? TRUE : FALSE, nullptr));
  EXPECT_NE(event.get(), nullptr) << GetLastError();
  return event;
}

Socket MakeTcp() {
  Socket socket(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED));
  EXPECT_NE(socket.get(), INVALID_SOCKET) << WSAGetLastError();
  return socket;
}

sockaddr_in LoopbackAddress(unsigned short port_in_network_order) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = port_in_network_order;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr_in LocalAddressOf(SOCKET socket) {
  sockaddr_in address{};
  int length = sizeof address;
  EXPECT_EQ(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length), 0)
      << WSAGetLastError();
  return address;
}

int BindTo(SOCKET socket, const sockaddr_in& address) {
  return bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0
             ? 0
             : WSAGetLastError();
}

Socket MakeBoundTcp() {
  Socket socket = MakeTcp();
  const sockaddr_in any_port = LoopbackAddress();
  EXPECT_EQ(bind(socket, reinterpret_cast<const sockaddr*>(&any_port), sizeof any_port), 0)
      << WSAGetLastError();
  return socket;
}

Socket MakeListener(sockaddr_in* address, int backlog) {
  Socket listener = MakeBoundTcp();
  EXPECT_EQ(listen(listener, backlog), 0) << WSAGetLastError();
  if (address != nullptr) *address = LocalAddressOf(listener);
  return listener;
}

Connection Connect() {
  return ConnectThrough(MakeListener());
}

Connection ConnectThrough(SOCKET listener) {
  const sockaddr_in address = LocalAddressOf(listener);
  Connection connection;
  connection.peer = MakeTcp();
  EXPECT_EQ(connect(connection.peer, reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0)
      << WSAGetLastError();
  connection.ours = Socket(accept(listener, nullptr, nullptr));
  EXPECT_NE(connection.ours.get(), INVALID_SOCKET) << WSAGetLastError();
  // Peers answer in small pieces; Nagle would only add waiting to the tests.
  const BOOL on = TRUE;
  for (const SOCKET socket : {connection.ours.get(), connection.peer.get()}) {
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&on), sizeof on);
  }
  return connection;
}

void Associate(HANDLE port, HANDLE device, ULONG_PTR key) {
  EXPECT_EQ(CreateIoCompletionPort(device, port, key, 0), port) << GetLastError();
}

void SendAll(SOCKET socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const int sent = send(socket, bytes.data(), static_cast<int>(bytes.size()), 0);
    ASSERT_GT(sent, 0) << WSAGetLastError();
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string ReceiveExactly(SOCKET socket, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const int got = recv(socket, bytes.data() + have, static_cast<int>(count - have), 0);
    EXPECT_GT(got, 0) << "after " << have << " of " << count << " bytes: " << WSAGetLastError();
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

bool AwaitReadable(SOCKET socket, std::size_t count) {
  return Eventually([&] {
    u_long readable = 0;
    return ioctlsocket(socket, static_cast<long>(FIONREAD), &readable) == 0 && readable >= count;
  });
}

// --- operations ------------------------------------------------------------------------------------

Issued Receive(SOCKET socket, Operation* operation, std::size_t length) {
  WSABUF buffer{static_cast<ULONG>(length), operation->buffer};
  Issued issued{0, 0, kUntouched};
  DWORD flags = 0;
  issued.result = WSARecv(socket, &buffer, 1, &issued.bytes, &flags, operation, nullptr);
  if (issued.result != 0) issued.error = WSAGetLastError();
  return issued;
}

Issued Send(SOCKET socket, OVERLAPPED* overlapped, std::string_view bytes) {
  WSABUF buffer{static_cast<ULONG>(bytes.size()), const_cast<char*>(bytes.data())};
  Issued issued{0, 0, kUntouched};
  issued.result = WSASend(socket, &buffer, 1, &issued.bytes, 0, overlapped, nullptr);
  if (issued.result != 0) issued.error = WSAGetLastError();
  return issued;
}

Dequeued Dequeue(HANDLE port, DWORD timeout_ms) {
  // A pointer that no call could have produced: the API must overwrite it in every case.
  static OVERLAPPED poison{};
  Dequeued got{};
  got.bytes = kUntouched;
  got.key = kUntouchedKey;
  got.overlapped = &poison;
  SetLastError(0);
  got.ok = GetQueuedCompletionStatus(port, &got.bytes, &got.key, &got.overlapped, timeout_ms);
  got.error = GetLastError();
  return got;
}

::testing::AssertionResult NothingQueued(HANDLE port) {
  const Dequeued got = Dequeue(port, 0);
  if (got.timed_out()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "dequeued ok=" << got.ok << " bytes=" << got.bytes << " key=" << got.key
         << " overlapped=" << got.overlapped << " error=" << got.error;
}

bool IsClosedError(DWORD error) {
  return error == static_cast<DWORD>(ERROR_CONNECTION_ABORTED) ||
         error == static_cast<DWORD>(ERROR_NETNAME_DELETED) ||
         error == static_cast<DWORD>(ERROR_OPERATION_ABORTED);
}

void ExpectClosedError(std::string_view id, DWORD error) {
  if (!IsClosedError(error) &&
      WineDiffers(id, "Wine reports ERROR_HANDLES_CLOSED (676) for an operation of a closed socket",
                  "Wine 8.0 server/async.c, free_async_queue; dlls/ws2_32/tests/sock.c, "
                  "iocp_async_read_closesocket: 1236 or 64 is todo_wine")) {
    EXPECT_CODE(error, 676);
    return;
  }
  EXPECT_TRUE(IsClosedError(error)) << error;
}

}  // namespace course_test
