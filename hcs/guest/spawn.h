/*
 * spawn.h - starting a process, the child's side of it: from the fork to its exec.
 */
#ifndef HCS_GUEST_SPAWN_H
#define HCS_GUEST_SPAWN_H

#include "service.h"

#define SPAWN_STREAMS 3

/* Everything points into the payload, which the child has a copy of. */
typedef struct spawn_request {
  const service_setup *setup;
  const char *user;
  const char *directory;
  const char *file;
  const char *strings; /* argc arguments, then envc "NAME=value", one after the other */
  uint32_t argc;
  uint32_t envc;
  int streams[SPAWN_STREAMS]; /* -1: /dev/null */
  int has_console;            /* they are one terminal, which the process is to control */
  int result;                 /* where a spawn_failure is written; closed by exec */
} spawn_request;

typedef struct spawn_failure {
  uint32_t stage;
  int32_t error;
} spawn_failure;

/* Becomes the process, or reports and exits. */
_Noreturn void spawn_child(const spawn_request *r);

#endif
