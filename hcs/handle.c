/*
 * handle.c - the life of a handle: counted references, operations against close, forked children.
 */
#include "handle.h"

#include <stdlib.h>
#include <string.h>

void hcs_handle_init(hcs_handle *handle, void (*destroy)(hcs_handle *handle, int whole),
                     void (*retire)(hcs_handle *handle)) {
  atomic_init(&handle->references, HCS_HOLDER);
  atomic_init(&handle->phase, HCS_OPEN);
  handle->owner = hcs_platform_get()->self();
  handle->destroy = destroy;
  handle->retire = retire;
}

void hcs_handle_hold(hcs_handle *handle) { hcs_references_add(&handle->references, HCS_HOLDER); }

/*
 * In a forked child the parent's callers are counted and will never leave. The platform's object
 * (its descriptors) is freed all the same; the memory is not, because those callers may have been
 * in the middle of changing it.
 */
void hcs_handle_drop(hcs_handle *handle) {
  int foreign = hcs_handle_foreign(handle);
  uint64_t left = hcs_references_remove(&handle->references, HCS_HOLDER);

  if (left == 0 || (foreign && hcs_references_holders(left) == 0))
    handle->destroy(handle, left == 0);
}

int hcs_handle_foreign(const hcs_handle *handle) {
  return handle->owner != hcs_platform_get()->self();
}

int hcs_handle_closed(const hcs_handle *handle) {
  return atomic_load(&handle->phase) == HCS_CLOSED;
}

void hcs_handle_set_closed(hcs_handle *handle) { atomic_store(&handle->phase, HCS_CLOSED); }

int hcs_fail_closed(hcs_error *err) { return hcs_fail(err, HCS_E_ALREADY_CLOSED, NULL); }

int hcs_fail_missing(hcs_error *err) {
  return hcs_fail(err, HCS_E_NOT_SUPPORTED, "this call is not supported on %s yet",
                  hcs_platform_get()->name);
}

int hcs_handle_visit(hcs_handle *handle, hcs_error *err) {
  if (hcs_handle_foreign(handle))
    return hcs_fail(err, HCS_E_INVALID_STATE,
                    "this handle belongs to process %ld: open the container again in this process",
                    handle->owner);
  hcs_references_add(&handle->references, HCS_CALLER);
  return 0;
}

/*
 * The last caller of a closed handle retires it while it is still counted itself: afterwards another
 * thread's free could be the end of it. Who comes in meanwhile finds it closed, or counts us out.
 */
void hcs_handle_leave(hcs_handle *handle) {
  uint64_t count = atomic_load(&handle->references);

  do
    if (hcs_references_callers(count) == 1 && hcs_handle_closed(handle) && handle->retire != NULL)
      handle->retire(handle);
  while (!atomic_compare_exchange_weak(&handle->references, &count, count - HCS_CALLER));
  if (count == HCS_CALLER) handle->destroy(handle, 1);
}

/*
 * Looking at the phase before taking the lock keeps a steady stream of operations from holding off
 * close for ever: POSIX lets readers overtake a waiting writer.
 */
int hcs_handle_enter(hcs_handle *handle, hcs_rwlock *lock, hcs_error *err) {
  if (hcs_handle_visit(handle, err) != 0) return -1;
  if (atomic_load(&handle->phase) == HCS_OPEN) {
    hcs_rwlock_share(lock);
    if (atomic_load(&handle->phase) != HCS_CLOSED) return 0;
    hcs_rwlock_unshare(lock);
  }
  hcs_handle_leave(handle);
  return hcs_fail_closed(err);
}

void hcs_handle_exit(hcs_handle *handle, hcs_rwlock *lock) {
  hcs_rwlock_unshare(lock);
  hcs_handle_leave(handle);
}

int hcs_handle_close_begin(hcs_handle *handle, hcs_rwlock *lock) {
  int open = HCS_OPEN;

  hcs_references_add(&handle->references, HCS_CALLER);
  atomic_compare_exchange_strong(&handle->phase, &open, HCS_CLOSING);
  hcs_rwlock_exclude(lock);
  return !hcs_handle_closed(handle);
}

void hcs_handle_close_end(hcs_handle *handle, hcs_rwlock *lock) {
  hcs_rwlock_readmit(lock);
  hcs_handle_leave(handle);
}

/* ---- deadlines -------------------------------------------------------------------------------- */

#define DEFAULT_TIMEOUT_S 240 /* hcsshim's, for every operation */
#define NS_PER_S INT64_C(1000000000)

/* A whole number of seconds above 0; anything else is as good as unset. */
static int64_t seconds_from(const char *text) {
  int64_t seconds = 0;

  if (text == NULL || *text == '\0') return DEFAULT_TIMEOUT_S;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return DEFAULT_TIMEOUT_S;
    if (seconds > INT64_MAX / NS_PER_S / 20) /* centuries: more digits change nothing */
      continue;
    seconds = seconds * 10 + (*text - '0');
  }
  return seconds > 0 ? seconds : DEFAULT_TIMEOUT_S;
}

int64_t hcs_deadline(const char *variable) {
  const hcs_platform *platform = hcs_platform_get();
  int64_t seconds = seconds_from(platform->environment(variable));
  int64_t now = platform->clock_ns();

  return seconds < (HCS_FOREVER - now) / NS_PER_S ? now + seconds * NS_PER_S : HCS_FOREVER;
}
