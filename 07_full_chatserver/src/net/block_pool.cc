#include "net/block_pool.h"

#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <mutex>
#include <new>
#include <vector>

#include "iocp/iocp.h"

#if defined(__SANITIZE_ADDRESS__)
#define COURSE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COURSE_ASAN 1
#endif
#endif
#ifdef COURSE_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#endif

namespace net {
namespace {

constexpr std::size_t kClasses = std::bit_width(kBlockMax) - std::bit_width(kBlockMin) + 1;
constexpr std::size_t kCacheBlocks = 32;         // per thread and size ...
constexpr std::size_t kCacheBytes = 256 * 1024;  // ... or as many as fit here, but 2 at least
constexpr std::size_t kStoreBytesMax = 16 * 1024 * 1024;  // per size

constexpr std::size_t ClassSize(std::size_t size_class) {
  return kBlockMin << size_class;
}

constexpr std::size_t ClassOf(std::size_t size) {
  if (size <= kBlockMin) return 0;
  return static_cast<std::size_t>(std::bit_width(size - 1)) - (std::bit_width(kBlockMin) - 1);
}
static_assert(ClassOf(128) == 0 && ClassOf(129) == 1 && ClassOf(256) == 1 && ClassOf(257) == 2);
static_assert(ClassOf(kBlockMax) == kClasses - 1);

constexpr std::size_t CacheLimit(std::size_t size_class) {
  const std::size_t fitting = kCacheBytes / ClassSize(size_class);
  return fitting >= kCacheBlocks ? kCacheBlocks : fitting < 2 ? 2 : fitting;
}

// What a thread counts for itself. Written by its thread only, read by any: relaxed is enough for a
// number that is exact once the threads are quiet.
struct Counters {
  std::array<std::atomic<std::int64_t>, kBlockUses> live{};
  std::atomic<std::uint64_t> heap{0};
};

template <typename T>
void AddOwn(std::atomic<T>& counter, T by) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

struct ThreadCache;

// The part that the threads share.
struct Store {
  struct Class {
    std::mutex lock;
    std::vector<std::byte*> blocks;  // guarded by lock
  };
  std::array<Class, kClasses> classes;

  std::mutex threads_lock;
  std::vector<const Counters*> threads;                  // guarded by threads_lock
  std::array<std::int64_t, kBlockUses> live_of_ended{};  // guarded by threads_lock
  std::uint64_t heap_of_ended = 0;                       // guarded by threads_lock
};

// Never destroyed: threads may end (and return their blocks) after the static objects are gone.
Store& TheStore() {
  static Store* const store = new Store;
  return *store;
}

struct ThreadCache {
  struct Class {
    std::size_t count = 0;
    std::array<std::byte*, kCacheBlocks> blocks{};
  };

  ThreadCache() {
    Store& store = TheStore();
    const std::lock_guard<std::mutex> guard(store.threads_lock);
    store.threads.push_back(&counters);
  }
  ThreadCache(const ThreadCache&) = delete;
  ThreadCache& operator=(const ThreadCache&) = delete;

  ~ThreadCache() {
    for (std::size_t c = 0; c < kClasses; ++c) GiveBack(c, 0);
    Store& store = TheStore();
    const std::lock_guard<std::mutex> guard(store.threads_lock);
    std::erase(store.threads, &counters);
    for (std::size_t i = 0; i < kBlockUses; ++i) store.live_of_ended[i] += counters.live[i];
    store.heap_of_ended += counters.heap;
  }

  // Takes up to half a cache from the store; false when the store is empty.
  bool Refill(std::size_t size_class) {
    Store::Class& shared = TheStore().classes[size_class];
    Class& own = classes[size_class];
    const std::lock_guard<std::mutex> guard(shared.lock);
    while (own.count < CacheLimit(size_class) / 2 && !shared.blocks.empty()) {
      own.blocks[own.count++] = shared.blocks.back();
      shared.blocks.pop_back();
    }
    return own.count != 0;
  }

