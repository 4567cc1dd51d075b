/* system_calls.c - the exported functions of compute systems. */
#include <stdlib.h>
#include <string.h>

#include "complaints.h"
#include "config.h"
#include "containers.h"
#include "documents.h"
#include "handles.h"
#include "modify.h"
#include "notify.h"
#include "operations.h"
#include "properties.h"
#include "text.h"
#include "vmcompute.h"

/* ---- handles ------------------------------------------------------------------------------------- */

static HCS_SYSTEM new_handle(svc_call *call, svc_container *container) {
  svc_handle *created = handle_new(KIND_SYSTEM, call->name);
  created->container = container;
  container_ref(container);
  container->handles++;
  call->handle = created;
  created->running++;
  call->container = container;
  return (HCS_SYSTEM)created->value;
}

static HRESULT create_system(svc_call *call, json_t *config, HCS_SYSTEM *system) {
  HRESULT status = config_check(call, config);
  if (status == S_OK && container_find(call->id) != NULL) {
    status = call_refuse(call, SERVICE_ALREADY_EXISTS,
                         "A container with the specified identifier already exists.");
  }
  if (status != S_OK) {
    json_decref(config);
    return status;
  }
  *system = new_handle(call, container_new(call->id, config));
  return operation_begin(call, OPERATION_CREATE);
}

/* An id that is none is refused with E_INVALIDARG. Owned. */
static char *take_id(svc_call *call, PCWSTR id) {
  char *utf8 = id != NULL ? text_utf8(id) : NULL;
  if (utf8 == NULL || utf8[0] == '\0') complain("%s: no id", call->name);
  call->id = utf8;
  return utf8;
}

HRESULT WINAPI HcsCreateComputeSystem(PCWSTR id, PCWSTR configuration, HANDLE identity,
                                      HCS_SYSTEM *system, PWSTR *result) {
  svc_call call = {.name = __func__, .result = result, .has_result = 1};
  char *utf8 = take_id(&call, id);
  if (system != NULL) *system = NULL;
  if (identity != NULL) complain("%s: an identity; NULL is this program's own", call.name);
  if (call_enter(&call) && call_wants(&call, utf8, "id") && call_wants(&call, system, "system")) {
    json_t *config = document_read(&call, configuration, "ContainerConfig");
    model_lock();
    if (config != NULL) call.status = create_system(&call, config, system);
    model_unlock();
  }
  HRESULT status = call_leave(&call);
  free(utf8);
  return status;
}

static HRESULT open_system(svc_call *call, HCS_SYSTEM *system) {
  svc_container *container = container_find(call->id);
  if (container == NULL) {
    return call_refuse(call, SERVICE_NO_SUCH_SYSTEM,
                       "A container with the specified identifier does not exist.");
  }
  *system = new_handle(call, container);
  return S_OK;
}

HRESULT WINAPI HcsOpenComputeSystem(PCWSTR id, HCS_SYSTEM *system, PWSTR *result) {
  svc_call call = {.name = __func__, .result = result, .has_result = 1};
  char *utf8 = take_id(&call, id);
  if (system != NULL) *system = NULL;
  if (call_enter(&call) && call_wants(&call, utf8, "id") && call_wants(&call, system, "system")) {
    model_lock();
    call.status = open_system(&call, system);
    model_unlock();
  }
  HRESULT status = call_leave(&call);
  free(utf8);
  return status;
}

static HRESULT close_system(svc_call *call) {
  svc_handle *closed = call->handle;
  if (handle_close(closed, call->name) != 0) return WINDOWS_ERROR(ERROR_INVALID_HANDLE);
  notify_abandon(closed, call->name);
  call->handle = NULL;
  handle_free(closed);
  container_handle_closed(call->container);
  container_unref(call->container);
  call->container = NULL;
  return S_OK;
}

HRESULT WINAPI HcsCloseComputeSystem(HCS_SYSTEM system) {
  svc_call call = {.name = __func__, .kind = KIND_SYSTEM, .value = system};
  if (call_enter(&call)) {
    model_lock();
    call.status = close_system(&call);
    model_unlock();
  }
  return call_leave(&call);
}

