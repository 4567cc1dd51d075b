/*
 * notify.c - each delivery is a task of its own: callbacks of different handles run at the same time and
 * in any order, and never once their unregistering has returned.
 */
#include "notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complaints.h"
#include "faults.h"
#include "handles.h"
#include "queue.h"
#include "text.h"

#define CALLBACK_LIMIT_MS                                                                          \
  1000 /* "must not block"; a busy machine may stop any thread for a while */

struct svc_registration {
  svc_registration *next; /* of the same handle */
  unsigned references;    /* the handle, deliveries */
  unsigned running;
  int removed;
  svc_handle *owner, *handle;
  HCS_NOTIFICATION_CALLBACK callback;
  void *context;
};

typedef struct svc_delivery {
  svc_registration *registration;
  DWORD type;
  HRESULT status;
  WCHAR *data;
  int limit_ms;
} svc_delivery;

static _Thread_local const svc_registration *inside;
static json_t *counts;

int notify_is_inside(void) { return inside != NULL; }

/* ---- delivering ---------------------------------------------------------------------------------- */

static void unref(svc_registration *registration) {
  if (--registration->references == 0) free(registration);
}

static void count_delivery(DWORD type) {
  char name[16];
  (void)snprintf(name, sizeof name, "0x%lX", type);
  if (counts == NULL) counts = json_object();
  json_int_t before = json_integer_value(json_object_get(counts, name));
  (void)json_object_set_new(counts, name, json_integer(before + 1));
}

json_t *notify_counts(void) { return counts != NULL ? json_copy(counts) : json_object(); }

void notify_clear(void) {
  json_decref(counts);
  counts = NULL;
}

/* The document is the service's: it is overwritten as soon as the callback has returned. */
static void call_back(const svc_delivery *delivery) {
  const svc_registration *registration = delivery->registration;
  int64_t began_us = now_us();
  inside = registration;
  registration->callback(delivery->type, registration->context, delivery->status, delivery->data);
  inside = NULL;
  int64_t took_ms = (now_us() - began_us) / 1000;
  if (took_ms > delivery->limit_ms) {
    complain("a callback took %d ms for notification 0x%lX: it must not block", (int)took_ms,
             delivery->type);
  }
  if (delivery->data != NULL) {
    memset(delivery->data, 0xDD, wcslen(delivery->data) * sizeof *delivery->data);
  }
}

static void deliver(void *context) {
  svc_delivery *due = context;
  svc_registration *registration = due->registration;
  model_lock();
  if (!registration->removed) {
    registration->running++;
    count_delivery(due->type);
    model_unlock();
    call_back(due);
    model_lock();
    registration->running--;
    model_changed();
  }
  unref(registration);
  model_unlock();
  free(due->data);
  free(due);
}

/* "never", "once" (also when nothing is said) or "twice". */
static unsigned repetitions(const json_t *fault) {
  const char *text = fault_text(fault, "Notify");
  if (text == NULL || strcmp(text, "once") == 0) return 1;
  return strcmp(text, "twice") == 0 ? 2 : 0;
}

static int64_t due_us(const svc_notification *notification) {
  int64_t due = now_us();
  if (due < notification->after_us) due = notification->after_us;
  int delay_ms = fault_number(notification->fault, "NotifyDelayMs", -1);
  return due + (delay_ms >= 0 ? delay_ms * 1000 : fault_delay_us(notification->fault));
}

static HRESULT status_of(const svc_notification *notification) {
  HRESULT status = notification->status;
  (void)fault_status(notification->fault, "NotifyStatus", &status);
  if (!fault_is(notification->fault, "Twins")) return status;
  if (((unsigned)status & 0xFFFFFF00U) != 0xC0370100U) return status;
  return (HRESULT)((unsigned)status & ~0x40000000U);
}

static WCHAR *data_of(const svc_notification *notification) {
  if (json_object_get(notification->fault, "NotifyData") == NULL) {
    return notification->data != NULL ? text_wide(notification->data) : NULL;
  }
  char *text = fault_document(notification->fault, "NotifyData");
  WCHAR *wide = text != NULL ? text_wide(text) : NULL;
  free(text);
  return wide;
}

static int64_t notify_one(svc_registration *registration, const svc_notification *notification) {
  int64_t last_us = 0;
  for (unsigned left = repetitions(notification->fault); left > 0; left--) {
    svc_delivery *delivery = calloc(1, sizeof *delivery);
    if (delivery == NULL) abort();
    delivery->registration = registration;
    delivery->status = status_of(notification);
    delivery->type = notification->type;
    if (delivery->status < 0 && fault_is(notification->fault, "FailureFlag")) {
      delivery->type |= (DWORD)HcsNotificationFlagFailure;
    }
    delivery->data = data_of(notification);
    delivery->limit_ms = fault_number(notification->fault, "CallbackLimitMs", CALLBACK_LIMIT_MS);
    registration->references++;
    int64_t due = due_us(notification);
    if (due > last_us) last_us = due;
    queue_at(due, deliver, delivery);
  }
  return last_us;
}

