/*
 * system.h - this platform's object for a container handle, and what its parts share.
 */
#ifndef HCS_WINDOWS_SYSTEM_H
#define HCS_WINDOWS_SYSTEM_H

#include <jansson.h>

#include "../platform.h"
#include "latch.h"
#include "vmcompute.h"

#define HCS_ID_SIZE 65 /* 64 characters, see hcs_id_is_valid() */

struct hcs_platform_system {
  const hcs_vmcompute *api;
  char id[HCS_ID_SIZE];
  PWSTR wide_id;
  hcs_latch latch;

  /*
   * The core holds no lock of the container's while a process is killed, so that call takes this one,
   * shared. Callbacks do not know it; nothing is closed or unregistered under it.
   */
  SRWLOCK guard;
  HCS_SYSTEM handle; /* NULL once released */
  HCS_CALLBACK registration;
  int is_stuck; /* the service still has our callback: the memory stays for good */

  hcs_error *spare; /* for steps back, whose failure is nobody's business */

  json_t *basic;     /* its properties as they were when the handle was made; told after the end */
  int is_windows;    /* what runs inside: Windows, or Linux in a utility VM */
  atomic_int forced; /* terminate() was accepted */
  int ends_with_handles; /* TerminateOnLastHandleClosed, as far as this program knows */
  int counted;           /* among the open handles of this program, see open_handles.h */
  struct hcs_platform_system *next;
};

/* system.c: an independent handle, without a callback: for an instant's work. */
int hcs_service_open(const hcs_vmcompute *api, PCWSTR id, HCS_SYSTEM *handle, hcs_error *err);
/*
 * properties.c: the JSON that a call has given out beside its result, both taken (CoTaskMemFree).
 * Owned; NULL with the call's error, or UnexpectedValue when there is no document.
 */
json_t *hcs_service_document(HRESULT status, PWSTR document, PWSTR result, hcs_error *err);
/* properties.c: `query` is a PropertyQuery's text. Owned; NULL with UnexpectedValue when it is empty. */
json_t *hcs_service_properties(const hcs_vmcompute *api, HCS_SYSTEM handle, PCWSTR query,
                               hcs_error *err);
/* properties.c: a PropertyQuery as the service's text, owned (free); NULL asks for nothing special. */
PWSTR hcs_property_query_text(const hcs_document *query, hcs_error *err);
/* requests.c: -1; a Timeout says what the service is late with and which variable gives it more time. */
int hcs_explain_timeout(const char *done, const char *timeout_variable, hcs_error *err);
/* state.c: what a document says of the state; `Created` is "" in the service's words. */
hcs_state hcs_state_of(const json_t *properties);
/* state.c: puts the state in as the API has it; 0 or -1. */
int hcs_state_complete(json_t *properties, hcs_error *err);
/* state.c: the service answers that the system does not exist any more. */
int hcs_is_gone(const hcs_error *err);
/* system_wait.c: how it ended, once its exit has been told. `err` is for steps that may fail. */
hcs_exit_type hcs_exit_type_get(const hcs_platform_system *system, hcs_error *err);
/* enumerate.c: what the service lists for a ComputeSystemQuery's text. Owned. */
json_t *hcs_service_enumerate(const hcs_vmcompute *api, PCWSTR query, hcs_error *err);

#endif
