// Many plain TCP clients in a few threads, to load a server from the same program.
//
// They use the system's sockets and poll, not iocp/: what they do is not counted by the port that
// is being measured, and a fault of the port cannot hide in both ends.
//
// Threading: the callback runs on the reader threads, for one client never on two at a time.
// Errors: Connect and the constructor throw std::runtime_error; a client whose connection ends is
// left out from then on (ended() counts them).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace apps {

class PlainClients {
 public:
  using OnBytes = std::function<void(std::size_t client, std::span<const std::uint8_t> bytes)>;

  // Connects `count` clients to 127.0.0.1:port and reads them with `threads` threads.
  PlainClients(std::uint16_t port, std::size_t count, std::size_t threads, OnBytes on_bytes);
  PlainClients(const PlainClients&) = delete;
  PlainClients& operator=(const PlainClients&) = delete;
  ~PlainClients();

  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::size_t ended() const { return ended_.load(std::memory_order_relaxed); }
  // Processor time that the reader threads have used, in microseconds.
  std::uint64_t cpu_us() const;

 private:
  struct Reader {
    std::vector<std::size_t> clients;  // constant
    std::thread thread;
    std::atomic<std::uint64_t> cpu_us{0};  // atomic: written by its thread now and then
  };

  void Connect(std::uint16_t port, std::size_t count);
  void ReadLoop(Reader& reader);
  void CloseAll();

  const OnBytes on_bytes_;
  std::vector<std::intptr_t> sockets_;  // constant while readers run
  std::vector<std::unique_ptr<Reader>> readers_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::size_t> ended_{0};
  std::atomic<bool> stop_{false};
};

}  // namespace apps
