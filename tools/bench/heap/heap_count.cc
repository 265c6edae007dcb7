// heap_count.so: counts the heap allocations of the program that it is preloaded into.
//
//   BENCH_HEAP_FILE=count LD_PRELOAD=.../heap_count.so chat_server ...
//
// The file is 8 bytes, the count so far, little-endian; it is mapped, so whoever reads it sees the
// count as it is now. Counted are malloc, calloc, realloc and the aligned ones; operator new calls
// malloc. For glibc: its own entry points do the work, so nothing has to be looked up, which would
// itself allocate.
//
// Threading: any thread; one relaxed addition a call.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

using Count = std::atomic<std::uint64_t>;
static_assert(sizeof(Count) == 8 && Count::is_always_lock_free);

constinit Count count_before{0};  // until the file is mapped, and for ever without one
constinit std::atomic<Count*> counter{&count_before};

void CountOne() {
  counter.load(std::memory_order_acquire)->fetch_add(1, std::memory_order_relaxed);
}

// The constructor of a library, because it runs before main() and before any thread.
__attribute__((constructor)) void MapFile() {
  const char* const path = getenv("BENCH_HEAP_FILE");
  if (path == nullptr) return;
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return;
  void* const memory =
      ftruncate(file, sizeof(Count)) != 0
          ? MAP_FAILED
          : mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return;
  Count* const mapped = static_cast<Count*>(memory);
  mapped->store(count_before.load(std::memory_order_relaxed), std::memory_order_relaxed);
  counter.store(mapped, std::memory_order_release);
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) noexcept {
  CountOne();
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  CountOne();
  return __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) noexcept {
  CountOne();
  return __libc_realloc(block, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
  CountOne();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  CountOne();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) noexcept {
  if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0) return EINVAL;
  CountOne();
  void* const block = __libc_memalign(alignment, size);
  if (block == nullptr) return ENOMEM;
  *result = block;
  return 0;
}

}  // extern "C"
