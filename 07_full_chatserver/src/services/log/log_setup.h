// The log of a program: console and a rotating file behind spdlog's default logger, so that the
// framework below needs to know nothing but spdlog.
//
//   any thread -> bounded queue -> log thread -> console, file
//
// A worker that writes a log line must never wait for a disk. Therefore lines go through a queue
// (8192 lines); when it is full the oldest line is dropped and counted, nobody waits. A file that
// cannot be opened or written is reported once per minute on stderr and counted;
// the server goes on.
//
// Threading: SetUpLogging and ShutDownLogging by main() before and after all other threads (or, in
// tests, while none logs); SetLogLevel and GetLogStats by any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace services {

struct LogOptions {
  std::string level = "info";  // trace, debug, info, warn, error, off
  bool console = true;         // stderr, coloured when it is a terminal
  std::string file;            // path; missing folders are made; empty: no file
  std::size_t rotate_bytes = 16 * 1024 * 1024;
  std::size_t rotate_files = 5;  // old ones that are kept: file.1.log is the newest
  // How long a line may stay in memory: whole seconds, above 0.
  std::chrono::milliseconds flush{1000};
  // Lines of warnings and errors are flushed at once: after a crash they are what one looks for.

  std::optional<std::string> Validate() const;
};

// In /metrics: a log that cannot be written has no other place to say so.
struct LogStats {
  std::uint64_t write_failures = 0;  // lines that a sink could not write
  std::uint64_t dropped = 0;         // lines that found the queue full
};

// Replaces what was set up before. What went wrong with the file (then there is no file, the rest
// works), or an empty string. Wrong options: their line, nothing is changed.
std::string SetUpLogging(const LogOptions& options);

// Opens the file by its name anew (logrotate has moved it, or somebody has removed it). What went
// wrong, and then the old one is written on; or an empty string. Any thread.
std::string ReopenLogFile();

// Writes out what is in the queue, ends the log thread. Later lines go to the console, unqueued.
void ShutDownLogging();

// False: no such level (the level stays as it is).
bool SetLogLevel(std::string_view level);

LogStats GetLogStats();

}  // namespace services
