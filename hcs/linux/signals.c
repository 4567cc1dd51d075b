/*
 * signals.c - signal names of signal(7).
 */
#include "signals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST 64

/* [number] = name; a gap has none */
static const char *const names[LAST + 1] = {
    [SIGHUP] = "HUP",
    [SIGINT] = "INT",
    [SIGQUIT] = "QUIT",
    [SIGILL] = "ILL",
    [SIGTRAP] = "TRAP",
    [SIGABRT] = "ABRT",
    [SIGBUS] = "BUS",
    [SIGFPE] = "FPE",
    [SIGKILL] = "KILL",
    [SIGUSR1] = "USR1",
    [SIGSEGV] = "SEGV",
    [SIGUSR2] = "USR2",
    [SIGPIPE] = "PIPE",
    [SIGALRM] = "ALRM",
    [SIGTERM] = "TERM",
    [SIGSTKFLT] = "STKFLT",
    [SIGCHLD] = "CHLD",
    [SIGCONT] = "CONT",
    [SIGSTOP] = "STOP",
    [SIGTSTP] = "TSTP",
    [SIGTTIN] = "TTIN",
    [SIGTTOU] = "TTOU",
    [SIGURG] = "URG",
    [SIGXCPU] = "XCPU",
    [SIGXFSZ] = "XFSZ",
    [SIGVTALRM] = "VTALRM",
    [SIGPROF] = "PROF",
    [SIGWINCH] = "WINCH",
    [SIGIO] = "IO",
    [SIGPWR] = "PWR",
    [SIGSYS] = "SYS",
    /* libc keeps 32 and 33; the others are SIGRTMIN+n, which depends on the libc: by number */
    [32] = "32",
    [33] = "33",
    [34] = "34",
    [35] = "35",
    [36] = "36",
    [37] = "37",
    [38] = "38",
    [39] = "39",
    [40] = "40",
    [41] = "41",
    [42] = "42",
    [43] = "43",
    [44] = "44",
    [45] = "45",
    [46] = "46",
    [47] = "47",
    [48] = "48",
    [49] = "49",
    [50] = "50",
    [51] = "51",
    [52] = "52",
    [53] = "53",
    [54] = "54",
    [55] = "55",
    [56] = "56",
    [57] = "57",
    [58] = "58",
    [59] = "59",
    [60] = "60",
    [61] = "61",
    [62] = "62",
    [63] = "63",
    [64] = "64"};

int hcs_signal_number(const char *text) {
  char *end;
  int i;
  long number = strtol(text, &end, 10);
  if (end != text && *end == '\0') return number >= 1 && number <= LAST ? (int)number : -1;
  if (strncmp(text, "SIG", 3) == 0) text += 3;
  for (i = 1; i <= LAST; i++)
    if (names[i] != NULL && strcmp(names[i], text) == 0) return i;
  return strcmp(text, "POLL") == 0 ? SIGPOLL : -1;
}

const char *hcs_signal_name(unsigned number) {
  return number >= 1 && number <= LAST && names[number] != NULL ? names[number] : "0";
}
