// The session array under attack: stale ids, reuse, release exactly once.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "net/session_table.h"
#include "tests/support/task_input.h"
#include "tests/support/test_support.h"

namespace net {
namespace {

TEST(SessionTable, GivesEverySlotOnceAndThenSaysFull) {
  SessionTable table(3);
  std::set<std::uint32_t> indices;
  std::vector<Session*> sessions;
  for (int i = 0; i < 3; ++i) {
    Session* session = table.Allocate(INVALID_SOCKET, {});
    ASSERT_NE(session, nullptr);
    indices.insert(session->id.index());
    sessions.push_back(session);
  }
  EXPECT_EQ(indices.size(), 3u);
  EXPECT_EQ(table.Allocate(INVALID_SOCKET, {}), nullptr);
  EXPECT_EQ(table.live(), 3u);
  for (Session* session : sessions) {
    ASSERT_TRUE(session->io.Drop());
    table.Free(*session);
  }
  EXPECT_EQ(table.live(), 0u);
  table.WaitUntilEmpty();
}

TEST(SessionTable, SlotsAreAlignedToCacheLines) {
  SessionTable table(2);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&table.slot(0)) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&table.slot(1)) % 64, 0u);
}

TEST(SessionTable, AStaleIdDoesNotFindTheNextTenant) {
  TASK_INPUT("02.1", "one slot, two tenants one after the other");
  SessionTable table(1);
  Session* first = table.Allocate(INVALID_SOCKET, {});
  const SessionId old_id = first->id;
  EXPECT_EQ(table.Acquire(old_id), first);
  ASSERT_FALSE(first->io.Drop());
  ASSERT_TRUE(first->io.Drop());
  EXPECT_EQ(table.Acquire(old_id), nullptr) << "released, not yet free";
  table.Free(*first);
  EXPECT_EQ(table.Acquire(old_id), nullptr) << "free";

  Session* second = table.Allocate(INVALID_SOCKET, {});
  ASSERT_EQ(second, first) << "one slot: it has to be reused";
  EXPECT_NE(second->id, old_id);
  EXPECT_EQ(table.Acquire(old_id), nullptr)
      << "id " << ToString(old_id) << " reached session " << ToString(second->id);
  EXPECT_EQ(second->io.count(), 1u) << "a stale id must not even touch the count";
  ASSERT_TRUE(second->io.Drop());
  table.Free(*second);
}

// A game may keep an id for hours. So many tenants later the slot must still not answer to it.
TEST(SessionTable, AnIdDoesNotComeBackAfterManyTenants) {
  constexpr int kTenants = 200'000;  // more than 16 bits count, three times over
  SessionTable table(1);
  Session* session = table.Allocate(INVALID_SOCKET, {});
  const SessionId first = session->id;
  for (int i = 1; i <= kTenants; ++i) {
    ASSERT_TRUE(session->io.Drop());
    table.Free(*session);
    session = table.Allocate(INVALID_SOCKET, {});
    ASSERT_EQ(table.Acquire(first), nullptr)
        << "id " << ToString(first) << " reached the tenant number " << i << " after its own";
  }
  ASSERT_TRUE(session->io.Drop());
  table.Free(*session);
}

TEST(SessionTable, IdsFromNowhereFindNothing) {
  TASK_INPUT("02.1", "a table of 2; ids 0:0, 1:2");
  SessionTable table(2);
  EXPECT_EQ(table.Acquire(SessionId{}), nullptr);
  EXPECT_EQ(table.Acquire(SessionId::Make(1, 2)), nullptr) << "index out of range";
  EXPECT_EQ(table.Acquire(SessionId::Make(0, 0)), nullptr);
}

// Millions of rounds of connect / use by id / disconnect on a handful of slots. Every tenant writes
// its id into its slot's witness; whoever acquired by an id must read that id there, for as long as
// it holds its count. `freed` counts the frees per tenant: exactly one each.
TEST(SessionTable, IdReuseRace) {
  constexpr std::uint32_t kSlots = 4;
  constexpr int kTenantThreads = 3;
  constexpr int kUserThreads = 3;
  const std::uint64_t seed = course_test::TestSeed();
  const int rounds = 60'000 * course_test::StressFactor();
  TASK_INPUT("02.1", kSlots << " slots, " << kTenantThreads << " tenants, " << kUserThreads
                            << " users, seed " << seed);

  SessionTable table(kSlots);
  struct alignas(64) Witness {
    std::atomic<std::uint64_t> tenant{0};
  };
  std::vector<Witness> witness(kSlots);
  std::vector<std::atomic<std::uint64_t>> board(16);  // ids that users try, mostly stale ones
  std::atomic<std::uint64_t> wrong_tenant{0};
  std::atomic<std::uint64_t> allocated{0};
  std::atomic<std::uint64_t> freed{0};
  std::atomic<std::uint64_t> hits{0};
  std::atomic<int> tenants_at_work{kTenantThreads};

  const auto release = [&](Session& session) {
    if (!session.io.Drop()) return;
    if (witness[session.id.index()].tenant.exchange(0) != session.id.value) ++wrong_tenant;
    ++freed;
    table.Free(session);
  };
  const auto tenant = [&](std::uint64_t thread) {
    course_test::Random random(seed + thread);
    for (int i = 0; i < rounds; ++i) {
      Session* session = table.Allocate(INVALID_SOCKET, {});
      if (session == nullptr) continue;
      ++allocated;
      const std::uint64_t id = session->id.value;
      if (witness[session->id.index()].tenant.exchange(id) != 0) ++wrong_tenant;
      board[random.Below(board.size())].store(id);
      session->io.Add();  // an operation in flight
      release(*session);
      release(*session);
    }
    --tenants_at_work;
  };
  const auto user = [&](std::uint64_t thread) {
    course_test::Random random(seed + 100 + thread);
    while (tenants_at_work.load() > 0) {
      // By an id that it remembers, or by the one that it finds in the slot, as who walks the
      // table.
      const auto slot = static_cast<std::uint32_t>(random.Below(kSlots));
      const bool walks = random.OneIn(2);
      const SessionId id = walks ? SessionId::Make(table.slot(slot).io.serial(), slot)
                                 : SessionId{board[random.Below(board.size())].load()};
      Session* session = table.Acquire(id);
      if (session == nullptr) continue;
      ++hits;
      if (session->id != id) ++wrong_tenant;
      // Who walks may come before the tenant has left its name.
      if (!walks && witness[id.index()].tenant.load() != id.value) ++wrong_tenant;
      release(*session);
    }
  };

  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kTenantThreads; ++t) threads.emplace_back(tenant, t);
  for (std::uint64_t t = 0; t < kUserThreads; ++t) threads.emplace_back(user, t);
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(wrong_tenant.load(), 0u) << "an id reached another tenant";
  EXPECT_EQ(freed.load(), allocated.load()) << "every tenant is freed exactly once";
  EXPECT_EQ(table.live(), 0u);
  RecordProperty("acquired_by_id", std::to_string(hits.load()));
}

}  // namespace
}  // namespace net
