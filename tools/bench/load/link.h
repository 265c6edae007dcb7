// One TCP connection of the generator. It never waits: what the socket does not take is kept, as is
// the beginning of what has not come whole.
//
// Threading: one thread, its crew's. Errors: kEnded, and the reason in error().
#pragma once

#include <netinet/in.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace load {

// Where a thread receives into, for all its links.
class ReceiveBuffer {
 public:
  static constexpr std::size_t kReceiveBytes = 256 * 1024;
  static constexpr std::size_t kMostRest = 64 * 1024 + 64;  // less than one frame

  ReceiveBuffer() : bytes_(kMostRest + kReceiveBytes) {}
  std::span<std::uint8_t> bytes() { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

class Link {
 public:
  enum class State : std::uint8_t { kOpen, kEnded };

  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  // Begins to connect, and tells `epoll` of everything that happens (edge-triggered, with `what`).
  State Connect(const sockaddr_in& to, int epoll, void* what);
  // When the socket can be written to for the first time.
  State FinishConnect();

  State Send(std::span<const std::uint8_t> bytes);
  // When the socket can be written to again.
  State Flush();
  std::size_t unsent() const { return unsent_.size() - unsent_from_; }

  // Reads all that is there, and on to the end of the stream when that is known to be near
  // (`ending`). `take` gets what has come so far and says how much of it is done with;
  // nothing: the stream is broken. More than kMostRest must not be left.
  template <typename Take>
  State Read(ReceiveBuffer& buffer, bool ending, const Take& take);

  void Close();
  int error() const { return error_; }  // errno; 0: the other end has closed

 private:
  State Ended(int error);
  // Receives behind `rest_`, which is copied to the front. Bytes; 0: nothing there; -1: ended.
  long Receive(std::span<std::uint8_t> buffer);

  int fd_ = -1;
  int error_ = 0;
  std::vector<std::uint8_t> unsent_;
  std::size_t unsent_from_ = 0;
  std::vector<std::uint8_t> rest_;
};

template <typename Take>
Link::State Link::Read(ReceiveBuffer& buffer, bool ending, const Take& take) {
  for (;;) {
    const std::span<std::uint8_t> all = buffer.bytes();
    const std::size_t before = rest_.size();
    const long got = Receive(all);
    if (got < 0) return State::kEnded;
    if (got == 0) return State::kOpen;
    const auto received = static_cast<std::size_t>(got);
    const std::span<const std::uint8_t> here = all.first(before + received);
    const auto done = take(here);
    if (!done || here.size() - *done > ReceiveBuffer::kMostRest) return Ended(EPROTO);
    rest_.assign(here.begin() + static_cast<std::ptrdiff_t>(*done), here.end());
    if (received < ReceiveBuffer::kReceiveBytes && !ending) return State::kOpen;  // more: an edge
  }
}

}  // namespace load
