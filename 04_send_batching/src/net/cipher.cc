#include "net/cipher.h"

#include <cstddef>
#include <cstring>

namespace net {

// Each byte needs its predecessor's result, so encoding goes one byte at a time. It is paid once
// per packet, however many clients receive it.
// [encode]
void Encode(std::span<std::uint8_t> run, std::uint8_t fixed_key, std::uint8_t rand_key) {
  // <student 03.2>
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
  // </student>
}
// [/encode]

// Decoding has no such chain: d[i] needs e[i] and e[i-1], P[i] needs d[i] and d[i-1], so P[i] is a
// function of three neighbouring *encoded* bytes. Going from the end to the beginning these are
// still there when they are needed, and a whole block can be computed at once: the compiler turns
// the loop into vector instructions.
constexpr std::size_t kBlock = 32;

// `e` is byte i of the run, i >= 2; step_k = fixed_key + i + 1 and step_r = rand_key + i + 1.
static void DecodeBlock(std::uint8_t* e, std::uint8_t step_k, std::uint8_t step_r) {
  std::uint8_t plain[kBlock];
  for (std::size_t j = 0; j < kBlock; ++j) {
    const std::uint8_t* const at = e + j;
    const auto d =
        static_cast<std::uint8_t>(at[0] ^ static_cast<std::uint8_t>(at[-1] + step_k + j));
    const auto before =
        static_cast<std::uint8_t>(at[-1] ^ static_cast<std::uint8_t>(at[-2] + step_k + j - 1));
    plain[j] = static_cast<std::uint8_t>(d ^ static_cast<std::uint8_t>(before + step_r + j));
  }
  std::memcpy(e, plain, kBlock);
}

// [decode]
void Decode(std::span<std::uint8_t> run, std::uint8_t fixed_key, std::uint8_t rand_key) {
  // <student 03.2>
  std::size_t end = run.size();
  while (end >= kBlock + 2) {
    end -= kBlock;
    DecodeBlock(run.data() + end, static_cast<std::uint8_t>(fixed_key + end + 1),
                static_cast<std::uint8_t>(rand_key + end + 1));
  }
  // What is left at the beginning, one byte at a time (this loop alone would be a whole Decode).
  std::uint8_t d_before = 0;
  std::uint8_t e_before = 0;
  for (std::uint8_t& byte : run.first(end)) {
    const std::uint8_t e = byte;
    const auto d = static_cast<std::uint8_t>(e ^ static_cast<std::uint8_t>(e_before + ++fixed_key));
    byte = static_cast<std::uint8_t>(d ^ static_cast<std::uint8_t>(d_before + ++rand_key));
    e_before = e;
    d_before = d;
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
