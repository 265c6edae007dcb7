// Eight threads send to two hundred sessions through a network that takes what it likes: every
// packet arrives once, whole and in order, and never are two sends of one session outstanding.
//
// COURSE_STRESS=200 makes it ten million packets.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "labs/plain_clients.h"
#include "net/cipher.h"
#include "net/frame.h"
#include "net/send_node.h"
#include "net/send_turn.h"
#include "tests/support/recording_server.h"
#include "tests/support/task_input.h"
#include "tests/support/test_support.h"
#ifndef _WIN32
#include "iocp/linux/syscalls.h"
#endif

namespace {

using net::PacketRef;
using net::SessionId;

constexpr std::size_t kSessions = 200;
constexpr std::uint32_t kSenders = 8;
constexpr std::uint64_t kWindow = 100'000;  // packets on their way, so that no memory bound is met
constexpr std::uint32_t kWindowStep = 100;

// --- a network that takes less than it is given ----------------------------------------------------

#ifndef _WIN32
std::uint64_t fault_seed = 0;

course_test::Random& FaultRandom() {
  static std::atomic<std::uint64_t> threads{0};
  thread_local course_test::Random random(fault_seed + threads.fetch_add(1));
  return random;
}

ssize_t ShortSend(int fd, const void* data, std::size_t length, int flags) {
  course_test::Random& random = FaultRandom();
  if (random.OneIn(16)) {
    errno = EAGAIN;
    return -1;
  }
  if (random.OneIn(3)) length = 1 + random.Below(length);
  return iocp::RealSystemCalls().send(fd, data, length, flags);
}

ssize_t ShortSendMsg(int fd, const msghdr* message, int flags) {
  course_test::Random& random = FaultRandom();
  if (random.OneIn(16)) {
    errno = EAGAIN;
    return -1;
  }
  if (!random.OneIn(3)) return iocp::RealSystemCalls().sendmsg(fd, message, flags);
  // Some of the buffers, and of the last of them only a part.
  std::vector<iovec> parts(message->msg_iov, message->msg_iov + message->msg_iovlen);
  parts.resize(1 + random.Below(parts.size()));
  if (parts.back().iov_len > 0) parts.back().iov_len = 1 + random.Below(parts.back().iov_len);
  msghdr less = *message;
  less.msg_iov = parts.data();
  less.msg_iovlen = parts.size();
  return iocp::RealSystemCalls().sendmsg(fd, &less, flags);
}

class ShortWrites {
 public:
  explicit ShortWrites(std::uint64_t seed) {
    fault_seed = seed;
    static iocp::SystemCalls table = iocp::RealSystemCalls();
    table.send = ShortSend;
    table.sendmsg = ShortSendMsg;
    iocp::testing::ReplaceSystemCalls(&table);
  }
  ~ShortWrites() { iocp::testing::ReplaceSystemCalls(nullptr); }
};
#else
struct ShortWrites {  // Windows decides for itself
  explicit ShortWrites(std::uint64_t) {}
};
#endif

// --- instruments -----------------------------------------------------------------------------------

class AtomicProbe : public net::SendProbe {
 public:
  void OnSendBegins(SessionId id) override {
    if (outstanding_[id.index()].fetch_add(1) != 0) ++two_at_once;
  }
  void OnSendEnded(SessionId id) override {
    if (outstanding_[id.index()].fetch_sub(1) != 1) ++two_at_once;
  }
  std::atomic<int> two_at_once{0};

 private:
  std::array<std::atomic<int>, kSessions> outstanding_{};
};

// Bounds what is on its way. (std::counting_semaphore loses wake-ups with MinGW's gcc 12.)
class Window {
 public:
  explicit Window(std::uint64_t size) : free_(size) {}
  void Take(std::uint64_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return free_ >= count; });
    free_ -= count;
  }
  void GiveBack(std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    free_ += count;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t free_;  // guarded by mutex_
};

// A packet whose length and bytes follow from sender and number, so that a receiver can tell.
std::size_t ExtraBytes(std::uint32_t sender, std::uint32_t number) {
  return (number * 7 + sender * 13) % 90;
}
std::uint8_t ExtraByte(std::uint32_t sender, std::uint32_t number) {
  return static_cast<std::uint8_t>(number * 31 + sender);
}

PacketRef MakeNumbered(const net::Server& server, std::uint32_t sender, std::uint32_t number) {
  PacketRef packet = net::Packet::Make(2);
  *packet << sender << number;
  const std::array<std::uint8_t, 90> extra = [&] {
    std::array<std::uint8_t, 90> bytes;
    bytes.fill(ExtraByte(sender, number));
    return bytes;
  }();
  packet->Write({extra.data(), ExtraBytes(sender, number)});
  server.Seal(*packet);
  return packet;
}

