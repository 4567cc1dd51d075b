/*
 * calls.h - the beginning and the end of every exported function.
 *
 *   call call = {.name = __func__, .kind = KIND_SYSTEM, .value = system, .result = result, .has_result = 1};
 *   if (call_enter(&call)) call.status = do_it(&call);
 *   return call_leave(&call);
 */
#ifndef STANDIN_CALLS_H
#define STANDIN_CALLS_H

#include "model.h"

typedef struct svc_call {
  const char *name;
  svc_kind kind;     /* 0: a function of the service, `id` says whom it is about */
  const void *value; /* of the handle */
  const char *id;
  int has_result; /* the function has a `result` parameter */
  PWSTR *result;
  int is_signal; /* waits for its turn: one at a time for a process and the system handle it came from */

  HRESULT status;
  const char *why; /* of a refusal: the result document's ErrorMessage */
  json_t *fault;
  svc_handle *handle; /* stays until call_leave() */
  svc_container *container;
  svc_process *process;
} svc_call;

/* 0: it is not to be carried out, the status is there. */
int call_enter(svc_call *call);
HRESULT call_leave(svc_call *call);
/* `why` lives as long as the program. */
HRESULT call_refuse(svc_call *call, HRESULT status, const char *why);
/* A document that is given out through an own parameter; takes `text` (malloc). */
void call_give(svc_call *call, PWSTR *parameter, char *text);
/* A parameter that must not be NULL is. */
void call_lacks(svc_call *call, const char *name);

static inline int call_wants(svc_call *call, const void *parameter, const char *name) {
  if (parameter == NULL) call_lacks(call, name);
  return parameter != NULL;
}

/* ---- what the client has called ------------------------------------------------------------------- */

void calls_received(const svc_call *call, const char *document);
/* {function: number}, [{Call, Id, Document}]; owned. */
json_t *calls_counts(void);
json_t *calls_documents(void);
void calls_clear(void);

/* Calls that a rule's Block holds go on. */
void calls_release(void);
/* All but closing is answered with "the RPC server is unavailable", until told otherwise. */
void calls_disconnect(int disconnected);

#endif
