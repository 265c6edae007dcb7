// Accounts on a real SQLite database, real Argon2id (with its least cost), the guess limiter,
// session keys.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "auth/auth_options.h"
#include "services/account/account_service.h"
#include "services/account/session_key.h"
#include "services/db/schema.h"
#include "tests/support/storage_support.h"

namespace {

using account::AccountService;
using account::AuthCode;
using account::AuthResult;
using account::GuessLimiter;
using account::PasswordHasher;
using services::KeyVerdict;
using storage_test::TemporaryFolder;
using namespace std::chrono_literals;

class AccountTest : public ::testing::Test {
 protected:
  AccountService Make() {
    return {db::MakeSqlite({.path = folder_.File("accounts.db")}), hasher_, limiter_};
  }
  TemporaryFolder folder_;
  PasswordHasher hasher_{account::kTestHashCost};
  account::GuessLimits Limits() const {
    account::GuessLimits limits;
    limits.per_account = 3;
    limits.per_address = 6;
    limits.entries_max = 1000;
    return limits;
  }
  GuessLimiter limiter_{Limits()};
};

TEST_F(AccountTest, TheRightPasswordOpensAndOthersDoNot) {
  AccountService service = Make();
  const AuthResult made = service.Create("철수", "correct horse");
  ASSERT_EQ(made.code, AuthCode::kOk) << made.detail;
  EXPECT_GT(made.account_no, 0U);
  const AuthResult opened = service.Authenticate("철수", "correct horse", "10.0.0.1");
  EXPECT_EQ(opened.code, AuthCode::kOk);
  EXPECT_EQ(opened.account_no, made.account_no);
  EXPECT_EQ(service.Authenticate("철수", "correct hors", "10.0.0.1").code, AuthCode::kWrong);
  EXPECT_EQ(service.Authenticate("영희", "correct horse", "10.0.0.1").code, AuthCode::kWrong);
}

TEST_F(AccountTest, ANameIsTakenOnceHoweverItIsWritten) {
  AccountService service = Make();
  const AuthResult made = service.Create("Kim \u00C5", "a");
  ASSERT_EQ(made.code, AuthCode::kOk);
  EXPECT_EQ(made.name, "Kim \u00C5");
  for (const char* same : {"Kim \u00C5", "kim \u00E5", "KIM \u00C5", "Kim A\u030A", "Kim \u212B",
                           "\uFF2B\uFF49\uFF4D \u00C5"}) {
    EXPECT_EQ(service.Create(same, "b").code, AuthCode::kTaken) << same;
    const AuthResult opened = service.Authenticate(same, "a", "x");
    EXPECT_EQ(opened.code, AuthCode::kOk) << same << ": the first password stays";
    EXPECT_EQ(opened.account_no, made.account_no);
    EXPECT_EQ(opened.name, "Kim \u00C5") << "as it was chosen at registration";
  }
  EXPECT_EQ(service.Create("Kim A", "b").code, AuthCode::kOk) << "an accent is a difference";
}

// Accounts that were made before names had a key.
TEST_F(AccountTest, OlderAccountsKeepTheirNames) {
  std::unique_ptr<db::Connection> connection =
      db::MakeSqlite({.path = folder_.File("accounts.db")});
  ASSERT_TRUE(connection->Open().ok());
  ASSERT_TRUE(db::Migrate(*connection, 2).ok());
  const std::string hash = *hasher_.Hash("secret");
  for (const char* name : {"Kim", "\uCCA0\uC218", "\u00C4nne"}) {
    const db::Value values[] = {std::string_view(name), hash};
    ASSERT_TRUE(
        connection
            ->Run("INSERT INTO accounts (name, password_hash, created_ms) VALUES (?,?,0)", values)
            .ok());
  }
  connection.reset();
  AccountService service = Make();
  for (const char* name : {"Kim", "\uCCA0\uC218", "\u00C4nne"}) {
    const AuthResult opened = service.Authenticate(name, "secret", "x");
    EXPECT_EQ(opened.code, AuthCode::kOk) << name;
    EXPECT_EQ(opened.name, name);
  }
  EXPECT_EQ(service.Create("kim", "other").code, AuthCode::kTaken);
}

TEST_F(AccountTest, NamesAndPasswordsThatNobodyCanHave) {
  AccountService service = Make();
  for (const std::string& name : {std::string(),
                                  std::string(65, 'a'),
                                  std::string("a\nb"),
                                  std::string("\xff\xfe"),
                                  std::string(" a"),
                                  std::string("a\0b", 3),
                                  std::string("\xed\xa0\x80"),
                                  std::string("a "),
                                  std::string("a  b"),
                                  std::string("Kim\u200B"),  // zero-width space
                                  std::string("Ki\u200Dm"),
                                  std::string("Kim\uFEFF"),
                                  std::string("K\u00ADim"),
                                  std::string("\u202EmiK"),
                                  std::string("\u2067Kim"),
                                  std::string("Kim\u200F"),
                                  std::string("\u3164"),
                                  std::string("Kim\uFE0F"),
                                  std::string("Kim\u034F"),
                                  std::string("a\u00A0b"),
                                  std::string("a\u3000b"),
                                  std::string("\u2800"),
                                  std::string("\u0301a"),
                                  std::string("a \u0301"),
                                  std::string("\u0085"),
                                  std::string("\uE000"),
                                  std::string("\u2028"),
                                  std::string(22, '\0')}) {
    EXPECT_EQ(service.Create(name, "p").code, AuthCode::kBadName);
    EXPECT_EQ(service.Authenticate(name, "p", "x").code, AuthCode::kBadName);
  }
  EXPECT_EQ(service.Create("a", "").code, AuthCode::kBadName);
  EXPECT_EQ(service.Create("a", std::string(auth::kPasswordBytesMax + 1, 'p')).code,
            AuthCode::kBadName);
  EXPECT_EQ(service.Create("'; DROP TABLE accounts; --", "p").code, AuthCode::kOk);
  EXPECT_EQ(service.Authenticate("'; DROP TABLE accounts; --", "p", "x").code, AuthCode::kOk);
}

TEST_F(AccountTest, WrongGuessesAreLimitedPerAccountAndAddress) {
  AccountService service = Make();
  ASSERT_EQ(service.Create("victim", "secret").code, AuthCode::kOk);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(service.Authenticate("victim", "guess", "10.0.0.9").code, AuthCode::kWrong);
  const AuthResult limited = service.Authenticate("victim", "secret", "10.0.0.9");
  EXPECT_EQ(limited.code, AuthCode::kLimited) << "even the right one must wait now";
  EXPECT_GT(limited.retry_after, 200s);
  EXPECT_LE(limited.retry_after, 300s);
}

TEST_F(AccountTest, NobodyLocksAnOwnerOut) {
  AccountService service = Make();
  ASSERT_EQ(service.Create("victim", "secret").code, AuthCode::kOk);
  ASSERT_EQ(service.Authenticate("victim", "secret", "10.0.0.1").code, AuthCode::kOk);
  // From many addresses, one of them the owner's own (others live behind it, too).
  for (const char* address : {"10.0.0.9", "10.0.0.8", "10.0.0.7", "10.0.0.1"}) {
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(service.Authenticate("victim", "guess", address).code, AuthCode::kWrong);
    }
  }
  EXPECT_EQ(service.Authenticate("victim", "secret", "10.0.0.9").code, AuthCode::kLimited);
  EXPECT_EQ(service.Authenticate("victim", "secret", "10.0.0.1").code, AuthCode::kOk);
  EXPECT_EQ(limiter_.LookAt("victim", "10.0.0.1").delay, 0s) << "it has succeeded lately";
  EXPECT_EQ(service.Authenticate("victim", "secret", "10.0.0.2").code, AuthCode::kOk) << "travels";
}

