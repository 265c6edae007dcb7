// The country check on a real database file, made by make_mmdb.py and read by mmdblookup too.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "net/peer_address.h"
#include "services/country/country_check.h"
#include "tests/support/task_input.h"
#ifndef _WIN32
#include <unistd.h>

#include "tests/outside/child_process.h"
#endif

namespace services {
namespace {

std::uint32_t Ip(const std::string& text) {
  const auto ip = net::ParseIpv4(text);
  EXPECT_TRUE(ip) << text;
  return ip.value_or(0);
}

TEST(Country, WithoutADatabaseEverybodyMayComeIn) {
  TASK_INPUT("07e.1", "no database");
  CountryCheck check;
  EXPECT_EQ(check.Open({}), "");
  for (const char* text : {"127.0.0.1", "10.0.0.1", "8.8.8.8"}) {
    EXPECT_TRUE(check.Check(Ip(text)).allowed()) << text;
    EXPECT_EQ(check.Check(Ip(text)).entry, Entry::kNoDatabase);
  }
}

TEST(Country, BadOptionsAreNamed) {
  CountryOptions options;
  options.allowed = {"KR", "Korea"};
  EXPECT_EQ(CountryCheck().Open(options), "country: 'Korea' is not a code of two capital letters");
  options = {};
  options.database = "/nowhere/country.mmdb";
  const std::string error = CountryCheck().Open(options);
  EXPECT_TRUE(error.starts_with("country: /nowhere/country.mmdb: ")) << error;
}

#if defined(COURSE_HAS_COUNTRY) && !defined(_WIN32)

class CountryFile : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!outside::FindProgram("python3")) GTEST_SKIP() << "python3 is not installed";
    options_.database = folder_.File("country.mmdb");
    Make({"203.0.113.0/24=KR", "198.51.100.0/25=US", "8.8.8.8/32=US", "2001:db8:1::/48=JP",
          "10.9.0.0/16=KR"});
  }

  void Make(const std::vector<std::string>& networks) {
    const char* stage = std::getenv("COURSE_STAGE_DIR");
    const std::string script =
        std::string(stage != nullptr ? stage : ".") + "/tests/support/make_mmdb.py";
    std::vector<std::string> command{"python3", script, options_.database};
    command.insert(command.end(), networks.begin(), networks.end());
    outside::ChildProcess python;
    ASSERT_TRUE(python.Start(command, folder_.File("python.log")));
    ASSERT_EQ(python.WaitFor(std::chrono::seconds(20)), 0)
        << outside::ReadFile(folder_.File("python.log"));
  }

  CountryAnswer Check(const std::string& address) {
    CountryCheck check;
    EXPECT_EQ(check.Open(options_), "");
    return check.Check(Ip(address));
  }

  outside::TemporaryFolder folder_;
  CountryOptions options_;
};

TEST_F(CountryFile, OnlyKoreaAndLoopbackByDefault) {
  TASK_INPUT("07e.1", "addresses at the borders of every range");
  struct Case {
    const char* address;
    Entry entry;
    const char* country;
  };
  for (const Case& c : {Case{"127.0.0.1", Entry::kLoopback, ""},
                        Case{"127.9.9.9", Entry::kLoopback, ""},
                        Case{"203.0.113.0", Entry::kCountry, "KR"},
                        Case{"203.0.113.255", Entry::kCountry, "KR"},
                        Case{"203.0.114.0", Entry::kRefusedUnknown, ""},
                        Case{"198.51.100.127", Entry::kRefusedCountry, "US"},
                        Case{"198.51.100.128", Entry::kRefusedUnknown, ""},
                        Case{"8.8.8.8", Entry::kRefusedCountry, "US"},
                        Case{"8.8.8.9", Entry::kRefusedUnknown, ""},
                        Case{"128.0.0.0", Entry::kRefusedUnknown, ""},
                        Case{"10.9.1.1", Entry::kRefusedPrivate, ""},
                        Case{"11.0.0.0", Entry::kRefusedUnknown, ""},
                        Case{"172.16.0.0", Entry::kRefusedPrivate, ""},
                        Case{"172.31.255.255", Entry::kRefusedPrivate, ""},
                        Case{"172.32.0.0", Entry::kRefusedUnknown, ""},
                        Case{"192.168.0.10", Entry::kRefusedPrivate, ""},
                        Case{"192.169.0.0", Entry::kRefusedUnknown, ""},
                        Case{"100.63.255.255", Entry::kRefusedUnknown, ""},
                        Case{"100.64.0.0", Entry::kRefusedPrivate, ""},
                        Case{"100.127.255.255", Entry::kRefusedPrivate, ""},
                        Case{"100.128.0.0", Entry::kRefusedUnknown, ""},
                        Case{"169.254.1.1", Entry::kRefusedPrivate, ""},
                        Case{"169.255.0.0", Entry::kRefusedUnknown, ""}}) {
    const CountryAnswer answer = Check(c.address);
    EXPECT_EQ(answer.entry, c.entry) << c.address << ": " << ToString(answer.entry);
    EXPECT_EQ(answer.country, c.country) << c.address;
  }
}

