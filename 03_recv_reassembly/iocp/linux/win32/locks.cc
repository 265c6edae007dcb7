// Locks of Win32.
#include <climits>
#include <utility>

#include "iocp/linux/deadline.h"
#include "iocp/linux/syscalls.h"
#include "iocp/linux/thread.h"
#include "iocp/linux/win32/interlocked.h"
#include "iocp/linux/win32/locks.h"

static_assert(sizeof(CRITICAL_SECTION) == 40 && sizeof(SRWLOCK) == 8 &&
              sizeof(CONDITION_VARIABLE) == 8 && sizeof(SLIST_HEADER) == 16);

// --- critical section --------------------------------------------------------------------------------

void InitializeCriticalSection(LPCRITICAL_SECTION section) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&section->mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
}

BOOL InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION section, DWORD) {
  InitializeCriticalSection(section);
  return TRUE;
}

BOOL InitializeCriticalSectionEx(LPCRITICAL_SECTION section, DWORD, DWORD) {
  InitializeCriticalSection(section);
  return TRUE;
}

void EnterCriticalSection(LPCRITICAL_SECTION section) {
  if (pthread_mutex_trylock(&section->mutex) == 0) return;
  const iocp::PausedScope paused;
  pthread_mutex_lock(&section->mutex);
}

BOOL TryEnterCriticalSection(LPCRITICAL_SECTION section) {
  return pthread_mutex_trylock(&section->mutex) == 0 ? TRUE : FALSE;
}

void LeaveCriticalSection(LPCRITICAL_SECTION section) {
  pthread_mutex_unlock(&section->mutex);
}

void DeleteCriticalSection(LPCRITICAL_SECTION section) {
  pthread_mutex_destroy(&section->mutex);
}

// --- slim reader/writer lock -------------------------------------------------------------------------
// The word: [writer:1][somebody waits:1][readers:30]. Whoever lets go of the lock last, clears it
// and wakes all who wait; each of them tries again.

namespace {

constexpr std::uint32_t kWriter = 1u << 31;
constexpr std::uint32_t kWaiters = 1u << 30;

using Word = std::atomic<std::uint32_t>;
static_assert(sizeof(Word) == sizeof(std::uint32_t));

// In a struct that a program may fill with zeros and copy, the word is a plain integer.
Word& WordOf(std::uint32_t& plain) {
  return reinterpret_cast<Word&>(plain);
}

bool TryWrite(Word& word) {
  std::uint32_t now = word.load(std::memory_order_relaxed);
  while ((now & ~kWaiters) == 0) {
    if (word.compare_exchange_weak(now, now | kWriter, std::memory_order_acquire)) return true;
  }
  return false;
}

bool TryRead(Word& word) {
  std::uint32_t now = word.load(std::memory_order_relaxed);
  while ((now & (kWriter | kWaiters)) == 0) {
    if (word.compare_exchange_weak(now, now + 1, std::memory_order_acquire)) return true;
  }
  return false;
}

template <bool (*kTry)(Word&)>
void Acquire(std::uint32_t& plain) {
  Word& word = WordOf(plain);
  if (kTry(word)) return;
  const iocp::PausedScope paused;
  while (!kTry(word)) {
    std::uint32_t now = word.load(std::memory_order_relaxed);
    if ((now & ~kWaiters) == 0) continue;  // let go of meanwhile
    if (word.compare_exchange_strong(now, now | kWaiters, std::memory_order_relaxed)) {
      iocp::SysFutexWait(&word, now | kWaiters, -1);
    }
  }
}

void WakeAll(Word& word) {
  iocp::SysFutexWake(&word, INT_MAX);
}

void ReleaseWrite(std::uint32_t& plain) {
  Word& word = WordOf(plain);
  if ((word.exchange(0, std::memory_order_release) & kWaiters) != 0) WakeAll(word);
}

void ReleaseRead(std::uint32_t& plain) {
  Word& word = WordOf(plain);
  std::uint32_t now = word.load(std::memory_order_relaxed);
  std::uint32_t next = 0;
  do {
    next = (now & ~kWaiters) == 1 ? 0 : now - 1;
  } while (
      !word.compare_exchange_weak(now, next, std::memory_order_release, std::memory_order_relaxed));
  if (next == 0 && (now & kWaiters) != 0) WakeAll(word);
}

}  // namespace

void InitializeSRWLock(PSRWLOCK lock) {
  *lock = SRWLOCK_INIT;
}

void AcquireSRWLockExclusive(PSRWLOCK lock) {
  Acquire<TryWrite>(lock->word);
}

