// Task 01.5: a file as a device of a completion port.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/task_input.h"

namespace {

// A file of its own for the test; removed at the end.
class TestFile {
 public:
  explicit TestFile(const std::string& content)
      : path_(std::filesystem::temp_directory_path() /
              ("file_device_test_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + "_" +
               std::to_string(content.size()))) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TestFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;
  std::string Path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string Content(std::size_t size) {
  std::string content(size, '\0');
  std::uint32_t state = 12345;
  for (char& byte : content) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<char>(state >> 24);
  }
  return content;
}

std::uint32_t Fnv1a(const std::string& content) {
  std::uint32_t hash = 2166136261u;
  for (const char byte : content) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619u;
  }
  return hash;
}

}  // namespace

SCENARIO("a file is read through the port, several reads at a time") {
  for (const std::size_t size : {0u, 1u, 4096u, 8192u, 100003u}) {
    for (const char* depth : {"1", "4"}) {
      const std::string content = Content(size);
      const TestFile file(content);
      const support::Finished run =
          support::Run("file_device", {file.Path(), "--block", "4096", "--depth", depth});
      TASK_INPUT("01.5", size << " bytes, block 4096, depth " << depth);
      INFO(run.output << run.errors);
      CHECK(run.exit_code == 0);
      CHECK(run.output.find("read " + std::to_string(size) + " bytes in " +
                            std::to_string((size + 4095) / 4096) + " reads, checksum " +
                            std::to_string(Fnv1a(content))) != std::string::npos);
    }
  }
}

#ifndef _WIN32  // NTFS would fill the hole
SCENARIO("an offset has 64 bits") {
  const std::string content = Content(10'000);
  const TestFile file("x");
  const std::uint64_t from = (std::uint64_t{1} << 32) + 512;
  std::filesystem::resize_file(file.Path(), from);
  std::ofstream(file.Path(), std::ios::binary | std::ios::app) << content;
  TASK_INPUT("01.5", "10000 bytes behind 4 GiB of nothing, block 4096, depth 4");
  const support::Finished run = support::Run(
      "file_device",
      {file.Path(), "--from", std::to_string(from), "--block", "4096", "--depth", "4"});
  INFO(run.output << run.errors);
  CHECK(run.exit_code == 0);
  CHECK(run.output.find("read 10000 bytes in 3 reads, checksum " +
                        std::to_string(Fnv1a(content))) != std::string::npos);
}
#endif