// What one client has received: cuts the stream into frames and checks each.
class Checker {
 public:
  // Returns how many whole packets were in it.
  std::size_t Feed(std::span<const std::uint8_t> bytes) {
    rest_.insert(rest_.end(), bytes.begin(), bytes.end());
    std::size_t at = 0;
    std::size_t packets = 0;
    while (rest_.size() - at >= net::kFrameHeaderSize) {
      std::uint8_t* const frame = rest_.data() + at;
      const std::size_t length = net::LoadU16(frame + net::kLengthAt);
      if (frame[net::kCodeAt] != net::kPacketCode || length < net::kMinPayload) {
        ++bad;
        return packets;
      }
      if (rest_.size() - at < net::kFrameHeaderSize + length) break;
      Check(frame, length);
      at += net::kFrameHeaderSize + length;
      ++packets;
    }
    rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(at));
    return packets;
  }

  std::array<std::uint32_t, kSenders> next{};
  std::uint64_t bad = 0;

 private:
  void Check(std::uint8_t* frame, std::size_t length) {
    net::Decode({frame + net::kChecksumAt, length + 1}, net::kDefaultFixedKey,
                frame[net::kRandKeyAt]);
    const std::uint32_t sender = net::LoadU32(frame + net::kBodyAt);
    const std::uint32_t number = net::LoadU32(frame + net::kBodyAt + 4);
    const std::size_t extra = length - net::kPayloadHeaderSize - 8;
    if (net::Checksum({frame + net::kFrameHeaderSize, length}) != frame[net::kChecksumAt] ||
        sender >= kSenders || number != next[sender] || extra != ExtraBytes(sender, number) ||
        (extra > 0 && frame[net::kBodyAt + 8] != ExtraByte(sender, number))) {
      ++bad;
      return;
    }
    ++next[sender];
  }

  std::vector<std::uint8_t> rest_;
};

struct Way {
  const char* name;
  bool skip_on_success;
  std::uint32_t send_copy_max;
};
void PrintTo(const Way& way, std::ostream* out) {
  *out << way.name;
}

class SendStressTest : public testing::TestWithParam<Way> {};

INSTANTIATE_TEST_SUITE_P(Ways, SendStressTest,
                         testing::Values(Way{"SkipAndCopy", true, 512}, Way{"Packets", false, 0}),
                         [](const auto& way) { return way.param.name; });

TEST_P(SendStressTest, EveryPacketOnceWholeAndInOrder) {
  const std::uint64_t seed = course_test::TestSeed();
  const std::uint64_t total = 50'000 * static_cast<std::uint64_t>(course_test::StressFactor());
  const std::uint64_t per_sender = total / kSenders / kWindowStep * kWindowStep;
  TASK_INPUT("04.4", kSenders << " threads, " << kSessions << " sessions, " << total << " packets, "
                              << GetParam().name << ", seed " << seed);
  const ShortWrites short_writes(seed);
  AtomicProbe probe;
  net::ServerOptions options;
  options.session_max = kSessions;
  options.worker_threads = 3;
  options.send_memory_max = 1 << 30;
  options.send_packet_max = 64;
  options.send_copy_max = GetParam().send_copy_max;
  options.skip_on_success = GetParam().skip_on_success;
  options.first_packet_timeout_ms = 0;
  options.idle_timeout_ms = 0;
  options.send_probe = &probe;
  course_test::RecordingServer server(options);
  ASSERT_EQ(server.Start().error(), "");

  Window window(kWindow);
  std::atomic<std::uint64_t> arrived{0};
  const auto checkers = std::make_unique<Checker[]>(kSessions);
  {
    apps::PlainClients clients(
        server.port(), kSessions, 2, [&](std::size_t client, std::span<const std::uint8_t> bytes) {
          const std::size_t packets = checkers[client].Feed(bytes);
          const std::uint64_t before = arrived.fetch_add(packets);
          const std::uint64_t steps = (before + packets) / kWindowStep - before / kWindowStep;
          if (steps > 0) window.GiveBack(steps * kWindowStep);
        });
    ASSERT_TRUE(server.AwaitJoins(kSessions));
    const std::vector<SessionId> ids = server.Joined();

    std::atomic<std::uint64_t> refused{0};
    std::vector<std::thread> senders;
    for (std::uint32_t sender = 0; sender < kSenders; ++sender) {
      senders.emplace_back([&, sender] {
        course_test::Random random(seed ^ (sender + 1));
        std::vector<std::uint32_t> numbers(ids.size(), 0);
        for (std::uint64_t i = 0; i < per_sender; i += kWindowStep) {
          window.Take(kWindowStep);
          // Half of the steps as a turn, the rest packet by packet, some through the port.
          std::unique_ptr<net::SendTurn> turn;
          if (random.OneIn(2)) turn = std::make_unique<net::SendTurn>(server);
          for (std::uint32_t j = 0; j < kWindowStep; ++j) {
            const std::size_t to = random.Below(ids.size());
            const PacketRef packet = MakeNumbered(server, sender, numbers[to]++);
            const net::SendResult result = random.OneIn(8) ? server.SendPacketAsync(ids[to], packet)
                                                           : server.SendPacket(ids[to], packet);
            if (result != net::SendResult::kOk) ++refused;
          }
        }
      });
    }
    for (std::thread& sender : senders) sender.join();
    EXPECT_TRUE(course_test::Eventually([&] { return arrived == per_sender * kSenders; }))
        << "lost wake-up? arrived " << arrived << " of " << per_sender * kSenders;
    EXPECT_EQ(refused, 0u);
    const net::StopReport report = server.Stop();
    EXPECT_EQ(report.live_sessions, 0u);
    EXPECT_EQ(report.outstanding_operations, 0u);
  }
  std::uint64_t bad = 0;
  for (std::size_t i = 0; i < kSessions; ++i) bad += checkers[i].bad;
  EXPECT_EQ(bad, 0u) << "packets damaged, interleaved or out of order";
  EXPECT_EQ(probe.two_at_once, 0) << "two sends of one session were outstanding";
  EXPECT_EQ(net::LiveSendNodes(), 0);
  EXPECT_EQ(net::Packet::LiveCount(), 0);
  EXPECT_EQ(net::LiveBlocks(net::BlockUse::kSendBuffer), 0);
  const net::TrafficTotals totals = server.traffic();
  EXPECT_EQ(totals.send_packets, per_sender * kSenders);
  std::cout << totals.send_packets << " packets in " << totals.send_calls << " sends\n";
}

}  // namespace
