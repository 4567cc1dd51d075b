/*
 * process_stat.h - telling a process from a later one with the same pid.
 */
#ifndef HCS_LINUX_PROCESS_STAT_H
#define HCS_LINUX_PROCESS_STAT_H

#include <stdint.h>

#include "../error.h"

/* The process' start time in clock ticks since boot (proc(5), stat field 22). */
int hcs_process_start_get(int pid, uint64_t *ticks, hcs_error *err);
/* A pidfd of the process that has this pid and this start time; -1 with errno, ESRCH or ENOENT when it is gone. */
int hcs_process_pidfd(int pid, uint64_t ticks);
/*
 * An O_PATH descriptor of the /proc directory of the process that has this pid and this start time, and
 * of no later one: what is opened below it fails when the process is gone. -1 with errno.
 */
int hcs_process_directory_open(int pid, uint64_t ticks);

#endif
