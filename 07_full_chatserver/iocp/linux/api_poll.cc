// select and WSAPoll: for programs that ask about a few sockets. They know nothing of overlapped
// operations: what those will take counts as readable.
#include <algorithm>
#include <span>
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

struct Polled {
  Ref<Socket> socket;
  Connection* connection;
};

// One round: at most until the deadline. Fills revents; how many have some.
int PollOnce(std::span<WSAPOLLFD> fds, const Deadline& deadline) {
  std::vector<Polled> polled(fds.size());
  std::vector<pollfd> entries(fds.size(), pollfd{-1, 0, 0});
  bool wait = !deadline.Passed();
  for (std::size_t i = 0; i < fds.size(); ++i) {
    fds[i].revents = 0;
    if (fds[i].fd == INVALID_SOCKET) continue;
    polled[i].socket = FindSocket(fds[i].fd);
    if (polled[i].socket) polled[i].connection = polled[i].socket->BeginPoll(&entries[i].fd);
    entries[i].events = fds[i].events;
    if (polled[i].connection == nullptr) fds[i].revents = POLLNVAL;
    // Closed, or nothing to poll: it may have an answer already.
    if (entries[i].fd < 0) wait = false;
  }
  int ready = iocp::SysPollMany(entries.data(), entries.size(), 0);
  if (ready == 0 && wait) {
    const iocp::PausedScope paused;  // P12
    iocp::SysPollMany(entries.data(), entries.size(), deadline.Milliseconds());
  }
  int count = 0;
  for (std::size_t i = 0; i < fds.size(); ++i) {
    if (polled[i].connection != nullptr) {
      fds[i].revents = polled[i].socket->EndPoll(polled[i].connection, entries[i].revents);
    }
    if (fds[i].revents != 0) ++count;
  }
  return count;
}

int Poll(std::span<WSAPOLLFD> fds, DWORD milliseconds) {
  const Deadline deadline(milliseconds);
  for (;;) {
    const int count = PollOnce(fds, deadline);
    if (count > 0 || deadline.Passed()) return count;
    // A round ends early when a signal comes, or when a socket is asked about that has no
    // connection: look again before long.
    const iocp::PausedScope paused;
    iocp::SysPollMany(nullptr, 0, 1);
  }
}

}  // namespace

int WSAPoll(LPWSAPOLLFD fds, ULONG count, INT milliseconds) {
  if (fds == nullptr) return WinsockResult(WSAEFAULT);
  if (count == 0) return WinsockResult(WSAEINVAL);
  return Poll({fds, count}, milliseconds < 0 ? INFINITE : static_cast<DWORD>(milliseconds));
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
    milliseconds = static_cast<DWORD>(timeout->tv_sec * 1000 + (timeout->tv_usec + 999) / 1000);
  }
  Poll(fds, milliseconds);
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
