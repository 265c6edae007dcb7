#include "services/account/account_service.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "services/db/event.h"
#include "services/db/schema.h"

namespace account {

namespace {

AuthResult Unavailable(const db::Result& result) {
  return {
      AuthCode::kUnavailable, 0, {}, result.text.empty() ? "no memory for the hash" : result.text};
}

// Well-formed by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto at = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    const unsigned lead = at(i);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
    if (size == 0 || i + size > text.size()) return false;
    for (std::size_t k = 1; k < size; ++k) {
      if ((at(i + k) & 0xC0U) != 0x80U) return false;
    }
    if (lead == 0xE0 && at(i + 1) < 0xA0) return false;
    if (lead == 0xED && at(i + 1) > 0x9F) return false;
    if (lead == 0xF0 && at(i + 1) < 0x90) return false;
    if (lead == 0xF4 && at(i + 1) > 0x8F) return false;
    i += size;
  }
  return true;
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

bool IsAllowedName(std::string_view name) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return !name.empty() && name.size() <= 64 && std::ranges::none_of(name, is_control) &&
         name.front() != ' ' && name.back() != ' ' && IsUtf8(name);
}

bool IsAllowedPassword(std::string_view password) {
  return !password.empty() && password.size() <= 256;
}

db::Result AccountService::Connect() {
  if (connection_->is_open()) return {};
  db::Result result = connection_->Open();
  if (result.ok()) result = db::Migrate(*connection_);
  if (!result.ok()) connection_->Close();
  return result;
}

db::Result AccountService::Find(std::string_view name, Found& found) {
  db::Result result;
  // A connection that the database closed while nobody used it is found out by using it: once more,
  // with a new one.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const bool was_open = connection_->is_open();
    result = Connect();
    if (!result.ok()) return result;
    const db::Value values[] = {name};
    std::vector<db::Row> rows;
    result = connection_->Run("SELECT account_no, password_hash FROM accounts WHERE name = ?",
                              values, &rows);
    if (!rows.empty()) {
      found.account_no = static_cast<std::uint64_t>(db::IntegerOf(rows[0][0]));
      found.hash = db::TextOf(rows[0][1]);
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
AuthResult AccountService::Authenticate(std::string_view name, std::string_view password,
                                        std::string_view address, bool create) {
  if (!IsAllowedName(name) || !IsAllowedPassword(password)) return {AuthCode::kBadName, 0, {}, ""};
  const GuessLimiter::Clock::duration wait = limiter_.Charge(name, address);
  if (wait > GuessLimiter::Clock::duration::zero()) {
    return {AuthCode::kLimited, 0, std::chrono::ceil<std::chrono::milliseconds>(wait), ""};
  }
  Found found;
  const db::Result result = Find(name, found);
  if (!result.ok()) {
    limiter_.GiveBack(name, address);
    return Unavailable(result);
  }
  if (found.account_no == 0 && create) {
    AuthResult created = Create(name, password);
    created.code == AuthCode::kOk ? limiter_.Succeeded(name, address)
                                  : limiter_.GiveBack(name, address);
    // Somebody else was first; then it is a matter of that password.
    return created.code == AuthCode::kTaken ? Authenticate(name, password, address, false)
                                            : created;
  }
  const bool right =
      found.account_no != 0 ? hasher_.Verify(found.hash, password) : hasher_.VerifyNobody(password);
  if (!right) return {AuthCode::kWrong, 0, {}, ""};
  limiter_.Succeeded(name, address);
  if (hasher_.IsOutdated(found.hash)) {
    const std::optional<std::string> hash = hasher_.Hash(password);
    if (hash) (void)StoreHash(found.account_no, *hash);  // the login is right either way
  }
  return {AuthCode::kOk, found.account_no, {}, ""};
}
// [/authenticate]

AuthResult AccountService::Create(std::string_view name, std::string_view password) {
  if (!IsAllowedName(name) || !IsAllowedPassword(password)) return {AuthCode::kBadName, 0, {}, ""};
  const std::optional<std::string> hash = hasher_.Hash(password);
  db::Result result = Connect();
  if (!hash || !result.ok()) return Unavailable(result);
  const db::Value values[] = {name, *hash, db::NowMs()};
  result = connection_->Run("INSERT INTO accounts (name, password_hash, created_ms) VALUES (?,?,?)",
                            values);
  if (result.code == db::Code::kRejected) return {AuthCode::kTaken, 0, {}, ""};
  Found found;
  if (result.ok()) result = Find(name, found);
  if (!result.ok()) return Unavailable(result);
  return {AuthCode::kOk, found.account_no, {}, ""};
}

AuthResult AccountService::ChangePassword(std::string_view name, std::string_view password) {
  if (!IsAllowedPassword(password)) return {AuthCode::kBadName, 0, {}, ""};
  Found found;
  db::Result result = Find(name, found);
  if (!result.ok()) return Unavailable(result);
  if (found.account_no == 0) return {AuthCode::kWrong, 0, {}, "no account of that name"};
  const std::optional<std::string> hash = hasher_.Hash(password);
  if (!hash) return Unavailable({});
  result = StoreHash(found.account_no, *hash);
  if (!result.ok()) return Unavailable(result);
  return {AuthCode::kOk, found.account_no, {}, ""};
}

}  // namespace account
