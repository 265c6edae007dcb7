// Conformance: select and WSAPoll on SOCKETs.
#include <string>
#include <vector>

#include "tests/support/test_support.h"

namespace {

using namespace course_test;

fd_set SetOf(std::initializer_list<SOCKET> sockets) {
  fd_set set;
  FD_ZERO(&set);
  for (const SOCKET socket : sockets) FD_SET(socket, &set);
  return set;
}

// (MinGW's select wants the time-out to be writable.)
int Select(fd_set* read, fd_set* write, fd_set* except, int seconds) {
  timeval timeout{};
  timeout.tv_sec = seconds;
  return select(0, read, write, except, &timeout);
}
constexpr int kAtOnce = 0;
constexpr int kPatient = 20;

TEST(Conformance, P129_SelectTellsWhoIsReadable) {
  const Connection one = Connect();
  const Connection two = Connect();
  fd_set read = SetOf({one.ours, two.ours});
  EXPECT_EQ(Select(&read, nullptr, nullptr, kAtOnce), 0);
  EXPECT_EQ(read.fd_count, 0u);
  read = SetOf({one.ours, two.ours});
  std::thread sender([&] { SendAll(two.peer, "x"); });
  EXPECT_EQ(Select(&read, nullptr, nullptr, kPatient), 1);
  sender.join();
  EXPECT_FALSE(FD_ISSET(one.ours.get(), &read));
  EXPECT_TRUE(FD_ISSET(two.ours.get(), &read));
  EXPECT_EQ(ReceiveExactly(two.ours, 1), "x");
  fd_set write = SetOf({one.ours, two.ours});
  read = SetOf({one.ours, two.ours});
  EXPECT_EQ(Select(&read, &write, nullptr, kPatient), 2);
  EXPECT_EQ(read.fd_count, 0u);
  EXPECT_EQ(write.fd_count, 2u);
}

TEST(Conformance, P129_SelectTellsAcceptEndAndConnect) {
  sockaddr_in address{};
  Socket listener = MakeListener(&address);
  Socket client = MakeTcp();
  u_long on = 1;
  ASSERT_EQ(ioctlsocket(client, FIONBIO, &on), 0);
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), SOCKET_ERROR);
  ASSERT_CODE(WSAGetLastError(), WSAEWOULDBLOCK);
  fd_set write = SetOf({client});
  EXPECT_EQ(Select(nullptr, &write, nullptr, kPatient), 1);
  fd_set read = SetOf({listener});
  EXPECT_EQ(Select(&read, nullptr, nullptr, kPatient), 1);
  Socket accepted(accept(listener, nullptr, nullptr));
  accepted.Close();
  read = SetOf({client});
  EXPECT_EQ(Select(&read, nullptr, nullptr, kPatient), 1) << "the end is readable";

  // Nobody listens: refused.
  listener.Close();
  Socket refused = MakeTcp();
  ASSERT_EQ(ioctlsocket(refused, FIONBIO, &on), 0);
  ASSERT_EQ(connect(refused, reinterpret_cast<sockaddr*>(&address), sizeof address), SOCKET_ERROR);
  ASSERT_CODE(WSAGetLastError(), WSAEWOULDBLOCK);
  write = SetOf({refused});
  fd_set except = SetOf({refused});
  EXPECT_EQ(Select(nullptr, &write, &except, kPatient), 1);
  EXPECT_EQ(write.fd_count, 0u);
  EXPECT_EQ(except.fd_count, 1u);
}

TEST(Conformance, P129_SelectRefusesNoSocketsAndNoSets) {
  fd_set read = SetOf({});
  EXPECT_EQ(Select(&read, nullptr, nullptr, kAtOnce), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAEINVAL);
  Socket socket = MakeTcp();
  read = SetOf({socket});
  socket.Close();
  EXPECT_EQ(Select(&read, nullptr, nullptr, kAtOnce), SOCKET_ERROR);
  EXPECT_CODE(WSAGetLastError(), WSAENOTSOCK);
}

TEST(Conformance, P129_ASetIsAnArrayWithoutDoubles) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(SOCKET{400}, &set);
  FD_SET(SOCKET{800}, &set);
  FD_SET(SOCKET{400}, &set);
  EXPECT_EQ(set.fd_count, 2u);
  FD_CLR(SOCKET{400}, &set);
  EXPECT_EQ(set.fd_count, 1u);
  EXPECT_EQ(set.fd_array[0], 800u);
  for (SOCKET socket = 4; socket < 4 * 100; socket += 4) FD_SET(socket, &set);
  EXPECT_EQ(set.fd_count, static_cast<unsigned>(FD_SETSIZE)) << "no room: ignored";
}

