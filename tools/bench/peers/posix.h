// The few system calls that the peers share; each throws std::runtime_error with what it was doing.
#pragma once

#include <cstdint>
#include <string>

namespace peers {

// A descriptor that is closed at the end.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  int get() const { return fd_; }

 private:
  const int fd_;
};

// `result` of a system call that must not fail.
int Must(int result, const std::string& what);

// Listens on 127.0.0.1; does not block.
int Listen(std::uint16_t port, int backlog);
std::uint16_t PortOf(int listener);

// SIGINT and SIGTERM, as something to read from; SIGPIPE is ignored.
int StopSignals();

}  // namespace peers
