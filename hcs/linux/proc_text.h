/*
 * proc_text.h - what /proc says of one process, in its `stat` and its `status` (proc(5)).
 */
#ifndef HCS_LINUX_PROC_TEXT_H
#define HCS_LINUX_PROC_TEXT_H

#include <stdint.h>

#include "kernel_text.h"

#define HCS_PROC_STAT_SIZE 1024 /* 52 numbers and a name: more does not come */
#define HCS_PROC_NAME_SIZE 64
#define HCS_PID_LEVELS                                                                             \
  33 /* the kernel nests 32 pid namespaces below the first (MAX_PID_NS_LEVEL) */

typedef struct hcs_proc_stat {
  char name[HCS_PROC_NAME_SIZE]; /* any bytes: the process chooses it */
  char state;
  uint64_t terminal;                 /* device number of the controlling one, 0: none */
  uint64_t user_ticks, kernel_ticks; /* of all its threads, ended ones too */
  uint64_t threads;
  uint64_t start_ticks; /* since boot */
} hcs_proc_stat;

typedef struct hcs_proc_status {
  uint32_t pids[HCS_PID_LEVELS]; /* its pid from the reader's namespace down to its own */
  uint32_t levels;
  /* 0 for one whose main thread has ended */
  uint64_t anonymous_kb, file_kb, shared_kb; /* resident pages, by kind */
  uint64_t data_kb, stack_kb, swap_kb;       /* private writable mappings; pages swapped out */
} hcs_proc_status;

/* 0, or -1 when the text is not a `stat`. */
int hcs_proc_stat_parse(const char *text, hcs_proc_stat *stat);
/* Reads a `status` line by line. 0, or -1 with errno when it cannot be read or names no pid. */
int hcs_proc_status_read(int fd, hcs_proc_status *status);

#endif
