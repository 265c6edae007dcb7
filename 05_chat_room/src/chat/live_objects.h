// How many objects of a type are alive: what proves that a disconnect frees everything.
// Put `LiveObjects<T>::Token token;` as a member into T.
//
// Threading: any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace chat {

template <typename T>
class LiveObjects {
 public:
  class Token {
   public:
    Token() { count_.fetch_add(1, std::memory_order_relaxed); }
    Token(const Token&) : Token() {}
    Token& operator=(const Token&) { return *this; }
    ~Token() { count_.fetch_sub(1, std::memory_order_relaxed); }
  };

  [[nodiscard]] static std::int64_t count() { return count_.load(std::memory_order_relaxed); }

 private:
  static inline std::atomic<std::int64_t> count_{0};  // atomic: any thread
};

}  // namespace chat
