/* callback_calls.c - the exported functions that register and unregister callbacks. */
#include "calls.h"
#include "complaints.h"
#include "containers.h"
#include "faults.h"
#include "handles.h"
#include "notify.h"
#include "processes.h"
#include "vmcompute.h"

/* Told late, but told: the create's own completion, and every end (hcs-contract §1.1). */
static void catch_up_system(svc_handle *owner) {
  svc_container *container = owner->container;
  if (owner->awaits_created && container->create_done) {
    json_t *fault = fault_take("CreateCompleted", container->id);
    svc_notification created = {.type = HcsNotificationSystemCreateCompleted,
                                .status = container->create_status,
                                .fault = fault};
    owner->awaits_created = 0;
    (void)notify_handle(owner, &created);
    json_decref(fault);
  }
  if (container->state == STATE_STOPPED && container->create_status >= 0) {
    container_notify_exit(container, owner);
  }
}

static void catch_up(svc_handle *owner) {
  notify_catch_up(owner);
  if (owner->kind == KIND_SYSTEM) {
    catch_up_system(owner);
  } else if (owner->process->exited) {
    process_notify_exit(owner->process, owner);
  }
}

static HRESULT add(svc_call *call, HCS_NOTIFICATION_CALLBACK callback, void *context,
                   HCS_CALLBACK *out) {
  svc_handle *owner = call->handle;
  if (owner->registrations != NULL) {
    complain("%s: this handle of %s has a callback already", call->name, call->id);
  }
  *out = (HCS_CALLBACK)notify_register(owner, callback, context, call->name)->value;
  catch_up(owner);
  return S_OK;
}

static HRESULT enter_and_add(svc_call *call, HCS_NOTIFICATION_CALLBACK callback, void *context,
                             HCS_CALLBACK *out) {
  if (out != NULL) *out = NULL;
  if (call_enter(call) && call_wants(call, out, "handle")) {
    model_lock();
    call->status = callback != NULL ? add(call, callback, context, out) : E_POINTER;
    model_unlock();
  }
  return call_leave(call);
}

static HRESULT remove_callback(svc_call *call) {
  svc_handle *callback = call->handle;
  if (handle_close(callback, call->name) != 0) return WINDOWS_ERROR(ERROR_INVALID_HANDLE);
  call->handle = NULL;
  notify_unregister(callback);
  return S_OK;
}

static HRESULT enter_and_remove(svc_call *call) {
  if (call_enter(call)) {
    model_lock();
    call->status = remove_callback(call);
    model_unlock();
  }
  return call_leave(call);
}

HRESULT WINAPI HcsRegisterComputeSystemCallback(HCS_SYSTEM system,
                                                HCS_NOTIFICATION_CALLBACK callback, void *context,
                                                HCS_CALLBACK *handle) {
  svc_call call = {.name = __func__, .kind = KIND_SYSTEM, .value = system};
  return enter_and_add(&call, callback, context, handle);
}

HRESULT WINAPI HcsRegisterProcessCallback(HCS_PROCESS process, HCS_NOTIFICATION_CALLBACK callback,
                                          void *context, HCS_CALLBACK *handle) {
  svc_call call = {.name = __func__, .kind = KIND_PROCESS, .value = process};
  return enter_and_add(&call, callback, context, handle);
}

HRESULT WINAPI HcsUnregisterComputeSystemCallback(HCS_CALLBACK handle) {
  svc_call call = {.name = __func__, .kind = KIND_CALLBACK, .value = handle};
  return enter_and_remove(&call);
}

HRESULT WINAPI HcsUnregisterProcessCallback(HCS_CALLBACK handle) {
  svc_call call = {.name = __func__, .kind = KIND_CALLBACK, .value = handle};
  return enter_and_remove(&call);
}
