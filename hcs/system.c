/*
 * system.c - handles on containers: which operation is allowed when, the stored exit, closing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"

#define ID_MAX 64

struct hcs_system {
  hcs_handle handle;
  hcs_rwlock lock;
  atomic_int exit;       /* an hcs_exit_type once the end is known, else 0; written once */
  hcs_error *spare;      /* for close, which must not fail for want of memory */
  atomic_int has_reason; /* of an unexpected end, in `spare`, for who waits after close */
  _Atomic(hcs_platform_system *) native;
  char id[ID_MAX + 1];
};

/* ---- what is allowed when --------------------------------------------------------------------- */

typedef enum after_end { REFUSED, DONE, ALLOWED } after_end;

/* NULL: allowed in that state. Otherwise what to do instead. */
#define NOT_STARTED "call start() first"
#define STARTED "it has been started already"
#define PAUSED "it has been paused already"
#define NOT_PAUSED "there is nothing to resume"
#define FROZEN "call resume() first"

typedef struct gate {
  const char *operation;
  const char *wanted;    /* the state it needs, for the message; NULL: any */
  const char *advice[3]; /* by hcs_state: Created, Running, Paused */
  after_end stopped;
  const char *timeout_variable;
} gate;

/* clang-format off */
static const gate gates[] = {
  [HCS_SYSTEM_START] = {"hcs::System::Start", "Created", {NULL, STARTED, STARTED}, REFUSED,
                        "HCSSHIM_TIMEOUT_SYSTEMSTART"},
  [HCS_SYSTEM_SHUTDOWN] = {"hcs::System::Shutdown", NULL, {NULL, NULL, NULL}, DONE, NULL},
  [HCS_SYSTEM_TERMINATE] = {"hcs::System::Terminate", NULL, {NULL, NULL, NULL}, DONE, NULL},
  [HCS_SYSTEM_PAUSE] = {"hcs::System::Pause", "Running", {NOT_STARTED, NULL, PAUSED}, REFUSED,
                        "HCSSHIM_TIMEOUT_SYSTEMPAUSE"},
  [HCS_SYSTEM_RESUME] = {"hcs::System::Resume", "Paused", {NOT_PAUSED, NOT_PAUSED, NULL}, REFUSED,
                         "HCSSHIM_TIMEOUT_SYSTEMRESUME"},
  [HCS_SYSTEM_MODIFY] = {"hcs::System::Modify", "Running", {NOT_STARTED, NULL, FROZEN}, REFUSED,
                         "HCSSHIM_TIMEOUT_SYSCALLWATCHER"},
  [HCS_SYSTEM_CREATE_PROCESS] = {"hcs::System::CreateProcess", "Running",
                                 {NOT_STARTED, NULL, FROZEN}, REFUSED,
                                 "HCSSHIM_TIMEOUT_SYSCALLWATCHER"},
  [HCS_SYSTEM_OPEN_PROCESS] = {"hcs::System::OpenProcess", "Running", {NOT_STARTED, NULL, NULL},
                               REFUSED, "HCSSHIM_TIMEOUT_SYSCALLWATCHER"},
  [HCS_SYSTEM_PROPERTIES] = {"hcs::System::Properties", NULL, {NULL, NULL, NULL}, ALLOWED, NULL},
  [HCS_SYSTEM_STATE] = {"hcs::System::State", NULL, {NULL, NULL, NULL}, ALLOWED, NULL},
  [HCS_SYSTEM_READ_FILE] = {"hcs::System::ReadFile", "Created or Running", {NULL, NULL, FROZEN},
                            REFUSED, NULL},
  [HCS_SYSTEM_WRITE_FILE] = {"hcs::System::WriteFile", "Created or Running", {NULL, NULL, FROZEN},
                             REFUSED, NULL},
  [HCS_SYSTEM_POLLFD] = {"hcs::System::PollFd", NULL, {NULL, NULL, NULL}, ALLOWED, NULL},
};
/* clang-format on */

static const char *const state_names[] = {"Created", "Running", "Paused", "Stopped"};

static int system_state(hcs_system *system, hcs_state *state, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();

  if (atomic_load(&system->exit) != 0)
    *state = HCS_STOPPED;
  else if (platform->system_state == NULL)
    return hcs_fail_missing(err);
  else if (platform->system_state(system->native, state, err) != 0)
    return -1;
  return 0;
}

static int fail_ended(hcs_error *err) {
  return hcs_fail(err, HCS_E_SYSTEM_ALREADY_STOPPED,
                  "the container has ended and cannot be used again: create a new one");
}

