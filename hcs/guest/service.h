/*
 * service.h - the guest's two halves meet here: isolation (init.c) hands over to the service.
 */
#ifndef HCS_GUEST_SERVICE_H
#define HCS_GUEST_SERVICE_H

#include "protocol.h"

/* What the service works with, once the container is isolated. Every descriptor is close-on-exec. */
typedef struct service_setup {
  int boot;       /* the creator's connection, before the commit */
  int control;    /* listens; non-blocking */
  int work_group; /* detached mount of the v2 work group for CLONE_INTO_CGROUP, or -1 */
  uint32_t tasks_count;
  int tasks[HCS_PLAN_HIERARCHIES]; /* v1 `tasks` files of the work groups */
  int freezer;                     /* v1: freezer.state of the processes, or -1 */
  int end_with_last_handle;        /* TerminateOnLastHandleClosed */
  uint64_t nofile_hard;            /* RLIMIT_NOFILE of the processes; soft is 1024 */
} service_setup;

/*
 * Allocates all it needs (descriptors; memory is static), reports BOOT_READY on `boot`, waits for the
 * commit, and serves until the container ends. Exits the process with 0; with 1 if the boot socket
 * ends before the commit.
 */
_Noreturn void service_run(const service_setup *setup);

/* Reports BOOT_FAILED on the boot socket and exits with 1. */
_Noreturn void boot_fail(int boot, uint32_t stage, long error, uint32_t index);

#endif
