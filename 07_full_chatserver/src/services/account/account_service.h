// Accounts in the database, and what auth_server does with a name and a password.
//
// Blocking (the database, the hash): on auth_server's own threads, one AccountService per thread;
// the limiter and the hasher are shared.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "services/account/account_name.h"
#include "services/account/guess_limiter.h"
#include "services/account/password.h"
#include "services/db/connection.h"

namespace account {

enum class AuthCode : unsigned char {
  kOk,
  kWrong,        // name or password: which of them is not said
  kLimited,      // too many wrong guesses: wait
  kUnavailable,  // the database is away: try later
  kBadName,      // a name or password that no account can have
  kTaken,        // Create: there is one of that name
};
std::string_view ToString(AuthCode code);

struct AuthResult {
  AuthCode code = AuthCode::kOk;
  std::uint64_t account_no = 0;              // kOk
  std::string name{};                        // kOk: as it was given at registration
  std::chrono::milliseconds retry_after{0};  // kLimited
  std::string detail{};                      // for the log, never for the client
};

// 1 .. auth::kPasswordBytesMax bytes.
bool IsAllowedPassword(std::string_view password);

class AccountService {
 public:
  AccountService(std::unique_ptr<db::Connection> connection, const PasswordHasher& hasher,
                 GuessLimiter& limiter)
      : connection_(std::move(connection)), hasher_(hasher), limiter_(limiter) {}

  // `create`: an unknown name gets an account with this password (auth.create_accounts).
  AuthResult Authenticate(std::string_view name, std::string_view password,
                          std::string_view address, bool create = false);
  AuthResult Create(std::string_view name, std::string_view password);

 private:
  struct Found {
    std::uint64_t account_no = 0;  // 0: nobody
    std::string hash;
    std::string name;
  };
  db::Result Find(const AccountName& name, Found& found);
  db::Result Connect();
  db::Result StoreHash(std::uint64_t account_no, std::string_view hash);

  std::unique_ptr<db::Connection> connection_;
  const PasswordHasher& hasher_;
  GuessLimiter& limiter_;
};

}  // namespace account
