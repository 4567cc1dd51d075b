/*
 * kill.c - Kill as hcsshim does it (hcs-contract §1.6), and what an answer to a signal means.
 */
#include <objbase.h>
#include <string.h>

#include "../error_codes.h"
#include "operations.h"
#include "process.h"
#include "result.h"
#include "wait.h"

#define EXIT_PATIENCE_NS                                                                           \
  INT64_C(1000000000) /* hcsshim's, from "it is gone" to its exit's notification */

/* ---- a process that is gone ---------------------------------------------------------------------------- */

/* These say that there is nothing to signal any more. */
static int says_gone(const hcs_error *err) {
  uint64_t kind = hcs_error_kind(err);

  return (kind | 0x40000000) == HCS_E_INVALID_STATE || hcs_is_gone(err) ||
         kind == HCS_E_ELEMENT_NOT_FOUND || kind == HCS_E_PROCESS_ALREADY_STOPPED;
}

/*
 * Its exit should be on its way. Where it is not told, whoever waits for it is released: a known fault
 * of the service. hcsshim leaves the second to a task of its own; here the call takes it.
 */
static void expect_exit(hcs_platform_process *process, hcs_error *err) {
  uint64_t code = hcs_error_kind(err);

  if (hcs_wait_through(process->latch.ended, hcs_windows_clock_ns() + EXIT_PATIENCE_NS, err) != 0)
    hcs_latch_lose(&process->latch, code);
}

static int fail_ended(hcs_error *err) { return hcs_fail(err, HCS_E_PROCESS_ALREADY_STOPPED, NULL); }

/* ---- kill ---------------------------------------------------------------------------------------------- */

/*
 * If the container cannot even be opened it is ended as a whole, so that nothing is left running. The
 * caller's handle stays open, where hcsshim closes it: it is his. -1 with the first failure.
 */
static int end_system(hcs_platform_system *system) {
  const hcs_vmcompute *api = system->api;
  PWSTR document = NULL;
  hcs_error *unheard = hcs_error_new();
  int result = -1;

  if (unheard == NULL) return -1;
  AcquireSRWLockShared(&system->guard);
  if (system->handle != NULL) {
    HRESULT status = api->HcsTerminateComputeSystem(system->handle, L"", &document);

    result = hcs_service_result(status, document, unheard);
    if (result >= 0) atomic_store(&system->forced, 1);
    if (result < 0 && hcs_is_gone(unheard)) result = 0;
  }
  ReleaseSRWLockShared(&system->guard);
  hcs_error_free(unheard);
  return result < 0 ? -1 : 0;
}

/* What may be told of a process that ends anyway: somebody else was quicker. */
static int is_killed_anyway(const hcs_error *err) {
  return hcs_error_is(err, HCS_IS_ALREADY_STOPPED) || hcs_error_kind(err) == HCS_E_ACCESS_DENIED;
}

/* "Not delivered" is 0x490 in hcsshim, which keeps the reason to itself. */
static int terminate(const hcs_vmcompute *api, HCS_PROCESS handle, hcs_platform_process *process,
                     hcs_error *err) {
  PWSTR document = NULL;
  HRESULT status;

  status = api->HcsTerminateProcess(handle, &document);
  if (hcs_service_result(status, document, err) >= 0) return 0;
  if (is_killed_anyway(err)) {
    if (says_gone(err)) expect_exit(process, err);
    return 0;
  }
  if (says_gone(err)) {
    expect_exit(process, err);
    return fail_ended(err);
  }
  return hcs_fail(err, HCS_E_ELEMENT_NOT_FOUND, "the kill was not delivered: %s (0x%08lx)",
                  hcs_error_message(err), (unsigned long)status);
}

static int kill_through(HCS_SYSTEM system, hcs_platform_process *process, hcs_error *err) {
  const hcs_vmcompute *api = process->system->api;
  HCS_PROCESS handle = NULL;
  int result;

  if (hcs_service_open_process(api, system, process->pid, &handle, err) != 0) {
    if (!hcs_error_is(err, HCS_IS_ALREADY_STOPPED)) return -1;
    expect_exit(process, err);
    return 0;
  }
  result = terminate(api, handle, process, err);
  api->HcsCloseProcess(handle);
  return result;
}

/*
 * Through handles of its own: the service does one signal after the other for a process and a handle,
 * and a kill must not queue behind one that hangs.
 */
static int kill_process(hcs_platform_process *process, hcs_error *err) {
  const hcs_vmcompute *api = process->system->api;
  HCS_SYSTEM system = NULL;
  int result;

  if (!HCS_VMCOMPUTE_HAS(api, HcsTerminateProcess, err)) return -1;
  if (hcs_service_open(api, process->system->wide_id, &system, err) != 0) {
    if (end_system(process->system) != 0) return -1;
    if (hcs_is_gone(err)) expect_exit(process, err);
    return 0;
  }
  result = kill_through(system, process, err);
  api->HcsCloseComputeSystem(system);
  return result;
}

/* ---- the operation ------------------------------------------------------------------------------------- */

static int is_kill(const char *signal) {
  return signal == NULL || strcmp(signal, "KILL") == 0 || strcmp(signal, "SIGKILL") == 0 ||
         strcmp(signal, "9") == 0;
}

/* The service knows no groups of processes: a kill of the group is one of the process. */
int hcs_windows_process_signal(hcs_platform_process *process, const char *signal, int group,
                               hcs_error *err) {
  (void)group;
  if (is_kill(signal)) return kill_process(process, err);
  if (hcs_signal_send(process, signal, err) == 0) return 0;
  if (!says_gone(err)) return -1;
  expect_exit(process, err);
  return fail_ended(err);
}
