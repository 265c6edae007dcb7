// A client for scenario tests: a plain blocking socket of the system, not of iocp/, so that a fault
// of the port cannot hide in the test as well. Every wait has a deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/process.h"

namespace support {

class TcpClient {
 public:
  // Connects to 127.0.0.1:port. Throws std::runtime_error when that fails.
  explicit TcpClient(unsigned short port);
  ~TcpClient();
  TcpClient(TcpClient&& other) noexcept;
  TcpClient& operator=(TcpClient&& other) noexcept;
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;

  // False when the peer has reset the connection or does not read before the deadline.
  bool Send(std::string_view data, std::chrono::milliseconds patience = kPatience);

  // Exactly `size` bytes, or what came before the end of the connection or the deadline.
  std::string Receive(std::size_t size, std::chrono::milliseconds patience = kPatience);

  // What arrives until the server closes; `closed` tells whether it did before the deadline.
  struct Rest {
    std::string data;
    bool closed = false;
    bool reset = false;
  };
  Rest ReceiveToEnd(std::chrono::milliseconds patience = kPatience);

  void FinishSending();  // half-close: the server sees 0 bytes, we can still receive
  void Close();
  void Reset();  // closes with a RST instead of a FIN

 private:
  enum class Outcome { kData, kEnd, kReset, kDeadline };
  using Deadline = std::chrono::steady_clock::time_point;
  Outcome ReceiveSome(char* data, std::size_t size, std::size_t& received, Deadline deadline);

  std::intptr_t socket_ = -1;
};

// A TCP port that somebody else (this object) is listening on.
class OccupiedPort {
 public:
  OccupiedPort();
  ~OccupiedPort();
  OccupiedPort(const OccupiedPort&) = delete;
  OccupiedPort& operator=(const OccupiedPort&) = delete;
  unsigned short Port() const { return port_; }

 private:
  std::intptr_t socket_ = -1;
  unsigned short port_ = 0;
};

}  // namespace support
