#include "iocp/linux/handle_table.h"

#include <array>
#include <mutex>

#include "iocp/linux/counters.h"

namespace iocp {

struct HandleSlot {
  // [generation:32][open:1][references:31]; an open handle counts as one reference. Any thread, by CAS.
  std::atomic<std::uint64_t> state{std::uint64_t{1} << 32};
  Object* object = nullptr;     // written while the slot belongs to no handle
  std::uint32_t index = 0;      // never changes
  std::uint32_t next_free = 0;  // guarded by the table's lock
};

namespace {

constexpr std::uint64_t kOpen = std::uint64_t{1} << 31;
constexpr std::uint64_t kReferences = kOpen - 1;
constexpr std::uint32_t kIndexBits = 22;  // 4 million handles
constexpr std::uint32_t kSlotsPerChunk = 1024;
constexpr std::uint32_t kChunks = (1u << kIndexBits) / kSlotsPerChunk;
constexpr std::uint32_t kNone = ~0u;

struct Table {
  std::mutex lock;
  std::array<std::atomic<HandleSlot*>, kChunks>
      chunks{};                      // grow only; written under lock, read by all
  std::uint32_t used = 0;            // slots ever handed out, guarded by lock
  std::uint32_t first_free = kNone;  // guarded by lock
};

Table& TheTable() {
  static Table* const table = new Table;  // outlives every thread
  return *table;
}

// value = generation << 24 | index << 2: above 2^24, so no descriptor number, and low two bits
// clear.
HANDLE MakeHandle(std::uint32_t generation, std::uint32_t index) {
  return reinterpret_cast<HANDLE>((std::uintptr_t{generation} << (kIndexBits + 2)) |
                                  (std::uintptr_t{index} << 2));
}

std::uint32_t GenerationOf(std::uintptr_t value) {
  return static_cast<std::uint32_t>(value >> (kIndexBits + 2));
}

HandleSlot* SlotOf(std::uintptr_t value) {
  if ((value & 3) != 0 || (value >> (kIndexBits + 2 + 32)) != 0) return nullptr;
  const std::uint32_t index = static_cast<std::uint32_t>(value >> 2) & ((1u << kIndexBits) - 1);
  HandleSlot* const chunk =
      TheTable().chunks[index / kSlotsPerChunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : &chunk[index % kSlotsPerChunk];
}

HandleSlot* TakeSlot() {
  Table& table = TheTable();
  const std::lock_guard guard(table.lock);
  if (table.first_free != kNone) {
    HandleSlot* const slot = SlotOf(std::uintptr_t{table.first_free} << 2);
    table.first_free = slot->next_free;
    return slot;
  }
  if (table.used == kChunks * kSlotsPerChunk) return nullptr;
  const std::uint32_t index = table.used++;
  if (index % kSlotsPerChunk == 0) {
    CountAllocation();
    table.chunks[index / kSlotsPerChunk].store(new HandleSlot[kSlotsPerChunk],
                                               std::memory_order_release);
  }
  HandleSlot* const slot = SlotOf(std::uintptr_t{index} << 2);
  slot->index = index;
  return slot;
}

void FreeSlot(HandleSlot* slot) {
  // The next generation (never 0) invalidates every copy of the old handle value.
  std::uint32_t generation = static_cast<std::uint32_t>(slot->state.load() >> 32) + 1;
  if (generation == 0) generation = 1;
  slot->state.store(std::uint64_t{generation} << 32, std::memory_order_release);
  Table& table = TheTable();
  const std::lock_guard guard(table.lock);
  slot->next_free = table.first_free;
  table.first_free = slot->index;
}

}  // namespace

void Object::AddRef() {
  slot_->state.fetch_add(1, std::memory_order_relaxed);
}

void Object::Release() {
  HandleSlot* const slot = slot_;
  const std::uint64_t before = slot->state.fetch_sub(1, std::memory_order_acq_rel);
  if ((before & kReferences) != 1) return;
  delete this;
  FreeSlot(slot);
}

HANDLE HandleTable::Insert(Object* object) {
  HandleSlot* const slot = TakeSlot();
  if (slot == nullptr) {
    delete object;
    return nullptr;
  }
  const std::uint64_t generation = slot->state.load() >> 32;
  slot->object = object;
  object->slot_ = slot;
  object->handle_ = MakeHandle(static_cast<std::uint32_t>(generation), slot->index);
  g_live_handles.fetch_add(1, std::memory_order_relaxed);
  slot->state.store((generation << 32) | kOpen | 1, std::memory_order_release);
  return object->handle_;
}

Object* HandleTable::FindObject(HANDLE handle) {
  const auto value = reinterpret_cast<std::uintptr_t>(handle);
  HandleSlot* const slot = SlotOf(value);
  if (slot == nullptr) return nullptr;
  std::uint64_t state = slot->state.load(std::memory_order_relaxed);
  do {
    if ((state >> 32) != GenerationOf(value) || (state & kOpen) == 0) return nullptr;
  } while (!slot->state.compare_exchange_weak(state, state + 1, std::memory_order_acquire,
                                              std::memory_order_relaxed));
  return slot->object;
}

bool HandleTable::Remove(HANDLE handle) {
  const auto value = reinterpret_cast<std::uintptr_t>(handle);
  HandleSlot* const slot = SlotOf(value);
  if (slot == nullptr) return false;
  std::uint64_t state = slot->state.load(std::memory_order_relaxed);
  do {
    if ((state >> 32) != GenerationOf(value) || (state & kOpen) == 0) return false;
  } while (!slot->state.compare_exchange_weak(state, state & ~kOpen, std::memory_order_acq_rel,
                                              std::memory_order_relaxed));
  g_live_handles.fetch_sub(1, std::memory_order_relaxed);
  slot->object->Release();  // the handle's own reference
  return true;
}

}  // namespace iocp
