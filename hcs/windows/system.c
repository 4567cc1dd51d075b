/*
 * system.c - handles on containers: create, open, free.
 */
#include "system.h"

#include <stdlib.h>
#include <string.h>

#include "../handle.h"
#include "../marshal.h"
#include "../text.h"
#include "open_handles.h"
#include "operations.h"
#include "result.h"
#include "wait.h"
#include "wide.h"

#define UNDO_PATIENCE_NS INT64_C(1000000000)

/* ---- the object -------------------------------------------------------------------------------------- */

/* Asked for before anything is touched: what is created can be watched and ended. */
static int has_essentials(const hcs_vmcompute *api, hcs_error *err) {
  return HCS_VMCOMPUTE_HAS(api, HcsOpenComputeSystem, err) &&
         HCS_VMCOMPUTE_HAS(api, HcsCloseComputeSystem, err) &&
         HCS_VMCOMPUTE_HAS(api, HcsTerminateComputeSystem, err) &&
         HCS_VMCOMPUTE_HAS(api, HcsGetComputeSystemProperties, err) &&
         HCS_VMCOMPUTE_HAS(api, HcsRegisterComputeSystemCallback, err) &&
         HCS_VMCOMPUTE_HAS(api, HcsUnregisterComputeSystemCallback, err);
}

static hcs_platform_system *system_new(const char *id, hcs_error *err) {
  const hcs_vmcompute *api = hcs_vmcompute_get(err);
  hcs_platform_system *system;

  if (api == NULL || !has_essentials(api, err)) return NULL;
  system = calloc(1, sizeof *system);
  if (system == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  system->api = api;
  InitializeSRWLock(&system->guard);
  hcs_text_copy(system->id, sizeof system->id, id);
  system->spare = hcs_error_new();
  if (system->spare == NULL)
    hcs_fail_memory(err);
  else if (hcs_latch_init(&system->latch, HcsNotificationSystemExited, err) == 0 &&
           (system->wide_id = hcs_wide_new(id, "id", err)) != NULL)
    return system;
  hcs_windows_system_free(system);
  return NULL;
}

static int subscribe(hcs_platform_system *system, hcs_error *err) {
  HRESULT status = system->api->HcsRegisterComputeSystemCallback(
      system->handle, hcs_latch_notify, &system->latch, &system->registration);

  return hcs_service_result(status, NULL, err) < 0 ? hcs_error_wrap(err, "cannot be notified") : 0;
}

/* What hcsshim caches as well; an empty RuntimeOsType is Windows (hcs-contract §1.4). */
static int look(hcs_platform_system *system, hcs_error *err) {
  const char *runtime;

  system->basic = hcs_service_properties(system->api, system->handle, L"{}", err);
  if (system->basic == NULL) return hcs_error_wrap(err, "cannot read its properties");
  runtime = json_string_value(json_object_get(system->basic, "RuntimeOsType"));
  if (runtime != NULL && runtime[0] != '\0')
    system->is_windows = hcs_text_same_word(runtime, "Windows");
  return 0;
}

/* ---- create ------------------------------------------------------------------------------------------ */

static int call_create(hcs_platform_system *system, const hcs_document *config, hcs_error *err) {
  const hcs_vmcompute *api = system->api;
  char *text = hcs_marshal_document(hcs_schema_find("ContainerConfig"), config, err);
  PWSTR wide = text != NULL ? hcs_wide_new(text, "config", err) : NULL;
  PWSTR document = NULL;
  HRESULT status;
  int result = -1;

  if (wide != NULL) {
    status = api->HcsCreateComputeSystem(system->wide_id, wide, NULL, &system->handle, &document);
    result = hcs_service_result(status, document, err);
  }
  free(wide);
  free(text);
  return result;
}

/* After the create, pending or not: notified, completed, looked at. */
static int follow_create(hcs_platform_system *system, int is_pending, hcs_error *err) {
  static const char variable[] = "HCSSHIM_TIMEOUT_SYSTEMCREATE";
  int64_t deadline_ns = hcs_deadline(variable);
  hcs_completion completion;
  int result;

  if (hcs_completion_expect(&completion, &system->latch, HcsNotificationSystemCreateCompleted,
                            err) != 0)
    return -1;
  result = subscribe(system, err);
  if (result != 0 || !is_pending)
    hcs_completion_cancel(&completion, &system->latch);
  else if (hcs_completion_await(&completion, &system->latch, deadline_ns, err) != 0)
    result = hcs_explain_timeout("is created", variable, err);
  return result == 0 ? look(system, err) : result;
}

/*
 * hcsshim leaves a container behind when a step after its creation fails; that is no example. It is
 * given a moment to end, so that whoever tries again has the id.
 */
static void undo_create(hcs_platform_system *system) {
  PWSTR document = NULL;
  HRESULT status = system->api->HcsTerminateComputeSystem(system->handle, L"", &document);
  int result = hcs_service_result(status, document, system->spare);

  if (result >= 0 && system->registration != NULL)
    hcs_wait_through(system->latch.ended, hcs_windows_clock_ns() + UNDO_PATIENCE_NS, system->spare);
}

static int create(hcs_platform_system *system, const hcs_document *config, hcs_error *err) {
  int result;

  if (!HCS_VMCOMPUTE_HAS(system->api, HcsCreateComputeSystem, err)) return -1;
  system->ends_with_handles = hcs_document_bool(config->root, "TerminateOnLastHandleClosed");
  system->is_windows =
      !hcs_text_same_word(hcs_document_string(config->root, "ContainerType"), "Linux");
  result = call_create(system, config, err);
  if (result < 0) return -1;
  result = follow_create(system, result == HCS_CALL_PENDING, err);
  if (result != 0) undo_create(system);
  return result;
}

hcs_platform_system *hcs_windows_system_create(const char *id, const hcs_document *config,
                                               hcs_error *err) {
  hcs_platform_system *system = system_new(id, err);

  if (system != NULL && create(system, config, err) == 0) {
    hcs_open_handles_add(system);
    return system;
  }
  hcs_windows_system_free(system);
  return NULL;
}

/* ---- open -------------------------------------------------------------------------------------------- */

int hcs_service_open(const hcs_vmcompute *api, PCWSTR id, HCS_SYSTEM *handle, hcs_error *err) {
  PWSTR document = NULL;
  HRESULT status;

  if (!HCS_VMCOMPUTE_HAS(api, HcsOpenComputeSystem, err) ||
      !HCS_VMCOMPUTE_HAS(api, HcsCloseComputeSystem, err))
    return -1;
  status = api->HcsOpenComputeSystem(id, handle, &document);
  return hcs_service_result(status, document, err) < 0 ? -1 : 0;
}

hcs_platform_system *hcs_windows_system_open(const char *id, hcs_error *err) {
  hcs_platform_system *system = system_new(id, err);

  if (system != NULL) {
    system->is_windows = 1;
    if (hcs_service_open(system->api, system->wide_id, &system->handle, err) == 0 &&
        subscribe(system, err) == 0 && look(system, err) == 0) {
      hcs_open_handles_add(system);
      return system;
    }
  }
  hcs_windows_system_free(system);
  return NULL;
}
