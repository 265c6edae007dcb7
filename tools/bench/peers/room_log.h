// What a room has said and somebody has not been sent yet, as one run of bytes. Positions count all
// bytes since the room began, so a member's place in it is one number and needs no memory of its
// own, however far behind it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace peers {

class RoomLog {
 public:
  std::uint64_t end() const { return begin_ + bytes_.size(); }
  std::uint64_t begin() const { return begin_; }

  void Append(std::span<const std::uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }

  // begin() <= position <= end(). Valid until the log changes.
  std::span<const std::uint8_t> From(std::uint64_t position) const {
    return std::span(bytes_).subspan(static_cast<std::size_t>(position - begin_));
  }

  // Nobody needs what lies before `position`. What is still needed moves only when there is more
  // before it than in it, so each byte moves once at most.
  void Forget(std::uint64_t position) {
    const auto unused = static_cast<std::size_t>(position - begin_);
    if (unused < bytes_.size() - unused) return;
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(unused));
    begin_ = position;
    // A burst leaves no memory behind for good.
    if (bytes_.empty() && bytes_.capacity() > kKeptBytes) std::vector<std::uint8_t>().swap(bytes_);
  }

 private:
  static constexpr std::size_t kKeptBytes = 4 * 1024 * 1024;

  std::uint64_t begin_ = 0;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace peers