TEST_F(AccountTest, RightPasswordsCostNothing) {
  AccountService service = Make();
  ASSERT_EQ(service.Create("player", "secret").code, AuthCode::kOk);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(service.Authenticate("player", "secret", "10.0.0.9").code, AuthCode::kOk);
  EXPECT_EQ(limiter_.entries(), 0U);
}

TEST_F(AccountTest, AnUnknownNameIsHashedLikeAKnownOne) {
  // By what is done, not by the clock: an unknown name is limited and answered like a wrong
  // password.
  AccountService service = Make();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(service.Authenticate("nobody", "guess", "a").code, AuthCode::kWrong);
  EXPECT_EQ(service.Authenticate("nobody", "guess", "a").code, AuthCode::kLimited);
  EXPECT_FALSE(hasher_.VerifyNobody("guess"));
}

TEST_F(AccountTest, TheFirstLoginMakesTheAccountWhenThatIsAllowed) {
  AccountService service = Make();
  const AuthResult first = service.Authenticate("new", "p1", "a", true);
  ASSERT_EQ(first.code, AuthCode::kOk);
  EXPECT_EQ(service.Authenticate("new", "p2", "a", true).code, AuthCode::kWrong);
  EXPECT_EQ(service.Authenticate("new", "p1", "a", true).account_no, first.account_no);
}

