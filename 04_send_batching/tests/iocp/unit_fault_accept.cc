// Many pending AcceptEx and no descriptors left: what ends, what stays usable, and what it costs in
// things counted. (Linux only.)
#ifndef _WIN32

#include <errno.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "iocp/inspect.h"
#include "tests/iocp/unit_fault_injection.h"
#include "tests/support/test_support.h"

namespace course_test {
namespace {

std::atomic<int> g_wanted{0};  // descriptors that were asked for, and refused

iocp::SystemCalls WithoutDescriptors() {
  g_wanted = 0;
  iocp::SystemCalls table = Real();
  table.socket = [](int, int, int) {
    ++g_wanted;
    errno = EMFILE;
    return -1;
  };
  return table;
}

// A listener of a port, and accepting sockets whose AcceptEx wait there for a connection's first
// data.
class ManyAccepts : public ::testing::Test {
 protected:
  ManyAccepts() {
    rlimit limit{};
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 8192);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    Associate(port_, listener_, 1);
  }

  struct Pending {
    Socket acceptor = MakeTcp();
    Operation operation;
  };

  bool Post(SOCKET listener, Pending& pending) {
    DWORD bytes = 0;
    pending.operation.Clear();
    const BOOL done = AcceptEx(listener, pending.acceptor, pending.operation.buffer, 16,
                               kAddressRoom, kAddressRoom, &bytes, &pending.operation);
    return !done && WSAGetLastError() == ERROR_IO_PENDING;
  }

  void PostMany(int count) {
    for (int i = 0; i < count; ++i) {
      pending_.push_back(std::make_unique<Pending>());
      ASSERT_TRUE(Post(listener_, *pending_.back())) << WSAGetLastError();
    }
  }

  // Clients whose connections are accepted, and wait at the accepting sockets for first data.
  void ConnectMany(int count) {
    for (int i = 0; i < count; ++i) {
      clients_.push_back(MakeTcp());
      ASSERT_EQ(
          connect(clients_.back(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_),
          0)
          << WSAGetLastError();
    }
    ASSERT_TRUE(Eventually([&] {
      EXPECT_TRUE(Dequeue(port_, 0).timed_out()) << "nobody has sent anything";
      return std::count_if(pending_.begin(), pending_.end(), IsAccepted) == count;
    }));
  }

  static bool IsAccepted(const std::unique_ptr<Pending>& pending) {
    DWORD seconds = 0;
    int length = sizeof seconds;
    EXPECT_EQ(getsockopt(pending->acceptor, SOL_SOCKET, SO_CONNECT_TIME,
                         reinterpret_cast<char*>(&seconds), &length),
              0);
    return seconds != 0xFFFFFFFF;
  }

  const Handle port_ = MakePort();
  sockaddr_in address_{};
  Socket listener_ = MakeListener(&address_, SOMAXCONN);
  std::vector<std::unique_ptr<Pending>> pending_;
  std::vector<Socket> clients_;
};

TEST_F(ManyAccepts, P35_ClosingTheListenerNeedsNoDescriptorAndLeavesTheAcceptorsUsable) {
  constexpr int kCount = 1000;
  PostMany(kCount);
  ConnectMany(kCount / 2);
  sockaddr_in second_address{};
  const Socket second = MakeListener(&second_address, SOMAXCONN);
  Associate(port_, second, 2);
  std::vector<Socket> more;
  for (int i = 0; i < 10; ++i) more.push_back(MakeTcp());
  {
    const Replaced replaced(WithoutDescriptors());
    listener_.Close();
    for (int i = 0; i < kCount; ++i) {
      const Dequeued got = Dequeue(port_);
      ASSERT_FALSE(got.ok) << "packet " << i;
      ASSERT_NE(got.overlapped, nullptr) << "packet " << i;
      EXPECT_EQ(got.key, 1u);
      EXPECT_CODE(got.error, ERROR_OPERATION_ABORTED);
    }
    EXPECT_TRUE(Dequeue(port_, 0).timed_out());
    EXPECT_EQ(g_wanted, 0);
    // Every acceptor can be given to another listener, still without a descriptor.
    for (const auto& pending : pending_) ASSERT_TRUE(Post(second, *pending)) << WSAGetLastError();
    for (Socket& client : more) {
      ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&second_address),
                        sizeof second_address),
                0);
      SendAll(client, "hi");
      const Dequeued got = Dequeue(port_);
      EXPECT_TRUE(got.ok) << got.error;
      EXPECT_EQ(got.bytes, 2u);
    }
    EXPECT_EQ(g_wanted, 0);
  }
  // One that had been accepted before can be a client as well: it gets its descriptor now.
  Pending& any = *pending_.back();
  ASSERT_TRUE(CancelIoEx(second.handle(), &any.operation));
  EXPECT_CODE(Dequeue(port_).error, ERROR_OPERATION_ABORTED);
  EXPECT_EQ(connect(any.acceptor, reinterpret_cast<const sockaddr*>(&second_address),
                    sizeof second_address),
            0)
      << WSAGetLastError();
}

