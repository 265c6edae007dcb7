#include "net/cipher.h"

#include <cstddef>
#include <cstring>

namespace net {

// Each byte needs its predecessor's result, so encoding goes one byte at a time: two additions and
// two exclusive-ors per byte, in two chains that the processor runs side by side. It is paid once
// per packet, however many clients receive it. [encode]
void Encode(std::span<std::uint8_t> run, std::uint8_t fixed_key, std::uint8_t rand_key) {
  std::uint8_t d = 0;
  std::uint8_t e = 0;
  std::uint8_t step_r = rand_key;
  std::uint8_t step_k = fixed_key;
  for (std::uint8_t& byte : run) {
    ++step_r;  // rand_key + i + 1
    ++step_k;  // fixed_key + i + 1
    d = static_cast<std::uint8_t>(byte ^ static_cast<std::uint8_t>(d + step_r));
    e = static_cast<std::uint8_t>(d ^ static_cast<std::uint8_t>(e + step_k));
    byte = e;
  }
}
// [/encode]

// Decoding has no such chain: d[i] needs e[i] and e[i-1], P[i] needs d[i] and d[i-1], so P[i] is a
// function of three neighbouring *encoded* bytes and all of a block can be computed at once. A
// block is copied out with the two bytes before it, and the compiler turns the loops into vector
// instructions. [decode]
void Decode(std::span<std::uint8_t> run, std::uint8_t fixed_key, std::uint8_t rand_key) {
  // <student 03.2>
  constexpr std::size_t kBlock = 64;
  std::uint8_t e[kBlock + 1];  // e[j + 1] is the encoded byte i = begin + j; e[0] is the one before
                               // the block
  std::uint8_t d[kBlock + 1];  // the same for d
  e[0] = d[0] = 0;
  for (std::size_t begin = 0; begin < run.size(); begin += kBlock) {
    const std::size_t count = run.size() - begin < kBlock ? run.size() - begin : kBlock;
    std::uint8_t* bytes = run.data() + begin;
    const auto step_k = static_cast<std::uint8_t>(fixed_key + begin + 1);
    const auto step_r = static_cast<std::uint8_t>(rand_key + begin + 1);
    std::memcpy(e + 1, bytes, count);
    for (std::size_t j = 0; j < count; ++j) {
      d[j + 1] = static_cast<std::uint8_t>(e[j + 1] ^ static_cast<std::uint8_t>(e[j] + step_k + j));
    }
    for (std::size_t j = 0; j < count; ++j) {
      bytes[j] = static_cast<std::uint8_t>(d[j + 1] ^ static_cast<std::uint8_t>(d[j] + step_r + j));
    }
    e[0] = e[count];
    d[0] = d[count];
  }
  // </student>
}
// [/decode]

std::uint8_t Checksum(std::span<const std::uint8_t> payload) {
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : payload) sum = static_cast<std::uint8_t>(sum + byte);
  return sum;
}

}  // namespace net
