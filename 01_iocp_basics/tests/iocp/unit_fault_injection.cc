#ifndef _WIN32

#include "tests/iocp/unit_fault_injection.h"

#include <errno.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "iocp/linux/syscalls.h"

namespace course_test {
namespace {

// The plan in force: set by the test, read by any thread (the port's own background thread may be
// in the middle of a call while the plan changes).
std::atomic<const char*> g_call{nullptr};  // the planned site; nullptr: random
std::atomic<Fault> g_fault{Fault::kNone};
std::atomic<int> g_nth{0};
std::atomic<int> g_count{0};
std::atomic<std::uint32_t> g_one_in{1};
std::atomic<bool> g_only_invisible{true};
std::atomic<std::uint64_t> g_random{0};  // any thread
std::atomic<int> g_calls{0};             // any thread
std::atomic<int> g_injected{0};          // any thread

std::uint64_t NextRandom() {
  std::uint64_t z = g_random.fetch_add(0x9E3779B97F4A7C15u) + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

Fault Decide(const char* call) {
  if (const char* const planned = g_call.load()) {
    if (std::strcmp(planned, call) != 0) return Fault::kNone;
    const int number = g_calls.fetch_add(1) + 1;
    if (number < g_nth || number - g_nth >= g_count) return Fault::kNone;
    g_injected.fetch_add(1);
    return g_fault;
  }
  g_calls.fetch_add(1);
  if (NextRandom() % g_one_in != 0) return Fault::kNone;
  std::array<Fault, 8> possible{};
  std::size_t count = 0;
  for (const FaultSite& site : FaultSites()) {
    if (std::strcmp(site.call, call) != 0) continue;
    if (site.invisible || !g_only_invisible) possible[count++] = site.fault;
  }
  if (count == 0) return Fault::kNone;
  g_injected.fetch_add(1);
  return possible[NextRandom() % count];
}

int ErrorOf(Fault fault) {
  switch (fault) {
    case Fault::kEintr:
      return EINTR;
    case Fault::kEagain:
      return EAGAIN;
    case Fault::kReset:
      return ECONNRESET;
    case Fault::kNoBuffers:
      return ENOBUFS;
    case Fault::kTooManyFiles:
      return EMFILE;
    case Fault::kNoMemory:
      return ENOMEM;
    case Fault::kAborted:
      return ECONNABORTED;
    case Fault::kIoError:
      return EIO;
    case Fault::kNone:
    case Fault::kShort:
      break;
  }
  return 0;
}

// True: the call fails, errno is set.
bool Fails(Fault fault) {
  const int error = ErrorOf(fault);
  if (error != 0) errno = error;
  return error != 0;
}

// A part of a message: a copy whose first non-empty buffer alone remains, halved.
struct ShortMessage {
  explicit ShortMessage(const msghdr& message) : header(message) {
    for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
      if (message.msg_iov[i].iov_len == 0) continue;
      part = message.msg_iov[i];
      part.iov_len = (part.iov_len + 1) / 2;
      header.msg_iov = &part;
      header.msg_iovlen = 1;
      return;
    }
  }
  msghdr header;
  iovec part{};
};

const iocp::SystemCalls& Real() {
  return iocp::RealSystemCalls();
}

iocp::SystemCalls FaultyTable() {
  iocp::SystemCalls table = Real();
  table.socket = [](int family, int type, int protocol) {
    return Fails(Decide("socket")) ? -1 : Real().socket(family, type, protocol);
  };
  table.accept4 = [](int fd, sockaddr* name, socklen_t* length, int flags) {
    return Fails(Decide("accept")) ? -1 : Real().accept4(fd, name, length, flags);
  };
  table.connect = [](int fd, const sockaddr* name, socklen_t length) {
    return Fails(Decide("connect")) ? -1 : Real().connect(fd, name, length);
  };
  table.recv = [](int fd, void* data, size_t length, int flags) -> ssize_t {
    const Fault fault = Decide("recv");
    if (Fails(fault)) return -1;
    return Real().recv(fd, data, fault == Fault::kShort ? (length + 1) / 2 : length, flags);
  };
  table.recvmsg = [](int fd, msghdr* message, int flags) -> ssize_t {
    const Fault fault = Decide("recv");
    if (Fails(fault)) return -1;
    if (fault != Fault::kShort) return Real().recvmsg(fd, message, flags);
    ShortMessage part(*message);
    return Real().recvmsg(fd, &part.header, flags);
  };
  table.send = [](int fd, const void* data, size_t length, int flags) -> ssize_t {
    const Fault fault = Decide("send");
    if (Fails(fault)) return -1;
    return Real().send(fd, data, fault == Fault::kShort ? (length + 1) / 2 : length, flags);
  };
  table.sendmsg = [](int fd, const msghdr* message, int flags) -> ssize_t {
    const Fault fault = Decide("send");
    if (Fails(fault)) return -1;
    if (fault != Fault::kShort) return Real().sendmsg(fd, message, flags);
    const ShortMessage part(*message);
    return Real().sendmsg(fd, &part.header, flags);
  };
  table.epoll_create1 = [](int flags) {
    return Fails(Decide("epoll_create")) ? -1 : Real().epoll_create1(flags);
  };
  table.epoll_ctl = [](int epoll, int operation, int fd, epoll_event* event) {
    // Only a registration needs memory; taking one back cannot fail.
    if (operation == EPOLL_CTL_ADD && Fails(Decide("epoll_ctl"))) return -1;
    return Real().epoll_ctl(epoll, operation, fd, event);
  };
  table.epoll_wait = [](int epoll, epoll_event* events, int count, int milliseconds) {
    return Fails(Decide("epoll_wait")) ? -1 : Real().epoll_wait(epoll, events, count, milliseconds);
  };
  table.eventfd = [](unsigned initial, int flags) {
    return Fails(Decide("eventfd")) ? -1 : Real().eventfd(initial, flags);
  };
  table.futex_wait = [](std::atomic<std::uint32_t>* word, std::uint32_t expected,
                        const timespec* relative) {
    return Fails(Decide("futex_wait")) ? -1 : Real().futex_wait(word, expected, relative);
  };
  table.poll = [](pollfd* fds, nfds_t count, int milliseconds) {
    return Fails(Decide("poll")) ? -1 : Real().poll(fds, count, milliseconds);
  };
  table.open = [](const char* path, int flags, mode_t mode) {
    return Fails(Decide("open")) ? -1 : Real().open(path, flags, mode);
  };
  table.pread = [](int fd, void* data, size_t length, off_t offset) -> ssize_t {
    const Fault fault = Decide("pread");
    if (Fails(fault)) return -1;
    return Real().pread(fd, data, fault == Fault::kShort ? (length + 1) / 2 : length, offset);
  };
  table.pwrite = [](int fd, const void* data, size_t length, off_t offset) -> ssize_t {
    const Fault fault = Decide("pwrite");
    if (Fails(fault)) return -1;
    return Real().pwrite(fd, data, fault == Fault::kShort ? (length + 1) / 2 : length, offset);
  };
  table.setsockopt = [](int fd, int level, int name, const void* value, socklen_t length) {
    return Fails(Decide("setsockopt")) ? -1 : Real().setsockopt(fd, level, name, value, length);
  };
  return table;
}

const iocp::SystemCalls g_table = FaultyTable();

}  // namespace

const char* ToString(Fault fault) {
  static constexpr std::array<const char*, 10> kNames = {
      "none",    "EINTR",  "EAGAIN", "short count",  "ECONNRESET",
      "ENOBUFS", "EMFILE", "ENOMEM", "ECONNABORTED", "EIO"};
  return kNames[static_cast<std::size_t>(fault)];
}

const std::vector<FaultSite>& FaultSites() {
  static const std::vector<FaultSite> sites = {
      {"recv", Fault::kEintr, true},
      {"recv", Fault::kEagain, true},
      {"recv", Fault::kShort, true},
      {"recv", Fault::kReset, false},
      {"recv", Fault::kNoBuffers, false},
      {"send", Fault::kEintr, true},
      {"send", Fault::kEagain, true},
      {"send", Fault::kShort, true},
      {"send", Fault::kReset, false},
      {"send", Fault::kNoBuffers, false},
      {"accept", Fault::kEintr, true},
      {"accept", Fault::kEagain, true},
      {"accept", Fault::kTooManyFiles, false},
      {"accept", Fault::kNoBuffers, false},
      {"accept", Fault::kAborted, false},
      {"socket", Fault::kTooManyFiles, false},
      {"socket", Fault::kNoBuffers, false},
      {"connect", Fault::kNoBuffers, false},
      {"epoll_create", Fault::kTooManyFiles, false},
      {"epoll_ctl", Fault::kNoMemory, false},
      {"epoll_wait", Fault::kEintr, true},
      {"eventfd", Fault::kTooManyFiles, false},
      {"futex_wait", Fault::kEintr, true},
      {"poll", Fault::kEintr, true},
      {"open", Fault::kTooManyFiles, false},
      {"pread", Fault::kEintr, true},
      {"pread", Fault::kShort, true},
      {"pread", Fault::kIoError, false},
      {"pwrite", Fault::kEintr, true},
      {"pwrite", Fault::kShort, true},
      {"pwrite", Fault::kIoError, false},
      {"setsockopt", Fault::kNoBuffers, false},
  };
  return sites;
}

FaultPlan::FaultPlan(const FaultSite& site, int nth, int count) {
  g_call = site.call;
  g_fault = site.fault;
  g_nth = nth;
  g_count = count;
  g_calls = 0;
  g_injected = 0;
  iocp::testing::ReplaceSystemCalls(&g_table);
}

FaultPlan::FaultPlan(std::uint64_t seed, std::uint32_t one_in, bool only_invisible) {
  g_call = nullptr;
  g_one_in = one_in;
  g_only_invisible = only_invisible;
  g_random = seed;
  g_calls = 0;
  g_injected = 0;
  iocp::testing::ReplaceSystemCalls(&g_table);
}

FaultPlan::~FaultPlan() {
  iocp::testing::ReplaceSystemCalls(nullptr);
}

int FaultPlan::calls() const {
  return g_calls.load();
}
int FaultPlan::injected() const {
  return g_injected.load();
}

}  // namespace course_test

#endif  // _WIN32