BOOLEAN TryAcquireSRWLockExclusive(PSRWLOCK lock) {
  return TryWrite(WordOf(lock->word));
}

void ReleaseSRWLockExclusive(PSRWLOCK lock) {
  ReleaseWrite(lock->word);
}

void AcquireSRWLockShared(PSRWLOCK lock) {
  Acquire<TryRead>(lock->word);
}

BOOLEAN TryAcquireSRWLockShared(PSRWLOCK lock) {
  return TryRead(WordOf(lock->word));
}

void ReleaseSRWLockShared(PSRWLOCK lock) {
  ReleaseRead(lock->word);
}

// --- condition variable ------------------------------------------------------------------------------

namespace {

// The number is read while the program's lock is held; a wake after that changes it, so the sleep
// does not begin or ends.
template <typename Unlock, typename Lock>
BOOL SleepOn(PCONDITION_VARIABLE variable, DWORD milliseconds, Unlock unlock, Lock lock) {
  Word& wakes = WordOf(variable->wakes);
  const std::uint32_t before = wakes.load(std::memory_order_acquire);
  unlock();
  const iocp::Deadline deadline(milliseconds);
  {
    const iocp::PausedScope paused;
    if (!deadline.Passed()) iocp::SysFutexWait(&wakes, before, deadline.Nanoseconds());
  }
  const bool in_time = wakes.load(std::memory_order_acquire) != before || !deadline.Passed();
  lock();
  if (in_time) return TRUE;
  SetLastError(ERROR_TIMEOUT);
  return FALSE;
}

}  // namespace

void InitializeConditionVariable(PCONDITION_VARIABLE variable) {
  *variable = CONDITION_VARIABLE_INIT;
}

BOOL SleepConditionVariableCS(PCONDITION_VARIABLE variable, LPCRITICAL_SECTION section,
                              DWORD milliseconds) {
  return SleepOn(
      variable, milliseconds, [&] { LeaveCriticalSection(section); },
      [&] { EnterCriticalSection(section); });
}

BOOL SleepConditionVariableSRW(PCONDITION_VARIABLE variable, PSRWLOCK lock, DWORD milliseconds,
                               ULONG flags) {
  const bool shared = (flags & CONDITION_VARIABLE_LOCKMODE_SHARED) != 0;
  return SleepOn(
      variable, milliseconds,
      [&] { shared ? ReleaseSRWLockShared(lock) : ReleaseSRWLockExclusive(lock); },
      [&] { shared ? AcquireSRWLockShared(lock) : AcquireSRWLockExclusive(lock); });
}

void WakeConditionVariable(PCONDITION_VARIABLE variable) {
  Word& wakes = WordOf(variable->wakes);
  wakes.fetch_add(1, std::memory_order_release);
  iocp::SysFutexWake(&wakes, 1);
}

void WakeAllConditionVariable(PCONDITION_VARIABLE variable) {
  Word& wakes = WordOf(variable->wakes);
  wakes.fetch_add(1, std::memory_order_release);
  WakeAll(wakes);
}

// --- singly linked list ------------------------------------------------------------------------------

namespace {

class ListGuard {
 public:
  explicit ListGuard(PSLIST_HEADER list) : list_(list) { Acquire<TryWrite>(list_->lock); }
  ListGuard(const ListGuard&) = delete;
  ListGuard& operator=(const ListGuard&) = delete;
  ~ListGuard() { ReleaseWrite(list_->lock); }

 private:
  PSLIST_HEADER list_;
};

}  // namespace

void InitializeSListHead(PSLIST_HEADER list) {
  *list = {};
}

PSLIST_ENTRY InterlockedPushEntrySList(PSLIST_HEADER list, PSLIST_ENTRY entry) {
  const ListGuard guard(list);
  entry->Next = list->first;
  list->first = entry;
  ++list->depth;
  return entry->Next;
}

PSLIST_ENTRY InterlockedPopEntrySList(PSLIST_HEADER list) {
  const ListGuard guard(list);
  const PSLIST_ENTRY entry = list->first;
  if (entry == nullptr) return nullptr;
  list->first = entry->Next;
  --list->depth;
  return entry;
}

PSLIST_ENTRY InterlockedFlushSList(PSLIST_HEADER list) {
  const ListGuard guard(list);
  list->depth = 0;
  return std::exchange(list->first, nullptr);
}

USHORT QueryDepthSList(PSLIST_HEADER list) {
  const ListGuard guard(list);
  return list->depth;
}
