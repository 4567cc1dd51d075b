/* handles.c - values that are never used again, so that a use after the close is known as one. */
#include "handles.h"

#include <stdlib.h>

#include "complaints.h"

#define KIND_BITS 4 /* a value is its serial number and its kind */

static svc_handle *first;
static uintptr_t last_serial, reset_serial;

const char *kind_name(svc_kind kind) {
  static const char *const names[] = {
      [KIND_SYSTEM] = "system", [KIND_PROCESS] = "process", [KIND_CALLBACK] = "callback"};
  return names[kind];
}

svc_handle *handle_new(svc_kind kind, const char *from) {
  svc_handle *created = calloc(1, sizeof *created);
  if (created == NULL) abort();
  created->value = ++last_serial << KIND_BITS | kind;
  created->kind = kind;
  created->from = from;
  created->next = first;
  first = created;
  return created;
}

static void complain_unknown(svc_kind kind, uintptr_t value, const char *user) {
  uintptr_t serial = value >> KIND_BITS, was = value & ((1U << KIND_BITS) - 1);
  if (serial == 0 || serial > last_serial || was < KIND_SYSTEM || was > KIND_CALLBACK) {
    complain("%s: %p is no handle", user, (void *)value);
  } else if (was != (uintptr_t)kind) {
    complain("%s: a %s handle is wanted, %p is one of a %s", user, kind_name(kind), (void *)value,
             kind_name((enum svc_kind)was));
  } else {
    complain("%s: the %s handle %p is closed%s", user, kind_name(kind), (void *)value,
             serial <= reset_serial ? " (by StandinReset)" : "");
  }
}

svc_handle *handle_find(svc_kind kind, const void *value, const char *user) {
  for (svc_handle *at = first; at != NULL; at = at->next) {
    if (at->value == (uintptr_t)value && at->kind == kind && !at->closing) return at;
  }
  complain_unknown(kind, (uintptr_t)value, user);
  return NULL;
}

int handle_close(svc_handle *handle, const char *user) {
  if (handle->closing) {
    complain("%s: two threads close the %s handle %p", user, kind_name(handle->kind),
             (void *)handle->value);
    return -1;
  }
  handle->closing = 1;
  if (handle->running > 1) {
    complain("%s: the %s handle %p is closed with a call inside", user, kind_name(handle->kind),
             (void *)handle->value);
  }
  while (handle->running > 1) model_wait();
  return 0;
}

void handle_free(svc_handle *handle) {
  for (struct svc_handle **at = &first; *at != NULL; at = &(*at)->next) {
    if (*at != handle) continue;
    *at = handle->next;
    break;
  }
  free(handle);
}

svc_handle *handles_first(void) { return first; }

const char *handle_id(const svc_handle *handle) {
  return handle->container != NULL ? handle->container->id : "?";
}

void handles_reset(void) { reset_serial = last_serial; }
