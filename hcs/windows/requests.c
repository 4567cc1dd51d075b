/*
 * requests.c - what is asked of a container: start, pause, resume, shutdown, terminate, modify.
 */
#include <stdlib.h>

#include "../marshal.h"
#include "operations.h"
#include "result.h"
#include "system.h"
#include "wide.h"

/* The five have one signature. `options` may be NULL or empty; hcsshim sends the empty text. */
typedef HRESULT(WINAPI *service_call)(HCS_SYSTEM system, PCWSTR options, PWSTR *result);

static int fail_ended(hcs_error *err) { return hcs_fail(err, HCS_E_SYSTEM_ALREADY_STOPPED, NULL); }

static int request(hcs_platform_system *system, service_call call, hcs_error *err) {
  PWSTR document = NULL;
  HRESULT status = call(system->handle, L"", &document);

  return hcs_service_result(status, document, err);
}

/* ---- those that are complete when they return --------------------------------------------------------- */

typedef struct timed_request {
  const char *name;
  DWORD completed;  /* the notification of its end */
  const char *done; /* what that is, for the message */
  const char *timeout_variable;
} timed_request;

static const timed_request start = {"HcsStartComputeSystem", HcsNotificationSystemStartCompleted,
                                    "has started", "HCSSHIM_TIMEOUT_SYSTEMSTART"};
static const timed_request pause = {"HcsPauseComputeSystem", HcsNotificationSystemPauseCompleted,
                                    "is paused", "HCSSHIM_TIMEOUT_SYSTEMPAUSE"};
static const timed_request resume = {"HcsResumeComputeSystem", HcsNotificationSystemResumeCompleted,
                                     "runs again", "HCSSHIM_TIMEOUT_SYSTEMRESUME"};

int hcs_explain_timeout(const char *done, const char *timeout_variable, hcs_error *err) {
  if (hcs_error_kind(err) != HCS_E_TIMEOUT) return -1;
  return hcs_fail(err, HCS_E_TIMEOUT,
                  "the service has not reported in time that the container %s; %s is how many "
                  "seconds it has",
                  done, timeout_variable);
}

/* The service may have done it when the call returns; then no notification comes. */
static int request_timed(hcs_platform_system *system, const timed_request *row, service_call call,
                         int64_t deadline_ns, hcs_error *err) {
  hcs_completion completion;
  int result;

  if (call == NULL) return hcs_vmcompute_missing(row->name, err);
  if (hcs_latch_exited(&system->latch)) return fail_ended(err);
  if (hcs_completion_expect(&completion, &system->latch, row->completed, err) != 0) return -1;
  result = request(system, call, err);
  if (result != HCS_CALL_PENDING) {
    hcs_completion_cancel(&completion, &system->latch);
    return result;
  }
  if (hcs_completion_await(&completion, &system->latch, deadline_ns, err) == 0) return 0;
  return hcs_explain_timeout(row->done, row->timeout_variable, err);
}

int hcs_windows_system_start(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err) {
  return request_timed(system, &start, system->api->HcsStartComputeSystem, deadline_ns, err);
}

int hcs_windows_system_pause(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err) {
  return request_timed(system, &pause, system->api->HcsPauseComputeSystem, deadline_ns, err);
}

int hcs_windows_system_resume(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err) {
  return request_timed(system, &resume, system->api->HcsResumeComputeSystem, deadline_ns, err);
}

/* ---- those whose end is what wait tells --------------------------------------------------------------- */

static int request_end(hcs_platform_system *system, service_call call, hcs_error *err) {
  if (hcs_latch_exited(&system->latch)) return fail_ended(err);
  return request(system, call, err) < 0 ? -1 : 0;
}

int hcs_windows_system_shutdown(hcs_platform_system *system, hcs_error *err) {
  if (!HCS_VMCOMPUTE_HAS(system->api, HcsShutdownComputeSystem, err)) return -1;
  return request_end(system, system->api->HcsShutdownComputeSystem, err);
}

/* Noted before it is sent: the exit may be told before the call returns. */
int hcs_windows_system_terminate(hcs_platform_system *system, hcs_error *err) {
  int before = atomic_exchange(&system->forced, 1);
  int result = request_end(system, system->api->HcsTerminateComputeSystem, err);

  if (result != 0 && !before) atomic_store(&system->forced, 0);
  return result;
}

/* ---- modify ------------------------------------------------------------------------------------------- */

/* hcsshim takes it for synchronous, others have seen it pending (hcs-contract §4.1): accepted, then. */
int hcs_windows_system_modify(hcs_platform_system *system, const hcs_document *request,
                              int64_t deadline_ns, hcs_error *err) {
  const hcs_schema *schema = hcs_schema_find("ResourceModificationRequestResponse");
  char *text = NULL;
  PWSTR wide = NULL, document = NULL;
  HRESULT status;
  int result = -1;

  (void)deadline_ns; /* there is no way to call it off */
  if (!HCS_VMCOMPUTE_HAS(system->api, HcsModifyComputeSystem, err)) return -1;
  if (hcs_latch_exited(&system->latch)) return fail_ended(err);
  text = hcs_marshal(schema, request->root, err);
  if (text != NULL) wide = hcs_wide_new(text, "request", err);
  if (wide != NULL) {
    status = system->api->HcsModifyComputeSystem(system->handle, wide, &document);
    result = hcs_service_result(status, document, err) < 0 ? -1 : 0;
  }
  free(wide);
  free(text);
  return result;
}
