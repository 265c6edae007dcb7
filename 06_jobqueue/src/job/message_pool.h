// A pool of messages of one type: MessagePool<JobNode>::Make(...) and ::Free(p) instead of new and
// delete.
//
// Each thread keeps up to two batches of free slots for itself, so most calls touch no shared
// memory; a full or empty batch moves to or from a lock-free stack (pool_list.h) with one CAS. That
// suits a server: I/O workers make messages, update threads free them, and a batch of kBatch slots
// travels back at a time. Slots are made in chunks and kept for the life of the process: the pool's
// size is the most that was ever in use (see Counters). Two promises follow: no allocation in
// steady state, and a late reader of a slot's header reads memory that is still a slot (pool_list.h
// needs this).
//
// Under AddressSanitizer free slots are poisoned: using a freed message is reported as with plain
// delete.
//
// Threading: every function from any thread. A message may be freed on another thread than made it.
// Errors: std::bad_alloc when memory, or 4 million messages of the type, are exhausted; and what
// T's constructor throws (the slot is then back in the pool).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "job/pool_list.h"
#include "net/thread_object.h"

#if defined(__SANITIZE_ADDRESS__)
#define JOB_POOL_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JOB_POOL_POISON 1
#endif
#endif
#ifdef JOB_POOL_POISON
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace job {

struct PoolCounters {
  std::uint64_t made = 0;   // messages ever taken from the pool
  std::uint64_t freed = 0;  // messages ever given back
  std::uint64_t slots = 0;  // slots that exist
  std::uint64_t bytes = 0;  // memory that they occupy
  std::uint64_t in_use() const { return made - freed; }
};

template <class T>
class MessagePool {
 public:
  static constexpr std::uint32_t kBatch = 64;         // slots per batch
  static constexpr std::uint32_t kChunkSlots = 1024;  // slots per allocation
  static constexpr std::uint32_t kMaxChunks = 4096;

  template <class... Args>
  static T* Make(Args&&... args) {
    Slot* slot = Local().Take();
    ASAN_UNPOISON_MEMORY_REGION(slot->storage, sizeof(slot->storage));
    try {
      return ::new (static_cast<void*>(slot->storage)) T(std::forward<Args>(args)...);
    } catch (...) {
      Release(slot);
      throw;
    }
  }

  // nullptr is allowed.
  static void Free(T* message) noexcept {
    if (message == nullptr) return;
    message->~T();
    Release(SlotOfMessage(message));
  }

  struct Deleter {
    void operator()(T* message) const noexcept { Free(message); }
  };
  using Ptr = std::unique_ptr<T, Deleter>;  // owns one message

  // Exact when no other thread is inside Make or Free; else a moment's sum. Takes a lock: not per
  // message.
  static PoolCounters Counters() {
    Shared& shared = SharedState();
    const std::lock_guard lock(shared.mutex);
    PoolCounters sum = shared.retired;
    for (const ThreadCache* cache : shared.caches) {
      sum.made += cache->made.load(std::memory_order_relaxed);
      sum.freed += cache->freed.load(std::memory_order_relaxed);
    }
    sum.slots = std::uint64_t{shared.chunk_count} * kChunkSlots;
    sum.bytes = sum.slots * sizeof(Slot);
    return sum;
  }

 private:
  struct Slot {
    PoolSlotHeader header;
    alignas(T) std::byte storage[sizeof(T)];
  };
  struct ThreadCache;

  struct Shared {
    PoolBatchStack free_batches;
    std::array<std::atomic<Slot*>, kMaxChunks> chunks{};  // atomic: set once when a chunk is made
    std::mutex mutex;                  // making a chunk; a thread that comes or goes; Counters
    std::uint32_t chunk_count = 0;     // guarded by mutex
    std::vector<ThreadCache*> caches;  // guarded by mutex
    PoolCounters retired;              // guarded by mutex: sums of the threads that have ended
  };

  // A stack of free slots that one thread holds.
  struct Batch {
    Slot* first = nullptr;
    std::uint32_t size = 0;

    void Push(Slot* slot) {
      slot->header.next = first == nullptr ? 0 : first->header.self;
      first = slot;
      ++size;
    }
    Slot* Pop() {
      Slot* slot = first;
      first = slot->header.next == 0 ? nullptr : SlotAt(slot->header.next);
      --size;
      return slot;
    }
  };

  struct ThreadCache {
    Batch current;                        // this thread only
    Batch spare;                          // this thread only: empty or full
    std::atomic<std::uint64_t> made{0};   // atomic: written by this thread only, read by Counters
    std::atomic<std::uint64_t> freed{0};  // atomic: written by this thread only, read by Counters

    ThreadCache() {
      Shared& shared = SharedState();
      const std::lock_guard lock(shared.mutex);
      shared.caches.push_back(this);
    }
    ~ThreadCache() {
      Publish(current);
      Publish(spare);
      Shared& shared = SharedState();
      const std::lock_guard lock(shared.mutex);
      std::erase(shared.caches, this);
      shared.retired.made += made.load(std::memory_order_relaxed);
      shared.retired.freed += freed.load(std::memory_order_relaxed);
    }

    Slot* Take() {
      if (current.size == 0) std::swap(current, spare);
      if (current.size == 0) current = Refill();
      Count(made);
      return current.Pop();
    }
    void Give(Slot* slot) {
      if (current.size == kBatch) {
        Publish(spare);
        std::swap(current, spare);
      }
      Count(freed);
      current.Push(slot);
    }
    static void Count(std::atomic<std::uint64_t>& counter) {
      counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
  };

  // Never destroyed: threads may end, and free messages, after main() has returned.
  static Shared& SharedState() {
    static Shared* const shared = new Shared;
    return *shared;
  }

  // The thread's cache is freed when the thread ends. A message that is freed even later (by
  // another thread_local's destructor) gets a new cache, which stays: counted right, merely never
  // emptied.
  static ThreadCache& Local() { return net::ThreadObject<ThreadCache>::Get(); }

  static Slot* SlotAt(std::uint32_t number) {
    const std::uint32_t index = number - 1;
    Slot* chunk = SharedState().chunks[index / kChunkSlots].load(std::memory_order_acquire);
    return chunk + index % kChunkSlots;
  }

  static Slot* SlotOfMessage(T* message) {
    auto* storage = reinterpret_cast<std::byte*>(message);
    return reinterpret_cast<Slot*>(storage - offsetof(Slot, storage));
  }

  static void Release(Slot* slot) noexcept {
    ASAN_POISON_MEMORY_REGION(slot->storage, sizeof(slot->storage));
    Local().Give(slot);
  }

  static void Publish(Batch& batch) {
    if (batch.size == 0) return;
    batch.first->header.batch_size = batch.size;
    SharedState().free_batches.Push(batch.first->header);
    batch = Batch{};
  }

  // A full look before each chunk: the threads that found the stack empty together wait for the
  // lock, and all but the first find what that one has shared. Without it each would make a chunk.
  static Batch Refill() {
    if (const Batch batch = TakeShared(); batch.size != 0) return batch;
    const std::lock_guard lock(SharedState().mutex);
    if (const Batch batch = TakeShared(); batch.size != 0) return batch;
    return MakeChunk();
  }

  static Batch TakeShared() {
    PoolSlotHeader* header = SharedState().free_batches.Pop(
        [](std::uint32_t number) -> PoolSlotHeader& { return SlotAt(number)->header; });
    return header == nullptr ? Batch{} : Batch{SlotAt(header->self), header->batch_size};
  }

  // Allocates a chunk, keeps one batch of it and shares the others. The caller holds the lock.
  static Batch MakeChunk() {
    Shared& shared = SharedState();
    if (shared.chunk_count == kMaxChunks) throw std::bad_alloc();
    Slot* slots = new Slot[kChunkSlots];
    const std::uint32_t first_number = shared.chunk_count * kChunkSlots + 1;
    shared.chunks[shared.chunk_count++].store(slots, std::memory_order_release);
    Batch batch;
    for (std::uint32_t i = 0; i < kChunkSlots; ++i) {
      slots[i].header.self = first_number + i;
      ASAN_POISON_MEMORY_REGION(slots[i].storage, sizeof(slots[i].storage));
      if (batch.size == kBatch) Publish(batch);
      batch.Push(&slots[i]);
    }
    return batch;
  }
};

}  // namespace job
