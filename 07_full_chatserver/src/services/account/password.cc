#include "services/account/password.h"

#include <sodium.h>

#include <stdexcept>

namespace account {

std::optional<std::string> HashCost::Validate() const {
  if (ops < crypto_pwhash_OPSLIMIT_MIN || ops > crypto_pwhash_OPSLIMIT_MAX) {
    return "hash: ops must be " + std::to_string(crypto_pwhash_OPSLIMIT_MIN) + ".." +
           std::to_string(crypto_pwhash_OPSLIMIT_MAX);
  }
  if (memory_bytes < crypto_pwhash_MEMLIMIT_MIN || memory_bytes > crypto_pwhash_MEMLIMIT_MAX) {
    return "hash: memory_bytes must be " + std::to_string(crypto_pwhash_MEMLIMIT_MIN) + ".." +
           std::to_string(crypto_pwhash_MEMLIMIT_MAX);
  }
  return std::nullopt;
}

PasswordHasher::PasswordHasher(const HashCost& cost) : cost_(cost) {
  if (const auto wrong = cost.Validate()) throw std::invalid_argument(*wrong);
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start: no random numbers");
  std::string secret(32, '\0');
  randombytes_buf(secret.data(), secret.size());
  const std::optional<std::string> hash = Hash(secret);
  sodium_memzero(secret.data(), secret.size());
  if (!hash) throw std::runtime_error("no memory for a password hash (auth.hash_memory_bytes)");
  nobody_ = *hash;
}

std::optional<std::string> PasswordHasher::Hash(std::string_view password) const {
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str(hash, password.data(), password.size(), cost_.ops, cost_.memory_bytes) != 0)
    return {};
  return std::string(hash);
}

bool PasswordHasher::Verify(const std::string& hash, std::string_view password) const {
  if (hash.size() >= crypto_pwhash_STRBYTES) return false;
  char whole[crypto_pwhash_STRBYTES] = {};  // libsodium wants all of the array
  hash.copy(whole, hash.size());
  return crypto_pwhash_str_verify(whole, password.data(), password.size()) == 0;
}

bool PasswordHasher::VerifyNobody(std::string_view password) const {
  (void)Verify(nobody_, password);
  return false;
}

bool PasswordHasher::IsOutdated(const std::string& hash) const {
  if (hash.size() >= crypto_pwhash_STRBYTES) return true;
  char whole[crypto_pwhash_STRBYTES] = {};
  hash.copy(whole, hash.size());
  return crypto_pwhash_str_needs_rehash(whole, cost_.ops, cost_.memory_bytes) != 0;
}

}  // namespace account
