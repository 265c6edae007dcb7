#include <algorithm>
#include <filesystem>
#include <iterator>

#include "tests/iocp/unit_port_stress.h"

namespace course_test {
namespace {

void WarmUp() {
  const Connection connection = Connect();
  Operation receive;
  const Handle event = MakeEvent();
  receive.hEvent = event;
  EXPECT_TRUE(Receive(connection.ours, &receive).pended());
  SendAll(connection.peer, "x");
  EXPECT_CODE(WaitForSingleObject(event, kDeadlineMs), WAIT_OBJECT_0);
}

std::size_t OpenDescriptors() {
#ifdef _WIN32
  return 0;
#else
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
#endif
}

}  // namespace

int Rounds(int linux_rounds) {
  return std::max(1, (RunningUnderWine() ? linux_rounds / 8 : linux_rounds)) * StressFactor();
}

bool WineServerBreaks() {
  return WineDiffers(
      "stress", "closing, cancelling and completing at once ends Wine's server process",
      "observed with Wine 8: wineserver aborts with 'corrupted double-linked list' or "
      "in release_object");
}

NothingLeftBehind::NothingLeftBehind() {
  WarmUp();
  // The event is set a moment before the background thread puts the operation's record back.
  EXPECT_TRUE(Eventually([] {
    const auto counters = iocp::ReadCounters();
    return !counters || (counters->live_operations == 0 && counters->open_descriptors == 0);
  }));
  before_ = iocp::ReadCounters();
  descriptors_ = OpenDescriptors();
}

NothingLeftBehind::~NothingLeftBehind() {
  if (!before_) return;  // Windows shows nothing
  // A cancelled or closed operation may still be on its way out of another thread's hands.
  EXPECT_TRUE(Eventually([&] {
    return iocp::ReadCounters()->live_operations == before_->live_operations;
  })) << iocp::ReadCounters()->live_operations - before_->live_operations
      << " operation records";
  EXPECT_EQ(iocp::ReadCounters()->live_handles, before_->live_handles);
  EXPECT_TRUE(Eventually([&] { return OpenDescriptors() == descriptors_; }))
      << OpenDescriptors() << " descriptors are open, " << descriptors_ << " before";
  EXPECT_EQ(iocp::ReadCounters()->open_descriptors, before_->open_descriptors);
}

Workers::Workers(HANDLE port, int count) : port_(port) {
  for (int i = 0; i < count; ++i) threads_.emplace_back([this, i] { Loop(i % 2 == 1); });
}

void Workers::End() {
  for (std::size_t i = 0; i < threads_.size(); ++i)
    PostQueuedCompletionStatus(port_, 0, 0, nullptr);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Workers::Loop(bool batches) {
  std::array<OVERLAPPED_ENTRY, 8> entries{};
  for (;;) {
    ULONG count = 1;
    if (batches) {
      if (!GetQueuedCompletionStatusEx(port_, entries.data(), 8, &count, INFINITE, FALSE)) return;
    } else {
      const Dequeued got = Dequeue(port_, INFINITE);
      if (!got.ok && got.overlapped == nullptr) return;
      entries[0].lpCompletionKey = got.key;
      entries[0].lpOverlapped = got.overlapped;
    }
    int ends = 0;
    for (ULONG i = 0; i < count; ++i) {
      if (entries[i].lpCompletionKey == 0) {
        ++ends;
        continue;
      }
      static_cast<CountedOperation*>(entries[i].lpOverlapped)->packets.fetch_add(1);
      packets_.fetch_add(1);
    }
    if (ends == 0) continue;
    // A batch may have taken the end packets of others too: give those back.
    for (; ends > 1; --ends) PostQueuedCompletionStatus(port_, 0, 0, nullptr);
    return;
  }
}

void Issue(SOCKET socket, CountedOperation* operation, bool receive) {
  // Set before the call: the packet may be dequeued before it returns (P15).
  operation->expected.store(true);
  WSABUF buffer{static_cast<ULONG>(operation->data.size()), operation->data.data()};
  DWORD bytes = 0;
  DWORD flags = 0;
  const int result = receive ? WSARecv(socket, &buffer, 1, &bytes, &flags, operation, nullptr)
                             : WSASend(socket, &buffer, 1, &bytes, 0, operation, nullptr);
  if (result != 0 && WSAGetLastError() != WSA_IO_PENDING) operation->expected.store(false);
}

}  // namespace course_test
