/*
 * system_wait.c - the end of a container, and what kind of an end it was (hcs-contract §1.3).
 */
#include <string.h>

#include "objects.h"
#include "operations.h"
#include "result.h"
#include "system.h"
#include "wait.h"
#include "wide.h"

#include <stdlib.h>

#define EXITED_FORCEFULLY 0xC0370107ULL

typedef struct exit_name {
  const char *name; /* SystemExitStatus.ExitType */
  hcs_exit_type type;
} exit_name;

static const exit_name exit_names[] = {
    {"GracefulExit", HCS_EXIT_GRACEFUL},
    {"ForcedExit", HCS_EXIT_FORCED},
    {"UnexpectedExit", HCS_EXIT_UNEXPECTED},
};

/* What the notification's document says; 0 if there is none, as with older releases. */
static int told_type(const hcs_notice *exit, hcs_error *err) {
  char *text = exit->document != NULL ? hcs_utf8_new(exit->document, "exit", err) : NULL;
  json_t *root = text != NULL ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;
  const char *name = json_string_value(json_object_get(root, "ExitType"));
  int type = 0;

  for (size_t i = 0; name != NULL && i < sizeof exit_names / sizeof *exit_names; i++)
    if (strcmp(exit_names[i].name, name) == 0) type = (int)exit_names[i].type;
  json_decref(root);
  free(text);
  return type;
}

static uint64_t status_code(const hcs_notice *exit) { return hcs_service_code(exit->status); }

/* 0x8037.... and 0xC037.... alike, for comparisons. */
static uint64_t status_kind(const hcs_notice *exit) { return status_code(exit) | 0x40000000; }

/*
 * A status of 0 says nothing but that it was no crash: shutdown and terminate look alike. "Is not
 * running" is how some releases report a plain stop, as Microsoft's own client takes it. Any other
 * failure is an end that nobody asked for.
 */
static hcs_exit_type type_by_status(const hcs_platform_system *system) {
  const hcs_notice *exit = &system->latch.exit;

  if (SUCCEEDED(exit->status) || status_kind(exit) == HCS_E_SYSTEM_ALREADY_STOPPED)
    return atomic_load(&system->forced) ? HCS_EXIT_FORCED : HCS_EXIT_GRACEFUL;
  return status_kind(exit) == EXITED_FORCEFULLY ? HCS_EXIT_FORCED : HCS_EXIT_UNEXPECTED;
}

hcs_exit_type hcs_exit_type_get(const hcs_platform_system *system, hcs_error *err) {
  int told = told_type(&system->latch.exit, err);

  return told != 0 ? (hcs_exit_type)told : type_by_status(system);
}

int hcs_windows_system_wait(hcs_platform_system *system, int64_t deadline_ns, hcs_exit_type *exit,
                            hcs_error *err) {
  const HANDLE ended = system->latch.ended;
  int result = hcs_wait_any(&ended, 1, deadline_ns, err);

  if (result != 0) return result;
  if (hcs_latch_result(&system->latch, err) != 0) return -1;
  *exit = hcs_exit_type_get(system, err);
  return 0;
}

/* A status that is not the usual one is the better answer, unless the document overrules it. */
int hcs_windows_system_exit_reason(hcs_platform_system *system, hcs_error *err) {
  const hcs_notice *exit = &system->latch.exit;
  uint64_t code = HCS_E_UNEXPECTED_EXIT;

  if (FAILED(exit->status) && status_kind(exit) != code && !told_type(exit, err))
    code = status_code(exit);
  hcs_service_explain(code, exit->document, err);
  return -1;
}

HANDLE hcs_windows_system_ended(hcs_platform_system *system) { return system->latch.ended; }
