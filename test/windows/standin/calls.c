/* calls.c - what every exported function does before and after its own work. */
#include "calls.h"

#include <stdlib.h>
#include <string.h>

#include "complaints.h"
#include "faults.h"
#include "given.h"
#include "handles.h"
#include "notify.h"

#define UNAVAILABLE WINDOWS_ERROR(1722) /* RPC_S_SERVER_UNAVAILABLE */
#define DOCUMENTS 2000                  /* the last ones are kept */

static json_t *counts, *documents; /* with the model's lock */
static unsigned releases;
static int is_disconnected;

/* ---- records ------------------------------------------------------------------------------------- */

static void count(const char *name) {
  if (counts == NULL) counts = json_object();
  json_int_t before = json_integer_value(json_object_get(counts, name));
  (void)json_object_set_new(counts, name, json_integer(before + 1));
}

void calls_received(const svc_call *call, const char *document) {
  model_lock();
  if (documents == NULL) documents = json_array();
  if (json_array_size(documents) >= DOCUMENTS) (void)json_array_remove(documents, 0);
  (void)json_array_append_new(documents, json_pack("{s:s, s:s*, s:s}", "Call", call->name, "Id",
                                                   call->id, "Document", document));
  model_unlock();
}

json_t *calls_counts(void) { return counts != NULL ? json_copy(counts) : json_object(); }

json_t *calls_documents(void) { return documents != NULL ? json_copy(documents) : json_array(); }

void calls_clear(void) {
  json_decref(counts);
  json_decref(documents);
  counts = documents = NULL;
  is_disconnected = 0;
}

void calls_release(void) {
  releases++;
  model_changed();
}

void calls_disconnect(int disconnected) { is_disconnected = disconnected; }

/* ---- entering ------------------------------------------------------------------------------------ */

static void check_place(const svc_call *call) {
  if (notify_is_inside()) {
    complain("%s: called from inside a callback, which must not block", call->name);
  }
  if (call->has_result && call->result == NULL) {
    complain("%s: result is NULL: what it would get is lost", call->name);
  }
}

static int find_handle(svc_call *call) {
  if (call->kind == 0) return 1;
  call->handle = handle_find(call->kind, call->value, call->name);
  if (call->handle == NULL) {
    call->status = WINDOWS_ERROR(ERROR_INVALID_HANDLE);
    return 0;
  }
  call->handle->running++;
  call->container = call->handle->container;
  call->process = call->handle->process;
  call->id = call->container->id;
  return 1;
}

static int is_over(const svc_call *call) {
  if (call->process != NULL && call->process->exited) return 1;
  return call->container != NULL && call->container->state == STATE_STOPPED;
}

/* A signal that nobody takes: until it is released or its object has ended. */
static void block(const svc_call *call) {
  unsigned before = releases;
  if (!fault_is(call->fault, "Block")) return;
  while (releases == before && !is_over(call)) model_wait();
}

static int is_closing(const svc_call *call) {
  return strncmp(call->name, "HcsClose", 8) == 0 || strncmp(call->name, "HcsUnregister", 13) == 0;
}

/* The service does one signal after the other, so that one that hangs holds up those behind it. */
static int is_turn_taken(const svc_handle *handle) {
  for (const svc_handle *at = handles_first(); at != NULL; at = at->next) {
    if (at->has_turn && at->process == handle->process && at->through == handle->through) return 1;
  }
  return 0;
}

static void take_turn(const svc_call *call) {
  if (!call->is_signal) return;
  while (is_turn_taken(call->handle)) model_wait();
  call->handle->has_turn = 1;
}

int call_enter(svc_call *call) {
  given_watch();
  check_place(call);
  if (call->result != NULL) *call->result = NULL;
  model_lock();
  count(call->name);
  int found = find_handle(call);
  call->fault = fault_take(call->name, call->id);
  if (found) {
    take_turn(call);
    block(call);
  }
  int gone = is_disconnected && !is_closing(call);
  model_unlock();
  if (!found) return 0;
  Sleep((DWORD)fault_number(call->fault, "DelayMs", 0));
  if (gone) {
    call->status = call_refuse(call, UNAVAILABLE, "The RPC server is unavailable.");
    return 0;
  }
  if (fault_is(call->fault, "Carry")) return 1;
  return !fault_status(call->fault, "Status", &call->status);
}

/* ---- leaving ------------------------------------------------------------------------------------- */

HRESULT call_refuse(svc_call *call, HRESULT status, const char *why) {
  call->why = why;
  return status;
}

void call_give(svc_call *call, PWSTR *parameter, char *text) {
  if (parameter != NULL) {
    if (json_object_get(call->fault, "Document") != NULL) {
      free(text);
      text = fault_document(call->fault, "Document");
    }
    *parameter = given_string(text, call->name);
  }
  free(text);
}

void call_lacks(svc_call *call, const char *name) {
  complain("%s: %s is NULL", call->name, name);
  call->status = E_POINTER;
}

/* Newer systems say 0x8037 where older ones say 0xC037, but for "pending" (hcs-contract §3.1). */
static HRESULT twin(const json_t *fault, HRESULT status) {
  if (!fault_is(fault, "Twins") || status == SERVICE_PENDING) return status;
  if (((unsigned)status & 0xFFFFFF00U) != 0xC0370100U) return status;
  return (HRESULT)((unsigned)status & ~0x40000000U);
}

/* By default only a refusal has a document. */
static void give_result(const svc_call *call) {
  char *text = NULL;
  if (call->result == NULL) return;
  if (json_object_get(call->fault, "Result") != NULL) {
    text = fault_document(call->fault, "Result");
  } else if (call->status < 0 && call->why != NULL) {
    json_t *document =
        json_pack("{s:i, s:s}", "Error", (int)call->status, "ErrorMessage", call->why);
    text = json_dumps(document, JSON_COMPACT);
    json_decref(document);
  }
  *call->result = given_string(text, call->name);
  free(text);
}

HRESULT call_leave(svc_call *call) {
  if (fault_is(call->fault, "Carry")) (void)fault_status(call->fault, "Status", &call->status);
  call->status = twin(call->fault, call->status);
  give_result(call);
  model_lock();
  if (call->handle != NULL) {
    call->handle->running--;
    if (call->is_signal) call->handle->has_turn = 0;
    model_changed();
  }
  model_unlock();
  json_decref(call->fault);
  return call->status;
}
