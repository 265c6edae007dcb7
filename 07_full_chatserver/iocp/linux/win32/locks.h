// CRITICAL_SECTION, SRWLOCK, CONDITION_VARIABLE. See iocp/win32_threads.h. Sizes are Windows'.
#pragma once

#include <pthread.h>

#include "iocp/linux/win32_types.h"

// --- CRITICAL_SECTION: recursive ----------------------------------------------------------------------
struct CRITICAL_SECTION {
  pthread_mutex_t mutex;
};
using LPCRITICAL_SECTION = CRITICAL_SECTION*;
using PCRITICAL_SECTION = CRITICAL_SECTION*;

void InitializeCriticalSection(LPCRITICAL_SECTION section);
BOOL InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION section, DWORD spin_count);
BOOL InitializeCriticalSectionEx(LPCRITICAL_SECTION section, DWORD spin_count, DWORD flags);
void EnterCriticalSection(LPCRITICAL_SECTION section);
BOOL TryEnterCriticalSection(LPCRITICAL_SECTION section);
void LeaveCriticalSection(LPCRITICAL_SECTION section);
void DeleteCriticalSection(LPCRITICAL_SECTION section);

// --- SRWLOCK: one writer or many readers, not recursive, nothing to delete ----------------------------
// All zero is free. A waiting writer holds newcomers back, so it is not starved.
struct SRWLOCK {
  std::uint32_t word;
  std::uint32_t unused;
};
using PSRWLOCK = SRWLOCK*;
#define SRWLOCK_INIT \
  { 0, 0 }

void InitializeSRWLock(PSRWLOCK lock);
void AcquireSRWLockExclusive(PSRWLOCK lock);
BOOLEAN TryAcquireSRWLockExclusive(PSRWLOCK lock);
void ReleaseSRWLockExclusive(PSRWLOCK lock);
void AcquireSRWLockShared(PSRWLOCK lock);
BOOLEAN TryAcquireSRWLockShared(PSRWLOCK lock);
void ReleaseSRWLockShared(PSRWLOCK lock);

// --- CONDITION_VARIABLE -------------------------------------------------------------------------------
struct CONDITION_VARIABLE {
  std::uint32_t wakes;  // how often it was woken: whoever sleeps waits for another number
  std::uint32_t unused;
};
using PCONDITION_VARIABLE = CONDITION_VARIABLE*;
#define CONDITION_VARIABLE_INIT \
  { 0, 0 }
#define CONDITION_VARIABLE_LOCKMODE_SHARED 0x1u

void InitializeConditionVariable(PCONDITION_VARIABLE variable);
// FALSE and ERROR_TIMEOUT when time was up. May wake without reason, as on Windows.
BOOL SleepConditionVariableCS(PCONDITION_VARIABLE variable, LPCRITICAL_SECTION section,
                              DWORD milliseconds);
BOOL SleepConditionVariableSRW(PCONDITION_VARIABLE variable, PSRWLOCK lock, DWORD milliseconds,
                               ULONG flags);
void WakeConditionVariable(PCONDITION_VARIABLE variable);
void WakeAllConditionVariable(PCONDITION_VARIABLE variable);
