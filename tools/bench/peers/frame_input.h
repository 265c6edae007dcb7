// Frames out of a stream, for a server with one thread: one buffer for all connections, packets are
// decoded where they lie, and a connection keeps only the beginning of a frame whose end has not
// come yet.
//
//   const std::span<std::uint8_t> room = input.Prepare(rest);    // `rest` comes first in the
//   buffer
//   ... receive into `room` ...
//   if (!input.Take(core, member, rest, received)) close;
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "peers/chat_core.h"

namespace peers {

class FrameInput {
 public:
  static constexpr std::size_t kReceiveBytes = 256 * 1024;  // at most at once

  FrameInput();

  // Where the next bytes of the stream go that has left `rest`.
  std::span<std::uint8_t> Prepare(const std::vector<std::uint8_t>& rest);

  // Handles every whole frame and keeps what is left in `rest`. False: the stream broke the
  // protocol (code, length, checksum, sequence, packet), and the connection has to end.
  bool Take(ChatCore& core, Member& member, std::vector<std::uint8_t>& rest, std::size_t received);

 private:
  std::vector<std::uint8_t> buffer_;
};

}  // namespace peers