// Not the listener's queue is searched for a closed acceptor's AcceptEx, however long it is.
TEST_F(ManyAccepts, P35_ClosingAnAcceptorCostsTheSameHoweverManyWait) {
  const auto searched_by_closing_ten = [&] {
    const std::uint64_t before = iocp::ReadCounters()->searched;
    for (int i = 0; i < 10; ++i) {
      const OVERLAPPED* const expected = &pending_.back()->operation;
      closesocket(pending_.back()->acceptor.release());
      const Dequeued got = Dequeue(port_);
      EXPECT_EQ(got.overlapped, expected);
      EXPECT_CODE(got.error, ERROR_OPERATION_ABORTED);
      pending_.pop_back();
    }
    return iocp::ReadCounters()->searched - before;
  };
  PostMany(20);
  const std::uint64_t of_few = searched_by_closing_ten();
  PostMany(1000);
  EXPECT_EQ(searched_by_closing_ten(), of_few);
}

TEST_F(ManyAccepts, P37_ReuseNeedsNoDescriptorAndKeepsTheOptions) {
  PostMany(1);
  ConnectMany(1);
  SendAll(clients_.front(), "hi");
  ASSERT_TRUE(Dequeue(port_).ok);
  const Socket& acceptor = pending_.front()->acceptor;
  ASSERT_EQ(setsockopt(acceptor, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                       reinterpret_cast<const char*>(&listener_), sizeof(SOCKET)),
            0);
  const auto set = [&](int level, int name, int value) {
    EXPECT_EQ(
        setsockopt(acceptor, level, name, reinterpret_cast<const char*>(&value), sizeof value), 0);
  };
  const auto get = [&](int level, int name) {
    int value = 0;
    int length = sizeof value;
    EXPECT_EQ(getsockopt(acceptor, level, name, reinterpret_cast<char*>(&value), &length), 0)
        << WSAGetLastError();
    return value;
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_RCVBUF, 20'000);
  const LINGER lingering{1, 7};
  EXPECT_EQ(setsockopt(acceptor, SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&lingering),
                       sizeof lingering),
            0);
  const auto disconnect = ExtensionFunction<LPFN_DISCONNECTEX>(acceptor, WSAID_DISCONNECTEX);
  {
    const Replaced replaced(WithoutDescriptors());
    EXPECT_TRUE(disconnect(acceptor, nullptr, TF_REUSE_SOCKET, 0)) << WSAGetLastError();
    EXPECT_EQ(g_wanted, 0);
    int value = 0;
    int length = sizeof value;
    EXPECT_EQ(
        getsockopt(acceptor, SOL_SOCKET, SO_KEEPALIVE, reinterpret_cast<char*>(&value), &length),
        SOCKET_ERROR);
    EXPECT_CODE(WSAGetLastError(), WSAEMFILE);
  }
  EXPECT_EQ(get(IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(get(SOL_SOCKET, SO_RCVBUF), 20'000);
  EXPECT_EQ(get(SOL_SOCKET, SO_KEEPALIVE), 0);
  LINGER kept{};
  int length = sizeof kept;
  EXPECT_EQ(getsockopt(acceptor, SOL_SOCKET, SO_LINGER, reinterpret_cast<char*>(&kept), &length),
            0);
  EXPECT_EQ(kept.l_onoff, 1);
  EXPECT_EQ(kept.l_linger, 7);
}

TEST_F(ManyAccepts, P32_AnAcceptedConnectionNeedsNoBlock) {
  constexpr int kCount = 20;
  PostMany(2 * kCount);  // the accepting sockets and the records are there then
  const auto allocations_of = [&](int count) {
    std::vector<Socket> clients;
    for (int i = 0; i < count; ++i) clients.push_back(MakeTcp());
    const std::uint64_t before = iocp::ReadCounters()->allocations;
    for (Socket& client : clients) {
      EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
      SendAll(client, "hi");
      EXPECT_TRUE(Dequeue(port_).ok);
    }
    return iocp::ReadCounters()->allocations - before;
  };
  allocations_of(kCount);  // the queues have grown
  EXPECT_EQ(allocations_of(kCount), 0u);
}

}  // namespace
}  // namespace course_test

#endif  // _WIN32
