// The log: files, rotation, levels at run time, structured lines, and a disk that fails.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "services/log/log_setup.h"
#include "services/log/quoted.h"

namespace services {
namespace {

std::string Contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  std::string contents = text.str();
  std::erase(contents, '\r');  // the log's line ends are the system's own
  return contents;
}

class Log : public ::testing::Test {
 protected:
  Log() {
    folder_ = std::filesystem::temp_directory_path() /
              ("course-log-" + std::to_string(std::random_device{}()));
    std::filesystem::create_directories(folder_);
    options_.console = false;
    options_.file = (folder_ / "deep" / "server.log").string();
  }
  ~Log() override {
    ShutDownLogging();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // False: not within 20 seconds.
  bool AwaitInFile(const std::string& text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (Contents(options_.file).find(text) == std::string::npos) {
      if (std::chrono::steady_clock::now() >= end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  std::filesystem::path folder_;
  LogOptions options_;
};

TEST_F(Log, LinesReachTheFileInOrder) {
  ASSERT_EQ(SetUpLogging(options_), "");
  for (int i = 0; i < 100; ++i) spdlog::info("count i={}", i);
  ShutDownLogging();
  const std::string text = Contents(options_.file);
  std::size_t at = 0;
  for (int i = 0; i < 100; ++i) {
    at = text.find("count i=" + std::to_string(i) + "\n", at);
    ASSERT_NE(at, std::string::npos) << i << "\n" << text;
  }
  EXPECT_EQ(GetLogStats().write_failures, 0u);
}

TEST_F(Log, ShutDownWritesOutWhatIsQueued) {
  ASSERT_EQ(SetUpLogging(options_), "");
  for (int i = 0; i < 1000; ++i) spdlog::info("line {}", i);
  ShutDownLogging();
  EXPECT_NE(Contents(options_.file).find("line 999\n"), std::string::npos);
  spdlog::info("after the end: must not crash");
}

#ifndef _WIN32  // an open file cannot be moved away there
TEST_F(Log, AFileThatWasMovedAwayIsOpenedAnew) {
  ASSERT_EQ(SetUpLogging(options_), "");
  spdlog::warn("yesterday");  // written at once: nothing of it comes after the rename
  ASSERT_TRUE(AwaitInFile("yesterday\n"));
  const std::string moved = options_.file + ".moved";
  std::filesystem::rename(options_.file, moved);
  EXPECT_EQ(ReopenLogFile(), "");
  spdlog::warn("today");
  ASSERT_TRUE(AwaitInFile("today\n"));
  EXPECT_NE(Contents(moved).find("yesterday\n"), std::string::npos);
  EXPECT_EQ(Contents(moved).find("today"), std::string::npos);
  const std::string text = Contents(options_.file);
  EXPECT_NE(text.find(" warning "), std::string::npos) << "the pattern of the lines: " << text;
  EXPECT_TRUE(text.ends_with(" today\n")) << text;

  // No file can be made there: the old one is written on, and the failure counted.
  std::filesystem::rename(folder_ / "deep", folder_ / "away");
  std::ofstream(folder_ / "deep") << "a file, no folder";
  EXPECT_NE(ReopenLogFile(), "");
  spdlog::info("still");
  ShutDownLogging();
  EXPECT_NE(Contents(folder_ / "away" / "server.log").find("still\n"), std::string::npos);
  EXPECT_EQ(GetLogStats().write_failures, 1U);
  EXPECT_EQ(ReopenLogFile(), "") << "there is none";
}
#endif

TEST_F(Log, LevelChangesWhileItRuns) {
  ASSERT_EQ(SetUpLogging(options_), "");
  spdlog::debug("hidden nr=1");
  ASSERT_TRUE(SetLogLevel("debug"));
  spdlog::debug("shown nr=2");
  ASSERT_TRUE(SetLogLevel("error"));
  spdlog::warn("hidden nr=3");
  EXPECT_FALSE(SetLogLevel("loud"));
  spdlog::warn("hidden nr=4");
  ShutDownLogging();
  const std::string text = Contents(options_.file);
  EXPECT_NE(text.find("shown"), std::string::npos);
  EXPECT_EQ(text.find("hidden"), std::string::npos);
}

TEST_F(Log, RotatesAndKeepsSoManyFiles) {
  options_.rotate_bytes = 4096;
  options_.rotate_files = 2;
  ASSERT_EQ(SetUpLogging(options_), "");
  for (int i = 0; i < 300; ++i) spdlog::info("a line of some length, number {:06}", i);
  ShutDownLogging();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "deep")) {
    ++files;
    EXPECT_LE(entry.file_size(), 4096u) << entry.path();
  }
  EXPECT_EQ(files, 3u);
  EXPECT_NE(Contents(options_.file).find("000299"), std::string::npos);
  EXPECT_EQ(Contents(folder_ / "deep" / "server.2.log").find("000000"), std::string::npos);
}

TEST_F(Log, FileThatCannotBeOpenedIsReportedAndTheRestWorks) {
  std::ofstream(folder_ / "deep") << "a file where a folder should be";
  const std::string problem = SetUpLogging(options_);
  EXPECT_TRUE(problem.starts_with("log file " + options_.file)) << problem;
  EXPECT_EQ(GetLogStats().write_failures, 1u);
  spdlog::info("nobody sees this, and nothing breaks");
  ShutDownLogging();
}

TEST_F(Log, RotationThatFailsLosesNoServer) {
  options_.rotate_bytes = 4096;
  std::filesystem::create_directories(folder_ / "deep" / "server.1.log" / "in the way");
  ASSERT_EQ(SetUpLogging(options_), "");
  for (int i = 0; i < 300; ++i) spdlog::info("a line of some length, number {:06}", i);
  spdlog::info("still here");
  ShutDownLogging();
  EXPECT_GT(GetLogStats().write_failures, 0u);
  EXPECT_NE(Contents(options_.file).find("still here"), std::string::npos);
}

#ifdef __linux__
// A symbolic link, so that rotation could only rename the link.
TEST_F(Log, FullDiskIsCountedAndTheServerLives) {
  std::filesystem::create_directories(folder_ / "deep");
  std::filesystem::create_symlink("/dev/full", options_.file);
  ASSERT_EQ(SetUpLogging(options_), "");
  for (int i = 0; i < 10; ++i) spdlog::warn("line {}", i);
  ShutDownLogging();
  EXPECT_GT(GetLogStats().write_failures, 0u);
}

TEST_F(Log, NobodyWaitsForTheDisk) {
  // A pipe that nobody reads: the log thread hangs in write(), the others must not.
  const std::string pipe = (folder_ / "pipe").string();
  ASSERT_EQ(std::system(("mkfifo " + pipe).c_str()), 0);
  std::thread reader;
  std::ifstream far_end;
  reader = std::thread([&] { far_end.open(pipe); });  // both ends open together
  options_.file = pipe;
  options_.rotate_bytes = 1 << 30;
  ASSERT_EQ(SetUpLogging(options_), "");
  reader.join();
  const std::string long_line(1000, 'x');
  for (int i = 0; i < 20'000; ++i) spdlog::info("{} {}", i, long_line);  // 20 MB; returns
  EXPECT_GT(GetLogStats().dropped, 0u);
  std::thread drain([&] { far_end.ignore(std::numeric_limits<std::streamsize>::max()); });
  ShutDownLogging();
  drain.join();
}
#endif

TEST_F(Log, ManyThreads) {
  ASSERT_EQ(SetUpLogging(options_), "");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) spdlog::info("work t={} i={}", t, i);
    });
  }
  for (int i = 0; i < 50; ++i) SetLogLevel(i % 2 == 0 ? "debug" : "info");
  for (std::thread& thread : threads) thread.join();
  ShutDownLogging();
  const std::string text = Contents(options_.file);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2000);
}

TEST(Quoted, NothingEndsTheQuotesOrTheLine) {
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("two words, 안녕"), "\"two words, 안녕\"");
  EXPECT_EQ(Quoted("say \"hi\" \\"), "\"say \\\"hi\\\" \\\\\"");
  EXPECT_EQ(Quoted("x\r\n2026 forged"), "\"x\\u000D\\u000A2026 forged\"");
  EXPECT_EQ(Quoted(std::string_view("\0\x1b[31m\x7f", 7)), "\"\\u0000\\u001B[31m\\u007F\"");
}

TEST(LogOptions, WrongOnesAreNamed) {
  EXPECT_FALSE(LogOptions{}.Validate());
  LogOptions options;
  options.level = "loud";
  EXPECT_TRUE(options.Validate());
  EXPECT_EQ(SetUpLogging(options), *options.Validate());
  options = {};
  options.rotate_bytes = 10;
  EXPECT_TRUE(options.Validate());
}

}  // namespace
}  // namespace services