TEST_F(AccountTest, AHashOfAnotherCostIsReplacedAtTheNextLogin) {
  ASSERT_EQ(Make().Create("old", "p").code, AuthCode::kOk);
  const PasswordHasher stronger({.ops = 2, .memory_bytes = 16384});
  AccountService service(db::MakeSqlite({.path = folder_.File("accounts.db")}), stronger, limiter_);
  EXPECT_EQ(service.Authenticate("old", "p", "a").code, AuthCode::kOk);
  const auto connection = db::MakeSqlite({.path = folder_.File("accounts.db")});
  ASSERT_TRUE(connection->Open().ok());
  std::vector<db::Row> rows;
  ASSERT_TRUE(connection->Run("SELECT password_hash FROM accounts", {}, &rows).ok());
  const std::string hash = db::TextOf(rows.at(0).at(0));
  EXPECT_TRUE(hash.starts_with("$argon2id$")) << hash;
  EXPECT_FALSE(stronger.IsOutdated(hash));
  EXPECT_TRUE(hasher_.IsOutdated(hash));
  EXPECT_EQ(service.Authenticate("old", "p", "a").code, AuthCode::kOk);
}

TEST_F(AccountTest, ADatabaseThatIsAwayIsNotAWrongPassword) {
  AccountService blocked(db::MakeSqlite({.path = folder_.path()}), hasher_,
                         limiter_);  // a folder, not a file
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(blocked.Authenticate("any", "p", "a").code, AuthCode::kUnavailable)
        << "and it is not charged";
  }
}

TEST_F(AccountTest, DamagedHashesOpenNothing) {
  for (const char* hash : {"", "$argon2id$", "plain", "$argon2id$v=19$m=8,t=1,p=1$$"}) {
    EXPECT_FALSE(hasher_.Verify(hash, ""));
    EXPECT_FALSE(hasher_.Verify(hash, "plain"));
  }
  EXPECT_FALSE(hasher_.Verify(std::string(5000, 'x'), "x"));
}

account::GuessLimits Limits(std::uint32_t per_account, std::uint32_t per_address) {
  account::GuessLimits limits;
  limits.per_account = per_account;
  limits.per_address = per_address;
  limits.window = 60s;
  limits.entries_max = 100;
  return limits;
}

TEST(Guesses, WindowsEndAndAddressesAreCounted) {
  GuessLimiter limiter(Limits(2, 3));
  const GuessLimiter::Clock::time_point start{};
  const auto charge = [&](const char* account, const char* address, std::chrono::seconds at) {
    const GuessLimiter::Look look = limiter.LookAt(account, address, start + at);
    const GuessLimiter::Clock::duration wait = limiter.Charge(account, address, start + at);
    EXPECT_EQ(look.wait, wait) << "what is said before the queue is what counts behind it";
    return wait;
  };
  EXPECT_EQ(charge("a", "1", 0s), 0s);
  EXPECT_EQ(charge("a", "1", 10s), 0s);
  EXPECT_EQ(charge("a", "1", 20s), 40s) << "the window of this account and address began at 0";
  EXPECT_EQ(charge("a", "2", 20s), 0s) << "another address is not refused";
  EXPECT_EQ(charge("b", "1", 30s), 0s)
      << "a guess that was not allowed is not counted on the address";
  EXPECT_EQ(charge("c", "1", 30s), 30s) << "three from this address";
  EXPECT_EQ(charge("c", "2", 30s), 0s);
  EXPECT_EQ(charge("a", "1", 60s), 0s) << "a new window";
}

TEST(Guesses, AnAccountIsSlowedDownNeverRefused) {
  account::GuessLimits limits = Limits(2, 1000);
  limits.entries_max = 1000;
  limits.delay_max = 1500ms;
  GuessLimiter limiter(limits);
  const GuessLimiter::Clock::time_point now{};
  limiter.Succeeded("a", "home", now);
  std::vector<GuessLimiter::Clock::duration> delays;
  for (int guess = 0; guess < 8; ++guess) {
    const std::string address = std::to_string(guess);
    delays.push_back(limiter.LookAt("a", address, now).delay);
    EXPECT_EQ(limiter.Charge("a", address, now), 0s);
  }
  EXPECT_EQ(delays, (std::vector<GuessLimiter::Clock::duration>{0s, 0s, 250ms, 500ms, 1000ms,
                                                                1500ms, 1500ms, 1500ms}));
  EXPECT_EQ(limiter.LookAt("a", "home", now).delay, 0s) << "an address that has succeeded";
  EXPECT_EQ(limiter.LookAt("a", "home", now + limits.known_for).delay, 0s) << "the window is over";
  EXPECT_EQ(limiter.LookAt("b", "1", now).delay, 0s) << "another account";
}

