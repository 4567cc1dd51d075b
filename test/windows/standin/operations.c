/* operations.c - the states that each call needs, has on its way and leads to (hcs-contract §1.1, §1.5). */
#include "operations.h"

#include <stdlib.h>
#include <string.h>

#include "containers.h"
#include "documents.h"
#include "faults.h"
#include "handles.h"
#include "notify.h"
#include "queue.h"

#define AT(state) (1U << (state))

typedef struct svc_operation {
  unsigned from; /* states, as bits */
  svc_state during, after;
  DWORD notification; /* 0: the container's exit */
  const char *exit_type;
} svc_operation;

static const svc_operation operations[] = {
    [OPERATION_CREATE] = {AT(STATE_CREATING), STATE_CREATING, STATE_CREATED,
                          HcsNotificationSystemCreateCompleted, NULL},
    [OPERATION_START] = {AT(STATE_CREATED), STATE_STARTING, STATE_RUNNING,
                         HcsNotificationSystemStartCompleted, NULL},
    [OPERATION_PAUSE] = {AT(STATE_RUNNING), STATE_PAUSING, STATE_PAUSED,
                         HcsNotificationSystemPauseCompleted, NULL},
    [OPERATION_RESUME] = {AT(STATE_PAUSED), STATE_RESUMING, STATE_RUNNING,
                          HcsNotificationSystemResumeCompleted, NULL},
    [OPERATION_SAVE] = {AT(STATE_PAUSED), STATE_SAVING, STATE_PAUSED,
                        HcsNotificationSystemSaveCompleted, NULL},
    [OPERATION_SHUTDOWN] = {AT(STATE_CREATED) | AT(STATE_RUNNING) | AT(STATE_PAUSED),
                            STATE_STOPPING, STATE_STOPPED, 0, "GracefulExit"},
    /* Also of what is on its way: callers terminate what hangs. */
    [OPERATION_TERMINATE] = {~(AT(STATE_STOPPED) | AT(STATE_STOPPING)), STATE_STOPPING,
                             STATE_STOPPED, 0, "ForcedExit"},
};

/* One on its way. */
typedef struct svc_pending {
  const svc_operation *operation;
  svc_container *container;
  uintptr_t handle; /* that began it; it may be closed meanwhile */
  svc_state before;
  json_t *fault;
} svc_pending;

static void pending_free(svc_pending *pending) {
  container_unref(pending->container);
  json_decref(pending->fault);
  free(pending);
}

/* ---- completing ---------------------------------------------------------------------------------- */

static svc_handle *find_open(uintptr_t value) {
  for (svc_handle *at = handles_first(); at != NULL; at = at->next) {
    if (at->value == value) return at;
  }
  return NULL;
}

/* CreateCompleted waits for the callback, which cannot be registered before the handle exists. */
static void tell_created(const svc_pending *pending, HRESULT status) {
  svc_container *container = pending->container;
  svc_handle *owner = find_open(pending->handle);
  container->create_done = 1;
  container->create_status = status;
  if (owner == NULL) return;
  /* Told never is told to nobody who registers later, either. */
  const char *times = fault_text(pending->fault, "Notify");
  if (times != NULL && strcmp(times, "never") == 0) owner->awaits_created = 0;
  if (owner->registrations == NULL) return;
  svc_notification created = {
      .type = HcsNotificationSystemCreateCompleted, .status = status, .fault = pending->fault};
  owner->awaits_created = 0;
  (void)notify_handle(owner, &created);
}

/* Every handle of the container hears of it, whoever began it, unless {"Broadcast":false}. */
static void tell(const svc_pending *pending, HRESULT status) {
  svc_notification completed = {
      .type = pending->operation->notification, .status = status, .fault = pending->fault};
  const svc_handle *only = NULL;
  if (json_is_false(json_object_get(pending->fault, "Broadcast"))) {
    only = find_open(pending->handle);
    if (only == NULL) return;
  }
  if (completed.type == HcsNotificationSystemCreateCompleted) {
    tell_created(pending, status);
  } else {
    (void)notify_system(pending->container, only, &completed);
  }
}

/* ---- a container that ends on the way -------------------------------------------------------------- */

static void exit_unexpectedly(const svc_pending *pending) {
  HRESULT status = SERVICE_UNEXPECTED_EXIT;
  const char *type = fault_text(pending->fault, "ExitType");
  (void)fault_status(pending->fault, "ExitStatus", &status);
  if (type == NULL) type = "UnexpectedExit";
  static const char *const types[] = {"GracefulExit", "ForcedExit", "UnexpectedExit", "Unknown"};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(types[i], type) == 0) container_end(pending->container, status, types[i]);
  }
}

