// The one table of system calls. Every call the port makes goes through it, so that a test can
// replace the table and inject EAGAIN, short counts, EINTR, ECONNRESET, ENOBUFS or EMFILE at any
// call site.
//
// The Sys* functions below are what the port calls: they count the call (inspect.h) and repeat it
// on EINTR where repeating is right. They return what the system call returns and leave errno.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include <atomic>
#include <cstdint>

namespace iocp {

struct SystemCalls {
  int (*socket)(int family, int type, int protocol);
  int (*bind)(int fd, const sockaddr* name, socklen_t length);
  int (*listen)(int fd, int backlog);
  int (*accept4)(int fd, sockaddr* name, socklen_t* length, int flags);
  int (*connect)(int fd, const sockaddr* name, socklen_t length);
  int (*shutdown)(int fd, int how);
  int (*close)(int fd);
  ssize_t (*recv)(int fd, void* data, size_t length, int flags);
  ssize_t (*recvmsg)(int fd, msghdr* message, int flags);
  ssize_t (*send)(int fd, const void* data, size_t length, int flags);
  ssize_t (*sendmsg)(int fd, const msghdr* message, int flags);
  int (*setsockopt)(int fd, int level, int name, const void* value, socklen_t length);
  int (*getsockopt)(int fd, int level, int name, void* value, socklen_t* length);
  int (*getsockname)(int fd, sockaddr* name, socklen_t* length);
  int (*ioctl)(int fd, unsigned long request, void* argument);
  int (*epoll_create1)(int flags);
  int (*epoll_ctl)(int epoll, int operation, int fd, epoll_event* event);
  int (*epoll_wait)(int epoll, epoll_event* events, int count, int milliseconds);
  int (*eventfd)(unsigned initial, int flags);
  ssize_t (*signal)(int fd);  // adds 1 to an eventfd
  int (*futex_wait)(std::atomic<std::uint32_t>* word, std::uint32_t expected,
                    const timespec* relative);
  int (*futex_wake)(std::atomic<std::uint32_t>* word, int count);
  int (*poll)(pollfd* fds, nfds_t count, int milliseconds);
  int (*open)(const char* path, int flags, mode_t mode);
  ssize_t (*pread)(int fd, void* data, size_t length, off_t offset);
  ssize_t (*pwrite)(int fd, const void* data, size_t length, off_t offset);
  ssize_t (*read)(int fd, void* data, size_t length);
  ssize_t (*write)(int fd, const void* data, size_t length);
  int (*fstat)(int fd, struct stat* out);
  ssize_t (*sendfile)(int fd, int file, off_t* offset, size_t length);
  std::int64_t (*now)();  // the monotonic clock, in nanoseconds
};

// The real calls: copy it, change the entries to be faulty.
const SystemCalls& RealSystemCalls();

namespace testing {
// kMayLie: an EAGAIN may be false, a short count may leave something behind. The kernel would never
// follow that with an edge, so the port re-arms the socket's registration after each of the two,
// and the kernel reports anew what is true.
// kTruthful: the calls are the kernel's, only slower or counted. Nothing is re-armed: an edge that
// the port loses is lost.
enum class Replacement { kMayLie, kTruthful };

// Installs a table (static lifetime; nullptr = the real calls) for the whole process.
void ReplaceSystemCalls(const SystemCalls* table, Replacement kind = Replacement::kMayLie);
}  // namespace testing

bool SystemCallsMayLie();

int SysSocket(int family, int type, int protocol);
int SysBind(int fd, const sockaddr* name, socklen_t length);
int SysListen(int fd, int backlog);
int SysAccept(int fd, sockaddr* name, socklen_t* length);  // non-blocking, close-on-exec
int SysConnect(int fd, const sockaddr* name, socklen_t length);
int SysShutdown(int fd, int how);
void SysClose(int fd);
ssize_t SysRecv(int fd, const iovec* parts, std::size_t count, int flags);
ssize_t SysSend(int fd, const iovec* parts, std::size_t count, int flags);
// Datagrams: with the other side's address. `truncated`: the datagram was longer than the buffers.
ssize_t SysReceiveFrom(int fd, const iovec* parts, std::size_t count, int flags, sockaddr* name,
                       socklen_t* length, bool* truncated);
ssize_t SysSendTo(int fd, const iovec* parts, std::size_t count, int flags, const sockaddr* name,
                  socklen_t length);
int SysSetSockOpt(int fd, int level, int name, const void* value, socklen_t length);
int SysSetSockOpt(int fd, int level, int name, int value);
int SysGetSockOpt(int fd, int level, int name, void* value, socklen_t* length);
int SysGetSockName(int fd, sockaddr* name, socklen_t* length);
int SysIoctl(int fd, unsigned long request, void* argument);
int SysEpollCreate();
int SysEpollCtl(int epoll, int operation, int fd, epoll_event* event);
int SysEpollWait(int epoll, epoll_event* events, int count, int milliseconds);  // EINTR: 0 events
int SysEventFd();
void SysSignal(int fd);
// Waits while *word == expected, at most `nanoseconds` (negative: for ever). May return early.
void SysFutexWait(std::atomic<std::uint32_t>* word, std::uint32_t expected,
                  std::int64_t nanoseconds);
void SysFutexWake(std::atomic<std::uint32_t>* word, int count = 1);  // wakes up to `count` waiters
int SysPoll(int fd, short events,
            int milliseconds);  // >0 ready, 0 time-out, -1 (EINTR: caller repeats)
int SysPollMany(pollfd* entries, std::size_t count, int milliseconds);  // likewise
int SysOpen(const char* path, int flags, mode_t mode);
ssize_t SysPRead(int fd, void* data, std::size_t length, off_t offset);
ssize_t SysPWrite(int fd, const void* data, std::size_t length, off_t offset);
ssize_t SysRead(int fd, void* data, std::size_t length);
ssize_t SysWrite(int fd, const void* data, std::size_t length);
// offset nullptr: at the file pointer.
ssize_t SysSendFile(int fd, int file, off_t* offset, std::size_t length);
int SysFStat(int fd, struct stat* out);
std::int64_t SysNow();  // not counted

}  // namespace iocp
