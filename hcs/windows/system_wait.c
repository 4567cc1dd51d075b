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

/*
 * A status of 0 says nothing but that it was no crash: shutdown and terminate look alike. "Is not
 * running" is how some releases report a plain stop, as Microsoft's own client takes it.
 */
static int clean_type(const hcs_platform_system *system, hcs_exit_type *exit) {
  *exit = atomic_load(&system->forced) ? HCS_EXIT_FORCED : HCS_EXIT_GRACEFUL;
  return 0;
}

int hcs_exit_type_get(const hcs_platform_system *system, hcs_exit_type *exit, hcs_error *err) {
  const hcs_notice *notice = &system->latch.exit;
  HRESULT status = notice->status;
  uint64_t kind = hcs_service_code(status) | 0x40000000; /* both generations' codes alike */
  int told = told_type(notice, err);

  if (told != 0) {
    *exit = (hcs_exit_type)told;
    return 0;
  }
  if (SUCCEEDED(status) || kind == HCS_E_SYSTEM_ALREADY_STOPPED) return clean_type(system, exit);
  *exit = HCS_EXIT_UNEXPECTED;
  if (kind == HCS_E_UNEXPECTED_EXIT) return 0;
  if (kind == EXITED_FORCEFULLY) *exit = HCS_EXIT_FORCED;
  if (kind == EXITED_FORCEFULLY) return 0;
  hcs_service_explain(hcs_service_code(status), notice->document, err);
  return -1;
}

int hcs_windows_system_wait(hcs_platform_system *system, int64_t deadline_ns, hcs_exit_type *exit,
                            hcs_error *err) {
  const HANDLE ended = system->latch.ended;
  int result = hcs_wait_any(&ended, 1, deadline_ns, err);

  if (result != 0) return result;
  if (hcs_latch_result(&system->latch, err) != 0) return -1;
  return hcs_exit_type_get(system, exit, err);
}

int hcs_windows_system_exit_reason(hcs_platform_system *system, hcs_error *err) {
  hcs_service_explain(HCS_E_UNEXPECTED_EXIT, system->latch.exit.document, err);
  return -1;
}

HANDLE hcs_windows_system_ended(hcs_platform_system *system) { return system->latch.ended; }
