#include "iocp/linux/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "iocp/inspect.h"
#include "iocp/linux/counters.h"

namespace iocp {
namespace {

// The calls of every message go to the kernel directly. glibc's functions of these names are
// cancellation points, which costs two locked instructions more a call, and nothing here can be
// cancelled. Sanitizers know what a call reads and writes by the function's name only.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kThroughLibrary = true;
#else
constexpr bool kThroughLibrary = false;
#endif

// (socket() has another meaning where the port's headers are included.)
int RealSocket(int family, int type, int protocol) {
  return static_cast<int>(::syscall(SYS_socket, family, type, protocol));
}

ssize_t RealRecv(int fd, void* data, size_t length, int flags) {
  if constexpr (kThroughLibrary) return ::recv(fd, data, length, flags);
  return ::syscall(SYS_recvfrom, fd, data, length, flags, nullptr, nullptr);
}

ssize_t RealSend(int fd, const void* data, size_t length, int flags) {
  if constexpr (kThroughLibrary) return ::send(fd, data, length, flags);
  return ::syscall(SYS_sendto, fd, data, length, flags, nullptr, 0);
}

ssize_t RealReceiveMessage(int fd, msghdr* message, int flags) {
  if constexpr (kThroughLibrary) return ::recvmsg(fd, message, flags);
  return ::syscall(SYS_recvmsg, fd, message, flags);
}

ssize_t RealSendMessage(int fd, const msghdr* message, int flags) {
  if constexpr (kThroughLibrary) return ::sendmsg(fd, message, flags);
  return ::syscall(SYS_sendmsg, fd, message, flags);
}

int RealEpollWait(int epoll, epoll_event* events, int count, int milliseconds) {
  if constexpr (kThroughLibrary) return ::epoll_wait(epoll, events, count, milliseconds);
  return static_cast<int>(
      ::syscall(SYS_epoll_pwait, epoll, events, count, milliseconds, nullptr, 0));
}

ssize_t RealSignal(int fd) {
  const std::uint64_t one = 1;
  if constexpr (kThroughLibrary) return ::write(fd, &one, sizeof one);
  return ::syscall(SYS_write, fd, &one, sizeof one);
}

int RealFutexWait(std::atomic<std::uint32_t>* word, std::uint32_t expected,
                  const timespec* relative) {
  return static_cast<int>(
      ::syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, relative, nullptr, 0));
}

int RealFutexWake(std::atomic<std::uint32_t>* word, int count) {
  return static_cast<int>(
      ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0));
}

// There is no MSG_NOSIGNAL here: SIGPIPE is held back, and taken away when the call has raised it.
ssize_t RealSendFile(int fd, int file, off_t* offset, size_t length) {
  sigset_t pipe;
  sigset_t before;
  sigset_t pending;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::sigpending(&pending);
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  const ssize_t sent = ::sendfile(fd, file, offset, length);
  const int error = errno;
  if (sent < 0 && error == EPIPE && ::sigismember(&pending, SIGPIPE) == 0) {
    const timespec at_once{};
    ::sigtimedwait(&pipe, nullptr, &at_once);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return sent;
}

std::int64_t RealNow() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

constexpr SystemCalls kReal = {
    .socket = RealSocket,
    .bind = ::bind,
    .listen = ::listen,
    .accept4 = ::accept4,
    .connect = ::connect,
    .shutdown = ::shutdown,
    .close = ::close,
    .recv = RealRecv,
    .recvmsg = RealReceiveMessage,
    .send = RealSend,
    .sendmsg = RealSendMessage,
    .setsockopt = ::setsockopt,
    .getsockopt = ::getsockopt,
    .getsockname = ::getsockname,
    .ioctl = [](int fd, unsigned long request,
                void* argument) { return ::ioctl(fd, request, argument); },
    .epoll_create1 = ::epoll_create1,
    .epoll_ctl = ::epoll_ctl,
    .epoll_wait = RealEpollWait,
    .eventfd = [](unsigned initial, int flags) { return ::eventfd(initial, flags); },
    .signal = RealSignal,
    .futex_wait = RealFutexWait,
    .futex_wake = RealFutexWake,
    .poll = [](pollfd* fds, nfds_t count,
               int milliseconds) { return ::poll(fds, count, milliseconds); },
    .open = [](const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); },
    .pread = [](int fd, void* data, size_t length,
                off_t offset) { return ::pread(fd, data, length, offset); },
    .pwrite = ::pwrite,
    .read = [](int fd, void* data, size_t length) { return ::read(fd, data, length); },
    .write = ::write,
    .fstat = [](int fd, struct stat* out) { return ::fstat(fd, out); },
    .sendfile = RealSendFile,
    .now = RealNow,
};

