// 10,000 connections at once on one server (label slow).
#include <gtest/gtest.h>

#ifndef _WIN32
#include <sys/resource.h>
#endif

#include "tests/support/process.h"
#include "tests/support/recording_server.h"
#include "tests/support/test_support.h"

namespace {

using course_test::RecordingServer;

// Each side needs one descriptor per connection and a few more.
bool EnoughDescriptors([[maybe_unused]] std::size_t connections) {
#ifndef _WIN32
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur >= connections + 200;
#else
  return true;
#endif
}

TEST(TenThousand, AllAreServedAtOnceAndAllAreFreed) {
  // Wine serves every socket through one process and needs minutes for ten thousand.
  const std::size_t connections = course_test::RunningUnderWine() ? 1'000 : 10'000;
  ASSERT_TRUE(EnoughDescriptors(connections)) << "raise the limit of open files (ulimit -n)";
  net::ServerOptions options;
  options.session_max = static_cast<std::uint32_t>(connections);
  RecordingServer server(options);
  server.echo = true;
  ASSERT_EQ(server.Start().error(), "");
  {
    support::Process crowd("crowd_client",
                           {std::to_string(server.port()), std::to_string(connections)});
    ASSERT_EQ(crowd.ReadLineWith("echoed", std::chrono::minutes(3)),
              "echoed " + std::to_string(connections))
        << crowd.Errors();
    EXPECT_EQ(server.live_sessions(), connections);
    crowd.CloseInput();
    EXPECT_EQ(crowd.Wait(std::chrono::minutes(1)), 0);
  }
  EXPECT_TRUE(server.AwaitLeaves(connections));
  const net::StopReport report = server.Stop();
  EXPECT_EQ(report.live_sessions, 0u);
  EXPECT_EQ(report.outstanding_operations, 0u);
}

}  // namespace
