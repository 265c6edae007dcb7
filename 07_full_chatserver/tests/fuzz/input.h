// A fuzzer's input, read from its front; behind its end everything is 0 and empty.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
  bool empty() const { return left_ == 0; }
  std::uint8_t Byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  std::string Bytes(std::size_t size) {
    size = std::min(size, left_);
    std::string bytes(reinterpret_cast<const char*>(data_), size);
    data_ += size;
    left_ -= size;
    return bytes;
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

inline void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace fuzz
