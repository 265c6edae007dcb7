#include "iocp/linux/trace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>

#include "iocp/linux/immortal.h"

namespace iocp::trace {
namespace {

constexpr std::size_t kBufferSize = 64 * 1024;
constexpr std::size_t kLongestEvent = 1024;
constexpr char kEnd[] = "\n]}\n";

// The file always ends with kEnd; the next flush overwrites it. So the file is complete JSON after
// every flush, however the program ends.
class Writer {
 public:
  Writer() {
    const char* const path = std::getenv("IOCP_TRACE");
    if (path == nullptr || *path == '\0') return;
    fd_ = ::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) {
      std::fprintf(stderr, "iocp: cannot write the trace %s\n", path);
      return;
    }
    buffer_ = "{\"traceEvents\":[\n";
    AppendLocked(
        "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"args\":{\"name\":\"completion "
        "port\"}}");
    FlushLocked();
    g_on.store(true, std::memory_order_relaxed);
    std::atexit([] { Immortal<Writer>().Flush(); });
  }

  void Append(const char* event) {
    const std::lock_guard guard(lock_);
    AppendLocked(event);
    if (buffer_.size() > kBufferSize) FlushLocked();
  }

  void Flush() {
    const std::lock_guard guard(lock_);
    FlushLocked();
  }

 private:
  void AppendLocked(const char* event) {
    if (!first_) buffer_ += ",\n";
    first_ = false;
    buffer_ += event;
  }

  void FlushLocked() {
    const std::size_t length = buffer_.size();
    buffer_ += kEnd;
    std::size_t done = 0;
    while (done < buffer_.size()) {
      const ssize_t step = ::pwrite(fd_, buffer_.data() + done, buffer_.size() - done,
                                    static_cast<off_t>(offset_ + done));
      if (step <= 0) break;
      done += static_cast<std::size_t>(step);
    }
    offset_ += std::min(length, done);
    buffer_.clear();
  }

  std::mutex lock_;
  int fd_ = -1;
  bool first_ = true;       // guarded by lock_
  std::string buffer_;      // guarded by lock_; bounded by kBufferSize and one event
  std::size_t offset_ = 0;  // guarded by lock_; where kEnd begins
};

// Reads the environment before main.
[[maybe_unused]] const bool g_started = (Immortal<Writer>(), true);

double Microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

unsigned long Hex(const void* pointer) {
  return reinterpret_cast<unsigned long>(pointer);
}

[[gnu::format(printf, 1, 2)]] void Write(const char* format, ...) {
  char event[kLongestEvent];
  va_list list;
  va_start(list, format);
  std::vsnprintf(event, sizeof event, format, list);
  va_end(list);
  Immortal<Writer>().Append(event);
}

// One instant event of the calling thread. `format` gives the inside of "args".
[[gnu::format(printf, 2, 3)]] void Instant(const char* name, const char* format, ...) {
  char args[kLongestEvent / 2];
  va_list list;
  va_start(list, format);
  std::vsnprintf(args, sizeof args, format, list);
  va_end(list);
  Write("{\"name\":\"%s\",\"ph\":\"i\",\"s\":\"t\",\"pid\":1,\"tid\":%u,\"ts\":%.3f,\"args\":{%s}}",
        name, Self().id, Microseconds(), args);
}

// A time span of any thread's row.
void Span(const char* phase, const char* name, DWORD thread) {
  Write("{\"name\":\"%s\",\"ph\":\"%s\",\"pid\":1,\"tid\":%u,\"ts\":%.3f}", name, phase, thread,
        Microseconds());
}

void QueueLength(HANDLE port, std::size_t length) {
  Write(
      "{\"name\":\"CompletionQueue 0x%lx\",\"ph\":\"C\",\"pid\":1,\"ts\":%.3f,"
      "\"args\":{\"packets\":%zu}}",
      Hex(port), Microseconds(), length);
}

const char* NameOf(Place place) {
  switch (place) {
    case Place::kNone:
      return "none";
    case Place::kWaiting:
      return "WaitingThreads";
    case Place::kReleased:
      return "ReleasedThreads";
    case Place::kPaused:
      return "PausedThreads";
  }
  return "unknown";
}

}  // namespace