/* "instead": no completion; "before": the exit first, then its failure; "after": completed, and over. */
static int exits(const svc_pending *pending) {
  const char *when = fault_text(pending->fault, "Exit");
  if (when == NULL) return 0;
  if (strcmp(when, "after") == 0) {
    pending->container->state = pending->operation->after;
    tell(pending, S_OK);
  }
  exit_unexpectedly(pending);
  if (strcmp(when, "before") == 0) tell(pending, SERVICE_UNEXPECTED_EXIT);
  return 1;
}

/* ---- the states ---------------------------------------------------------------------------------- */

static void enter(svc_container *container, svc_state state) {
  container->state = state;
  if (state == STATE_PAUSED) container_freeze(container, 1);
  if (state == STATE_RUNNING) container_freeze(container, 0);
  model_changed();
}

/* What the operation does when all is well, or ({"NotifyStatus":…}) fails to do. */
static void act(const svc_pending *pending) {
  svc_container *container = pending->container;
  HRESULT status = S_OK;
  (void)fault_status(pending->fault, "NotifyStatus", &status);
  if (status >= 0) {
    if (pending->operation->notification == HcsNotificationSystemStartCompleted) {
      GetSystemTimeAsFileTime(&container->started);
    }
    enter(container, pending->operation->after);
    return;
  }
  if (pending->before == STATE_CREATING) {
    container->state = STATE_STOPPED;
    container->exit_type = "Unknown";
    container->exit_status = status;
    container_forget(container);
  } else {
    enter(container, pending->before);
  }
}

/* An end by itself or by Terminate has overtaken it: it is never completed. */
static int is_overtaken(const svc_pending *pending) {
  return pending->container->state != pending->operation->during;
}

static void complete(void *context) {
  svc_pending *pending = context;
  model_lock();
  if (pending->operation->notification == 0) {
    /* Shutdown and Terminate: a second request finds it stopping or stopped. */
    container_end(pending->container, S_OK, pending->operation->exit_type);
  } else if (!is_overtaken(pending) && !exits(pending)) {
    act(pending);
    tell(pending, S_OK);
  }
  pending_free(pending);
  model_unlock();
}

/* ---- beginning ----------------------------------------------------------------------------------- */

static HRESULT check(const svc_call *call, const svc_operation *operation) {
  const svc_container *container = call->container;
  if (container->state == STATE_STOPPED) return SERVICE_ALREADY_STOPPED;
  if (operation->notification == 0 && container->state == STATE_STOPPING) return SERVICE_PENDING;
  if ((operation->from & AT(container->state)) == 0) return SERVICE_INVALID_STATE;
  /* What is no virtual machine has no such state: docker refuses it itself. */
  if (operation->during == STATE_PAUSING && !document_is(container->config, "HvPartition") &&
      !container->is_linux) {
    return WINDOWS_ERROR(ERROR_NOT_SUPPORTED);
  }
  return S_OK;
}

static const char *explain(HRESULT status) {
  if (status == SERVICE_ALREADY_STOPPED) return "The virtual machine or container is not running.";
  if (status == WINDOWS_ERROR(ERROR_NOT_SUPPORTED)) return "The request is not supported.";
  return "The requested operation is not valid in the current state.";
}

static svc_pending *pending_new(const svc_call *call, const svc_operation *operation) {
  svc_pending *created = malloc(sizeof *created);
  if (created == NULL) abort();
  *created = (svc_pending){.operation = operation,
                           .container = call->container,
                           .handle = call->handle->value,
                           .before = call->container->state,
                           .fault = json_incref(call->fault)};
  container_ref(created->container);
  return created;
}

/* All of it before the call returns, and without a notification: there is nothing to wait for. */
static HRESULT synchronously(const svc_call *call, const svc_operation *operation) {
  svc_container *container = call->container;
  if (operation->notification == 0) {
    container_end(container, S_OK, operation->exit_type);
  } else {
    svc_pending *all = pending_new(call, operation);
    act(all);
    pending_free(all);
  }
  return S_OK;
}

HRESULT operation_begin(svc_call *call, operation_name name) {
  const svc_operation *operation = &operations[name];
  svc_container *container = call->container;
  HRESULT status = check(call, operation);
  if (status == SERVICE_PENDING) return status;
  if (status != S_OK) return call_refuse(call, status, explain(status));
  if (fault_is(call->fault, "Ignore")) return SERVICE_PENDING;
  if (fault_is(call->fault, "Synchronous")) return synchronously(call, operation);
  int delay_us = fault_delay_us(call->fault);
  if (name == OPERATION_SHUTDOWN) {
    delay_us += fault_number(call->fault, "ShutdownMs", 0) * 1000;
  }
  if (name == OPERATION_CREATE) call->handle->awaits_created = 1;
  queue_at(now_us() + delay_us, complete, pending_new(call, operation));
  /* Until its processes are killed a container that is asked to shut down goes on. */
  if (operation->notification != 0) container->state = operation->during;
  return SERVICE_PENDING;
}