TEST(Conformance, P130_WsaPoll) {
  const Connection connection = Connect();
  WSAPOLLFD fds[2] = {{connection.ours, POLLRDNORM, 0}, {INVALID_SOCKET, POLLRDNORM, 0}};
  EXPECT_EQ(WSAPoll(fds, 2, 0), 0);
  EXPECT_EQ(WSAPoll(fds, 2, 20), 0);
  std::thread sender([&] { SendAll(connection.peer, "x"); });
  EXPECT_EQ(WSAPoll(fds, 2, static_cast<INT>(kDeadlineMs)), 1);
  sender.join();
  EXPECT_EQ(fds[0].revents, POLLRDNORM);
  fds[0].events = POLLWRNORM;
  EXPECT_EQ(WSAPoll(fds, 1, 0), 1);
  EXPECT_EQ(fds[0].revents, POLLWRNORM);
}

TEST(Conformance, P130_OneSocketManyTimes) {
  const Connection connection = Connect();
  SendAll(connection.peer, "x");
  ASSERT_TRUE(AwaitReadable(connection.ours));
  std::vector<WSAPOLLFD> many(1000, {connection.ours, POLLRDNORM, 0});
  many.push_back({connection.ours, POLLWRNORM, 0});
  many.push_back({connection.peer, POLLRDNORM, 0});
  const int ready = WSAPoll(many.data(), static_cast<ULONG>(many.size()), 0);
  if (WineDiffers("P130", "counts each entry once for each", "seen with Wine 8.0")) return;
  EXPECT_EQ(ready, 1001);
  EXPECT_EQ(many.front().revents, POLLRDNORM) << "each entry is told what it asks for";
  EXPECT_EQ(many[1000].revents, POLLWRNORM);
  EXPECT_EQ(many[1001].revents, 0);
}

// Nothing is there to wait for yet: a select without a limit must see what comes.
TEST(Conformance, P129_ASocketThatConnectsMeanwhile) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Socket client = MakeTcp();
  std::thread connector([&] {
    Sleep(50);
    EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  });
  fd_set writable = SetOf({client});
  EXPECT_EQ(select(0, nullptr, &writable, nullptr, nullptr), 1);
  connector.join();
}

TEST(Conformance, P129_ALongTimeIsNoShortTime) {
  const Connection connection = Connect();
  fd_set readable = SetOf({connection.ours});
  timeval long_time{};  // so long that its milliseconds are 4 in 32 bits
  long_time.tv_sec = 4'294'967;
  long_time.tv_usec = 300'000;
  std::thread sender([&] {
    Sleep(100);
    SendAll(connection.peer, "x");
  });
  EXPECT_EQ(select(0, &readable, nullptr, nullptr, &long_time), 1);
  sender.join();
}

TEST(Conformance, P130_WsaPollOfAClosedSocket) {
  Connection connection = Connect();
  WSAPOLLFD fds[2] = {{connection.ours, POLLRDNORM, 0}, {connection.peer, POLLRDNORM, 0}};
  connection.ours.Close();
  EXPECT_GE(WSAPoll(fds, 2, static_cast<INT>(kDeadlineMs)), 1);
  EXPECT_EQ(fds[0].revents, POLLNVAL);
  EXPECT_EQ(WSAPoll(fds + 1, 1, static_cast<INT>(kDeadlineMs)), 1);
  EXPECT_NE(fds[1].revents & (POLLHUP | POLLRDNORM), 0) << "its peer has gone";
}

TEST(Conformance, P129_SelectAndPollTellOfDatagrams) {
  const Socket ours(socket(AF_INET, SOCK_DGRAM, 0));
  const sockaddr_in any = LoopbackAddress();
  ASSERT_EQ(bind(ours, reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  const sockaddr_in at = LocalAddressOf(ours);
  fd_set read = SetOf({ours});
  EXPECT_EQ(Select(&read, nullptr, nullptr, kAtOnce), 0);
  const Socket other(socket(AF_INET, SOCK_DGRAM, 0));
  ASSERT_EQ(sendto(other, "x", 1, 0, reinterpret_cast<const sockaddr*>(&at), sizeof at), 1);
  read = SetOf({ours});
  EXPECT_EQ(Select(&read, nullptr, nullptr, kPatient), 1);
  WSAPOLLFD fd{ours, POLLRDNORM, 0};
  EXPECT_EQ(WSAPoll(&fd, 1, static_cast<INT>(kDeadlineMs)), 1);
  EXPECT_EQ(fd.revents, POLLRDNORM);
  fd_set write = SetOf({ours});
  EXPECT_EQ(Select(nullptr, &write, nullptr, kPatient), 1);
}

}  // namespace
