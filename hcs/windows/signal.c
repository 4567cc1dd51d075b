/*
 * signal.c - signals as the service takes them: console events for Windows, numbers for Linux.
 */
#include <objbase.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "process.h"
#include "result.h"

/* ---- signals as C and Linux number them ----------------------------------------------------------------- */

#define LAST_SIGNAL 64

/* signal(7), x86 and ARM; [number] = name */
static const char *const signals[] = {
    "0",    "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
    "SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
    "TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS",
};

static const char *without_prefix(const char *signal) {
  return strncmp(signal, "SIG", 3) == 0 ? signal + 3 : signal;
}

static int signal_number(const char *signal) {
  char *end;
  long number = strtol(signal, &end, 10);

  if (end != signal && *end == '\0') return number >= 1 && number <= LAST_SIGNAL ? (int)number : -1;
  for (size_t i = 1; i < sizeof signals / sizeof *signals; i++)
    if (strcmp(signals[i], without_prefix(signal)) == 0) return (int)i;
  return -1;
}

static int fail_unknown(const char *signal, hcs_error *err) {
  return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                  "'%.32s' is no signal: take a name such as TERM, or a number from 1 to %d",
                  signal, LAST_SIGNAL);
}

/* ---- Windows containers --------------------------------------------------------------------------------- */

typedef struct console_event {
  const char *signal; /* what the event is to a C program, or its own name */
  const char *event;  /* ProcessModifyRequest's word (hcs-contract §1.6) */
} console_event;

/* INT and TERM as C's run-time library has them, and what containerd's shim sends for them. */
static const console_event console_events[] = {
    {"INT", "CtrlC"},
    {"2", "CtrlC"},
    {"TERM", "CtrlShutdown"},
    {"15", "CtrlShutdown"},
    {"CtrlC", "CtrlC"},
    {"CtrlBreak", "CtrlBreak"},
    {"CtrlClose", "CtrlClose"},
    {"CtrlLogOff", "CtrlLogOff"},
    {"CtrlShutdown", "CtrlShutdown"},
};

static int windows_options(const char *signal, wchar_t options[64], hcs_error *err) {
  for (size_t i = 0; i < sizeof console_events / sizeof *console_events; i++) {
    if (!hcs_text_same_word(console_events[i].signal, without_prefix(signal))) continue;
    swprintf(options, 64, L"{\"Signal\":\"%hs\"}", console_events[i].event);
    return 0;
  }
  if (signal_number(signal) < 0) return fail_unknown(signal, err);
  return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                  "'%.32s': a Windows process can be sent KILL, INT (CtrlC), TERM (CtrlShutdown), "
                  "CtrlBreak, CtrlClose and CtrlLogOff only",
                  signal);
}

/* ---- Linux containers ----------------------------------------------------------------------------------- */

static int linux_options(const char *signal, wchar_t options[64], hcs_error *err) {
  int number = signal_number(signal);

  if (number < 0) return fail_unknown(signal, err);
  swprintf(options, 64, L"{\"Signal\":%d}", number);
  return 0;
}

/* ---- sending -------------------------------------------------------------------------------------------- */

int hcs_signal_send(hcs_platform_process *process, const char *signal, hcs_error *err) {
  const hcs_vmcompute *api = process->system->api;
  int is_windows = process->system->is_windows;
  hcs_process_handle *handle;
  PWSTR document = NULL;
  wchar_t options[64];
  HRESULT status;

  if ((is_windows ? windows_options : linux_options)(signal, options, err) != 0) return -1;
  if (!HCS_VMCOMPUTE_HAS(api, HcsSignalProcess, err))
    return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                    "this version of Windows sends no signals but KILL: they came with Windows "
                    "Server 2019 and Windows 10 1809");
  handle = hcs_process_handle_of(process);
  if (handle == NULL) return hcs_fail(err, HCS_E_ALREADY_CLOSED, NULL);
  status = api->HcsSignalProcess(handle->handle, options, &document);
  hcs_process_handle_drop(handle);
  return hcs_service_result(status, document, err) < 0 ? -1 : 0;
}
