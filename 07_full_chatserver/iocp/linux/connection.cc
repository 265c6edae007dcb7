#include "iocp/linux/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <utility>

#include "iocp/linux/counters.h"
#include "iocp/linux/operation.h"
#include "iocp/linux/syscalls.h"

namespace iocp {

Connection::Connection(int descriptor) {
  if (descriptor >= 0) Take(descriptor);
}

namespace {

// With SO_LINGER and unsent data Linux' close waits, in whichever thread was the last to hold the
// connection: one that has the I/O of others to do. So the system is to send what is left by
// itself, for as long as the program wanted to wait.
void CloseWithoutWaiting(int fd) {
  linger wanted{};
  socklen_t size = sizeof wanted;
  const bool known = SysGetSockOpt(fd, SOL_SOCKET, SO_LINGER, &wanted, &size) == 0;
  if (known && wanted.l_onoff != 0 && wanted.l_linger > 0) {
    const unsigned milliseconds = static_cast<unsigned>(wanted.l_linger) * 1000;
    SysSetSockOpt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(milliseconds));
    const linger off{};
    SysSetSockOpt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof off);
  }
  SysClose(fd);
}

}  // namespace

Connection::~Connection() {
  if (fd >= 0) CloseWithoutWaiting(Surrender());
}

void Connection::Take(int descriptor) {
  fd = descriptor;
  CountDescriptors(1);
}

int Connection::Surrender() {
  if (fd >= 0) CountDescriptors(-1);
  return std::exchange(fd, -1);
}

bool Connection::ConnectsPlainly() const {
  return out.head != nullptr && out.head->receipt.overlapped == nullptr;
}

void Connection::ShareAddress(bool share) {
  SysSetSockOpt(fd, SOL_SOCKET, SO_REUSEADDR, share ? 1 : 0);
}

// With Windows' option several sockets may have one address and all listen. For TCP that is Linux'
// SO_REUSEPORT; for UDP the names agree.
void Connection::SetShared(int type, bool on) {
  shared = on;
  SysSetSockOpt(fd, SOL_SOCKET, type == SOCK_STREAM ? SO_REUSEPORT : SO_REUSEADDR, on ? 1 : 0);
}

std::uint32_t ThisSecond() {
  return static_cast<std::uint32_t>(SysNow() / 1'000'000'000);
}

int OpenDescriptor(int family, int type) {
  const int fd = SysSocket(family, type, 0);
  if (fd >= 0 && family == AF_INET6) SysSetSockOpt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  return fd;
}

}  // namespace iocp