  // Moves blocks to the store until `keep` are left, and to the heap when the store holds enough.
  void GiveBack(std::size_t size_class, std::size_t keep) {
    Store::Class& shared = TheStore().classes[size_class];
    Class& own = classes[size_class];
    std::array<std::byte*, kCacheBlocks> surplus;
    std::size_t surplus_count = 0;
    {
      const std::lock_guard<std::mutex> guard(shared.lock);
      while (own.count > keep) {
        std::byte* const block = own.blocks[--own.count];
        if (shared.blocks.size() * ClassSize(size_class) < kStoreBytesMax) {
          shared.blocks.push_back(block);
        } else {
          surplus[surplus_count++] = block;
        }
      }
    }
    for (std::size_t i = 0; i < surplus_count; ++i) {
      ASAN_UNPOISON_MEMORY_REGION(surplus[i], ClassSize(size_class));
      ::operator delete(surplus[i]);
    }
  }

  std::array<Class, kClasses> classes;
  Counters counters;
};

// The calling thread's cache. A plain pointer, because a thread_local object with a destructor dies
// too late with MinGW: its memory is freed before its destructor runs.
thread_local ThreadCache* own_cache = nullptr;

#ifdef _WIN32
// Windows calls this at the end of each thread that has a cache, with the cache.
void WINAPI OnThreadEnd(void* cache) {
  delete static_cast<ThreadCache*>(cache);
}

void DeleteAtThreadEnd(ThreadCache* cache) {
  static const DWORD slot = FlsAlloc(OnThreadEnd);
  FlsSetValue(slot, cache);
}
#else
void DeleteAtThreadEnd(ThreadCache* cache) {
  struct Ending {
    ThreadCache* cache;
    ~Ending() {
      own_cache = nullptr;
      delete cache;
    }
  };
  thread_local const Ending ending{cache};
}
#endif

ThreadCache& OwnCache() {
  if (own_cache == nullptr) {
    own_cache = new ThreadCache;
    DeleteAtThreadEnd(own_cache);
  }
  return *own_cache;
}

}  // namespace

Block AllocateBlock(BlockUse use, std::size_t size) {
  if (size > kBlockMax) throw std::bad_alloc();
  ThreadCache& cache = OwnCache();
  const std::size_t size_class = ClassOf(size);
  const std::size_t block_size = ClassSize(size_class);
  ThreadCache::Class& own = cache.classes[size_class];
  std::byte* data;
  if (own.count != 0 || cache.Refill(size_class)) {
    data = own.blocks[--own.count];
    ASAN_UNPOISON_MEMORY_REGION(data, block_size);
  } else {
    data = static_cast<std::byte*>(::operator new(block_size));
    AddOwn<std::uint64_t>(cache.counters.heap, 1);
  }
  AddOwn<std::int64_t>(cache.counters.live[static_cast<std::size_t>(use)], 1);
  return {data, block_size};
}

void FreeBlock(BlockUse use, Block block) {
  ThreadCache& cache = OwnCache();
  const std::size_t size_class = ClassOf(block.size);
  assert(ClassSize(size_class) == block.size);
  ThreadCache::Class& own = cache.classes[size_class];
  if (own.count == CacheLimit(size_class)) cache.GiveBack(size_class, own.count / 2);
  ASAN_POISON_MEMORY_REGION(block.data, block.size);
  own.blocks[own.count++] = block.data;
  AddOwn<std::int64_t>(cache.counters.live[static_cast<std::size_t>(use)], -1);
}

std::int64_t LiveBlocks(BlockUse use) {
  const auto i = static_cast<std::size_t>(use);
  Store& store = TheStore();
  const std::lock_guard<std::mutex> guard(store.threads_lock);
  std::int64_t sum = store.live_of_ended[i];
  for (const Counters* thread : store.threads)
    sum += thread->live[i].load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t HeapAllocations() {
  Store& store = TheStore();
  const std::lock_guard<std::mutex> guard(store.threads_lock);
  std::uint64_t sum = store.heap_of_ended;
  for (const Counters* thread : store.threads) sum += thread->heap.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace net
