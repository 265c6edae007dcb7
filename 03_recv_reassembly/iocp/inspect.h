// Looking into a live port: its five structures, and counters of the whole process.
//
// An extension of this course, not part of Win32. On Windows the port lives in the kernel and shows
// nothing of this: every function returns "not visible" there (nullopt, zero, false).
// Any thread may call any of these at any time.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "iocp/iocp.h"

namespace iocp {

struct DeviceEntry {
  ULONG_PTR handle = 0;  // the associated SOCKET or file HANDLE
  ULONG_PTR key = 0;
};

struct PacketEntry {
  ULONG_PTR key = 0;
  OVERLAPPED* overlapped = nullptr;
  DWORD bytes = 0;
  ULONG_PTR status = 0;  // NT status
};

struct ThreadEntry {
  DWORD id = 0;      // as GetCurrentThreadId() in that thread
  std::string name;  // as given by NameThread, else empty
};

// The five structures, all read at one moment under the port's lock.
struct PortSnapshot {
  DWORD concurrency = 0;                      // most threads that may run at a time
  std::vector<DeviceEntry> device_list;       // in order of association
  std::vector<PacketEntry> completion_queue;  // oldest first (FIFO)
  std::vector<ThreadEntry> waiting_threads;   // next to be woken first (LIFO)
  std::vector<ThreadEntry> released_threads;  // running with a packet
  std::vector<ThreadEntry> paused_threads;    // released, but blocked in a call of this API
};

// nullopt: not visible (Windows) or not an open port.
std::optional<PortSnapshot> TakeSnapshot(HANDLE port);

// How much each of the five structures holds, and what has gone through: for whoever watches a busy
// port. A snapshot of 20,000 devices would hold up the port's threads; this costs a few reads.
struct PortSizes {
  DWORD concurrency = 0;
  std::size_t devices = 0;
  std::size_t packets = 0;
  std::size_t waiting = 0;  // threads
  std::size_t released = 0;
  std::size_t paused = 0;
  std::uint64_t packets_taken = 0;  // since the port was made
};

// nullopt: as above.
std::optional<PortSizes> ReadSizes(HANDLE port);

// True as soon as `count` threads or more are in the port's waiting list; false at the deadline or
// where the list is not visible.
bool WaitUntilParked(HANDLE port, std::size_t count,
                     std::chrono::steady_clock::time_point deadline);

// Name of the calling thread in snapshots and traces.
void NameThread(const std::string& name);

// System calls that the port makes, by kind. kCount is their number.
enum class SystemCall : std::uint8_t {
  kSocket,
  kBind,
  kListen,
  kAccept,
  kConnect,
  kShutdown,
  kClose,
  kRecv,     // recv and recvmsg
  kSend,     // send and sendmsg
  kSockopt,  // setsockopt, getsockopt, getsockname, ioctl
  kEpollCreate,
  kEpollCtl,
  kEpollWait,
  kEventfd,
  kSignal,  // write to an eventfd: wakes a thread that polls
  kFutexWait,
  kFutexWake,
  kPoll,
  kOpen,
  kFileRead,
  kFileWrite,
  kFileStat,
  kCount
};
const char* ToString(SystemCall call);

struct Counters {
  std::int64_t live_handles = 0;      // sockets, ports, events, files, threads not yet closed
  std::int64_t live_operations = 0;   // pending operation records
  std::int64_t open_descriptors = 0;  // Linux descriptors held by the port's sockets, ports, files
  std::uint64_t wake_ups = 0;         // waits that ended because somebody or something woke them
  std::uint64_t searched = 0;         // pending operations that cancel and close looked at
  std::uint64_t allocations = 0;      // heap allocations made by the port
  std::uint64_t system_calls = 0;     // all kinds together
  std::array<std::uint64_t, static_cast<std::size_t>(SystemCall::kCount)> calls{};
};

// nullopt: not visible (Windows).
std::optional<Counters> ReadCounters();

}  // namespace iocp
