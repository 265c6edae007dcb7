// The Interlocked functions: one atomic operation each, a full barrier. See iocp/win32_threads.h.
//
// LONG has 32 bits here as on Windows. A program's own `long` has 64 bits on Linux: the functions
// without a suffix take it as well, and operate on all of it. Those with the suffix 64 take 64 bits
// only.
#pragma once

#include <concepts>
#include <type_traits>

#include "iocp/linux/win32/locks.h"
#include "iocp/linux/win32_types.h"

template <typename T>
concept IocpLong = std::same_as<T, LONG> || std::same_as<T, ULONG> || std::same_as<T, long> ||
    std::same_as<T, unsigned long>;
template <typename T>
concept IocpLong64 = std::integral<T> && sizeof(T) == 8;

#define IOCP_INTERLOCKED(suffix, Integer)                                                 \
  template <Integer T>                                                                    \
  T InterlockedIncrement##suffix(T volatile* target) {                                    \
    return __atomic_add_fetch(target, 1, __ATOMIC_SEQ_CST);                               \
  }                                                                                       \
  template <Integer T>                                                                    \
  T InterlockedDecrement##suffix(T volatile* target) {                                    \
    return __atomic_sub_fetch(target, 1, __ATOMIC_SEQ_CST);                               \
  }                                                                                       \
  /* These return the value before. */                                                    \
  template <Integer T>                                                                    \
  T InterlockedExchangeAdd##suffix(T volatile* target, std::type_identity_t<T> value) {   \
    return __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST);                           \
  }                                                                                       \
  template <Integer T>                                                                    \
  T InterlockedExchange##suffix(T volatile* target, std::type_identity_t<T> value) {      \
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);                          \
  }                                                                                       \
  template <Integer T>                                                                    \
  T InterlockedAnd##suffix(T volatile* target, std::type_identity_t<T> value) {           \
    return __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST);                           \
  }                                                                                       \
  template <Integer T>                                                                    \
  T InterlockedOr##suffix(T volatile* target, std::type_identity_t<T> value) {            \
    return __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST);                            \
  }                                                                                       \
  template <Integer T>                                                                    \
  T InterlockedXor##suffix(T volatile* target, std::type_identity_t<T> value) {           \
    return __atomic_fetch_xor(target, value, __ATOMIC_SEQ_CST);                           \
  }                                                                                       \
  template <Integer T>                                                                    \
  T InterlockedCompareExchange##suffix(T volatile* target, std::type_identity_t<T> value, \
                                       std::type_identity_t<T> expected) {                \
    __atomic_compare_exchange_n(target, &expected, value, false, __ATOMIC_SEQ_CST,        \
                                __ATOMIC_SEQ_CST);                                        \
    return expected;                                                                      \
  }
IOCP_INTERLOCKED(, IocpLong)
IOCP_INTERLOCKED(64, IocpLong64)
#undef IOCP_INTERLOCKED

inline PVOID InterlockedExchangePointer(PVOID volatile* target, PVOID value) {
  return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}
inline PVOID InterlockedCompareExchangePointer(PVOID volatile* target, PVOID value,
                                               PVOID expected) {
  __atomic_compare_exchange_n(target, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return expected;
}

// --- singly linked list -------------------------------------------------------------------------------
// A stack of the program's own entries. Windows' is lock-free and may read an entry that another
// thread has just popped and freed; a short lock does without that.
struct alignas(16) SLIST_ENTRY {
  SLIST_ENTRY* Next;
};
using PSLIST_ENTRY = SLIST_ENTRY*;
struct alignas(16) SLIST_HEADER {
  SLIST_ENTRY* first;  // guarded by lock
  std::uint32_t lock;  // the word of a SRWLOCK
  USHORT depth;        // guarded by lock
};
using PSLIST_HEADER = SLIST_HEADER*;
#define MEMORY_ALLOCATION_ALIGNMENT 16

void InitializeSListHead(PSLIST_HEADER list);
PSLIST_ENTRY InterlockedPushEntrySList(PSLIST_HEADER list, PSLIST_ENTRY entry);  // the one before
PSLIST_ENTRY InterlockedPopEntrySList(PSLIST_HEADER list);                       // nullptr: empty
PSLIST_ENTRY InterlockedFlushSList(PSLIST_HEADER list);                          // all of them
USHORT QueryDepthSList(PSLIST_HEADER list);
