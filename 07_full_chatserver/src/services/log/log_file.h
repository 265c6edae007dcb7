// The rotating file of a log, which can be opened anew: who has moved it away (logrotate) gets a
// file of the old name again.
//
// Threading: any thread; spdlog's lock.
#pragma once

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace services {

class LogFile final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // Throws spdlog::spdlog_ex when the file cannot be opened.
  LogFile(std::string path, std::size_t rotate_bytes, std::size_t rotate_files)
      : path_(std::move(path)),
        rotate_bytes_(rotate_bytes),
        rotate_files_(rotate_files),
        file_(Open()) {}

  // As the constructor; then the old file is written on.
  void Reopen() {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<File> fresh = Open();
    file_->flush();
    file_ = std::move(fresh);
  }

 private:
  using File = spdlog::sinks::rotating_file_sink_st;

  std::unique_ptr<File> Open() const {
    auto file = std::make_unique<File>(path_, rotate_bytes_, rotate_files_);
    file->set_formatter(formatter_->clone());
    return file;
  }
  void sink_it_(const spdlog::details::log_msg& line) override { file_->log(line); }
  void flush_() override { file_->flush(); }
  void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override {
    file_->set_formatter(formatter->clone());
    formatter_ = std::move(formatter);
  }

  const std::string path_;
  const std::size_t rotate_bytes_;
  const std::size_t rotate_files_;
  std::unique_ptr<File> file_;  // guarded by mutex_
};

}  // namespace services
