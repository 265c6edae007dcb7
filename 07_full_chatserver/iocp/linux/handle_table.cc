#include "iocp/linux/handle_table.h"

#include <mutex>

#include "iocp/linux/counters.h"

namespace iocp {

constinit HandleSlots g_slots;

namespace {

// value = generation << 24 | index << 2: above 2^24, so no descriptor number, and low two bits
// clear.
HANDLE MakeHandle(std::uint32_t generation, std::uint32_t index) {
  return reinterpret_cast<HANDLE>((std::uintptr_t{generation} << (HandleSlots::kIndexBits + 2)) |
                                  (std::uintptr_t{index} << 2));
}

HandleSlot* TakeSlot() {
  HandleSlots& table = g_slots;
  const std::lock_guard guard(table.lock);
  if (table.first_free != HandleSlots::kNone) {
    HandleSlot* const slot = g_slots.SlotOf(std::uintptr_t{table.first_free} << 2);
    table.first_free = slot->next_free;
    return slot;
  }
  if (table.used == HandleSlots::kChunks * HandleSlots::kSlotsPerChunk) return nullptr;
  const std::uint32_t index = table.used++;
  if (index % HandleSlots::kSlotsPerChunk == 0) {
    CountAllocation();
    table.chunks[index / HandleSlots::kSlotsPerChunk].store(
        new HandleSlot[HandleSlots::kSlotsPerChunk], std::memory_order_release);
  }
  HandleSlot* const slot = g_slots.SlotOf(std::uintptr_t{index} << 2);
  slot->index = index;
  return slot;
}

void FreeSlot(HandleSlot* slot) {
  // The next generation (never 0) invalidates every copy of the old handle value.
  std::uint32_t generation = static_cast<std::uint32_t>(slot->state.load() >> 32) + 1;
  if (generation == 0) generation = 1;
  slot->state.store(std::uint64_t{generation} << 32, std::memory_order_release);
  HandleSlots& table = g_slots;
  const std::lock_guard guard(table.lock);
  slot->next_free = table.first_free;
  table.first_free = slot->index;
}

}  // namespace

void Object::Destroy() {
  HandleSlot* const slot = slot_;
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
  slot->object.store(object, std::memory_order_relaxed);
  object->slot_ = slot;
  object->handle_ = MakeHandle(static_cast<std::uint32_t>(generation), slot->index);
  g_live_handles.fetch_add(1, std::memory_order_relaxed);
  slot->state.store((generation << 32) | HandleSlot::kOpen | 1, std::memory_order_release);
  return object->handle_;
}

void HandleTable::Prefetch(HANDLE handle) {
  const HandleSlot* const slot = g_slots.SlotOf(reinterpret_cast<std::uintptr_t>(handle));
  if (slot == nullptr) return;
  // Only the address is used: the object may be gone already.
  const auto* const lines =
      reinterpret_cast<const char*>(slot->object.load(std::memory_order_relaxed));
  __builtin_prefetch(lines, 1);
  __builtin_prefetch(lines + 64, 1);
}

bool HandleTable::Remove(HANDLE handle) {
  const auto value = reinterpret_cast<std::uintptr_t>(handle);
  HandleSlot* const slot = g_slots.SlotOf(value);
  if (slot == nullptr) return false;
  std::uint64_t state = slot->state.load(std::memory_order_relaxed);
  do {
    if ((state >> 32) != HandleSlots::GenerationOf(value) || (state & HandleSlot::kOpen) == 0)
      return false;
  } while (!slot->state.compare_exchange_weak(
      state, state & ~HandleSlot::kOpen, std::memory_order_acq_rel, std::memory_order_relaxed));
  g_live_handles.fetch_sub(1, std::memory_order_relaxed);
  slot->object.load(std::memory_order_relaxed)->Release();  // the handle's own reference
  return true;
}

}  // namespace iocp