void PortCreated(HANDLE port, DWORD concurrency) {
  Instant("port created", "\"port\":\"0x%lx\",\"concurrency\":%u", Hex(port), concurrency);
}

void PortClosed(HANDLE port) {
  Instant("port closed", "\"port\":\"0x%lx\"", Hex(port));
}

void DeviceAdded(HANDLE port, ULONG_PTR device, ULONG_PTR key) {
  Instant("device associated", "\"port\":\"0x%lx\",\"device\":\"0x%lx\",\"key\":\"0x%lx\"",
          Hex(port), device, key);
}

void DeviceRemoved(HANDLE port, ULONG_PTR device) {
  Instant("device removed", "\"port\":\"0x%lx\",\"device\":\"0x%lx\"", Hex(port), device);
}

void PacketQueued(HANDLE port, const Packet& packet, std::size_t queue_length) {
  Instant("packet queued",
          "\"port\":\"0x%lx\",\"key\":\"0x%lx\",\"overlapped\":\"0x%lx\",\"bytes\":%u,"
          "\"status\":\"0x%08x\",\"queue\":%zu",
          Hex(port), packet.lpCompletionKey, Hex(packet.lpOverlapped),
          packet.dwNumberOfBytesTransferred, static_cast<unsigned>(packet.Internal), queue_length);
  QueueLength(port, queue_length);
}

void PacketTaken(HANDLE port, const Thread& thread, const Packet& packet,
                 std::size_t queue_length) {
  Instant(
      "packet taken",
      "\"port\":\"0x%lx\",\"thread\":%u,\"key\":\"0x%lx\",\"overlapped\":\"0x%lx\",\"queue\":%zu",
      Hex(port), thread.id, packet.lpCompletionKey, Hex(packet.lpOverlapped), queue_length);
  QueueLength(port, queue_length);
}

void ThreadMoved(HANDLE port, const Thread& thread, Place from, Place to) {
  if (from != Place::kNone) Span("E", NameOf(from), thread.id);
  Instant("thread moved", "\"port\":\"0x%lx\",\"thread\":%u,\"from\":\"%s\",\"to\":\"%s\"",
          Hex(port), thread.id, NameOf(from), NameOf(to));
  if (to != Place::kNone) Span("B", NameOf(to), thread.id);
}

void OperationIssued(HANDLE device, const char* kind, const OVERLAPPED* overlapped,
                     std::size_t buffers, std::size_t length) {
  Instant("operation issued",
          "\"device\":\"0x%lx\",\"kind\":\"%s\",\"overlapped\":\"0x%lx\",\"buffers\":%zu,"
          "\"length\":%zu",
          Hex(device), kind, Hex(overlapped), buffers, length);
}

void OperationCompleted(HANDLE device, const char* kind, const OVERLAPPED* overlapped,
                        NTSTATUS status, std::uint64_t bytes) {
  Instant("operation completed",
          "\"device\":\"0x%lx\",\"kind\":\"%s\",\"overlapped\":\"0x%lx\",\"status\":\"0x%08x\","
          "\"bytes\":%lu",
          Hex(device), kind, Hex(overlapped), static_cast<unsigned>(status),
          static_cast<unsigned long>(bytes));
}

void ThreadNamed(const Thread& thread, const std::string& name) {
  std::string clean;
  for (const char c : name.substr(0, 64)) {
    if (c == '"' || c == '\\') clean += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) clean += c;
  }
  Write("{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"args\":{\"name\":\"%s\"}}",
        thread.id, clean.c_str());
}

}  // namespace iocp::trace
