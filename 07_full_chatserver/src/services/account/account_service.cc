#include "services/account/account_service.h"

#include <optional>
#include <vector>

#include "auth/auth_options.h"
#include "services/db/event.h"
#include "services/db/schema.h"

namespace account {

namespace {

AuthResult Unavailable(const db::Result& result) {
  return {.code = AuthCode::kUnavailable,
          .detail = result.text.empty() ? "no memory for the hash" : result.text};
}

}  // namespace

std::string_view ToString(AuthCode code) {
  switch (code) {
    case AuthCode::kOk:
      return "ok";
    case AuthCode::kWrong:
      return "wrong name or password";
    case AuthCode::kLimited:
      return "too many wrong passwords, try later";
    case AuthCode::kUnavailable:
      return "try later";
    case AuthCode::kBadName:
      return "name or password not allowed";
    case AuthCode::kTaken:
      return "the name is taken";
  }
  return "";
}

bool IsAllowedPassword(std::string_view password) {
  return !password.empty() && password.size() <= auth::kPasswordBytesMax;
}

db::Result AccountService::Connect() {
  if (connection_->is_open()) return {};
  db::Result result = connection_->Open();
  if (result.ok()) result = db::Migrate(*connection_);
  if (!result.ok()) connection_->Close();
  return result;
}

db::Result AccountService::Find(const AccountName& name, Found& found) {
  db::Result result;
  // A connection that the database closed while nobody used it is found out by using it: once more,
  // with a new one.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const bool was_open = connection_->is_open();
    result = Connect();
    if (!result.ok()) return result;
    // The second for an account from before the keys, whose name is stored as it was given.
    const db::Value values[] = {name.key, name.shown};
    std::vector<db::Row> rows;
    result = connection_->Run(
        "SELECT account_no, password_hash, shown_name, name FROM accounts WHERE name IN (?, ?)",
        values, &rows);
    for (const db::Row& row : rows) {
      if (found.account_no != 0 && db::TextOf(row[3]) != name.key) continue;
      found.account_no = static_cast<std::uint64_t>(db::IntegerOf(row[0]));
      found.hash = db::TextOf(row[1]);
      found.name = db::TextOf(row[2]);
      if (found.name.empty()) found.name = db::TextOf(row[3]);
    }
    if (result.ok() || !was_open || connection_->is_open()) return result;
  }
  return result;
}

db::Result AccountService::StoreHash(std::uint64_t account_no, std::string_view hash) {
  const db::Value values[] = {hash, static_cast<std::int64_t>(account_no)};
  return connection_->Run("UPDATE accounts SET password_hash = ? WHERE account_no = ?", values);
}

// [authenticate]
AuthResult AccountService::Authenticate(std::string_view text, std::string_view password,
                                        std::string_view address, bool create) {
  const std::optional<AccountName> name = MakeAccountName(text);
  if (!name || !IsAllowedPassword(password)) return {.code = AuthCode::kBadName};
  const GuessLimiter::Clock::duration wait = limiter_.Charge(name->key, address);
  if (wait > GuessLimiter::Clock::duration::zero()) {
    return {.code = AuthCode::kLimited,
            .retry_after = std::chrono::ceil<std::chrono::milliseconds>(wait)};
  }
  Found found;
  const db::Result result = Find(*name, found);
  if (!result.ok()) {
    limiter_.GiveBack(name->key, address);
    return Unavailable(result);
  }
  if (found.account_no == 0 && create) {
    AuthResult created = Create(text, password);
    created.code == AuthCode::kOk ? limiter_.Succeeded(name->key, address)
                                  : limiter_.GiveBack(name->key, address);
    // Somebody else was first; then it is a matter of that password.
    return created.code == AuthCode::kTaken ? Authenticate(text, password, address, false)
                                            : created;
  }
  const bool right =
      found.account_no != 0 ? hasher_.Verify(found.hash, password) : hasher_.VerifyNobody(password);
  if (!right) return {.code = AuthCode::kWrong};
  limiter_.Succeeded(name->key, address);
  if (hasher_.IsOutdated(found.hash)) {
    const std::optional<std::string> hash = hasher_.Hash(password);
    if (hash) (void)StoreHash(found.account_no, *hash);  // the login is right either way
  }
  return {.code = AuthCode::kOk, .account_no = found.account_no, .name = found.name};
}
// [/authenticate]

AuthResult AccountService::Create(std::string_view text, std::string_view password) {
  const std::optional<AccountName> name = MakeAccountName(text);
  if (!name || !IsAllowedPassword(password)) return {.code = AuthCode::kBadName};
  const std::optional<std::string> hash = hasher_.Hash(password);
  db::Result result = Connect();
  if (!hash || !result.ok()) return Unavailable(result);
  const db::Value values[] = {name->key, name->shown, *hash, db::NowMs()};
  result = connection_->Run(
      "INSERT INTO accounts (name, shown_name, password_hash, created_ms) VALUES (?,?,?,?)",
      values);
  if (result.code == db::Code::kRejected) return {.code = AuthCode::kTaken};
  Found found;
  if (result.ok()) result = Find(*name, found);
  if (!result.ok()) return Unavailable(result);
  return {.code = AuthCode::kOk, .account_no = found.account_no, .name = found.name};
}

}  // namespace account
