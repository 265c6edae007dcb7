// What every file of this ServerCore includes: types, read-write locks, an assertion that cannot be
// switched off. The whole folder is written for Windows in the usual way; it must build with iocp.h
// unchanged.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "iocp/iocp.h"
#include "iocp/win32_threads.h"

using BYTE_ = unsigned char;
using int32 = __int32;
using int64 = __int64;
using uint16 = unsigned __int16;
using uint32 = unsigned __int32;
using uint64 = unsigned __int64;

#define ASSERT_CRASH(expression)                                      \
  do {                                                                \
    if (!(expression)) {                                              \
      fprintf(stderr, "%s:%d %s\n", __FILE__, __LINE__, #expression); \
      abort();                                                        \
    }                                                                 \
  } while (false)

// --- read-write lock and its macros
class RWLock {
 public:
  RWLock() { InitializeSRWLock(&_lock); }
  void WriteLock() { AcquireSRWLockExclusive(&_lock); }
  void WriteUnlock() { ReleaseSRWLockExclusive(&_lock); }
  void ReadLock() { AcquireSRWLockShared(&_lock); }
  void ReadUnlock() { ReleaseSRWLockShared(&_lock); }

 private:
  SRWLOCK _lock = SRWLOCK_INIT;
};

class ReadLockGuard {
 public:
  ReadLockGuard(RWLock& lock) : _lock(lock) { _lock.ReadLock(); }
  ~ReadLockGuard() { _lock.ReadUnlock(); }

 private:
  RWLock& _lock;
};

class WriteLockGuard {
 public:
  WriteLockGuard(RWLock& lock) : _lock(lock) { _lock.WriteLock(); }
  ~WriteLockGuard() { _lock.WriteUnlock(); }

 private:
  RWLock& _lock;
};

#define USE_MANY_LOCKS(count) RWLock _locks[count]
#define USE_LOCK USE_MANY_LOCKS(1)
#define READ_LOCK_IDX(idx) ReadLockGuard readLockGuard_##idx(_locks[idx]);
#define READ_LOCK READ_LOCK_IDX(0)
#define WRITE_LOCK_IDX(idx) WriteLockGuard writeLockGuard_##idx(_locks[idx]);
#define WRITE_LOCK WRITE_LOCK_IDX(0)

class IocpObject;
class Session;
class Listener;
class Service;
using IocpObjectRef = std::shared_ptr<IocpObject>;
using SessionRef = std::shared_ptr<Session>;
using ListenerRef = std::shared_ptr<Listener>;
using ServiceRef = std::shared_ptr<Service>;
