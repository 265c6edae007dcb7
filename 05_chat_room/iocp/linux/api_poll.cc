// select and WSAPoll: for programs that ask about a few sockets. They know nothing of overlapped
// operations: what those will take counts as readable.
#include <errno.h>

#include <algorithm>
#include <span>
#include <unordered_map>
#include <vector>

#include "iocp/linux/api_socket.h"
#include "iocp/linux/deadline.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/thread.h"

using iocp::Connection;
using iocp::Deadline;
using iocp::FindSocket;
using iocp::Ref;
using iocp::Socket;
using iocp::WinsockResult;

namespace {

// One socket of a round, however often the program has named it: the kernel takes no more entries
// than a process may have descriptors (RLIMIT_NOFILE).
struct Polled {
  Ref<Socket> socket;
  Connection* connection = nullptr;
  pollfd entry{-1, 0, 0};
  short result = 0;
};

// One round: at most until the deadline. Fills revents; how many have some. -1: the system refuses.
int PollOnce(std::span<WSAPOLLFD> fds, const Deadline& deadline) {
  std::unordered_map<SOCKET, Polled> sockets;
  bool wait = !deadline.Passed();
  for (WSAPOLLFD& asked : fds) {
    asked.revents = 0;
    if (asked.fd == INVALID_SOCKET) continue;
    const auto [it, is_new] = sockets.try_emplace(asked.fd);
    Polled& polled = it->second;
    polled.entry.events = static_cast<short>(polled.entry.events | asked.events);
    if (!is_new) continue;
    polled.socket = FindSocket(asked.fd);
    if (polled.socket) polled.connection = polled.socket->BeginPoll(&polled.entry.fd);
    // Closed, or nothing to poll: it may have an answer already.
    if (polled.entry.fd < 0) wait = false;
  }
  std::vector<pollfd> entries;
  for (const auto& [handle, polled] : sockets) {
    if (polled.entry.fd >= 0) entries.push_back(polled.entry);
  }
  int ready = iocp::SysPollMany(entries.data(), entries.size(), 0);
  if (ready == 0 && wait) {
    const iocp::PausedScope paused;  // P12
    ready = iocp::SysPollMany(entries.data(), entries.size(), deadline.Milliseconds());
  }
  const bool refused = ready < 0 && errno != EINTR;
  auto answer = entries.cbegin();
  for (auto& [handle, polled] : sockets) {
    const short events = polled.entry.fd >= 0 ? (answer++)->revents : short{0};
    polled.result =
        polled.connection == nullptr ? POLLNVAL : polled.socket->EndPoll(polled.connection, events);
  }
  if (refused) return -1;
  int count = 0;
  for (WSAPOLLFD& asked : fds) {
    if (asked.fd == INVALID_SOCKET) continue;
    // What nobody asks for is told, too.
    constexpr short kAlways = POLLERR | POLLHUP | POLLNVAL;
    asked.revents = static_cast<short>(sockets[asked.fd].result & (asked.events | kAlways));
    if (asked.revents != 0) ++count;
  }
  return count;
}

// -1: errno.
int Poll(std::span<WSAPOLLFD> fds, DWORD milliseconds) {
  const Deadline deadline(milliseconds);
  for (int pause = 1;; pause = std::min(2 * pause, 16)) {
    const int count = PollOnce(fds, deadline);
    if (count != 0 || deadline.Passed()) return count;
    // A round ends early when a signal comes, or when a socket is asked about that has no
    // connection: look again before long.
    const iocp::PausedScope paused;
    const int left = deadline.Milliseconds();
    iocp::SysPollMany(nullptr, 0, left < 0 ? pause : std::min(pause, left));
  }
}

}  // namespace

int WSAPoll(LPWSAPOLLFD fds, ULONG count, INT milliseconds) {
  if (fds == nullptr) return WinsockResult(WSAEFAULT);
  if (count == 0) return WinsockResult(WSAEINVAL);
  const int ready =
      Poll({fds, count}, milliseconds < 0 ? INFINITE : static_cast<DWORD>(milliseconds));
  return ready < 0 ? WinsockResult(WSAENOBUFS) : ready;
}

// --- select ------------------------------------------------------------------------------------------

BOOL FD_ISSET(SOCKET s, const fd_set* set) {
  const SOCKET* const end = set->fd_array + set->fd_count;
  return std::find(set->fd_array, end, s) != end ? TRUE : FALSE;
}

void FD_SET(SOCKET s, fd_set* set) {
  if (set->fd_count < FD_SETSIZE && FD_ISSET(s, set) == FALSE) set->fd_array[set->fd_count++] = s;
}

void FD_CLR(SOCKET s, fd_set* set) {
  SOCKET* const end = set->fd_array + set->fd_count;
  SOCKET* const at = std::find(set->fd_array, end, s);
  if (at == end) return;
  std::copy(at + 1, end, at);
  --set->fd_count;
}

int select(int, fd_set* read, fd_set* write, fd_set* except, const timeval* timeout) {
  // One entry per socket and set: the answers then lie in the order of the sets.
  struct Asked {
    fd_set* set;
    short events;
    short means;
  };
  const Asked all[] = {
      {read, POLLIN, POLLIN | POLLHUP}, {write, POLLOUT, POLLOUT}, {except, POLLPRI, POLLPRI}};
  std::vector<WSAPOLLFD> fds;
  for (const Asked& asked : all) {
    for (UINT i = 0; asked.set != nullptr && i < asked.set->fd_count; ++i) {
      if (!FindSocket(asked.set->fd_array[i])) return WinsockResult(iocp::NotASocket());
      fds.push_back({asked.set->fd_array[i], asked.events, 0});
    }
  }
  if (fds.empty()) return WinsockResult(WSAEINVAL);
  DWORD milliseconds = INFINITE;
  if (timeout != nullptr) {
    if (timeout->tv_sec < 0 || timeout->tv_usec < 0) return WinsockResult(WSAEINVAL);
    constexpr std::int64_t kFarthest = INFINITE - 1;  // 49 days
    const std::int64_t seconds = std::min<std::int64_t>(timeout->tv_sec, kFarthest / 1000);
    milliseconds = static_cast<DWORD>(
        std::min(seconds * 1000 + (std::int64_t{timeout->tv_usec} + 999) / 1000, kFarthest));
  }
  if (Poll(fds, milliseconds) < 0) return WinsockResult(WSAENOBUFS);
  int count = 0;
  auto answer = fds.cbegin();
  for (const Asked& asked : all) {
    if (asked.set == nullptr) continue;
    UINT kept = 0;
    for (UINT i = 0; i < asked.set->fd_count; ++i, ++answer) {
      // A connect that has failed is in `except` alone; a connection that has, is readable.
      constexpr short kFailed = POLLERR | POLLHUP;
      const bool refused = answer->revents == kFailed;
      const bool has = refused ? asked.set == except
                               : (answer->revents & asked.means) != 0 ||
                                     (asked.set == read && (answer->revents & POLLERR) != 0);
      if (has) asked.set->fd_array[kept++] = answer->fd;
    }
    asked.set->fd_count = kept;
    count += static_cast<int>(kept);
  }
  return count;
}