// Set by tests only; read by every thread.
constinit std::atomic<const SystemCalls*> g_table{&kReal};
constinit std::atomic<bool> g_may_lie{false};

const SystemCalls& Table() {
  return *g_table.load(std::memory_order_acquire);
}

msghdr MessageOf(const iovec* parts, std::size_t count, const sockaddr* name, socklen_t length) {
  msghdr message{};
  message.msg_name = const_cast<sockaddr*>(name);
  message.msg_namelen = length;
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = count;
  return message;
}

// Repeats a call that a signal interrupted.
template <typename Call>
auto Repeat(SystemCall kind, Call call) {
  for (;;) {
    CountCall(kind);
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

}  // namespace

const SystemCalls& RealSystemCalls() {
  return kReal;
}

void testing::ReplaceSystemCalls(const SystemCalls* table, Replacement kind) {
  g_may_lie.store(table != nullptr && kind == Replacement::kMayLie, std::memory_order_relaxed);
  g_table.store(table != nullptr ? table : &kReal, std::memory_order_release);
}

bool SystemCallsMayLie() {
  return g_may_lie.load(std::memory_order_relaxed);
}

int SysSocket(int family, int type, int protocol) {
  return Repeat(SystemCall::kSocket, [&] {
    return Table().socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  });
}

int SysBind(int fd, const sockaddr* name, socklen_t length) {
  return Repeat(SystemCall::kBind, [&] { return Table().bind(fd, name, length); });
}

int SysListen(int fd, int backlog) {
  return Repeat(SystemCall::kListen, [&] { return Table().listen(fd, backlog); });
}

int SysAccept(int fd, sockaddr* name, socklen_t* length) {
  return Repeat(SystemCall::kAccept,
                [&] { return Table().accept4(fd, name, length, SOCK_NONBLOCK | SOCK_CLOEXEC); });
}

// An interrupted connect goes on in the background: the next call says EALREADY, so repeating is
// right.
int SysConnect(int fd, const sockaddr* name, socklen_t length) {
  return Repeat(SystemCall::kConnect, [&] { return Table().connect(fd, name, length); });
}

int SysShutdown(int fd, int how) {
  return Repeat(SystemCall::kShutdown, [&] { return Table().shutdown(fd, how); });
}

// Linux has freed the number even when close says EINTR: never repeat it.
void SysClose(int fd) {
  CountCall(SystemCall::kClose);
  Table().close(fd);
}

ssize_t SysRecv(int fd, const iovec* parts, std::size_t count, int flags) {
  return Repeat(SystemCall::kRecv, [&] {
    if (count == 1) return Table().recv(fd, parts->iov_base, parts->iov_len, flags | MSG_DONTWAIT);
    msghdr message = MessageOf(parts, count, nullptr, 0);
    return Table().recvmsg(fd, &message, flags | MSG_DONTWAIT);
  });
}

ssize_t SysSend(int fd, const iovec* parts, std::size_t count, int flags) {
  return Repeat(SystemCall::kSend, [&] {
    const int all = flags | MSG_DONTWAIT | MSG_NOSIGNAL;
    if (count == 1) return Table().send(fd, parts->iov_base, parts->iov_len, all);
    const msghdr message = MessageOf(parts, count, nullptr, 0);
    return Table().sendmsg(fd, &message, all);
  });
}

ssize_t SysReceiveFrom(int fd, const iovec* parts, std::size_t count, int flags, sockaddr* name,
                       socklen_t* length, bool* truncated) {
  return Repeat(SystemCall::kRecv, [&] {
    msghdr message = MessageOf(parts, count, name, *length);
    const ssize_t got = Table().recvmsg(fd, &message, flags | MSG_DONTWAIT);
    *length = message.msg_namelen;
    *truncated = (message.msg_flags & MSG_TRUNC) != 0;
    return got;
  });
}

ssize_t SysSendTo(int fd, const iovec* parts, std::size_t count, int flags, const sockaddr* name,
                  socklen_t length) {
  return Repeat(SystemCall::kSend, [&] {
    const msghdr message = MessageOf(parts, count, name, length);
    return Table().sendmsg(fd, &message, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
  });
}

int SysSetSockOpt(int fd, int level, int name, const void* value, socklen_t length) {
  return Repeat(SystemCall::kSockopt,
                [&] { return Table().setsockopt(fd, level, name, value, length); });
}

int SysSetSockOpt(int fd, int level, int name, int value) {
  return SysSetSockOpt(fd, level, name, &value, sizeof value);
}

int SysGetSockOpt(int fd, int level, int name, void* value, socklen_t* length) {
  return Repeat(SystemCall::kSockopt,
                [&] { return Table().getsockopt(fd, level, name, value, length); });
}

int SysGetSockName(int fd, sockaddr* name, socklen_t* length) {
  return Repeat(SystemCall::kSockopt, [&] { return Table().getsockname(fd, name, length); });
}

int SysIoctl(int fd, unsigned long request, void* argument) {
  return Repeat(SystemCall::kSockopt, [&] { return Table().ioctl(fd, request, argument); });
}

int SysEpollCreate() {
  return Repeat(SystemCall::kEpollCreate, [] { return Table().epoll_create1(EPOLL_CLOEXEC); });
}

int SysEpollCtl(int epoll, int operation, int fd, epoll_event* event) {
  return Repeat(SystemCall::kEpollCtl,
                [&] { return Table().epoll_ctl(epoll, operation, fd, event); });
}

int SysEpollWait(int epoll, epoll_event* events, int count, int milliseconds) {
  CountCall(SystemCall::kEpollWait);
  const int ready = Table().epoll_wait(epoll, events, count, milliseconds);
  if (ready > 0 && milliseconds != 0) CountWakeUp();
  return ready < 0 ? 0 : ready;
}

int SysEventFd() {
  return Repeat(SystemCall::kEventfd,
                [] { return Table().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); });
}

void SysSignal(int fd) {
  Repeat(SystemCall::kSignal, [&] { return Table().signal(fd); });
}

void SysFutexWait(std::atomic<std::uint32_t>* word, std::uint32_t expected,
                  std::int64_t nanoseconds) {
  timespec limit{};
  limit.tv_sec = nanoseconds / 1'000'000'000;
  limit.tv_nsec = nanoseconds % 1'000'000'000;
  CountCall(SystemCall::kFutexWait);
  if (Table().futex_wait(word, expected, nanoseconds < 0 ? nullptr : &limit) == 0) CountWakeUp();
}

void SysFutexWake(std::atomic<std::uint32_t>* word, int count) {
  CountCall(SystemCall::kFutexWake);
  Table().futex_wake(word, count);
}

int SysPoll(int fd, short events, int milliseconds) {
  pollfd entry{fd, events, 0};
  CountCall(SystemCall::kPoll);
  const int ready = Table().poll(&entry, 1, milliseconds);
  if (ready > 0) CountWakeUp();
  return ready;
}

int SysPollMany(pollfd* entries, std::size_t count, int milliseconds) {
  CountCall(SystemCall::kPoll);
  return Table().poll(entries, count, milliseconds);
}

int SysOpen(const char* path, int flags, mode_t mode) {
  return Repeat(SystemCall::kOpen, [&] { return Table().open(path, flags | O_CLOEXEC, mode); });
}

ssize_t SysPRead(int fd, void* data, std::size_t length, off_t offset) {
  return Repeat(SystemCall::kFileRead, [&] { return Table().pread(fd, data, length, offset); });
}

ssize_t SysPWrite(int fd, const void* data, std::size_t length, off_t offset) {
  return Repeat(SystemCall::kFileWrite, [&] { return Table().pwrite(fd, data, length, offset); });
}

ssize_t SysRead(int fd, void* data, std::size_t length) {
  return Repeat(SystemCall::kFileRead, [&] { return Table().read(fd, data, length); });
}

ssize_t SysWrite(int fd, const void* data, std::size_t length) {
  return Repeat(SystemCall::kFileWrite, [&] { return Table().write(fd, data, length); });
}

ssize_t SysSendFile(int fd, int file, off_t* offset, std::size_t length) {
  return Repeat(SystemCall::kSend, [&] { return Table().sendfile(fd, file, offset, length); });
}

int SysFStat(int fd, struct stat* out) {
  return Repeat(SystemCall::kFileStat, [&] { return Table().fstat(fd, out); });
}

std::int64_t SysNow() {
  return Table().now();
}

}  // namespace iocp
