// Packet: the serialization buffer. One packet is one frame of the wire protocol, written with << ,
// read with >> , counted, and taken from a pool.
//
//   PacketRef packet = Packet::Make(kPosition);      // one reference
//   *packet << id << x << y;                         // the body
//   packet->Seal(fixed_key, RandomKey());            // header, checksum, encoding: once
//   for (...) server.SendPacket(session, packet);    // every send holds a reference of its own
//
// Life: being written (one owner, not shared) -> sealed (immutable, shared by any number of sends).
// A received packet is decoded, is read by one thread at a time and is never sealed again.
//
// Threading: the reference count may be used by any thread; everything else by one thread at a time
// until Seal; after Seal all const members by any thread (hand the reference over with the usual
// synchronisation: a queue, a port, a lock).
//
// Errors: writing past the capacity or reading past the end changes nothing but sets the packet's
// error state: ok() turns false and stays false. Check it once, after the last >> or <<. What a
// failed >> should have filled is set to zero or empty, so that nobody works with an uninitialised
// value.
#pragma once

#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "net/frame.h"

namespace net {

class PacketRef;

template <typename T>
concept PacketNumber = std::is_arithmetic_v<T> || std::is_enum_v<T>;

class Packet {
 public:
  // Room for the body, enough for nearly every packet of a game (PACKET_BUFFER_DEFAULT_SIZE).
  static constexpr std::size_t kDefaultBodyCapacity = 192;

  // An empty packet with room for at least `body_capacity` bytes, or as much as a frame can hold.
  static PacketRef Make(std::uint16_t type, std::size_t body_capacity = kDefaultBodyCapacity);

  // Sealed packets as one: their frames one after the other, already sealed. What a room says in
  // one turn is stored once in this way, and every member's queue holds a single packet.
  static PacketRef Join(std::span<const PacketRef> packets);

  // A packet that holds `payload_size` bytes to be filled in through run(): the receive side.
  static PacketRef MakeForReceive(std::size_t payload_size);

  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;

  // --- payload header ---
  [[nodiscard]] std::uint16_t type() const { return LoadU16(bytes() + kTypeAt); }
  [[nodiscard]] std::uint32_t sequence() const { return LoadU32(bytes() + kSequenceAt); }
  void SetSequence(std::uint32_t sequence) {
    assert(!sealed_);
    StoreU32(bytes() + kSequenceAt, sequence);
  }

  // --- writing: numbers are little-endian, strings have a u16 length before them ---
  template <PacketNumber T>
  Packet& operator<<(T value);
  Packet& operator<<(std::string_view text);
  Packet& operator<<(const char* text) { return *this << std::string_view(text); }
  Packet& Write(std::span<const std::uint8_t> raw);  // raw bytes, no length
  // `count` bytes more, for a serialiser that writes them itself; empty and the error state when
  // they do not fit.
  [[nodiscard]] std::span<std::uint8_t> Extend(std::size_t count);

  // --- reading, from the beginning of the body on ---
  template <PacketNumber T>
  Packet& operator>>(T& value);
  Packet& operator>>(std::string& text);
  Packet& operator>>(std::string_view& text);  // points into the packet
  Packet& Read(std::span<std::uint8_t> raw);

  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] std::span<const std::uint8_t> body() const {
    return {bytes() + kBodyAt, end_ - kBodyAt};
  }
  [[nodiscard]] std::span<const std::uint8_t> unread() const {
    return {bytes() + read_, end_ - read_};
  }
  [[nodiscard]] std::size_t payload_size() const { return end_ - kFrameHeaderSize; }

  // --- the wire ---
  // Writes header and checksum and encodes. Once per packet, before the first send.
  void Seal(std::uint8_t fixed_key, std::uint8_t rand_key);
  [[nodiscard]] bool sealed() const { return sealed_; }
  // What goes on the wire; nothing while the packet is not sealed.
  [[nodiscard]] std::span<const std::uint8_t> frame() const {
    if (!sealed_) return {};
    return {bytes(), end_};
  }
  // The encoded run (checksum and payload) of a packet being received.
  [[nodiscard]] std::span<std::uint8_t> run() {
    assert(!sealed_);
    return {bytes() + kChecksumAt, end_ - kChecksumAt};
  }

  // --- life ---
  // PacketRef does this; by hand only where a packet travels as a number or a raw pointer (a port's
  // key).
  void AddRef() { references_.fetch_add(1, std::memory_order_relaxed); }
  void Release();

  // While the packet lives, its memory counts on `account` (bytes). The account must outlive the
  // packet.
  void ChargeTo(std::atomic<std::uint32_t>* account);

