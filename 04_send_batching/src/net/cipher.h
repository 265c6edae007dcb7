// The packet encoding (notes/en/protocol.md): obfuscation and NOT security. The fixed key is in
// every client, so anybody who has a client can read and forge packets. It keeps casual tools out
// and finds corrupted streams early. Confidentiality and authentication come from TLS and the login
// key.
//
// `run` is the encoded run of a frame: the checksum byte and the payload behind it, in place.
// Threading: pure functions. Errors: none; what was not encoded with these keys decodes to garbage,
// which the checksum finds (255 times of 256).
#pragma once

#include <cstdint>
#include <span>

namespace net {

// d[i] = P[i] ^ (d[i-1] + rand_key + i + 1),  e[i] = d[i] ^ (e[i-1] + fixed_key + i + 1)
void Encode(std::span<std::uint8_t> run, std::uint8_t fixed_key, std::uint8_t rand_key);

// The inverse of Encode.
void Decode(std::span<std::uint8_t> run, std::uint8_t fixed_key, std::uint8_t rand_key);

// The sum of all bytes modulo 256.
[[nodiscard]] std::uint8_t Checksum(std::span<const std::uint8_t> payload);

}  // namespace net
