#include "server/session_keys.h"

#include <chrono>
#include <exception>
#include <utility>

#ifdef COURSE_HAS_REDIS
#include "services/redis/redis_client.h"
#include "services/redis/redis_key_store.h"
#endif

namespace server {

namespace {

class MemoryKeys final : public SessionKeys {
 public:
  std::string Start() override { return {}; }
  void Stop() override {}
  [[nodiscard]] KeyStoreStatus Status() const override { return {}; }
  void Put(std::uint64_t account, account::IssuedKey issued, std::chrono::seconds ttl,
           PutCallback done) override {
    store_.Put(account, std::move(issued), ttl, std::move(done));
  }
  void TakeAndCheck(std::uint64_t account, std::string offered, CheckCallback done) override {
    store_.TakeAndCheck(account, std::move(offered), std::move(done));
  }

 private:
  account::MemoryKeyStore store_;
};

#ifdef COURSE_HAS_REDIS

services::RedisOptions RedisOptions(const config::Login& from, KeyRole role) {
  services::RedisOptions to = from.redis;
  to.probe = role == KeyRole::kGives ? services::RedisKeyStore::GiveProbe(from.redis_prefix)
                                     : services::RedisKeyStore::TakeProbe(from.redis_prefix);
  return to;
}

class RedisKeys final : public SessionKeys {
 public:
  RedisKeys(const config::Login& login, KeyRole role)
      : client_(RedisOptions(login, role)), store_(client_, login.redis_prefix) {}

  std::string Start() override {
    try {
      client_.Start();
      return {};
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  void Stop() override { client_.Stop(); }
  [[nodiscard]] KeyStoreStatus Status() const override {
    const services::RedisStatus status = client_.Status();
    const bool up = status.state == services::RedisState::kUp;
    return {up, !up && status.trouble.empty() ? "connecting" : status.trouble,
            static_cast<double>(status.inside), static_cast<double>(status.timeouts)};
  }
  void Put(std::uint64_t account, account::IssuedKey issued, std::chrono::seconds ttl,
           PutCallback done) override {
    store_.Put(account, std::move(issued), ttl, std::move(done));
  }
  void TakeAndCheck(std::uint64_t account, std::string offered, CheckCallback done) override {
    store_.TakeAndCheck(account, std::move(offered), std::move(done));
  }

 private:
  services::RedisClient client_;
  services::RedisKeyStore store_;
};

#endif

}  // namespace

std::unique_ptr<SessionKeys> MakeSessionKeys(const config::Login& login,
                                             [[maybe_unused]] KeyRole role) {
  if (login.store == config::LoginStore::kMemory) return std::make_unique<MemoryKeys>();
#ifdef COURSE_HAS_REDIS
  return std::make_unique<RedisKeys>(login, role);
#else
  return nullptr;
#endif
}

std::optional<std::string> ValidateKeys(const config::Login& login) {
  if (login.store == config::LoginStore::kMemory) return std::nullopt;
#ifdef COURSE_HAS_REDIS
  return login.redis.Validate();
#else
  return "this program was built without Redis; login.store = \"memory\" works";
#endif
}

std::string ReachKeys([[maybe_unused]] const config::Login& login) {
#ifdef COURSE_HAS_REDIS
  if (login.store == config::LoginStore::kMemory) return {};
  services::RedisClient client(RedisOptions(login, KeyRole::kTakes));
  client.Start();
  if (client.WaitUntilUp(login.redis.connect_timeout)) return {};
  const std::string reason = client.Status().reason;
  return reason.empty() ? "no answer in time" : reason;
#else
  return {};
#endif
}

namespace {

chat::KeyAnswer ToAnswer(services::KeyVerdict verdict) {
  switch (verdict) {
    case services::KeyVerdict::kAccepted:
      return chat::KeyAnswer::kRight;
    case services::KeyVerdict::kMissing:
      return chat::KeyAnswer::kMissing;
    case services::KeyVerdict::kWrong:
      return chat::KeyAnswer::kWrong;
    case services::KeyVerdict::kUnavailable:
      break;
  }
  return chat::KeyAnswer::kUnavailable;
}

}  // namespace

// The store outlives neither this nor the lobby: it is stopped before both.
void LobbyKeys::TakeKey(chat::AccountNo account, std::string key, Done done) {
  store_.TakeAndCheck(
      account, std::move(key),
      [this, done = std::move(done)](services::KeyVerdict verdict, const std::string& text) {
        const chat::KeyAnswer answer = ToAnswer(verdict);
        counts_[static_cast<std::size_t>(answer)].fetch_add(1, std::memory_order_relaxed);
        done(answer == chat::KeyAnswer::kRight ? chat::KeyReply{answer, text} : answer);
      });
}

}  // namespace server
