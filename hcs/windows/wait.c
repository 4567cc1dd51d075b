/*
 * wait.c - waiting for Windows' objects until a deadline on the core's clock.
 *
 * Nothing wakes a sleeping thread as a signal does on POSIX: Ctrl-C runs its handler on a thread of its
 * own. So a thread that can be interrupted sleeps in slices and asks in between.
 */
#include "wait.h"

#include <stdlib.h>

#include "../platform.h"
#include "result.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define LONGEST_MS (INFINITE - 1) /* 49 days */
#define SLICE_MS 100              /* what Ctrl-C may take to be noticed */

int64_t hcs_windows_clock_ns(void) {
  LARGE_INTEGER now, per_s;

  QueryPerformanceCounter(&now);
  QueryPerformanceFrequency(&per_s); /* fixed since the machine was started */
  return now.QuadPart / per_s.QuadPart * NS_PER_S +
         now.QuadPart % per_s.QuadPart * NS_PER_S / per_s.QuadPart;
}

DWORD hcs_windows_left_ms(int64_t deadline_ns) {
  int64_t now = hcs_windows_clock_ns(), ms;

  if (deadline_ns == HCS_FOREVER) return INFINITE;
  if (deadline_ns <= now) return 0;
  ms = (deadline_ns - now - 1) / NS_PER_MS + 1;
  return ms < LONGEST_MS ? (DWORD)ms : LONGEST_MS;
}

/* ---- more objects than Windows takes at once -------------------------------------------------------- */

/*
 * The thread pool waits for each, and the first tells one event; it has as many waiting threads as that
 * takes. `waits` ends with NULL.
 */
typedef struct crowd {
  HANDLE any;
  PTP_WAIT *waits;
} crowd;

static void CALLBACK crowd_signalled(PTP_CALLBACK_INSTANCE instance, void *any, PTP_WAIT wait,
                                     TP_WAIT_RESULT result) {
  (void)instance;
  (void)wait;
  (void)result;
  SetEvent((HANDLE)any);
}

/* Returns when no callback runs any more: it is a piece of this module, and `any` goes. */
static void crowd_free(crowd *many) {
  for (PTP_WAIT *wait = many->waits; wait != NULL && *wait != NULL; wait++) {
    SetThreadpoolWait(*wait, NULL, NULL);
    WaitForThreadpoolWaitCallbacks(*wait, TRUE);
    CloseThreadpoolWait(*wait);
  }
  free(many->waits);
  if (many->any != NULL) CloseHandle(many->any);
}

static int crowd_join(crowd *many, const HANDLE *handles, size_t count) {
  many->any = CreateEventW(NULL, TRUE, FALSE, NULL);
  many->waits = calloc(count + 1, sizeof(PTP_WAIT));
  if (many->any == NULL || many->waits == NULL) return -1;
  for (size_t i = 0; i < count; i++) {
    many->waits[i] = CreateThreadpoolWait(crowd_signalled, many->any, NULL);
    if (many->waits[i] == NULL) return -1;
    SetThreadpoolWait(many->waits[i], handles[i], NULL);
  }
  return 0;
}

/* ---- waiting ---------------------------------------------------------------------------------------- */

/* As WaitForMultipleObjects(), also for none. */
static DWORD wait_once(const HANDLE *handles, size_t count, DWORD ms) {
  if (count > 0) return WaitForMultipleObjects((DWORD)count, handles, FALSE, ms);
  Sleep(ms);
  return WAIT_TIMEOUT;
}

/* For 64 objects at most; HCS_WAIT_EXPIRED at the deadline. `can_interrupt`: the check is asked. */
static int wait_few(const HANDLE *handles, size_t count, int64_t deadline_ns, int can_interrupt,
                    hcs_error *err) {
  for (;;) {
    int is_due = can_interrupt && hcs_interrupt_due();
    DWORD ms = is_due ? 0 : hcs_windows_left_ms(deadline_ns);
    DWORD found = wait_once(handles, count, can_interrupt && ms > SLICE_MS ? SLICE_MS : ms);

    if (found == WAIT_FAILED)
      return hcs_fail_windows(err, GetLastError(), "cannot wait for %zu objects", count);
    if (found != WAIT_TIMEOUT) return 0;
    if (deadline_ns <= hcs_windows_clock_ns()) return HCS_WAIT_EXPIRED;
    if (is_due) return HCS_INTERRUPTED;
  }
}

/* 1 if one of them is signalled now, -1. */
static int any_signalled(const HANDLE *handles, size_t count, hcs_error *err) {
  for (size_t i = 0; i < count; i++) {
    DWORD found = WaitForSingleObject(handles[i], 0);

    if (found == WAIT_FAILED)
      return hcs_fail_windows(err, GetLastError(), "cannot wait for %zu objects", count);
    if (found != WAIT_TIMEOUT) return 1;
  }
  return 0;
}

static int wait_many(const HANDLE *handles, size_t count, int64_t deadline_ns, int can_interrupt,
                     hcs_error *err) {
  crowd many = {NULL, NULL};
  int result = any_signalled(handles, count, err);

  if (result != 0) return result < 0 ? -1 : 0;
  if (deadline_ns <= hcs_windows_clock_ns()) return HCS_WAIT_EXPIRED;
  if (crowd_join(&many, handles, count) != 0)
    result = hcs_fail_memory(err);
  else
    result = wait_few(&many.any, 1, deadline_ns, can_interrupt, err);
  crowd_free(&many);
  return result;
}

int hcs_wait_try(const HANDLE *handles, size_t count, int64_t deadline_ns, hcs_error *err) {
  int can_interrupt = hcs_interrupt_checked();

  if (count > MAXIMUM_WAIT_OBJECTS)
    return wait_many(handles, count, deadline_ns, can_interrupt, err);
  return wait_few(handles, count, deadline_ns, can_interrupt, err);
}

static int fail_if_expired(int result, hcs_error *err) {
  return result == HCS_WAIT_EXPIRED ? hcs_fail(err, HCS_E_TIMEOUT, NULL) : result;
}

int hcs_wait_any(const HANDLE *handles, size_t count, int64_t deadline_ns, hcs_error *err) {
  return fail_if_expired(hcs_wait_try(handles, count, deadline_ns, err), err);
}

int hcs_wait_through(HANDLE handle, int64_t deadline_ns, hcs_error *err) {
  return fail_if_expired(wait_few(&handle, 1, deadline_ns, 0, err), err);
}