TEST_F(CountryFile, EachRuleCanBeChanged) {
  TASK_INPUT("07e.1", "loopback refused, private and unknown allowed, US and JP");
  options_.allow_loopback = false;
  options_.allow_private = true;
  options_.allow_unknown = true;
  options_.allowed = {"US", "JP"};
  EXPECT_EQ(Check("127.0.0.1").entry, Entry::kRefusedLoopback);
  EXPECT_EQ(Check("192.168.0.10").entry, Entry::kPrivate);
  EXPECT_TRUE(Check("1.1.1.1").allowed());
  EXPECT_TRUE(Check("8.8.8.8").allowed());
  EXPECT_EQ(Check("203.0.113.1").entry, Entry::kRefusedCountry);
}

TEST_F(CountryFile, AnotherReaderAgrees) {
  if (!outside::FindProgram("mmdblookup")) GTEST_SKIP() << "mmdblookup (mmdb-bin) is not installed";
  outside::ChildProcess lookup;
  ASSERT_TRUE(lookup.Start(
      {"mmdblookup", "--file", options_.database, "--ip", "203.0.113.5", "country", "iso_code"},
      folder_.File("lookup.log")));
  EXPECT_EQ(lookup.WaitFor(std::chrono::seconds(20)), 0);
  EXPECT_NE(outside::ReadFile(folder_.File("lookup.log")).find("\"KR\""), std::string::npos)
      << outside::ReadFile(folder_.File("lookup.log"));
}

TEST_F(CountryFile, ManyThreadsAsk) {
  CountryCheck check;
  ASSERT_EQ(check.Open(options_), "");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&check] {
      for (int i = 0; i < 2000; ++i) {
        EXPECT_EQ(check.Check(0xCB007100u + static_cast<std::uint32_t>(i % 256)).country, "KR");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// What an administrator's `cp` or a full disk does to the file that is in use.
TEST_F(CountryFile, AFileThatIsCutShortWhileItIsUsedHurtsNobody) {
  CountryCheck check;
  ASSERT_EQ(check.Open(options_), "");
  const std::string whole = outside::ReadFile(options_.database);
  ASSERT_EQ(truncate(options_.database.c_str(), 0), 0);
  EXPECT_EQ(check.Check(Ip("203.0.113.7")).country, "KR");
  EXPECT_FALSE(check.IsStale());
  const std::string error = check.Refresh();
  EXPECT_TRUE(error.starts_with("country: " + options_.database + ": ")) << error;
  EXPECT_TRUE(check.IsStale());
  EXPECT_EQ(check.Refresh(), "") << "the same file again: nothing new to say";
  EXPECT_TRUE(check.IsStale());
  EXPECT_EQ(check.Check(Ip("203.0.113.7")).country, "KR");
  ASSERT_EQ(unlink(options_.database.c_str()), 0);
  EXPECT_NE(check.Refresh(), "");
  EXPECT_EQ(check.Check(Ip("203.0.113.7")).country, "KR");
  std::ofstream(options_.database, std::ios::binary) << whole;
  EXPECT_EQ(check.Refresh(), "");
  EXPECT_FALSE(check.IsStale());
  EXPECT_EQ(check.Check(Ip("203.0.113.7")).country, "KR");
}

TEST_F(CountryFile, ANewFileIsTakenWhileThreadsAsk) {
  CountryCheck check;
  ASSERT_EQ(check.Open(options_), "");
  EXPECT_EQ(check.Check(Ip("203.0.113.7")).country, "KR");
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (!stop.load()) {
        const std::string country = check.Check(Ip("203.0.113.7")).country;
        EXPECT_TRUE(country == "KR" || country == "JP") << country;
        std::this_thread::yield();
      }
    });
  }
  std::string korea = outside::ReadFile(options_.database);
  Make({"203.0.113.0/24=JP"});
  std::string japan = outside::ReadFile(options_.database);
  for (int i = 0; i < 20; ++i) {
    std::ofstream(options_.database, std::ios::binary) << (i % 2 == 0 ? korea : japan);
    check.Refresh();
  }
  EXPECT_EQ(check.Check(Ip("203.0.113.7")).country, "JP");
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
}

TEST_F(CountryFile, DamagedFilesAreRefusedOrKnowNothing) {
  const std::string whole = outside::ReadFile(options_.database);
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    std::ofstream(options_.database, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
    CountryCheck check;
    EXPECT_NE(check.Open(options_), "") << "cut after " << size << " of " << whole.size();
  }
  for (std::size_t at = 0; at < whole.size(); at += 3) {  // no crash is all that can be asked
    std::string damaged = whole;
    damaged[at] = static_cast<char>(~damaged[at]);
    std::ofstream(options_.database, std::ios::binary | std::ios::trunc) << damaged;
    CountryCheck check;
    if (check.Open(options_).empty()) check.Check(Ip("203.0.113.5"));
  }
}

#endif

}  // namespace
}  // namespace services
