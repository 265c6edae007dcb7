// The receive ring buffer.
//
// Bytes arrive at the rear and are taken at the front. Both walk around a fixed storage, so the
// free space is one piece or two: the part behind the rear (tail) and, once the front has moved on,
// the part at the beginning of the storage (head). One WSARecv takes both as two WSABUFs, so a
// receive never has to stop at the end of the storage and nothing is ever moved to make room.
//
//      storage   [ head part |  readable bytes  | tail part ]
//                 0           front             rear        capacity
//
// Units: bytes. Threading: none; a session's ring belongs to the one receive that is outstanding,
// so at any time one thread at most touches it. Errors: a count that is too large is a bug of
// the caller (assert).
//
// The ring does not own its storage: an idle session has none (see receive.h).
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "iocp/iocp.h"

namespace net {

class RingBuffer {
 public:
  RingBuffer() = default;
  RingBuffer(const RingBuffer&) = delete;
  RingBuffer& operator=(const RingBuffer&) = delete;

  // Gives the ring a storage. The ring must have none.
  void Attach(std::span<std::byte> storage) {
    assert(storage_ == nullptr && storage.size() <= UINT32_MAX);
    storage_ = storage.data();
    capacity_ = static_cast<std::uint32_t>(storage.size());
    front_ = size_ = 0;
  }

  // Takes the storage away again (empty when there was none). What was readable is lost.
  std::span<std::byte> Detach() {
    std::span<std::byte> storage(storage_, capacity_);
    storage_ = nullptr;
    capacity_ = front_ = size_ = 0;
    return storage;
  }

  [[nodiscard]] bool attached() const { return storage_ != nullptr; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t free_size() const { return capacity_ - size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  // The free space as up to two WSABUFs, in the order in which bytes must arrive: tail part, head
  // part. Returns how many of them are used: 0 (full), 1 or 2.
  // [free-spans]
  DWORD FreeSpans(WSABUF (&spans)[2]) {
    // <student 03.1>
    if (free_size() == 0) return 0;
    const std::uint32_t rear = Wrap(front_ + size_);
    const std::uint32_t to_end = rear >= front_ ? capacity_ - rear : front_ - rear;
    spans[0] = MakeSpan(rear, to_end);
    if (rear < front_ || front_ == 0) return 1;  // already wrapped, or no head part
    spans[1] = MakeSpan(0, front_);
    return 2;
    // </student>
  }
  // [/free-spans]

  // A receive has put `count` bytes into the free space (the rear moves).
  void Commit(std::size_t count) {
    assert(count <= free_size());
    size_ += static_cast<std::uint32_t>(count);
  }

  // The readable bytes as two spans in order; the second is empty unless they wrap.
  struct Readable {
    std::span<const std::byte> first;
    std::span<const std::byte> second;
  };
  [[nodiscard]] Readable readable() const {
    // <student 03.1>
    const std::size_t to_end = capacity_ - front_;
    const std::size_t first = size_ < to_end ? size_ : to_end;
    return {{storage_ + front_, first}, {storage_, size_ - first}};
    // </student>
  }

  // Copies `count` bytes that begin `offset` bytes behind the front; they stay readable.
  void Peek(void* to, std::size_t count, std::size_t offset = 0) const {
    assert(offset + count <= size_);
    // <student 03.1>
    if (count == 0) return;
    const std::uint32_t begin = Wrap(front_ + static_cast<std::uint32_t>(offset));
    const std::size_t to_end = capacity_ - begin;
    const std::size_t first = count < to_end ? count : to_end;
    std::memcpy(to, storage_ + begin, first);
    if (first < count) std::memcpy(static_cast<std::byte*>(to) + first, storage_, count - first);
    // </student>
  }

  // Drops `count` bytes from the front.
  void Consume(std::size_t count) {
    assert(count <= size_);
    // <student 03.1>
    if (count == 0) return;
    front_ = Wrap(front_ + static_cast<std::uint32_t>(count));
    size_ -= static_cast<std::uint32_t>(count);
    // An empty ring starts over, so that the next receive gets one long piece instead of two short
    // ones.
    if (size_ == 0) front_ = 0;
    // </student>
  }

 private:
  // `position` is below 2 * capacity_, so one subtraction is the whole modulo.
  [[nodiscard]] std::uint32_t Wrap(std::uint32_t position) const {
    return position >= capacity_ ? position - capacity_ : position;
  }

  [[nodiscard]] WSABUF MakeSpan(std::uint32_t begin, std::uint32_t length) const {
    WSABUF span;
    span.len = static_cast<ULONG>(length);
    span.buf = reinterpret_cast<CHAR*>(storage_ + begin);
    return span;
  }

  std::byte* storage_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t front_ = 0;  // of the oldest readable byte
  std::uint32_t size_ = 0;   // readable bytes
};

}  // namespace net
