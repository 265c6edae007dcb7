#include "services/redis/wake_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace services {

WakePipe::WakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  read_end_ = ends[0];
  write_end_ = ends[1];
}

WakePipe::~WakePipe() {
  close(read_end_);
  close(write_end_);
}

void WakePipe::Wake() {
  const char byte = 0;
  // A full pipe is fine: then the thread is being woken already.
  while (write(write_end_, &byte, 1) < 0 && errno == EINTR) {
  }
}

void WakePipe::Drain() {
  std::array<char, 256> bytes{};
  for (;;) {
    const ssize_t got = read(read_end_, bytes.data(), bytes.size());
    if (got > 0 || (got < 0 && errno == EINTR)) continue;
    return;
  }
}

}  // namespace services
