// Plain sockets, for fuzzers that talk to a real server, or are one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/support/wire.h"

namespace fuzz {

// How long anything may take before it counts as a hang.
inline constexpr int kPatienceMs = 20'000;

class Stream {
 public:
  explicit Stream(int socket);
  // Comes from another address of this machine each time: there are more of them than ports that
  // wait for the end of their time.
  static Stream To(std::uint16_t port);
  ~Stream();
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&&) = delete;

  // The other side may have gone: then nobody gets it.
  void Send(const wire::Bytes& bytes);
  void SayNoMore();
  // Reads until so many packets have come in all, or the other side has ended it. Aborts when
  // neither happens in time.
  std::vector<wire::Frame> Read(std::size_t packets = SIZE_MAX);

 private:
  int socket_;
  wire::Bytes heard_;
  bool over_ = false;
};

class Listener {
 public:
  Listener();
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const { return port_; }
  // Nothing: nobody has come within a millisecond.
  std::optional<Stream> Accept();

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

}  // namespace fuzz
