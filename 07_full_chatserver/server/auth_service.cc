#include "server/auth_service.h"

#include <spdlog/spdlog.h>

#include <stdexcept>
#include <utility>

#include "server/from_config.h"

namespace server {

AuthService::AuthService(const config::Config& config, account::SessionKeyStore& keys)
    : create_accounts_(config.auth.create_accounts),
      key_ttl_(config.auth.key_ttl_s),
      keys_(keys),
      hasher_(HashCost(config)),
      limiter_(GuessLimits(config)),
      server_(AuthNetOptions(config), AuthOptions(config), *this) {
  for (std::uint32_t i = 0; i < config.auth.hash_threads; ++i) {
    std::unique_ptr<db::Connection> connection = MakeConnection(config);
    if (connection == nullptr) {
      throw std::runtime_error("database.kind: this program was built without that database");
    }
    idle_.push_back(
        std::make_unique<account::AccountService>(std::move(connection), hasher_, limiter_));
  }
}

auth::Verdict AuthService::Check(std::string_view name, std::string_view password,
                                 const net::PeerAddress& peer) {
  std::string address = net::ToString(peer);
  address.resize(address.rfind(':'));  // a port is no address: every connection has another one
  std::unique_ptr<account::AccountService> accounts = Borrow();
  const account::AuthResult result =
      accounts->Authenticate(name, password, address, create_accounts_);
  {
    const std::lock_guard lock(lock_);
    idle_.push_back(std::move(accounts));
  }
  auth::Verdict verdict;
  verdict.account = result.account_no;
  verdict.name = result.name;
  switch (result.code) {
    case account::AuthCode::kOk:
      verdict.refusal = Protocol::REFUSAL_NONE;
      return verdict;
    case account::AuthCode::kLimited:
      verdict.refusal = Protocol::REFUSAL_TOO_MANY_REQUESTS;
      break;
    case account::AuthCode::kUnavailable:
      verdict.refusal = Protocol::REFUSAL_TRY_LATER;
      break;
    case account::AuthCode::kBadName:
      verdict.refusal = Protocol::REFUSAL_BAD_NAME;
      break;
    case account::AuthCode::kTaken:
    case account::AuthCode::kWrong:
      verdict.refusal = Protocol::REFUSAL_BAD_PASSWORD;
      break;
  }
  spdlog::info("auth event=refused address={} reason=\"{}\" detail=\"{}\"", address,
               ToString(result.code), result.detail);
  return verdict;
}

// There are as many as threads that ask.
std::unique_ptr<account::AccountService> AuthService::Borrow() {
  const std::lock_guard lock(lock_);
  std::unique_ptr<account::AccountService> accounts = std::move(idle_.back());
  idle_.pop_back();
  return accounts;
}

void AuthService::IssueKey(std::uint64_t account, const std::string& name,
                           std::function<void(std::string key)> done) {
  std::string key = account::MakeSessionKey();
  keys_.Put(account, {key, name}, key_ttl_,
            [key, account, done = std::move(done)](const std::string& error) {
              if (error.empty()) return done(key);
              spdlog::warn("auth event=\"key not stored\" account={} reason=\"{}\"", account,
                           error);
              done({});
            });
}

}  // namespace server
