/*
 * process_wait.c - the end of a process, and its exit code.
 */
#include <objbase.h>
#include <stdlib.h>

#include "objects.h"
#include "operations.h"
#include "process.h"
#include "result.h"
#include "wait.h"
#include "wide.h"

/* From the end of a container to that of its last process, which the service may tell later. */
#define SYSTEM_PATIENCE_NS INT64_C(1000000000)

/* ---- the exit code ------------------------------------------------------------------------------------- */

/* ProcessStatus (hcs-contract §2.3): the code counts only where the service could wait for it. */
static int status_read(const json_t *status, hcs_process_exit *exit) {
  const json_t *code = json_object_get(status, "ExitCode");

  if (!hcs_document_bool(status, "Exited")) return -1;
  exit->tracked = hcs_document_integer(status, "LastWaitResult") == 0;
  exit->code = exit->tracked ? (uint32_t)json_integer_value(code) : 0;
  exit->signal = NULL;
  return 0;
}

static int read_notice(const hcs_notice *notice, hcs_process_exit *exit, hcs_error *err) {
  char *text = notice->document != NULL ? hcs_utf8_new(notice->document, "exit", err) : NULL;
  json_t *status = text != NULL ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;
  int result = status_read(status, exit);

  json_decref(status);
  free(text);
  return result;
}

static int ask(const hcs_process_handle *handle, hcs_process_exit *exit, hcs_error *err) {
  PWSTR document = NULL, answer = NULL;
  json_t *properties;
  HRESULT status;
  int result;

  if (!HCS_VMCOMPUTE_HAS(handle->api, HcsGetProcessProperties, err)) return -1;
  status = handle->api->HcsGetProcessProperties(handle->handle, &document, &answer);
  properties = hcs_service_document(status, document, answer, err);
  if (properties == NULL) return -1;
  result = status_read(properties, exit);
  json_decref(properties);
  if (result == 0) return 0;
  return hcs_fail(err, HCS_E_UNEXPECTED_VALUE,
                  "the service has told the exit of the process, and says now that it runs");
}

/* hcsshim asks for the properties; a service that tells it in the notification spares the call. */
static int find_exit(hcs_platform_process *process, hcs_process_exit *exit, hcs_error *err) {
  const hcs_notice *notice = &process->latch.exit;
  hcs_process_handle *handle;
  int result;

  if (read_notice(notice, exit, err) == 0) return 0;
  if (hcs_service_notified(notice->status, notice->document, err) < 0) return -1;
  handle = hcs_process_handle_of(process);
  if (handle == NULL) return hcs_fail(err, HCS_E_ALREADY_CLOSED, NULL);
  result = ask(handle, exit, err);
  hcs_process_handle_drop(handle);
  return result;
}

/* Once found it is everybody's. */
static int get_exit(hcs_platform_process *process, hcs_process_exit *exit, hcs_error *err) {
  int result = 0;

  AcquireSRWLockExclusive(&process->reading);
  if (!process->known) result = find_exit(process, &process->exit, err);
  if (result == 0) process->known = 1;
  if (result == 0) *exit = process->exit;
  ReleaseSRWLockExclusive(&process->reading);
  return result;
}

/* ---- waiting ------------------------------------------------------------------------------------------- */

static int is_signalled(HANDLE handle) { return WaitForSingleObject(handle, 0) == WAIT_OBJECT_0; }

/*
 * No process outlives its container, so one whose exit is not told soon after the container's is lost;
 * nobody is to wait for it for ever. When that will be.
 */
static int64_t lost_at(hcs_platform_process *process) {
  int64_t now_ns = hcs_windows_clock_ns(), since_ns = 0;

  if (!atomic_compare_exchange_strong(&process->orphaned_ns, &since_ns, now_ns)) now_ns = since_ns;
  return now_ns + SYSTEM_PATIENCE_NS;
}

int hcs_windows_process_ready(hcs_platform_process *process, HANDLE events[HCS_PROCESS_EVENTS],
                              size_t *count, int64_t *again_ns) {
  const hcs_latch *system = &process->system->latch;

  events[0] = process->latch.ended;
  events[1] = system->ended;
  *count = is_signalled(system->ended) ? 1 : 2;
  *again_ns = HCS_FOREVER;
  if (is_signalled(process->latch.ended)) return 1;
  /* a container handle that was closed tells nothing more, and its event stays set */
  if (*count == 2 || !hcs_latch_exited(system)) return 0;
  *again_ns = lost_at(process);
  if (hcs_windows_clock_ns() < *again_ns) return 0;
  hcs_latch_lose(&process->latch, HCS_E_UNEXPECTED_PROCESS_ABORT);
  return 1;
}

/* 0 once the process' latch says something. */
static int await_end(hcs_platform_process *process, int64_t deadline_ns, hcs_error *err) {
  HANDLE events[HCS_PROCESS_EVENTS];
  int64_t again_ns;
  size_t count;

  while (!hcs_windows_process_ready(process, events, &count, &again_ns)) {
    int is_last = deadline_ns <= again_ns;
    int result = hcs_wait_try(events, count, is_last ? deadline_ns : again_ns, err);

    if (result < 0 || result == HCS_INTERRUPTED) return result;
    if (result == HCS_WAIT_EXPIRED && is_last) return hcs_fail(err, HCS_E_TIMEOUT, NULL);
  }
  return 0;
}

int hcs_windows_process_wait(hcs_platform_process *process, int64_t deadline_ns,
                             hcs_process_exit *exit, hcs_error *err) {
  int result = await_end(process, deadline_ns, err);

  if (result != 0) return result;
  if (hcs_latch_result(&process->latch, err) != 0) return -1;
  return get_exit(process, exit, err);
}