  // What it takes from the pool, in bytes.
  [[nodiscard]] std::uint32_t memory() const { return block_size_; }

  // Packets that are alive in the process: 0 when nothing leaks (see LiveBlocks for the exactness).
  [[nodiscard]] static std::int64_t LiveCount();

 private:
  Packet(std::size_t block_size, std::size_t end)
      : block_size_(static_cast<std::uint32_t>(block_size)), end_(end) {}
  ~Packet() = default;

  static Packet* Allocate(std::size_t capacity, std::size_t end);
  void Destroy();

  // The frame's bytes follow the object in the same block.
  [[nodiscard]] std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  [[nodiscard]] const std::uint8_t* bytes() const {
    return reinterpret_cast<const std::uint8_t*>(this + 1);
  }
  [[nodiscard]] std::size_t capacity() const { return block_size_ - sizeof(Packet); }

  // `count` bytes to write to, or nullptr and the error state.
  std::uint8_t* Grow(std::size_t count);
  // `count` bytes to read, or nullptr and the error state.
  const std::uint8_t* Take(std::size_t count);

  std::atomic<std::uint32_t> references_{1};       // any thread
  const std::uint32_t block_size_;                 // immutable
  std::atomic<std::uint32_t>* account_ = nullptr;  // set before the packet is shared
  std::size_t end_;                                // frame bytes used; the writer only
  std::size_t read_ = kBodyAt;                     // next byte of >> ; the reader only
  bool failed_ = false;                            // the writer or the reader only
  bool sealed_ = false;                            // set by the writer before the packet is shared
};

// A counted reference to a packet: copying adds a use, destroying takes it back, the last one
// returns the packet to the pool. As thin as a pointer. One PacketRef object belongs to one thread
// at a time.
class PacketRef {
 public:
  PacketRef() = default;
  PacketRef(const PacketRef& other) : packet_(other.packet_) {
    if (packet_) packet_->AddRef();
  }
  PacketRef(PacketRef&& other) noexcept : packet_(other.packet_) { other.packet_ = nullptr; }
  PacketRef& operator=(PacketRef other) noexcept {
    Packet* const mine = packet_;
    packet_ = other.packet_;
    other.packet_ = mine;
    return *this;
  }
  ~PacketRef() {
    if (packet_) packet_->Release();
  }

  // Takes over a use that somebody else has counted already.
  static PacketRef Adopt(Packet* packet) { return PacketRef(packet); }
  // Gives the use away: the caller must Adopt or Release it.
  [[nodiscard]] Packet* Detach() {
    Packet* const packet = packet_;
    packet_ = nullptr;
    return packet;
  }

  Packet& operator*() const { return *packet_; }
  Packet* operator->() const { return packet_; }
  [[nodiscard]] Packet* get() const { return packet_; }
  explicit operator bool() const { return packet_ != nullptr; }

 private:
  explicit PacketRef(Packet* packet) : packet_(packet) {}
  Packet* packet_ = nullptr;
};

// The random key of the next packet. Any thread; not secret (cipher.h).
[[nodiscard]] std::uint8_t RandomKey();

// --- number streams
// ----------------------------------------------------------------------------------

namespace detail {
template <std::size_t kSize>
using BitsOf = std::conditional_t<
    kSize == 1, std::uint8_t,
    std::conditional_t<kSize == 2, std::uint16_t,
                       std::conditional_t<kSize == 4, std::uint32_t, std::uint64_t>>>;
}  // namespace detail

template <PacketNumber T>
Packet& Packet::operator<<(T value) {
  static_assert(sizeof(T) <= 8, "no portable layout");
  using Bits = detail::BitsOf<sizeof(T)>;
  std::uint8_t* const to = Grow(sizeof(T));
  if (!to) return *this;
  const auto bits = std::bit_cast<Bits>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i) to[i] = static_cast<std::uint8_t>(bits >> (8 * i));
  return *this;
}

template <PacketNumber T>
Packet& Packet::operator>>(T& value) {
  static_assert(sizeof(T) <= 8, "no portable layout");
  using Bits = detail::BitsOf<sizeof(T)>;
  const std::uint8_t* const from = Take(sizeof(T));
  Bits bits = 0;
  for (std::size_t i = 0; from && i < sizeof(T); ++i) {
    bits = static_cast<Bits>(bits | static_cast<Bits>(static_cast<Bits>(from[i]) << (8 * i)));
  }
  if constexpr (std::is_same_v<T, bool>) {
    value = bits != 0;  // any other bit pattern in a bool would be undefined behaviour
  } else {
    value = std::bit_cast<T>(bits);
  }
  return *this;
}

}  // namespace net