/* ---- what takes its time --------------------------------------------------------------------------- */

static HRESULT operate(const char *name, HCS_SYSTEM system, PCWSTR options, PWSTR *result,
                       operation_name operation) {
  svc_call call = {
      .name = name, .kind = KIND_SYSTEM, .value = system, .result = result, .has_result = 1};
  if (call_enter(&call) && document_options(&call, options)) {
    model_lock();
    call.status = operation_begin(&call, operation);
    model_unlock();
  }
  return call_leave(&call);
}

HRESULT WINAPI HcsStartComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result) {
  return operate(__func__, system, options, result, OPERATION_START);
}

HRESULT WINAPI HcsShutdownComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result) {
  return operate(__func__, system, options, result, OPERATION_SHUTDOWN);
}

HRESULT WINAPI HcsTerminateComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result) {
  return operate(__func__, system, options, result, OPERATION_TERMINATE);
}

HRESULT WINAPI HcsPauseComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result) {
  return operate(__func__, system, options, result, OPERATION_PAUSE);
}

HRESULT WINAPI HcsResumeComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result) {
  return operate(__func__, system, options, result, OPERATION_RESUME);
}

HRESULT WINAPI HcsSaveComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result) {
  return operate(__func__, system, options, result, OPERATION_SAVE);
}

/* ---- documents ------------------------------------------------------------------------------------- */

/* While it ends the service does not say much (hcs-contract §1.5). */
static HRESULT check_alive(svc_call *call) {
  switch (call->container->state) {
  case STATE_STOPPED:
    return call_refuse(call, SERVICE_ALREADY_STOPPED, "The container is not running.");
  case STATE_CREATING:
  case STATE_STOPPING:
    return call_refuse(call, SERVICE_INVALID_STATE, "Not valid in the current state.");
  default: return S_OK;
  }
}

static int is_property(const char *type) {
  static const char *const types[] = {"Statistics", "ProcessList", "MappedVirtualDisk",
                                      "GuestConnection", "PendingUpdates"};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(types[i], type) == 0) return 1;
  }
  return 0;
}

static HRESULT get_properties(svc_call *call, const json_t *query, PWSTR *properties) {
  json_t *type;
  size_t i;
  HRESULT status = check_alive(call);
  if (status != S_OK) return status;
  json_array_foreach(json_object_get(query, "PropertyTypes"), i, type) {
    if (is_property(json_string_value(type))) continue;
    return call_refuse(call, WINDOWS_ERROR(ERROR_INVALID_PARAMETER), "An unknown property.");
  }
  json_t *document = properties_of(call->container, query, call->fault);
  call_give(call, properties, json_dumps(document, JSON_COMPACT));
  json_decref(document);
  return S_OK;
}

HRESULT WINAPI HcsGetComputeSystemProperties(HCS_SYSTEM system, PCWSTR query, PWSTR *properties,
                                             PWSTR *result) {
  svc_call call = {
      .name = __func__, .kind = KIND_SYSTEM, .value = system, .result = result, .has_result = 1};
  if (properties != NULL) *properties = NULL;
  if (call_enter(&call) && call_wants(&call, properties, "properties")) {
    json_t *document = document_read(&call, query, "PropertyQuery");
    model_lock();
    if (document != NULL) call.status = get_properties(&call, document, properties);
    model_unlock();
    json_decref(document);
  }
  return call_leave(&call);
}

HRESULT WINAPI HcsModifyComputeSystem(HCS_SYSTEM system, PCWSTR configuration, PWSTR *result) {
  svc_call call = {
      .name = __func__, .kind = KIND_SYSTEM, .value = system, .result = result, .has_result = 1};
  if (call_enter(&call)) {
    json_t *request = document_read(&call, configuration, "ResourceModificationRequestResponse");
    model_lock();
    if (request != NULL) call.status = check_alive(&call);
    if (request != NULL && call.status == S_OK) call.status = modify_system(&call, request);
    model_unlock();
    json_decref(request);
  }
  return call_leave(&call);
}
