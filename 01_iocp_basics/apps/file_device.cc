// file_device: a device is not only a socket. A file that was opened for overlapped I/O reports to
// a completion port like any other: several reads at different offsets are under way at once, and
// one thread takes their packets as they come.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "support/network.h"
#include "support/options.h"

namespace {

struct Options {
  std::string path;
  DWORD block = 4096;
  std::uint64_t from = 0;
  std::size_t depth = 4;  // reads under way at once
};

struct Block : OVERLAPPED {
  std::uint64_t offset = 0;
  std::vector<char> data;
};

struct Result {
  std::uint64_t bytes = 0;
  std::uint64_t reads = 0;
  std::uint32_t checksum = 0;  // of the file's bytes in order: FNV-1a, 32 bits
};

// [file-read]
// A file has no "current position" for overlapped calls: each OVERLAPPED carries its own (P40).
// Returns false when nothing was started; no packet will come then.
bool PostRead(HANDLE file, Block& block, std::uint64_t offset) {
  // <student 01.5>
  static_cast<OVERLAPPED&>(block) = OVERLAPPED{};
  block.offset = offset;
  block.Offset = static_cast<DWORD>(offset);
  block.OffsetHigh = static_cast<DWORD>(offset >> 32);
  const BOOL ok =
      ReadFile(file, block.data.data(), static_cast<DWORD>(block.data.size()), nullptr, &block);
  return ok || GetLastError() == ERROR_IO_PENDING;
  // </student>
}
// [/file-read]

// Blocks complete in any order; this puts them back into the file's order.
class InOrder {
 public:
  explicit InOrder(std::uint64_t from) : next_(from) {}
  void Take(std::uint64_t offset, const char* data, std::size_t size) {
    waiting_.emplace(offset, std::string(data, size));
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      for (const char byte : waiting_.begin()->second) {
        hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 16777619u;
      }
      next_ += waiting_.begin()->second.size();
      waiting_.erase(waiting_.begin());
    }
  }
  std::uint64_t End() const { return next_; }
  std::uint32_t Checksum() const { return hash_; }

 private:
  std::map<std::uint64_t, std::string> waiting_;
  std::uint64_t next_;
  std::uint32_t hash_ = 2166136261u;
};

// [file-loop]
// Reads from options.from to the end of the file; whatever fails is a StartError, but only when no
// read is under way any more.
Result ReadThroughPort(const Options& options) {
  const HANDLE opened =
      CreateFileW(std::filesystem::path(options.path).wstring().c_str(), GENERIC_READ,
                  FILE_SHARE_READ, nullptr, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, nullptr);
  if (opened == INVALID_HANDLE_VALUE) {
    throw apps::StartError("cannot open " + options.path + ": " + apps::ErrorText(GetLastError()));
  }
  const apps::UniqueHandle file(opened);
  const apps::UniqueHandle port(CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1));
  if (CreateIoCompletionPort(file.Get(), port.Get(), 0, 0) == nullptr) {
    throw apps::StartError("cannot associate: " + apps::ErrorText(GetLastError()));
  }

  // <student 01.5>
  Result result;
  InOrder in_order(options.from);
  std::vector<Block> blocks(options.depth);
  std::uint64_t next_offset = options.from;
  std::size_t under_way = 0;
  bool at_end = false;
  const auto start_next = [&](Block& block) {
    if (at_end) {
      return;
    }
    if (PostRead(file.Get(), block, next_offset)) {
      next_offset += block.data.size();
      ++under_way;
    } else if (GetLastError() == ERROR_HANDLE_EOF) {
      at_end = true;
    } else {
      throw apps::StartError("read failed: " + apps::ErrorText(GetLastError()));
    }
  };
  for (Block& block : blocks) {
    block.data.resize(options.block);
    start_next(block);
  }
  DWORD failure = 0;
  while (under_way != 0) {
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* overlapped = nullptr;
    const BOOL ok = GetQueuedCompletionStatus(port.Get(), &bytes, &key, &overlapped, INFINITE);
    const DWORD error = ok ? 0 : GetLastError();
    auto& block = *static_cast<Block*>(overlapped);
    --under_way;
    if (!ok && error != ERROR_HANDLE_EOF) {
      failure = error;
      at_end = true;  // start no more; the others' packets must still come before we may leave
    } else if (!ok || bytes < block.data.size()) {
      at_end = true;
    }
    if (ok) {
      ++result.reads;
      in_order.Take(block.offset, block.data.data(), bytes);
      std::cout << "packet: offset " << block.offset << ", " << bytes << " bytes\n";
    }
    start_next(block);
  }
  if (failure != 0) {
    throw apps::StartError("read failed: " + apps::ErrorText(failure));
  }
  result.bytes = in_order.End() - options.from;
  result.checksum = in_order.Checksum();
  return result;
  // </student>
}
// [/file-loop]

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app("Overlapped file reads through a completion port", "file_device");
  Options options;
  app.Add("file", options.path, "the file to read").Required().ExistingFile();
  app.Add("--block", options.block, "bytes of one read").Range(1, 1 << 20);
  app.Add("--from", options.from, "offset of the first byte");
  app.Add("--depth", options.depth, "reads under way at once").Range(1, 64);
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) {
    return *exit_code;
  }
  try {
    const Result result = ReadThroughPort(options);
    std::cout << "read " << result.bytes << " bytes in " << result.reads << " reads, checksum "
              << result.checksum << '\n';
    return 0;
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
}
