// Memory blocks for packets and receive buffers, reused instead of going back to the heap (P22).
//
// A block has one of a few sizes (powers of two). Every thread keeps a small cache per size, so
// that most calls touch no other thread's memory; when a cache is empty or full, half of it is
// exchanged with the shared store of that size under a lock: once per kCacheBlocks / 2 calls at
// most. What lies in the store beyond kStoreBytesMax goes back to the heap.
//
// Threading: any thread; a block may be freed by another thread than the one that took it.
// Errors: Allocate throws std::bad_alloc as operator new does, and for more than kBlockMax.
//
// Under AddressSanitizer a block in the pool is poisoned, so touching a packet after its last
// Release is reported like any use after free.
#pragma once

#include <cstddef>
#include <cstdint>

namespace net {

enum class BlockUse : std::uint8_t { kPacket, kReceiveBuffer, kSendBuffer };
inline constexpr std::size_t kBlockUses = 3;

inline constexpr std::size_t kBlockMin = 128;
inline constexpr std::size_t kBlockMax = 1 << 20;  // 1 MiB, the default memory bound of a session

struct Block {
  std::byte* data = nullptr;
  std::size_t size = 0;  // >= what was asked for
};

// A block of at least `size` bytes (size <= kBlockMax), aligned as operator new aligns.
[[nodiscard]] Block AllocateBlock(BlockUse use, std::size_t size);

// `block` came from AllocateBlock with the same `use`.
void FreeBlock(BlockUse use, Block block);

// Blocks that are in use now: 0 when nothing leaks. The sum over all threads is exact when no other
// thread allocates or frees meanwhile.
[[nodiscard]] std::int64_t LiveBlocks(BlockUse use);

// Times that the pool had to ask the heap, since the start: constant in steady state.
[[nodiscard]] std::uint64_t HeapAllocations();

}  // namespace net
