#include "server/auth_service.h"

#include <spdlog/spdlog.h>

#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include "auth_client_packet_handler.h"
#include "server/from_config.h"
#include "server/sealed_frame.h"
#include "services/log/quoted.h"

namespace server {

namespace {

// A port is no address: every connection has another one.
std::string AddressOf(const net::PeerAddress& peer) {
  std::string address = net::ToString(peer);
  address.resize(address.rfind(':'));
  return address;
}

std::vector<std::byte> Notice(Protocol::Refusal reason, std::uint8_t fixed_key) {
  Protocol::S_AUTH answer;
  answer.set_reason(reason);
  return SealedFrame(AuthClientPacketHandler::MakeSendBuffer(answer), fixed_key);
}

net::ServerOptions NetOptions(const config::Config& config, const ServerDoorman& door) {
  net::ServerOptions options = AuthNetOptions(config);
  const std::span<const std::byte> full = door.notice(DoorAnswer::kFull);
  options.full_notice.assign(full.begin(), full.end());
  return options;
}

}  // namespace

AuthService::AuthService(const config::Config& config, account::SessionKeyStore& keys)
    : create_accounts_(config.auth.create_accounts),
      key_ttl_(config.auth.key_ttl),
      keys_(keys),
      hasher_(config.auth.hash),
      limiter_(config.auth.guesses),
      door_(AuthDoorOptions(config), &Notice, config.server.fixed_key),
      server_(NetOptions(config, door_), config.auth.desk, door_, *this) {
  if (const std::string error = door_.Open(config.country); !error.empty()) {
    throw std::runtime_error("country.database: " + error);
  }
  for (std::uint32_t i = 0; i < config.auth.desk.threads; ++i) {
    std::unique_ptr<db::Connection> connection = MakeConnection(config);
    if (connection == nullptr) {
      throw std::runtime_error("database.kind: this program was built without that database");
    }
    idle_.push_back(
        std::make_unique<account::AccountService>(std::move(connection), hasher_, limiter_));
  }
}

// What costs nothing, before anything waits for a hash.
auth::Screening AuthService::Screen(std::string_view name, const net::PeerAddress& peer) {
  const std::optional<account::AccountName> account = account::MakeAccountName(name);
  if (!account) return {Protocol::REFUSAL_BAD_NAME, {}};
  const account::GuessLimiter::Look look = limiter_.LookAt(account->key, AddressOf(peer));
  const auto delay = std::chrono::ceil<std::chrono::milliseconds>(look.delay);
  if (look.wait <= look.wait.zero()) return {Protocol::REFUSAL_NONE, delay};
  LogRefusal(AddressOf(peer), account::AuthCode::kLimited, "");
  return {Protocol::REFUSAL_TOO_MANY_REQUESTS, {}};
}

auth::Verdict AuthService::Check(std::string_view name, std::string_view password,
                                 const net::PeerAddress& peer) {
  const std::string address = AddressOf(peer);
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
  LogRefusal(address, result.code, result.detail);
  return verdict;
}

void AuthService::LogRefusal(const std::string& address, account::AuthCode code,
                             const std::string& detail) {
  const auto left_out = log_.Take();
  if (!left_out) return;
  spdlog::info("auth event=refused address={} reason=\"{}\" detail={} left_out={}", address,
               ToString(code), services::Quoted(detail), *left_out);
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
              spdlog::warn("auth event=\"key not stored\" account={} reason={}", account,
                           services::Quoted(error));
              done({});
            });
}

}  // namespace server