int64_t notify_handle(svc_handle *owner, const svc_notification *notification) {
  int64_t last_us = 0;
  for (svc_registration *at = owner->registrations; at != NULL; at = at->next) {
    int64_t due = notify_one(at, notification);
    if (due > last_us) last_us = due;
  }
  return last_us;
}

typedef int (*handle_test)(const svc_handle *handle, const void *object);

static int64_t notify_matching(handle_test test, const void *object,
                               const svc_notification *notification) {
  int64_t last_us = 0;
  for (svc_handle *at = handles_first(); at != NULL; at = at->next) {
    if (at->kind == KIND_CALLBACK || !test(at, object)) continue;
    int64_t due = notify_handle(at, notification);
    if (due > last_us) last_us = due;
  }
  return last_us;
}

static int is_of_system(const svc_handle *handle, const void *container) {
  return handle->kind == KIND_SYSTEM && handle->container == container;
}

static int is_of_process(const svc_handle *handle, const void *process) {
  return handle->kind == KIND_PROCESS && handle->process == process;
}

static int is_any(const svc_handle *handle, const void *nothing) {
  (void)nothing;
  return handle->kind != KIND_CALLBACK;
}

static int is_it(const svc_handle *handle, const void *it) { return handle == it; }

int64_t notify_system(svc_container *container, const svc_handle *only,
                      const svc_notification *notification) {
  if (only != NULL) return notify_matching(is_it, only, notification);
  return notify_matching(is_of_system, container, notification);
}

int64_t notify_process(svc_process *process, const svc_notification *notification) {
  return notify_matching(is_of_process, process, notification);
}

/* ---- the service's own end --------------------------------------------------------------------------- */

static int is_lost;

void notify_disconnect(void) {
  json_t *fault = fault_take("ServiceDisconnect", NULL);
  svc_notification lost = {.type = HcsNotificationServiceDisconnect, .fault = fault};
  is_lost = 1;
  (void)notify_matching(is_any, NULL, &lost);
  json_decref(fault);
}

void notify_reconnect(void) { is_lost = 0; }

void notify_catch_up(svc_handle *owner) {
  if (!is_lost) return;
  json_t *fault = fault_take("ServiceDisconnect", NULL);
  svc_notification lost = {.type = HcsNotificationServiceDisconnect, .fault = fault};
  (void)notify_handle(owner, &lost);
  json_decref(fault);
}

/* ---- registering --------------------------------------------------------------------------------- */

svc_handle *notify_register(svc_handle *owner, HCS_NOTIFICATION_CALLBACK callback, void *context,
                            const char *from) {
  svc_registration *added = calloc(1, sizeof *added);
  if (added == NULL) abort();
  *added = (svc_registration){.next = owner->registrations,
                              .references = 1,
                              .owner = owner,
                              .handle = handle_new(KIND_CALLBACK, from),
                              .callback = callback,
                              .context = context};
  owner->registrations = added;
  added->handle->registrations = added;
  added->handle->container = owner->container;
  added->handle->process = owner->process;
  return added->handle;
}

static void unlink_registration(svc_registration *registration) {
  struct svc_registration **at = &registration->owner->registrations;
  while (*at != NULL && *at != registration) at = &(*at)->next;
  if (*at == registration) *at = registration->next;
}

/* From inside itself it would wait for itself: the real service hangs there. */
static void wait_until_idle(const svc_registration *registration) {
  if (inside == registration) {
    complain("a callback is unregistered from inside itself: it would never return");
    return;
  }
  while (registration->running > 0) model_wait();
}

void notify_unregister(svc_handle *callback) {
  svc_registration *registration = callback->registrations;
  registration->removed = 1;
  unlink_registration(registration);
  wait_until_idle(registration);
  unref(registration);
  handle_free(callback);
}

void notify_discard(svc_handle *owner) {
  svc_handle *callback = owner->registrations->handle;
  while (callback->running > 0) model_wait();
  callback->closing = 1;
  notify_unregister(callback);
}

void notify_abandon(svc_handle *owner, const char *user) {
  while (owner->registrations != NULL) {
    if (owner->registrations->handle->closing) { /* and gone in a moment */
      model_wait();
      continue;
    }
    complain("%s: a callback is still registered on the %s handle %p of %s", user,
             kind_name(owner->kind), (void *)owner->value, handle_id(owner));
    notify_discard(owner);
  }
}
