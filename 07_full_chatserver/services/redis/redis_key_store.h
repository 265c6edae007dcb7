// Session keys in Redis: the auth service puts one in (SET with a time to live), the chat server
// takes it out and compares (GETDEL: read and removed in one step, so that a key opens one session,
// on whichever chat server asks first).
//
//   SET    session:<account> <key> EX <seconds>
//   GETDEL session:<account>
//
// A GETDEL that brings a wrong key has removed the right one: who knows an account number can make
// its owner log in again, but can never try a second key. The other way round (compare, then
// delete) lets an attacker try for as long as the key lives.
//
// Needs Redis 6.2 (GETDEL). Threading: any thread; callbacks as RedisClient says.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "services/account/session_key.h"
#include "services/redis/redis_client.h"

namespace services {

class RedisKeyStore final : public account::SessionKeyStore {
 public:
  // `client` is not owned and must be stopped before the store goes.
  explicit RedisKeyStore(RedisClient& client, std::string prefix = "session:")
      : client_(client), prefix_(std::move(prefix)) {}

  // The auth side. ttl: at least 1 s. An error does not mean that the key was not stored
  // (time-out).
  void Put(std::uint64_t account, std::string key, std::chrono::seconds ttl,
           PutCallback done) override;

  // The chat side. The callback posts the rest of the login as a job; the player may be gone by
  // then. Its `detail` is for the log, never for the client.
  void TakeAndCheck(std::uint64_t account, std::string offered, CheckCallback done) override;

 private:
  RedisClient& client_;
  const std::string prefix_;
};

}  // namespace services