/* The platform looks again when it acts: another client may be quicker. */
int hcs_system_gate(hcs_system *system, hcs_operation operation, hcs_error *err) {
  const gate *row = &gates[operation];
  hcs_state state;

  if (row->wanted == NULL && row->stopped == ALLOWED) return 0;
  if (hcs_platform_get()->service_decides && atomic_load(&system->exit) == 0) return 0;
  if (system_state(system, &state, err) != 0) return -1;
  if (state == HCS_STOPPED && row->stopped != REFUSED) return row->stopped == DONE;
  if (state == HCS_STOPPED) return fail_ended(err);
  if (row->advice[state] != NULL)
    return hcs_fail(err, HCS_E_INVALID_STATE, "the container is %s, not %s: %s", state_names[state],
                    row->wanted, row->advice[state]);
  return 0;
}

/* What may be the answer when the container is not in the state that the call needs, or is no more. */
static int is_refusal_by_state(const hcs_error *err) {
  uint64_t kind = hcs_error_kind(err) | 0x40000000; /* 0x8037…, the newer form, as 0xC037… */

  return kind == HCS_E_INVALID_STATE || kind == HCS_E_SYSTEM_ALREADY_STOPPED ||
         kind == HCS_E_SYSTEM_NOT_FOUND;
}

void hcs_system_explain(hcs_system *system, hcs_operation operation, hcs_error *err) {
  const gate *row = &gates[operation];
  hcs_state state;
  hcs_error *unheard;

  if (!hcs_platform_get()->service_decides || row->wanted == NULL || !is_refusal_by_state(err))
    return;
  unheard = hcs_error_new();
  if (unheard != NULL && system_state(system, &state, unheard) == 0) {
    if (state == HCS_STOPPED)
      fail_ended(err);
    else if (row->advice[state] != NULL)
      hcs_error_wrap(err, "the container is %s, not %s: %s", state_names[state], row->wanted,
                     row->advice[state]);
  }
  hcs_error_free(unheard);
}

int hcs_system_enter(hcs_system *system, hcs_error *err) {
  return hcs_handle_enter(&system->handle, &system->lock, err);
}

void hcs_system_exit(hcs_system *system) { hcs_handle_exit(&system->handle, &system->lock); }

hcs_platform_system *hcs_system_native(hcs_system *system) { return system->native; }

void hcs_system_hold(hcs_system *system) { hcs_handle_hold(&system->handle); }

void hcs_system_drop(hcs_system *system) { hcs_handle_drop(&system->handle); }

void hcs_system_pin(hcs_system *system) {
  hcs_references_add(&system->handle.references, HCS_CALLER);
}

void hcs_system_unpin(hcs_system *system) {
  /* in a forked child the parent's callers are counted, and stay so */
  if (!hcs_handle_foreign(&system->handle)) hcs_handle_leave(&system->handle);
}

/* ---- making and freeing ----------------------------------------------------------------------- */

static void system_retire(hcs_handle *handle) {
  hcs_platform_system *native = atomic_exchange(&((hcs_system *)handle)->native, NULL);

  if (native != NULL) hcs_platform_get()->system_free(native);
}

static void system_destroy(hcs_handle *handle, int whole) {
  hcs_system *system = (hcs_system *)handle;

  system_retire(handle);
  if (!whole) return;
  hcs_rwlock_destroy(&system->lock);
  hcs_error_free(system->spare);
  free(system);
}

static hcs_system *system_new(const char *id, hcs_error *err) {
  hcs_system *system = calloc(1, sizeof *system);

  if (system == NULL || (system->spare = hcs_error_new()) == NULL) {
    free(system);
    hcs_fail_memory(err);
    return NULL;
  }
  hcs_handle_init(&system->handle, system_destroy, system_retire);
  atomic_init(&system->native, NULL);
  hcs_rwlock_init(&system->lock);
  atomic_init(&system->exit, 0);
  atomic_init(&system->has_reason, 0);
  snprintf(system->id, sizeof system->id, "%s", id);
  return system;
}

/* ASCII by hand: isalnum() asks the host program's locale. */
static int is_alphanumeric(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

int hcs_id_is_valid(const char *id) {
  size_t size = 0;

  while (size <= ID_MAX && id[size] != '\0' &&
         (is_alphanumeric(id[size]) || (size > 0 && strchr("_.-", id[size]) != NULL)))
    size++;
  return size > 0 && size <= ID_MAX && id[size] == '\0';
}

static int id_check(const char *id, hcs_error *err) {
  if (hcs_id_is_valid(id)) return 0;
  return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                  "'%.80s' is not a container id: take 1 to 64 characters of A-Z a-z 0-9 _ . -, "
                  "beginning with a letter or digit",
                  id);
}

