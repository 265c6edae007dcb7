// Fault injection: system calls fail or do half of their work, at every call site in turn and at
// random.
//
// The work-out uses the whole port once. Some faults must be invisible (EINTR, EAGAIN, a short
// count): the work-out succeeds. Others are reported: then it stops where it is, and what counts is
// that every operation issued so far still ends exactly once, that nothing hangs, and that nothing
// is left behind.
#ifndef _WIN32

#include <sys/resource.h>

#include <cstring>

#include "iocp/inspect.h"
#include "tests/iocp/unit_fault_injection.h"
#include "tests/iocp/unit_fault_workout.h"
#include "tests/support/test_support.h"

namespace course_test {
namespace {

TEST(Faults, WorkOutSucceedsWithoutFaults) {
  const WorkOutResult result = RunWorkOut();
  EXPECT_EQ(result.stopped, "");
  EXPECT_EQ(result.broken, "");
  EXPECT_TRUE(NothingIsLeft());
}

TEST(Faults, EachAtEveryCallOfEverySite) {
  int injected = 0;
  for (const FaultSite& site : FaultSites()) {
    // The first calls one by one; the large transfer makes hundreds more that are all alike.
    const int most = 12 * StressFactor();
    bool reached = false;
    for (int nth = 1; nth <= most; ++nth) {
      const std::string what =
          std::string(ToString(site.fault)) + " at " + site.call + " " + std::to_string(nth);
      WorkOutResult result;
      int happened = 0;
      {
        const FaultPlan plan(site, nth);
        result = RunWorkOut();
        happened = plan.injected();
      }
      EXPECT_EQ(result.broken, "") << what << "; it stopped at " << result.stopped;
      if (site.invisible) {
        EXPECT_EQ(result.stopped, "") << what << " must not be seen";
      }
      ASSERT_TRUE(NothingIsLeft()) << what;
      injected += happened;
      reached |= happened > 0;
      if (happened == 0) break;  // the work-out makes fewer calls than that
    }
    // Whether a thread parks or polls is a matter of timing; the others are certain to be called.
    const bool certain = std::strcmp(site.call, "futex_wait") != 0 &&
                         std::strcmp(site.call, "poll") != 0 &&
                         std::strcmp(site.call, "setsockopt") != 0;
    if (certain) {
      EXPECT_TRUE(reached) << site.call << " was never called: the fault was not tried";
    }
  }
  EXPECT_GT(injected, 80);
}

TEST(Faults, RandomInvisibleMixesAreInvisible) {
  Random random(TestSeed());
  for (int round = 0; round < 40 * StressFactor(); ++round) {
    const std::uint64_t seed = random.Next();
    const auto one_in = static_cast<std::uint32_t>(2 + random.Below(12));
    WorkOutResult result;
    {
      const FaultPlan plan(seed, one_in, true);
      result = RunWorkOut();
    }
    EXPECT_EQ(result.stopped, "") << "round " << round << ", one in " << one_in;
    EXPECT_EQ(result.broken, "") << "round " << round << ", one in " << one_in;
    ASSERT_TRUE(NothingIsLeft()) << "round " << round;
  }
}

TEST(Faults, RandomMixesEndInOrder) {
  Random random(TestSeed());
  int stopped = 0;
  for (int round = 0; round < 60 * StressFactor(); ++round) {
    const std::uint64_t seed = random.Next();
    const auto one_in = static_cast<std::uint32_t>(5 + random.Below(200));
    WorkOutResult result;
    {
      const FaultPlan plan(seed, one_in, false);
      result = RunWorkOut();
    }
    stopped += result.stopped.empty() ? 0 : 1;
    EXPECT_EQ(result.broken, "") << "round " << round << ", one in " << one_in;
    ASSERT_TRUE(NothingIsLeft()) << "round " << round;
  }
  EXPECT_GT(stopped, 0) << "no fault was ever reported";
}

// Out of descriptors: the accept stays pending, does not spin, and ends as soon as there are some
// again.
TEST(Faults, EmfileInAcceptNeitherSpinsNorLosesTheListener) {
  for (const Fault fault : {Fault::kTooManyFiles, Fault::kNoBuffers}) {
    sockaddr_in address{};
    const Socket listener = MakeListener(&address);
    const Handle port = MakePort();
    Associate(port, listener, 1);
    const Socket acceptor = MakeTcp();
    const Socket client = MakeTcp();
    Work accepted;
    DWORD bytes = 0;
    {
      const FaultPlan plan({"accept", fault, false}, 1, 1'000'000);
      ASSERT_FALSE(AcceptEx(listener, acceptor, accepted.data.data(), 0, kAddressLength,
                            kAddressLength, &bytes, &accepted));
      ASSERT_CODE(WSAGetLastError(), WSA_IO_PENDING);
      ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
      EXPECT_TRUE(Dequeue(port, 300).timed_out());
      EXPECT_GE(plan.injected(), 2) << "it must try again";
      EXPECT_LE(plan.calls(), 100) << "but not without pause";
    }
    const Dequeued got = Dequeue(port);
    EXPECT_TRUE(got.ok) << ToString(fault) << ": " << got.error;
    EXPECT_EQ(got.overlapped, &accepted);

    // The listener lives on.
    const Socket next = MakeTcp();
    Work again;
    AcceptEx(listener, next, again.data.data(), 0, kAddressLength, kAddressLength, &bytes, &again);
    const Socket other_client = MakeTcp();
    ASSERT_EQ(connect(other_client, reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    EXPECT_EQ(Dequeue(port).overlapped, &again);
  }
  EXPECT_TRUE(NothingIsLeft());
}

// The same with the process's real limit.
TEST(Faults, RealDescriptorLimitInAccept) {
  sockaddr_in address{};
  const Socket listener = MakeListener(&address);
  const Handle port = MakePort();
  Associate(port, listener, 1);
  const Socket acceptor = MakeTcp();
  const Socket client = MakeTcp();
  Work accepted;
  DWORD bytes = 0;
  ASSERT_FALSE(AcceptEx(listener, acceptor, accepted.data.data(), 0, kAddressLength, kAddressLength,
                        &bytes, &accepted));
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const auto accepts = [] {
    return iocp::ReadCounters()->calls[static_cast<std::size_t>(iocp::SystemCall::kAccept)];
  };
  const rlimit none{0, limit.rlim_max};  // no new descriptor; open ones stay usable
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED),
            INVALID_SOCKET);
  EXPECT_CODE(WSAGetLastError(), WSAEMFILE);
  const std::uint64_t before = accepts();
  const int connected =
      connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool timed_out = Dequeue(port, 100).timed_out();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(connected, 0);
  EXPECT_TRUE(timed_out);
  EXPECT_LE(accepts() - before, 100u) << "tried again, but not without pause";
  const Dequeued got = Dequeue(port);
  EXPECT_TRUE(got.ok) << got.error;
  EXPECT_EQ(got.overlapped, &accepted);
}

}  // namespace
}  // namespace course_test

#endif  // _WIN32
