// The memory of operations and requests lives until they are done, and no longer; so does the count
// that an operation holds of its session.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "net/receive.h"
#include "net/send.h"
#include "net/session_life.h"
#include "tests/support/recording_server.h"
#include "tests/support/task_input.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_support.h"

namespace {
std::atomic<std::int64_t> blocks_in_use{0};
}

// Clang's sanitizers bring their own (and AddressSanitizer says by itself what is not given back).
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define MEMORY_IS_COUNTED_BY_THE_SANITIZER
#endif
#endif
#ifndef MEMORY_IS_COUNTED_BY_THE_SANITIZER
void* operator new(std::size_t size) {
  void* const block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  blocks_in_use.fetch_add(1, std::memory_order_relaxed);
  return block;
}
void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  blocks_in_use.fetch_sub(1, std::memory_order_relaxed);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}
#endif

namespace {

using course_test::Bytes;
using course_test::Packet;

constexpr int kRounds = 2000;

// Answers without writing anything down.
class PlainServer : public net::Server {
 public:
  explicit PlainServer(const net::ServerOptions& options) : Server(options) {}
  ~PlainServer() override { Stop(); }
  std::atomic<int> requests{0};

 protected:
  void OnClientJoin(net::SessionId) override {}
  void OnClientLeave(net::SessionId, std::string_view) override {}
  void OnRecv(net::SessionId id, std::span<const std::byte> packet) override {
    SendPacket(id, packet);
  }
  void OnInnerRequest(std::span<const std::byte>) override { ++requests; }
};

// The memory in use is the same after a second round of the same work.
TEST(NetMemory, SendsAndInnerRequestsGiveTheirMemoryBack) {
  TASK_INPUT("02.4", "2 times " << kRounds << " echoes and " << kRounds << " inner requests");
  net::ServerOptions options;
  options.worker_threads = 2;
  PlainServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  support::TcpClient client(server.port());
  const std::string packet = Packet("hello");
  std::int64_t after_first = 0;
  for (const int round : {1, 2}) {
    for (int i = 0; i < kRounds; ++i) {
      ASSERT_TRUE(client.Send(packet));
      ASSERT_EQ(client.Receive(packet.size()), packet);
      ASSERT_TRUE(server.PostInnerRequest(Bytes("x")));
    }
    ASSERT_TRUE(course_test::Eventually([&] { return server.requests == round * kRounds; }));
    if (round == 1) after_first = blocks_in_use.load();
  }
  EXPECT_TRUE(course_test::Eventually([&] {
    return blocks_in_use.load() < after_first + kRounds / 10;
  })) << blocks_in_use.load() - after_first
      << " blocks more than after the first round";
}

// More than the system takes at once: the rest of the sends wait until the client reads. What they
// send must be what was given to SendPacket then.
TEST(NetMemory, ASlowReaderGetsTheBytesOfEverySend) {
  const int sends = course_test::RunningUnderWine() ? 4'000 : 40'000;
  TASK_INPUT("02.6", sends << " packets of 255 bytes to a client that reads only afterwards");
  net::ServerOptions options;
  options.worker_threads = 2;
  course_test::RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");
  support::TcpClient client(server.port());
  ASSERT_TRUE(server.AwaitJoins(1));
  const net::SessionId id = server.Joined().at(0);
  const auto packet = [](int i) {
    return Packet(std::string(253, static_cast<char>('a' + i % 26)));
  };
  for (int i = 0; i < sends; ++i) {
    ASSERT_EQ(server.SendPacket(id, Bytes(packet(i))), net::SendResult::kOk);
  }
  for (int i = 0; i < sends; ++i) ASSERT_EQ(client.Receive(255), packet(i)) << "packet " << i;
  EXPECT_EQ(server.Stop().outstanding_operations, 0u);
}

// --- counts ----------------------------------------------------------------------------------------

// The parts alone, without workers: what they count can be looked at. The sockets are not
// connected, so every operation is refused at once, and no packet comes.
class RefusedOperations : public testing::Test, protected net::Callbacks {
 protected:
  void SetUp() override { life_.Open(2); }
  net::Session& Unconnected() {
    const SOCKET socket =
        WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED);
    net::Session* const session = life_.Allocate(socket, {});
    CreateIoCompletionPort(reinterpret_cast<HANDLE>(socket), port_.get(),
                           reinterpret_cast<ULONG_PTR>(session), 0);
    return *session;
  }
  // Gives back the test's own count, which has to be the last, and does the worker's part.
  void Leave(net::Session& session) {
    life_.ReleaseIo(session);
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* overlapped = nullptr;
    ASSERT_TRUE(GetQueuedCompletionStatus(port_.get(), &bytes, &key, &overlapped, 0));
    ASSERT_EQ(key, reinterpret_cast<ULONG_PTR>(&session));
    life_.Free(session);
  }

  void OnClientJoin(net::SessionId) override {}
  void OnClientLeave(net::SessionId, std::string_view) override {}
  void OnRecv(net::SessionId, std::span<const std::byte>) override {}

  net::WinsockScope winsock_;
  net::PortHandle port_{CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1)};
  net::SessionLife life_{port_, *this};
};

TEST_F(RefusedOperations, ASendGivesItsCountBackOnce) {
  net::Session& session = Unconnected();
  net::SendPath send(life_);
  EXPECT_EQ(send.SendPacket(session.id, Bytes(Packet("x"))), net::SendResult::kFailed);
  ASSERT_EQ(session.io.count(), 1u) << "the test's own";
  EXPECT_TRUE(session.closing());
  Leave(session);
}

TEST_F(RefusedOperations, AReceiveGivesItsCountBackOnce) {
  net::Session& session = Unconnected();
  net::ReceivePath receive(life_);
  receive.PostRecv(session);
  ASSERT_EQ(session.io.count(), 1u) << "the test's own";
  EXPECT_TRUE(session.closing());
  Leave(session);
}

}  // namespace
