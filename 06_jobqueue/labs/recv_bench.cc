// How fast the receive path takes packets apart, against memcpy of the same bytes: the floor for
// anything that moves bytes from the ring into packets.
//
//   recv_bench [--packet BYTES] [--rounds N] [--json]
//
// Every figure is the median of interleaved rounds; one core, no sockets.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "net/block_pool.h"
#include "net/cipher.h"
#include "net/reassembler.h"
#include "support/options.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kRing = 64 * 1024;
constexpr std::size_t kBytesPerRound = 64 * 1024 * 1024;
constexpr std::uint8_t kKey = net::kDefaultFixedKey;

// As many frames of this payload as a ring holds, as they come from the wire.
std::vector<std::uint8_t> MakeStream(std::size_t payload) {
  std::vector<std::uint8_t> stream;
  const std::vector<std::uint8_t> body(payload - net::kPayloadHeaderSize, 0x5A);
  while (stream.size() + net::kFrameHeaderSize + payload <= kRing) {
    const net::PacketRef packet = net::Packet::Make(1, body.size());
    packet->Write(body);
    packet->Seal(kKey, net::RandomKey());
    stream.insert(stream.end(), packet->frame().begin(), packet->frame().end());
  }
  return stream;
}

// The receive path without the socket: the bytes are put into the ring as a receive does, then
// taken out packet by packet.
class Path {
 public:
  Path() : storage_(kRing) {
    ring_.Attach(storage_);
    rules_.max_payload = net::kMaxPayload;
    rules_.check_sequence = false;
  }

  std::size_t Run(const std::vector<std::uint8_t>& stream) {
    WSABUF spans[2];
    if (ring_.FreeSpans(spans) == 0) return 0;
    std::memcpy(spans[0].buf, stream.data(), stream.size());
    ring_.Commit(stream.size());
    std::size_t packets = 0;
    net::PacketRef packet;
    while (reassembler_.Next(ring_, rules_, packet) == net::Reassembler::Step::kPacket) ++packets;
    return packets;
  }

 private:
  std::vector<std::byte> storage_;
  net::RingBuffer ring_;
  net::FrameRules rules_;
  net::Reassembler reassembler_;
};

// Seconds for kBytesPerRound bytes in pieces of `size`.
double Time(std::size_t size, const std::function<void()>& step) {
  const auto begin = Clock::now();
  for (std::size_t done = 0; done < kBytesPerRound; done += size) step();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Row {
  std::string name;
  std::function<void()> step;
  std::vector<double> seconds;
};

}  // namespace

int main(int argc, char** argv) {
  std::size_t payload = 70;
  int rounds = 7;
  bool json = false;
  apps::CommandLine app("The receive path against memcpy.", "recv_bench");
  app.Add("--packet", payload, "bytes of a payload").Range(6, 60000).ShowDefault();
  app.Add("--rounds", rounds, "interleaved rounds").Range(1, 1000).ShowDefault();
  app.Flag("--json", json, "one JSON object instead of the table");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;

  const std::vector<std::uint8_t> stream = MakeStream(payload);
  std::vector<std::uint8_t> copy(stream.size());
  std::vector<std::uint8_t> run(payload + 1, 0x5A);
  const std::size_t frames = stream.size() / (net::kFrameHeaderSize + payload);
  Path path;
  std::size_t packets = 0;
  // memcpy as the path uses it: the whole stream into the ring, then frame by frame out of it.
  std::vector<std::uint8_t> frame(net::kFrameHeaderSize + payload);
  volatile std::uint8_t sink = 0;

  std::vector<Row> rows;
  rows.push_back({"memcpy in, memcpy out per frame",
                  [&] {
                    std::memcpy(copy.data(), stream.data(), stream.size());
                    for (std::size_t i = 0; i < frames; ++i) {
                      std::memcpy(frame.data(), copy.data() + i * frame.size(), frame.size());
                      sink = frame.back();
                    }
                  },
                  {}});
  rows.push_back({"reassembled, decoded, checked", [&] { packets += path.Run(stream); }, {}});
  rows.push_back({"decode only",
                  [&] {
                    for (std::size_t i = 0; i < frames; ++i) net::Decode(run, kKey, 1);
                    sink = run.back();
                  },
                  {}});
  rows.push_back({"encode only",
                  [&] {
                    for (std::size_t i = 0; i < frames; ++i) net::Encode(run, kKey, 1);
                    sink = run.back();
                  },
                  {}});
  const std::uint64_t heap_before = net::HeapAllocations();
  for (int round = 0; round < rounds; ++round) {
    for (Row& row : rows) row.seconds.push_back(Time(stream.size(), row.step));
  }
  const std::uint64_t heap = net::HeapAllocations() - heap_before;
  if (packets % frames != 0) {
    std::cerr << "the path lost packets\n";
    return 1;
  }

  const double base = Median(rows[0].seconds);
  const double steps = static_cast<double>(kBytesPerRound) / static_cast<double>(stream.size());
  if (json) std::cout << "{\"payload\": " << payload;
  if (!json) std::cout << "payload " << payload << " bytes, " << rounds << " rounds\n";
  const char* const keys[] = {"memcpy", "path", "decode", "encode"};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double seconds = Median(rows[i].seconds);
    const double rate = static_cast<double>(kBytesPerRound) / seconds / 1e9;
    const double nanoseconds = seconds * 1e9 / (steps * static_cast<double>(frames));
    if (json) {
      std::cout << ", \"" << keys[i] << "_ns_per_packet\": " << nanoseconds;
    } else {
      std::printf("  %-34s %7.2f GB/s  %8.1f ns/packet  %6.2f x memcpy\n", rows[i].name.c_str(),
                  rate, nanoseconds, seconds / base);
    }
  }
  if (json) {
    std::cout << ", \"heap_allocations\": " << heap << "}\n";
  } else {
    std::cout << "  heap allocations during the rounds: " << heap << "\n";
  }
  return 0;
}
