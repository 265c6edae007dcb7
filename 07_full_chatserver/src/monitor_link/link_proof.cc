#include "monitor_link/link_proof.h"

#include <sodium.h>

#include <array>
#include <stdexcept>

namespace monitor {

namespace {

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string MakeNonce() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) throw std::runtime_error("libsodium has no random numbers");
  std::string nonce(32, '\0');
  randombytes_buf(nonce.data(), nonce.size());
  return nonce;
}

// [proof]
std::string MakeProof(std::string_view secret, std::string_view nonce, std::uint32_t server_id) {
  constexpr std::string_view kProtocol = "chat monitor link 1";
  std::array<unsigned char, 4> id{};
  for (std::size_t i = 0; i < id.size(); ++i) {
    id[i] = static_cast<unsigned char>(server_id >> (8 * i));
  }
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, Bytes(secret), secret.size());
  crypto_auth_hmacsha256_update(&state, Bytes(kProtocol), kProtocol.size());
  crypto_auth_hmacsha256_update(&state, Bytes(nonce), nonce.size());
  crypto_auth_hmacsha256_update(&state, id.data(), id.size());
  std::string proof(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(proof.data()));
  return proof;
}
// [/proof]

bool IsProof(std::string_view proof, std::string_view secret, std::string_view nonce,
             std::uint32_t server_id) {
  const std::string right = MakeProof(secret, nonce, server_id);
  return proof.size() == right.size() &&
         sodium_memcmp(proof.data(), right.data(), right.size()) == 0;
}

}  // namespace monitor