/* "hcs-" and 96 random bits: nobody meets the same one twice. */
static int id_make(char id[ID_MAX + 1], hcs_error *err) {
  unsigned char bytes[12];
  size_t used = 4;

  if (hcs_platform_get()->random(bytes, sizeof bytes, err) != 0) return -1;
  memcpy(id, "hcs-", used);
  for (size_t i = 0; i < sizeof bytes; i++, used += 2) snprintf(id + used, 3, "%02x", bytes[i]);
  return 0;
}

static int system_create(hcs_system *system, const char *config, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  const char *overlay = platform->environment("HCSSHIM_CREATECONTAINER_ADDITIONALJSON");
  hcs_document *document;

  if (platform->system_create == NULL) return hcs_fail_missing(err);
  if (overlay != NULL && *overlay == '\0') overlay = NULL;
  document =
      hcs_document_parse("ContainerConfig", "config", config, overlay, platform->support, err);
  if (document == NULL) return -1;
  system->native = platform->system_create(system->id, document, err);
  hcs_document_free(document);
  return system->native != NULL ? 0 : -1;
}

static int system_open(hcs_system *system, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();

  if (platform->system_open == NULL) return hcs_fail_missing(err);
  system->native = platform->system_open(system->id, err);
  return system->native != NULL ? 0 : -1;
}

/* The handle comes first: once the container exists nothing may fail. `config` NULL opens. */
static hcs_system *system_make(const char *id, const char *config, hcs_error *err) {
  hcs_system *system;

  if (id_check(id, err) != 0 || (system = system_new(id, err)) == NULL) return NULL;
  if ((config != NULL ? system_create(system, config, err) : system_open(system, err)) == 0)
    return system;
  hcs_handle_drop(&system->handle);
  return NULL;
}

hcs_system *hcs_system_create(const char *id, const char *config, hcs_error *err) {
  char made[ID_MAX + 1];
  hcs_system *system = NULL;

  if (id != NULL || id_make(made, err) == 0)
    system = system_make(id != NULL ? id : made, config, err);
  if (system == NULL) hcs_error_at(err, "hcs::CreateComputeSystem", id, 0);
  return system;
}

hcs_system *hcs_system_open(const char *id, hcs_error *err) {
  hcs_system *system = system_make(id, NULL, err);

  if (system == NULL) hcs_error_at(err, "hcs::OpenComputeSystem", id, 0);
  return system;
}

/* ---- waiting for the end ---------------------------------------------------------------------- */

/* What a known end means to who waits for it. A closed handle's platform cannot be asked any more. */
static int exit_result(hcs_system *system, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();

  if (atomic_load(&system->exit) != HCS_EXIT_UNEXPECTED) return 0;
  if (atomic_load(&system->has_reason))
    hcs_error_copy(err, system->spare);
  else if (platform->system_exit_reason == NULL || hcs_handle_closed(&system->handle))
    hcs_fail(err, HCS_E_UNEXPECTED_EXIT, NULL);
  else
    platform->system_exit_reason(system->native, err);
  return -1;
}

/* An end that is seen after close does not count: the platform may say anything then. */
static void latch_exit(hcs_system *system, hcs_exit_type exit) {
  if (!hcs_handle_closed(&system->handle)) atomic_store(&system->exit, (int)exit);
}

static int wait_inside(hcs_system *system, int64_t deadline_ns, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  hcs_exit_type exit = HCS_EXIT_GRACEFUL;
  int result = 0;

  if (platform->system_wait == NULL) return hcs_fail_missing(err);
  if (atomic_load(&system->exit) == 0 && !hcs_handle_closed(&system->handle)) {
    result = platform->system_wait(system->native, deadline_ns, &exit, err);
    if (result == 0) latch_exit(system, exit);
  }
  /* Another waiter's completion wins over our timeout, close over whatever the platform said. */
  if (atomic_load(&system->exit) != 0) return exit_result(system, err);
  return hcs_handle_closed(&system->handle) ? hcs_fail_closed(err) : result;
}

int hcs_system_wait(hcs_system *system, int64_t deadline_ns, hcs_error *err) {
  int result = hcs_handle_visit(&system->handle, err);

  if (result == 0) {
    result = wait_inside(system, deadline_ns, err);
    if (result < 0) hcs_error_at(err, "hcsshim::ComputeSystem::Wait", system->id, 0);
    hcs_handle_leave(&system->handle);
    return result;
  }
  return hcs_error_at(err, "hcsshim::ComputeSystem::Wait", system->id, 0);
}

