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

Connection::~Connection() {
  if (fd >= 0) SysClose(Surrender());
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
  const int on = share ? 1 : 0;
  SysSetSockOpt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

// With Windows' option several sockets may have one address and all listen. For TCP that is Linux'
// SO_REUSEPORT; for UDP the names agree.
void Connection::SetShared(int type, bool on) {
  shared = on;
  const int value = on ? 1 : 0;
  SysSetSockOpt(fd, SOL_SOCKET, type == SOCK_STREAM ? SO_REUSEPORT : SO_REUSEADDR, &value,
                sizeof value);
}

std::uint32_t ThisSecond() {
  return static_cast<std::uint32_t>(SysNow() / 1'000'000'000);
}

int OpenDescriptor(int family, int type) {
  const int fd = SysSocket(family, type, 0);
  const int on = 1;
  if (fd >= 0 && family == AF_INET6) SysSetSockOpt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  return fd;
}

KeptOptions KeptOptions::Of(int fd) {
  const auto number = [fd](int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return SysGetSockOpt(fd, level, name, &value, &size) == 0 ? value : 0;
  };
  linger ending{};
  socklen_t size = sizeof ending;
  SysGetSockOpt(fd, SOL_SOCKET, SO_LINGER, &ending, &size);
  KeptOptions kept{};
  kept.linger_seconds = static_cast<std::uint16_t>(ending.l_linger);
  kept.lingers = ending.l_onoff != 0;
  kept.keep_alive = number(SOL_SOCKET, SO_KEEPALIVE) != 0;
  kept.no_delay = number(IPPROTO_TCP, TCP_NODELAY) != 0;
  return kept;
}

void KeptOptions::ApplyTo(int fd) const {
  const linger ending{lingers ? 1 : 0, linger_seconds};
  const int alive = keep_alive ? 1 : 0;
  const int at_once = no_delay ? 1 : 0;
  SysSetSockOpt(fd, SOL_SOCKET, SO_LINGER, &ending, sizeof ending);
  SysSetSockOpt(fd, SOL_SOCKET, SO_KEEPALIVE, &alive, sizeof alive);
  SysSetSockOpt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
}

}  // namespace iocp
