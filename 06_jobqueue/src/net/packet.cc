#include "net/packet.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>

#include "net/block_pool.h"
#include "net/cipher.h"

namespace net {

Packet* Packet::Allocate(std::size_t capacity, std::size_t end) {
  const Block block = AllocateBlock(BlockUse::kPacket, sizeof(Packet) + capacity);
  return new (block.data) Packet(block.size, end);
}

PacketRef Packet::Make(std::uint16_t type, std::size_t body_capacity) {
  // No frame holds more: what is written beyond it sets the error state.
  body_capacity = std::min<std::size_t>(body_capacity, kMaxPayload - kPayloadHeaderSize);
  Packet* const packet = Allocate(kFrameOverhead + body_capacity, kBodyAt);
  StoreU16(packet->bytes() + kTypeAt, type);
  StoreU32(packet->bytes() + kSequenceAt, 0);
  return PacketRef::Adopt(packet);
}

PacketRef Packet::MakeForReceive(std::size_t payload_size) {
  assert(payload_size >= kMinPayload && payload_size <= kMaxPayload);
  const std::size_t frame_size = kFrameHeaderSize + payload_size;
  return PacketRef::Adopt(Allocate(frame_size, frame_size));
}

PacketRef Packet::Join(std::span<const PacketRef> packets) {
  std::size_t bytes = 0;
  for (const PacketRef& packet : packets) bytes += packet->frame().size();
  Packet* const joined = Allocate(bytes, bytes);
  std::uint8_t* to = joined->bytes();
  for (const PacketRef& packet : packets) {
    std::memcpy(to, packet->frame().data(), packet->frame().size());
    to += packet->frame().size();
  }
  joined->sealed_ = true;
  return PacketRef::Adopt(joined);
}

// [release]
void Packet::Release() {
  // acq_rel: what every other holder did with the packet happens before its memory is reused, and
  // the holder that takes the last use sees it all.
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) Destroy();
}
// [/release]

void Packet::Destroy() {
  const Block block{reinterpret_cast<std::byte*>(this), block_size_};
  // Release order: whoever reads the account low again has seen the packet go.
  if (account_) account_->fetch_sub(block_size_, std::memory_order_release);
  this->~Packet();
  FreeBlock(BlockUse::kPacket, block);
}

void Packet::ChargeTo(std::atomic<std::uint32_t>* account) {
  assert(!account_);
  account_ = account;
  account_->fetch_add(block_size_, std::memory_order_relaxed);
}

std::int64_t Packet::LiveCount() {
  return LiveBlocks(BlockUse::kPacket);
}

std::uint8_t* Packet::Grow(std::size_t count) {
  assert(!sealed_);
  // The payload must also fit the length field.
  const std::size_t limit = std::min<std::size_t>(capacity(), kFrameHeaderSize + kMaxPayload);
  if (failed_ || count > limit - end_) {
    failed_ = true;
    return nullptr;
  }
  std::uint8_t* const at = bytes() + end_;
  end_ += count;
  return at;
}

const std::uint8_t* Packet::Take(std::size_t count) {
  assert(!sealed_);
  if (failed_ || count > end_ - read_) {
    failed_ = true;
    return nullptr;
  }
  const std::uint8_t* const at = bytes() + read_;
  read_ += count;
  return at;
}

Packet& Packet::operator<<(std::string_view text) {
  // One Grow for both: either the whole string is written or nothing.
  std::uint8_t* const to = text.size() > UINT16_MAX ? Grow(SIZE_MAX / 2) : Grow(2 + text.size());
  if (!to) return *this;
  StoreU16(to, static_cast<std::uint16_t>(text.size()));
  if (!text.empty()) std::memcpy(to + 2, text.data(), text.size());
  return *this;
}

Packet& Packet::Write(std::span<const std::uint8_t> raw) {
  std::uint8_t* const to = Grow(raw.size());
  if (to && !raw.empty()) std::memcpy(to, raw.data(), raw.size());
  return *this;
}

std::span<std::uint8_t> Packet::Extend(std::size_t count) {
  std::uint8_t* const to = Grow(count);
  if (!to) return {};
  return {to, count};
}

// [read]
Packet& Packet::operator>>(std::string_view& text) {
  // <student 03.6>
  text = {};
  const std::uint8_t* const length = Take(2);
  const std::uint8_t* const from = length ? Take(LoadU16(length)) : nullptr;
  if (from) text = {reinterpret_cast<const char*>(from), LoadU16(length)};
  return *this;
  // </student>
}

Packet& Packet::operator>>(std::string& text) {
  std::string_view view;
  *this >> view;
  text.assign(view);
  return *this;
}
// [/read]

Packet& Packet::Read(std::span<std::uint8_t> raw) {
  const std::uint8_t* const from = Take(raw.size());
  if (raw.empty()) return *this;
  if (from) {
    std::memcpy(raw.data(), from, raw.size());
  } else {
    std::memset(raw.data(), 0, raw.size());
  }
  return *this;
}

void Packet::Seal(std::uint8_t fixed_key, std::uint8_t rand_key) {
  assert(!sealed_ && ok());
  std::uint8_t* const frame = bytes();
  frame[kCodeAt] = kPacketCode;
  StoreU16(frame + kLengthAt, static_cast<std::uint16_t>(payload_size()));
  frame[kRandKeyAt] = rand_key;
  frame[kChecksumAt] = Checksum({frame + kFrameHeaderSize, payload_size()});
  Encode(run(), fixed_key, rand_key);
  sealed_ = true;
}

std::uint8_t RandomKey() {
  // xorshift, one state per thread. Its quality does not matter: the key is sent in the clear.
  thread_local std::uint32_t state = [] {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    return static_cast<std::uint32_t>(now) | 1u;
  }();
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return static_cast<std::uint8_t>(state >> 24);
}

}  // namespace net