/* ---- closing ---------------------------------------------------------------------------------- */

/* Whoever waits after close is told an end that had come before it. */
static void look_once(hcs_system *system) {
  const hcs_platform *platform = hcs_platform_get();
  hcs_exit_type exit = HCS_EXIT_GRACEFUL;

  if (atomic_load(&system->exit) == 0 && platform->system_wait != NULL &&
      platform->system_wait(system->native, 0, &exit, system->spare) == 0)
    latch_exit(system, exit);
  if (atomic_load(&system->exit) == HCS_EXIT_UNEXPECTED && platform->system_exit_reason != NULL) {
    platform->system_exit_reason(system->native, system->spare);
    atomic_store(&system->has_reason, 1);
  }
}

/* `collected`: by free, which nobody can wait after; looking may clean up, and that takes its time. */
static int close_inside(hcs_system *system, int wait_for_end, int collected, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  int result = 0;

  if (!collected) look_once(system);
  hcs_handle_set_closed(&system->handle); /* before anyone is woken */
  if (platform->system_release != NULL)
    result = platform->system_release(system->native, wait_for_end, err);
  /* An interrupted wait for the end: the handle is closed, which is what was asked for. */
  return result < 0 ? hcs_error_at(err, "hcs::System::Close", system->id, 0) : 0;
}

/* In a forked child: gives descriptors back, tells nobody. */
static void close_foreign(hcs_system *system) {
  hcs_handle_set_closed(&system->handle);
  if (hcs_references_holders(atomic_load(&system->handle.references)) == 1)
    system_retire(&system->handle);
}

static int system_close(hcs_system *system, int wait_for_end, int collected, hcs_error *err) {
  int result = 0;

  if (hcs_handle_foreign(&system->handle)) {
    close_foreign(system);
    return 0;
  }
  if (hcs_handle_close_begin(&system->handle, &system->lock))
    result = close_inside(system, wait_for_end, collected, err);
  hcs_handle_close_end(&system->handle, &system->lock);
  return result;
}

int hcs_system_close(hcs_system *system, int wait_for_end, hcs_error *err) {
  return system_close(system, wait_for_end, 0, err);
}

void hcs_system_free(hcs_system *system) {
  if (system == NULL) return;
  system_close(system, 0, 1, system->spare);
  hcs_handle_drop(&system->handle);
}

int hcs_system_closed(const hcs_system *system) { return hcs_handle_closed(&system->handle); }

const char *hcs_system_id(const hcs_system *system) { return system->id; }

/* ---- operations ------------------------------------------------------------------------------- */

static int fail_at(hcs_system *system, hcs_operation operation, hcs_error *err) {
  return hcs_error_at(err, gates[operation].operation, system->id, 0);
}

/* enter and gate; what is not 0 is final, and nothing is held then. */
static int begin(hcs_system *system, hcs_operation operation, hcs_error *err) {
  int result = hcs_system_enter(system, err);

  if (result != 0) return fail_at(system, operation, err);
  result = hcs_system_gate(system, operation, err);
  if (result < 0) fail_at(system, operation, err);
  if (result != 0) hcs_system_exit(system);
  return result;
}

static int finish(hcs_system *system, hcs_operation operation, int result, hcs_error *err) {
  if (result < 0) hcs_system_explain(system, operation, err);
  if (result < 0) fail_at(system, operation, err);
  hcs_system_exit(system);
  return result;
}

/* start, pause, resume: they wait for completion, but not for ever. */
static int run_timed(hcs_system *system, hcs_operation operation,
                     int (*call)(hcs_platform_system *, int64_t, hcs_error *), hcs_error *err) {
  int result;

  if (begin(system, operation, err) != 0) return -1;
  if (call == NULL)
    result = hcs_fail_missing(err);
  else
    result = call(system->native, hcs_deadline(gates[operation].timeout_variable), err);
  return finish(system, operation, result, err);
}

/*
 * The container may end between the gate and the request; then there is nothing left to do, which
 * HCS says with one of these (hcs-contract §1.5), or with its twin 0x8037….
 */
static int is_end_request_done(const hcs_error *err) {
  uint64_t kind = hcs_error_kind(err) | 0x40000000;

  return kind == HCS_E_SYSTEM_ALREADY_STOPPED || kind == HCS_E_SYSTEM_NOT_FOUND ||
         kind == HCS_E_OPERATION_PENDING;
}

