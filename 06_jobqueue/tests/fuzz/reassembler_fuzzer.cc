// libFuzzer target: any bytes, cut in any way, through a ring of any small size, must be read as
// the naive decoder reads the whole stream, without a crash, a leak or undefined behaviour.
//
// Input: [0] ring size, [1] limit, [2] start offset in the ring, [3] flags (bit 0: encode the rest
// as a valid stream first, so that the fuzzer gets behind the checksum; bit 1: check sequences),
// then the bytes; how they are cut comes from the bytes themselves.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "net/reassembler.h"
#include "tests/fuzz/seeds.h"
#include "tests/support/wire.h"

namespace {

using wire::Bytes;

// Turns raw bytes into frames: length byte, rand key, type, then the body; sequences run from 1. A
// body cut short ends the stream inside a frame.
Bytes AsFrames(const Bytes& raw) {
  Bytes stream;
  std::uint32_t sequence = 0;
  for (std::size_t at = 0; at + 3 <= raw.size();) {
    const std::size_t length = raw[at] % 64;
    const std::uint8_t rand_key = raw[at + 1];
    wire::Frame frame{raw[at + 2], ++sequence, {}};
    if (raw[at] == 255) frame.sequence += 1;  // a gap, seldom
    at += 3;
    const std::size_t here = std::min(length, raw.size() - at);
    const auto begin = raw.begin() + static_cast<std::ptrdiff_t>(at);
    frame.body.assign(begin, begin + static_cast<std::ptrdiff_t>(here));
    at += here;
    const Bytes bytes = wire::MakeFrame(frame, 0xA9, rand_key);
    stream.insert(stream.end(), bytes.begin(), bytes.end());
  }
  if (!raw.empty()) stream.resize(stream.size() - std::min<std::size_t>(stream.size(), raw[0] % 8));
  return stream;
}

// The golden frames as raw streams, and scripts that become valid frames: each branch once.
fuzz::Seeds MakeSeeds() {
  fuzz::Seeds seeds;
  for (const wire::Vector& vector : wire::LoadVectors()) {
    if (vector.bytes.size() > 128) continue;
    Bytes& seed = seeds["raw-" + vector.name];
    seed = {7, 127, static_cast<std::uint8_t>(vector.bytes.size() % 5), 2};
    seed.insert(seed.end(), vector.bytes.begin(), vector.bytes.end());
  }
  // Length, rand key, type; length 255 makes a gap in the sequence.
  struct Part {
    std::uint8_t length, rand_key, type;
  };
  const std::vector<std::pair<std::string, std::vector<Part>>> scripts{
      {"one", {{4, 0x10, 3}}},
      {"several", {{4, 0x10, 3}, {0, 0x22, 5}, {2, 0x33, 1}, {16, 0xFF, 1}}},
      {"gap", {{1, 0x10, 3}, {255, 1, 2}}},
      {"long", {{63, 9, 1}, {63, 8, 1}}},
  };
  for (const auto& [name, parts] : scripts) {
    Bytes& seed = seeds["frames-" + name];
    seed = {3, 100, 17, 3};
    for (const Part& part : parts) {
      seed.insert(seed.end(), {part.length, part.rand_key, part.type});
      for (int i = 0; i < part.length % 64; ++i) seed.push_back(static_cast<std::uint8_t>(i));
    }
  }
  return seeds;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  return fuzz::WriteSeedsWhenAsked(*argc, *argv, MakeSeeds);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  net::FrameRules rules;
  rules.max_payload = 6 + data[1] % 128;
  rules.check_sequence = (data[3] & 2) != 0;
  const Bytes raw(data + 4, data + size);
  const Bytes stream = (data[3] & 1) != 0 ? AsFrames(raw) : raw;

  std::vector<std::byte> storage(5 + rules.max_payload + data[0] % 64);
  net::RingBuffer ring;
  ring.Attach(storage);
  const std::size_t offset = data[2] % (storage.size() - 1);
  ring.Commit(offset + 1);
  ring.Consume(offset);
  std::size_t spare = 1;  // keeps the ring from starting over until the first bytes are in

  net::Reassembler reassembler;
  wire::Meaning meaning;
  for (std::size_t at = 0, cut = 0; at < stream.size() && meaning.refusal.empty(); ++cut) {
    WSABUF spans[2];
    const DWORD pieces = ring.FreeSpans(spans);
    if (pieces == 0) std::abort();  // a full ring must always give up a packet or be refused
    std::size_t want = 1 + raw[cut % raw.size()] % 64;
    for (DWORD i = 0; i < pieces && want > 0 && at < stream.size(); ++i) {
      const std::size_t part = std::min({want, std::size_t{spans[i].len}, stream.size() - at});
      std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(at), part, spans[i].buf);
      ring.Commit(part);
      at += part;
      want -= part;
    }
    ring.Consume(spare);
    spare = 0;
    net::PacketRef packet;
    net::Reassembler::Step step;
    while ((step = reassembler.Next(ring, rules, packet)) == net::Reassembler::Step::kPacket) {
      meaning.frames.push_back(
          {packet->type(), packet->sequence(), {packet->body().begin(), packet->body().end()}});
      // What an application would do with a body of unknown contents.
      std::string text;
      std::uint32_t number = 0;
      float real = 0;
      *packet >> text >> number >> real;
    }
    if (step == net::Reassembler::Step::kRefused) {
      meaning.refusal = net::ToString(reassembler.refusal());
    }
  }
  if (meaning != wire::NaiveRead(stream, 0xA9, rules.max_payload, rules.check_sequence)) {
    std::abort();
  }
  return 0;
}
