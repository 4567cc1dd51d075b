/*
 * lock.h - the few primitives of threads that the core needs, over POSIX threads or Win32.
 *
 * Initialising never fails and nothing needs a constructor: the library is loaded and unloaded with
 * a Lua state. Locks are taken in the order handle, pipe or latch, platform; never the other way.
 */
#ifndef HCS_LOCK_H
#define HCS_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

#if defined(_WIN32)

#include <windows.h>

typedef SRWLOCK hcs_mutex;
typedef SRWLOCK hcs_rwlock;

static inline void hcs_mutex_init(hcs_mutex *mutex) { InitializeSRWLock(mutex); }
static inline void hcs_mutex_destroy(hcs_mutex *mutex) { (void)mutex; }
static inline void hcs_mutex_lock(hcs_mutex *mutex) { AcquireSRWLockExclusive(mutex); }
/* 1 if the mutex was free and is now ours. */
static inline int hcs_mutex_trylock(hcs_mutex *mutex) {
  return TryAcquireSRWLockExclusive(mutex) != 0;
}
static inline void hcs_mutex_unlock(hcs_mutex *mutex) { ReleaseSRWLockExclusive(mutex); }

static inline void hcs_rwlock_init(hcs_rwlock *lock) { InitializeSRWLock(lock); }
static inline void hcs_rwlock_destroy(hcs_rwlock *lock) { (void)lock; }
static inline void hcs_rwlock_share(hcs_rwlock *lock) { AcquireSRWLockShared(lock); }
static inline void hcs_rwlock_unshare(hcs_rwlock *lock) { ReleaseSRWLockShared(lock); }
static inline void hcs_rwlock_exclude(hcs_rwlock *lock) { AcquireSRWLockExclusive(lock); }
static inline void hcs_rwlock_readmit(hcs_rwlock *lock) { ReleaseSRWLockExclusive(lock); }

#else

#include <pthread.h>

typedef pthread_mutex_t hcs_mutex;
typedef pthread_rwlock_t hcs_rwlock;

static inline void hcs_mutex_init(hcs_mutex *mutex) {
  *mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}
static inline void hcs_mutex_destroy(hcs_mutex *mutex) { pthread_mutex_destroy(mutex); }
static inline void hcs_mutex_lock(hcs_mutex *mutex) { pthread_mutex_lock(mutex); }
/* 1 if the mutex was free and is now ours. */
static inline int hcs_mutex_trylock(hcs_mutex *mutex) { return pthread_mutex_trylock(mutex) == 0; }
static inline void hcs_mutex_unlock(hcs_mutex *mutex) { pthread_mutex_unlock(mutex); }

static inline void hcs_rwlock_init(hcs_rwlock *lock) {
  *lock = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
}
static inline void hcs_rwlock_destroy(hcs_rwlock *lock) { pthread_rwlock_destroy(lock); }
static inline void hcs_rwlock_share(hcs_rwlock *lock) { pthread_rwlock_rdlock(lock); }
static inline void hcs_rwlock_unshare(hcs_rwlock *lock) { pthread_rwlock_unlock(lock); }
static inline void hcs_rwlock_exclude(hcs_rwlock *lock) { pthread_rwlock_wrlock(lock); }
static inline void hcs_rwlock_readmit(hcs_rwlock *lock) { pthread_rwlock_unlock(lock); }

#endif

/*
 * Two counts in one word: who holds an object (low half) and who is inside one of its calls (high
 * half). The object goes when both are 0. They are apart because a forked child inherits the count
 * of callers but not the callers, who would never leave.
 */
typedef _Atomic uint64_t hcs_references;

#define HCS_HOLDER UINT64_C(1)
#define HCS_CALLER (UINT64_C(1) << 32)

/* Sequentially consistent: who comes in and then finds a handle open is seen by who closes it. */
static inline void hcs_references_add(hcs_references *references, uint64_t who) {
  atomic_fetch_add(references, who);
}
/* What is left of both counts. */
static inline uint64_t hcs_references_remove(hcs_references *references, uint64_t who) {
  return atomic_fetch_sub_explicit(references, who, memory_order_acq_rel) - who;
}
static inline uint32_t hcs_references_holders(uint64_t count) {
  return (uint32_t)(count & UINT32_MAX);
}
static inline uint32_t hcs_references_callers(uint64_t count) { return (uint32_t)(count >> 32); }

#endif
