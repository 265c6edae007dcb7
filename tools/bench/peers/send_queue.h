// What one connection has to be sent: whole packets, or the end of one for who came in the middle
// of a turn that is sent as one packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "net/packet.h"

namespace peers {

struct Piece {
  net::PacketRef packet;
  std::size_t from = 0;

  std::span<const std::uint8_t> bytes() const { return packet->frame().subspan(from); }
};

// A vector and where it begins: an empty queue has no memory, as a deque would.
class SendQueue {
 public:
  bool empty() const { return begin_ == pieces_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::span<const Piece> pieces() const { return std::span(pieces_).subspan(begin_); }

  void Push(Piece piece) {
    bytes_ += piece.bytes().size();
    pieces_.push_back(std::move(piece));
  }

  // The first ones, at most `most`, to where they are kept until they are sent. `sending` is empty.
  void MoveTo(std::vector<Piece>& sending, std::size_t most) {
    if (begin_ == 0 && pieces_.size() <= most) {
      pieces_.swap(sending);
      bytes_ = 0;
      return;
    }
    for (; !empty() && most != 0; --most) {
      bytes_ -= pieces_[begin_].bytes().size();
      sending.push_back(std::move(pieces_[begin_++]));
    }
    Compact();
  }

  // `sent` bytes of its beginning are gone.
  void Drop(std::size_t sent) {
    bytes_ -= sent;
    for (; !empty() && sent >= pieces_[begin_].bytes().size(); ++begin_) {
      sent -= pieces_[begin_].bytes().size();
      pieces_[begin_].packet = {};
    }
    if (!empty()) pieces_[begin_].from += sent;
    Compact();
  }

 private:
  // Each piece moves once at most, on average.
  void Compact() {
    if (begin_ < pieces_.size() - begin_) return;
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }

  std::vector<Piece> pieces_;
  std::size_t begin_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace peers
