// How a server shows the monitor server that it knows the shared secret, without saying it.
//
// HMAC-SHA256 (libsodium's: it is there for the passwords already, on Windows too) over a name of
// this protocol, the challenge and the server's id. The challenge is used once, so a proof that
// somebody has overheard opens nothing. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace monitor {

// 32 bytes of the system's random numbers. Throws std::runtime_error when there are none.
std::string MakeNonce();

std::string MakeProof(std::string_view secret, std::string_view nonce, std::uint32_t server_id);

// Takes as long for a wrong proof as for a right one.
bool IsProof(std::string_view proof, std::string_view secret, std::string_view nonce,
             std::uint32_t server_id);

}  // namespace monitor
