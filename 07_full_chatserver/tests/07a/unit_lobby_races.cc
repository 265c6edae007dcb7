// The lobby with many posters, answers from other threads in any order, and checks all the time.
// What must hold in the end: per account nobody or exactly one is inside, and it is the later one.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "tests/support/lobby_test_support.h"
#include "tests/support/task_input.h"

namespace {

using chat::AccountNo;
using lobby_test::Id;

// Follows what the lobby says: who is inside as which account, at any moment.
class Auditor final : public chat::LobbyPort {
 public:
  bool Admit(net::SessionId id, AccountNo account, const std::string&) override {
    const std::lock_guard lock(mutex_);
    if (left_.count(id) != 0) return false;  // as the server does: the session is closing
    // A moment of overlap: the older is dropped in the same job, right after this.
    inside_[id] = account;
    if (++per_account_[account] > 2) complaint_ = "three inside for one account";
    return true;
  }
  void RefuseLogin(net::SessionId, chat::LobbyReason) override {}
  void Finish(net::SessionId) override {}
  void Drop(net::SessionId id, chat::LobbyReason) override {
    const std::lock_guard lock(mutex_);
    Forget(id);
  }

  // The connection ends; its Leave is posted after this.
  void Left(net::SessionId id) {
    const std::lock_guard lock(mutex_);
    left_.insert(id);
    Forget(id);
  }
  // After the end: how many are inside, and whether an account is there twice.
  std::size_t inside() const { return inside_.size(); }
  std::string complaint() const {
    if (!complaint_.empty()) return complaint_;
    for (const auto& [account, count] : per_account_) {
      if (count > 1) return "account " + std::to_string(account) + " is inside twice";
    }
    return "";
  }

 private:
  void Forget(net::SessionId id) {
    const auto found = inside_.find(id);
    if (found == inside_.end()) return;
    --per_account_[found->second];
    inside_.erase(found);
  }

  mutable std::mutex mutex_;
  std::map<net::SessionId, AccountNo> inside_;  // guarded by mutex_
  std::map<AccountNo, int> per_account_;        // guarded by mutex_
  std::set<net::SessionId> left_;               // guarded by mutex_
  std::string complaint_;                       // guarded by mutex_
};

// Answers from threads of its own, always yes, in no order.
class AnyOrderKeys final : public chat::KeyLookup {
 public:
  explicit AnyOrderKeys(std::uint64_t seed) {
    for (std::uint64_t i = 0; i < 2; ++i) {
      threads_.emplace_back([this, seed, i] { Run(seed + i); });
    }
  }
  ~AnyOrderKeys() { Stop(); }
  // Answers what is still open, and ends.
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  void TakeKey(AccountNo, std::string, Done done) override {
    const std::lock_guard lock(mutex_);
    open_.push_back(std::move(done));
    wake_.notify_one();
  }

 private:
  void Run(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stop_ || !open_.empty(); });
      if (open_.empty()) return;
      std::swap(open_[random() % open_.size()], open_.back());
      const Done done = std::move(open_.back());
      open_.pop_back();
      lock.unlock();
      done(random() % 8 == 0 ? chat::KeyAnswer::kMissing : chat::KeyAnswer::kRight);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Done> open_;  // guarded by mutex_
  bool stop_ = false;       // guarded by mutex_
  std::vector<std::thread> threads_;
};

TEST(LobbyRaces, OneSessionPerAccountWhateverTheOrder) {
  constexpr std::uint32_t kPosters = 4;
  constexpr std::uint32_t kSlotsEach = 8;
  constexpr AccountNo kAccounts = 6;  // few: nearly every login is a duplicate
  const std::uint64_t seed = job_test::Seed();
  const std::uint64_t steps = job_test::Scaled(20'000);
  TASK_INPUT("07a.4", kPosters << " posters, " << kAccounts << " accounts, seed " << seed);

  Auditor auditor;
  AnyOrderKeys keys(seed);
  job::UpdateThreads threads;
  chat::LobbyOptions options;
  job_test::ManualClock clock;  // each step of a poster is a nanosecond
  options.clock = &clock;
  options.heartbeat_timeout = job::Duration{100};
  auto lobby = std::make_shared<chat::Lobby>(threads.Ready(), options, keys, auditor);
  threads.Start();

  std::atomic<bool> checking{true};
  std::thread checker([&] {
    while (checking.load()) {
      lobby->CheckLoginTimeouts();
      lobby->CheckHeartbeats();
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> posters;
  for (std::uint32_t poster = 0; poster < kPosters; ++poster) {
    posters.emplace_back([&, poster] {
      std::mt19937_64 random(seed * 31 + poster);
      std::vector<std::uint32_t> serial(kSlotsEach, 0);
      std::vector<bool> connected(kSlotsEach, false);
      for (std::uint64_t step = 0; step < steps / kPosters; ++step) {
        // Not faster than the lobby, or every session is over before its answer comes.
        while (lobby->Length() > 8) std::this_thread::yield();
        clock.Advance(job::Duration{1});
        const auto slot = static_cast<std::uint32_t>(random() % kSlotsEach);
        const std::uint32_t index = poster * kSlotsEach + slot;
        if (!connected[slot]) {
          lobby->Connected(Id(index, ++serial[slot]));
          connected[slot] = true;
        } else if (random() % 4 == 0) {
          auditor.Left(Id(index, serial[slot]));
          lobby->Leave(Id(index, serial[slot]));
          connected[slot] = false;
        } else if (random() % 3 == 0) {
          lobby->Heard(Id(index, serial[slot]));
        } else {
          lobby->Login(Id(index, serial[slot]), random() % kAccounts, "key");
        }
      }
    });
  }
  for (std::thread& thread : posters) thread.join();
  checking.store(false);
  checker.join();
  keys.Stop();
  ASSERT_TRUE(threads.Stop(job::StopPolicy::kDrain, job_test::kDeadline).drained);

  EXPECT_EQ(auditor.complaint(), "");
  const chat::LobbyCounts counts = lobby->counts();
  EXPECT_EQ(counts.lookups_pending, 0u);
  EXPECT_EQ(counts.logged_in, auditor.inside());
  EXPECT_GT(counts.superseded, 0u) << "the test never met a duplicate";
  EXPECT_GT(counts.timed_out, 0u);
  EXPECT_GT(counts.answers_for_nobody, 0u);
}

}  // namespace
