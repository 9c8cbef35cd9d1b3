// Tells the thread sanitizer about the standard library's Mutex.
//
// On Linux that lock is a futex. Its quick path is compiled into our own code, where the sanitizer sees
// the compare-and-exchange; its slow path, taken when two threads meet, lives in libswiftSynchronization,
// which is not instrumented. There the sanitizer misses who handed the lock to whom, and it reports
// every access under a lock that was once contended. These two functions stand before the library's
// (LD_PRELOAD, see .ci/sanitize), call it, and say what it did. Nothing else changes: a race beside the
// lock is still found, which `.ci/sanitize thread` proves before its run.
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// Weak: the same library is loaded into the package manager's own processes, which are not sanitized.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

typedef SWIFT void (*Lock)(uint32_t thread, SELF void *self);
typedef SWIFT void (*Unlock)(SELF void *self);

// Synchronization._MutexHandle._lockSlow(UInt32) -> ()
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
// Synchronization._MutexHandle._unlockSlow() -> ()
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lockSlow(uint32_t thread, SELF void *self) __asm__(LOCK_SLOW);
SWIFT void unlockSlow(SELF void *self) __asm__(UNLOCK_SLOW);

SWIFT void lockSlow(uint32_t thread, SELF void *self) {
  ((Lock)dlsym(RTLD_NEXT, LOCK_SLOW))(thread, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void unlockSlow(SELF void *self) {
  if (__tsan_release) __tsan_release(self);
  ((Unlock)dlsym(RTLD_NEXT, UNLOCK_SLOW))(self);
}
