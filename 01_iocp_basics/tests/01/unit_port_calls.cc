// Task 01.1: the three calls. What the wrappers did is looked at with the plain API.

#include <gtest/gtest.h>

#include <cstring>

#include "apps/port_calls.h"
#include "iocp/inspect.h"
#include "support/network.h"
#include "tests/support/task_input.h"

namespace {

class PortCalls : public testing::Test {
 protected:
  struct Packet {
    BOOL ok = FALSE;
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* overlapped = nullptr;
  };
  static Packet Take(HANDLE port, DWORD milliseconds = 0) {
    Packet packet;
    packet.ok = GetQueuedCompletionStatus(port, &packet.bytes, &packet.key, &packet.overlapped,
                                          milliseconds);
    return packet;
  }

  apps::Winsock winsock_;
};

TEST_F(PortCalls, CreatePortMakesAnEmptyPort) {
  TASK_INPUT("01.1", "CreatePort(2)");
  const apps::UniqueHandle port(apps::CreatePort(2));
  ASSERT_NE(port.Get(), nullptr);
  ASSERT_NE(port.Get(), INVALID_HANDLE_VALUE);
  EXPECT_FALSE(Take(port.Get()).ok);
  EXPECT_EQ(GetLastError(), static_cast<DWORD>(WAIT_TIMEOUT));
}

// What Windows shows to nobody, the port of this course does.
TEST_F(PortCalls, ThePortHasTheLimitThatWasAskedFor) {
  TASK_INPUT("01.1", "CreatePort(3)");
  const apps::UniqueHandle port(apps::CreatePort(3));
  const std::optional<iocp::PortSnapshot> inside = iocp::TakeSnapshot(port.Get());
  if (inside.has_value()) {
    EXPECT_EQ(inside->concurrency, 3u);
  }
}

TEST_F(PortCalls, EachPortIsAnother) {
  TASK_INPUT("01.1", "CreatePort(1), twice");
  const apps::UniqueHandle first(apps::CreatePort(1));
  const apps::UniqueHandle second(apps::CreatePort(1));
  EXPECT_NE(first.Get(), second.Get());
}

TEST_F(PortCalls, PostPacketCarriesItsThreeValues) {
  TASK_INPUT("01.1", "PostPacket: 123 bytes, key 0x1234, an overlapped");
  const apps::UniqueHandle port(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1));
  OVERLAPPED overlapped{};
  ASSERT_TRUE(apps::PostPacket(port.Get(), 123, 0x1234, &overlapped));
  const Packet packet = Take(port.Get());
  EXPECT_TRUE(packet.ok);
  EXPECT_EQ(packet.bytes, 123u);
  EXPECT_EQ(packet.key, 0x1234u);
  EXPECT_EQ(packet.overlapped, &overlapped);
}

TEST_F(PortCalls, PostPacketKeepsTheOrder) {
  TASK_INPUT("01.1", "PostPacket with the keys 1 to 5");
  const apps::UniqueHandle port(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1));
  for (ULONG_PTR key = 1; key <= 5; ++key) {
    ASSERT_TRUE(apps::PostPacket(port.Get(), 0, key, nullptr));
  }
  for (ULONG_PTR key = 1; key <= 5; ++key) {
    EXPECT_EQ(Take(port.Get()).key, key);
  }
}

TEST_F(PortCalls, PostPacketToNoPortFails) {
  TASK_INPUT("01.1", "PostPacket to the handle nullptr");
  EXPECT_FALSE(apps::PostPacket(nullptr, 0, 0, nullptr));
}

TEST_F(PortCalls, AssociateBringsTheSocketsPacketsWithItsKey) {
  TASK_INPUT("01.1", "Associate with key 77, then a receive of 3 bytes");
  const apps::UniqueHandle port(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1));
  const apps::UniqueSocket listener = apps::ListenOnLoopback(0);
  const apps::UniqueSocket peer = apps::ConnectToLoopback(apps::PortOf(listener.Get()));
  const apps::UniqueSocket socket(accept(listener.Get(), nullptr, nullptr));
  ASSERT_TRUE(apps::Associate(port.Get(), socket.Get(), 77));

  OVERLAPPED overlapped{};
  char data[8];
  WSABUF buffer{sizeof data, data};
  DWORD flags = 0;
  const int result = WSARecv(socket.Get(), &buffer, 1, nullptr, &flags, &overlapped, nullptr);
  ASSERT_TRUE(result == 0 || WSAGetLastError() == WSA_IO_PENDING);
  ASSERT_EQ(send(peer.Get(), "abc", 3, 0), 3);
  const Packet packet = Take(port.Get(), 20'000);
  EXPECT_TRUE(packet.ok);
  EXPECT_EQ(packet.key, 77u);
  EXPECT_EQ(packet.bytes, 3u);
  EXPECT_EQ(packet.overlapped, &overlapped);
  EXPECT_EQ(std::memcmp(data, "abc", 3), 0);
}

TEST_F(PortCalls, AssociateTwiceIsRefused) {
  TASK_INPUT("01.1", "Associate of one socket with key 1, then with key 2");
  const apps::UniqueHandle port(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1));
  const apps::UniqueSocket socket = apps::OverlappedSocket();
  ASSERT_TRUE(apps::Associate(port.Get(), socket.Get(), 1));
  EXPECT_FALSE(apps::Associate(port.Get(), socket.Get(), 2));
  EXPECT_EQ(GetLastError(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
}

}  // namespace
