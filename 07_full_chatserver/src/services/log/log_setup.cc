#include "services/log/log_setup.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "services/log/log_failures.h"
#include "services/log/log_file.h"

namespace services {
namespace {

constexpr std::size_t kQueueLines = 8192;
constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %t %v";
constexpr std::string_view kLevels[] = {"trace", "debug",    "info", "warn",
                                        "error", "critical", "off"};

LogFailures& Failures() {
  static LogFailures failures;
  return failures;
}

std::optional<spdlog::level::level_enum> LevelOf(std::string_view name) {
  for (int i = 0; i < spdlog::level::n_levels; ++i) {
    if (kLevels[i] == name) return static_cast<spdlog::level::level_enum>(i);
  }
  return std::nullopt;
}

// The file's sink, or nullptr.
struct OpenFile {
  std::mutex mutex;
  std::shared_ptr<LogFile> sink;  // guarded by mutex
};
OpenFile& File() {
  static OpenFile file;
  return file;
}

void SetFile(std::shared_ptr<LogFile> sink) {
  const std::lock_guard lock(File().mutex);
  File().sink = std::move(sink);
}

// Opens the file, or returns why not.
std::string AddFile(const LogOptions& options, std::vector<spdlog::sink_ptr>& sinks) {
  try {
    const std::filesystem::path path(options.file);
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
    auto sink = std::make_shared<LogFile>(options.file, options.rotate_bytes, options.rotate_files);
    SetFile(sink);
    sinks.push_back(std::move(sink));
    return "";
  } catch (const std::exception& error) {
    return "log file " + options.file + ": " + error.what();
  }
}

}  // namespace

std::optional<std::string> LogOptions::Validate() const {
  if (!LevelOf(level)) return "log: level must be trace, debug, info, warn, error or off";
  if (rotate_bytes < 4096) return "log: rotate_bytes must be at least 4096";
  if (rotate_files > 1000) return "log: rotate_files must be 0..1000";
  if (flush.count() <= 0) return "log: flush must be above 0 ms";
  return std::nullopt;
}

// [set-up]
std::string SetUpLogging(const LogOptions& options) {
  if (const auto wrong = options.Validate()) return *wrong;
  ShutDownLogging();
  Failures().Reset();
  std::vector<spdlog::sink_ptr> sinks;
  if (options.console) sinks.push_back(std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  std::string problem = options.file.empty() ? "" : AddFile(options, sinks);
  if (!problem.empty()) Failures().Add(problem);

  spdlog::init_thread_pool(kQueueLines, 1);
  auto logger =
      std::make_shared<spdlog::async_logger>("", sinks.begin(), sinks.end(), spdlog::thread_pool(),
                                             spdlog::async_overflow_policy::overrun_oldest);
  logger->set_error_handler([](const std::string& what) { Failures().Add(what); });
  logger->set_pattern(kPattern);
  logger->set_level(*LevelOf(options.level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
  spdlog::flush_every(std::chrono::ceil<std::chrono::seconds>(options.flush));
  return problem;
}
// [/set-up]

std::string ReopenLogFile() {
  const std::lock_guard lock(File().mutex);
  if (!File().sink) return "";
  try {
    File().sink->Reopen();
    return "";
  } catch (const std::exception& error) {
    Failures().Add(error.what());
    return error.what();
  }
}

void ShutDownLogging() {
  SetFile(nullptr);
  const auto level = spdlog::get_level();
  // The logger and its sinks end after the log thread: shutdown() would let go of them first, and
  // leave it to the thread's last line to destroy them.
  const std::shared_ptr<spdlog::logger> logger = spdlog::default_logger();
  spdlog::shutdown();  // the queue is written out, the threads end
  auto console =
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  console->set_pattern(kPattern);
  console->set_level(level);
  spdlog::set_default_logger(std::move(console));
}

bool SetLogLevel(std::string_view level) {
  const auto wanted = LevelOf(level);
  if (wanted) spdlog::default_logger_raw()->set_level(*wanted);
  return wanted.has_value();
}

LogStats GetLogStats() {
  LogStats stats;
  stats.write_failures = Failures().count();
  if (const auto pool = spdlog::thread_pool()) stats.dropped = pool->overrun_counter();
  return stats;
}

}  // namespace services