/* shutdown and terminate: requests, whose end is what wait tells. */
static int run_end(hcs_system *system, hcs_operation operation,
                   int (*call)(hcs_platform_system *, hcs_error *), hcs_error *err) {
  int result = begin(system, operation, err);

  if (result != 0) return result < 0 ? -1 : 0;
  result = call != NULL ? call(system->native, err) : hcs_fail_missing(err);
  if (result < 0 && is_end_request_done(err)) result = 0;
  return finish(system, operation, result, err);
}

const char *hcs_system_state(hcs_system *system, hcs_error *err) {
  hcs_state state;
  int result = begin(system, HCS_SYSTEM_STATE, err);

  if (result != 0) return NULL;
  result = finish(system, HCS_SYSTEM_STATE, system_state(system, &state, err), err);
  return result == 0 ? state_names[state] : NULL;
}

int hcs_system_start(hcs_system *system, hcs_error *err) {
  return run_timed(system, HCS_SYSTEM_START, hcs_platform_get()->system_start, err);
}

int hcs_system_shutdown(hcs_system *system, hcs_error *err) {
  return run_end(system, HCS_SYSTEM_SHUTDOWN, hcs_platform_get()->system_shutdown, err);
}

int hcs_system_terminate(hcs_system *system, hcs_error *err) {
  return run_end(system, HCS_SYSTEM_TERMINATE, hcs_platform_get()->system_terminate, err);
}

int hcs_system_pause(hcs_system *system, hcs_error *err) {
  return run_timed(system, HCS_SYSTEM_PAUSE, hcs_platform_get()->system_pause, err);
}

int hcs_system_resume(hcs_system *system, hcs_error *err) {
  return run_timed(system, HCS_SYSTEM_RESUME, hcs_platform_get()->system_resume, err);
}

static int modify(hcs_system *system, const char *request, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  hcs_document *document;
  int result;

  if (platform->system_modify == NULL) return hcs_fail_missing(err);
  document = hcs_document_parse("ResourceModificationRequestResponse", "request", request, NULL,
                                platform->support, err);
  if (document == NULL) return -1;
  result = platform->system_modify(system->native, document,
                                   hcs_deadline(gates[HCS_SYSTEM_MODIFY].timeout_variable), err);
  hcs_document_free(document);
  return result;
}

int hcs_system_modify(hcs_system *system, const char *request, hcs_error *err) {
  if (begin(system, HCS_SYSTEM_MODIFY, err) != 0) return -1;
  return finish(system, HCS_SYSTEM_MODIFY, modify(system, request, err), err);
}

static char *properties(hcs_system *system, const char *query, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  hcs_document *document = NULL;
  char *text = NULL;

  if (platform->system_properties == NULL) {
    hcs_fail_missing(err);
    return NULL;
  }
  if (query != NULL)
    document = hcs_document_parse("PropertyQuery", "query", query, NULL, platform->support, err);
  if (query == NULL || document != NULL)
    text = platform->system_properties(system->native, document, err);
  hcs_document_free(document);
  return text;
}

char *hcs_system_properties(hcs_system *system, const char *query, hcs_error *err) {
  char *text;

  if (begin(system, HCS_SYSTEM_PROPERTIES, err) != 0) return NULL;
  text = properties(system, query, err);
  finish(system, HCS_SYSTEM_PROPERTIES, text != NULL ? 0 : -1, err);
  return text;
}

int hcs_system_pollfd(hcs_system *system, intptr_t *descriptor, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  int result;

  if (begin(system, HCS_SYSTEM_POLLFD, err) != 0) return -1;
  if (platform->system_pollfd == NULL)
    result = hcs_fail_missing(err);
  else
    result = platform->system_pollfd(system->native, descriptor, err);
  return finish(system, HCS_SYSTEM_POLLFD, result, err);
}

/* ---- poll ------------------------------------------------------------------------------------- */

int hcs_system_watch(hcs_system *system, hcs_platform_poll_item *item, hcs_error *err) {
  if (hcs_handle_visit(&system->handle, err) != 0)
    return hcs_error_at(err, "hcs::Poll", system->id, 0);
  if (hcs_handle_closed(&system->handle)) return hcs_system_unwatch(system, item, err);
  item->system = system->native;
  return atomic_load(&system->exit) != 0;
}

int hcs_system_unwatch(hcs_system *system, const hcs_platform_poll_item *item, hcs_error *err) {
  int result = 0;

  (void)item;
  if (hcs_handle_closed(&system->handle)) {
    hcs_fail_closed(err);
    result = hcs_error_at(err, "hcs::Poll", system->id, 0);
  }
  hcs_handle_leave(&system->handle);
  return result;
}