TEST(Guesses, MemoryIsBounded) {
  GuessLimiter limiter(Limits(2, 2));
  for (int i = 0; i < 5000; ++i) {
    const std::string name = std::to_string(i);
    EXPECT_EQ(limiter.Charge(name, "address" + name), 0s);
  }
  EXPECT_LE(limiter.entries(), 300U);
}

TEST(Guesses, ManyAtOnceGetNoFurther) {
  GuessLimiter limiter(Limits(10, 1000));
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        (void)limiter.LookAt("victim", "10.0.0.1");
        if (limiter.Charge("victim", "10.0.0.1") == 0s) ++allowed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allowed.load(), 10);
}

TEST(RecentSet, ForgetsTheOldestAndTheExpired) {
  services::RecentSet<std::string> recent(3, 10s);
  const services::RecentSet<std::string>::Clock::time_point start{};
  for (const char* name : {"a", "b", "c"}) recent.Add(name, start);
  recent.Add("a", start + 5s);  // again: it is the newest now
  recent.Add("d", start + 5s);
  EXPECT_EQ(recent.size(), 3U);
  EXPECT_FALSE(recent.Contains("b", start + 5s)) << "the oldest";
  EXPECT_TRUE(recent.Contains("c", start + 9s));
  EXPECT_FALSE(recent.Contains("c", start + 10s));
  EXPECT_TRUE(recent.Contains("a", start + 14s));
}

TEST(SessionKeys, AreLongAndDifferent) {
  std::set<std::string> keys;
  std::set<char> characters;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = account::MakeSessionKey();
    EXPECT_EQ(key.size(), 64U);
    for (const char c : key) {
      EXPECT_TRUE((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) << c;
    }
    characters.insert(key.begin(), key.end());
    keys.insert(key);
  }
  EXPECT_EQ(keys.size(), 1000U);
  EXPECT_EQ(characters.size(), 62U);
}

class KeyStoreTest : public ::testing::Test {
 protected:
  KeyVerdict Check(std::uint64_t account, const std::string& offered) {
    KeyVerdict answer{};
    int calls = 0;
    store_.TakeAndCheck(account, offered, [&](KeyVerdict verdict, const std::string&) {
      answer = verdict;
      ++calls;
    });
    EXPECT_EQ(calls, 1);
    return answer;
  }
  std::string Put(std::uint64_t account, const std::string& key) {
    std::string answer = "not called";
    store_.Put(account, key, 60s, [&](const std::string& error) { answer = error; });
    return answer;
  }
  account::MemoryKeyStore::Clock::time_point now_{};
  account::MemoryKeyStore store_{3, [this] { return now_; }};
};

TEST_F(KeyStoreTest, AKeyOpensOnce) {
  EXPECT_EQ(Put(7, "k"), "");
  EXPECT_EQ(Check(7, "k"), KeyVerdict::kAccepted);
  EXPECT_EQ(Check(7, "k"), KeyVerdict::kMissing);
}

TEST_F(KeyStoreTest, AWrongKeyChangesNothing) {
  Put(7, "right");
  for (int guess = 0; guess < 3; ++guess) EXPECT_EQ(Check(7, "wrong"), KeyVerdict::kWrong);
  EXPECT_EQ(Check(7, "right"), KeyVerdict::kAccepted);
  EXPECT_EQ(Check(7, "right"), KeyVerdict::kMissing);
}

TEST_F(KeyStoreTest, KeysExpireAndTheNewestCounts) {
  Put(7, "old");
  Put(7, "new");
  EXPECT_EQ(Check(7, "old"), KeyVerdict::kWrong);
  Put(7, "k");
  now_ += 60s;
  EXPECT_EQ(Check(7, "k"), KeyVerdict::kMissing);
}

TEST_F(KeyStoreTest, MemoryIsBounded) {
  for (std::uint64_t account = 1; account <= 3; ++account) EXPECT_EQ(Put(account, "k"), "");
  EXPECT_NE(Put(4, "k"), "");
  EXPECT_EQ(Put(3, "other"), "") << "one that is there may be replaced";
  now_ += 61s;
  EXPECT_EQ(Put(4, "k"), "") << "the expired ones made room";
  EXPECT_EQ(store_.size(), 1U);
}

TEST_F(KeyStoreTest, ManyThreadsOneKeyOneWinner) {
  account::MemoryKeyStore store;
  for (int round = 0; round < 200; ++round) {
    store.Put(1, {"k"}, 60s, [](const std::string&) {});
    std::atomic<int> winners{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        store.TakeAndCheck(1, "k", [&](KeyVerdict verdict, const std::string&) {
          if (verdict == KeyVerdict::kAccepted) ++winners;
        });
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(winners.load(), 1);
  }
}

}  // namespace
