/*
 * system_close.c - giving a container's handle back, and waiting for what ends with the last one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "open_handles.h"
#include "operations.h"
#include "result.h"
#include "unregister.h"
#include "wait.h"
#include "wide.h"

#define NS_PER_MS INT64_C(1000000)
#define GONE_PATIENCE_NS (10000 * NS_PER_MS) /* API.md, wait */
#define FIRST_PAUSE_NS (2 * NS_PER_MS)
#define LONGEST_PAUSE_NS (250 * NS_PER_MS)

/* Nobody gets the handle afterwards, and who has it has come back. */
static HCS_SYSTEM take_handle(hcs_platform_system *system) {
  HCS_SYSTEM handle;

  AcquireSRWLockExclusive(&system->guard);
  handle = system->handle;
  system->handle = NULL;
  ReleaseSRWLockExclusive(&system->guard);
  return handle;
}

/* First no callback, then no handle: hcsshim's order. The first failure is told, both are tried. */
static int let_go(hcs_platform_system *system, hcs_error *err) {
  HCS_SYSTEM handle = take_handle(system);
  HRESULT unregistered, closed;
  int result;

  if (handle == NULL) return 0;
  system->is_stuck = !hcs_unregister(system->api->HcsUnregisterComputeSystemCallback,
                                     system->registration, &unregistered);
  closed = system->api->HcsCloseComputeSystem(handle);
  result = hcs_service_result(FAILED(unregistered) ? unregistered : closed, NULL, err);
  return result < 0 ? hcs_error_wrap(err, "the service did not let go of its handle") : 0;
}

/* ---- waiting for the end ----------------------------------------------------------------------------- */

static PWSTR ids_query(const char *id, hcs_error *err) {
  char text[HCS_ID_SIZE + 16];

  snprintf(text, sizeof text, "{\"Ids\":[\"%s\"]}", id); /* an id has nothing to be escaped */
  return hcs_wide_new(text, "id", err);
}

/* 0 when the service does not list it; a service that is busy tearing down may refuse to list. */
static int is_listed(const hcs_platform_system *system, PCWSTR query, hcs_error *err) {
  json_t *list = hcs_service_enumerate(system->api, query, err);
  int result = list == NULL || json_array_size(list) > 0;

  json_decref(list);
  return result;
}

/*
 * With the handle went the notifications, so it is asked for, at growing intervals. One that another
 * program holds open goes on: then this is the whole patience, and no failure.
 */
static int await_gone(const hcs_platform_system *system, hcs_error *err) {
  int64_t deadline_ns = hcs_windows_clock_ns() + GONE_PATIENCE_NS, pause_ns = FIRST_PAUSE_NS;
  PWSTR query = ids_query(system->id, err);
  int result = query != NULL ? 0 : -1;

  while (query != NULL && is_listed(system, query, err)) {
    int64_t now = hcs_windows_clock_ns();

    if (now >= deadline_ns) break;
    if (hcs_wait_any(NULL, 0, now + pause_ns, err) == HCS_INTERRUPTED) {
      result = HCS_INTERRUPTED;
      break;
    }
    if (pause_ns < LONGEST_PAUSE_NS) pause_ns *= 2;
  }
  free(query);
  return result;
}

/* ---- the operations ---------------------------------------------------------------------------------- */

int hcs_windows_system_release(hcs_platform_system *system, int wait_for_end, hcs_error *err) {
  int has_ended = hcs_latch_exited(&system->latch);
  int is_last = hcs_open_handles_remove(system);
  int result;

  hcs_latch_release(&system->latch);
  result = let_go(system, err);
  if (result == 0 && wait_for_end && is_last && system->ends_with_handles && !has_ended)
    result = await_gone(system, err);
  return result;
}

void hcs_windows_system_free(hcs_platform_system *system) {
  if (system == NULL) return;
  if (system->handle != NULL) let_go(system, system->spare);
  if (system->is_stuck) return;
  hcs_latch_clear(&system->latch);
  json_decref(system->basic);
  hcs_error_free(system->spare);
  free(system->wide_id);
  free(system);
}
