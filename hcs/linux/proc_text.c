/*
 * proc_text.c - what /proc says of one process, in its `stat` and its `status` (proc(5)).
 */
#include "proc_text.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* ---- stat ------------------------------------------------------------------------------------------ */

/* Fields are counted from 1; those from the fourth on are numbers. */
enum {
  STATE_FIELD = 3,
  TERMINAL_FIELD = 7,
  USER_FIELD = 14,
  KERNEL_FIELD = 15,
  THREADS_FIELD = 20,
  START_FIELD = 22
};

static void set_name(hcs_proc_stat *stat, const char *name, size_t size) {
  if (size >= sizeof stat->name) size = sizeof stat->name - 1;
  memcpy(stat->name, name, size);
  stat->name[size] = '\0';
}

static void set_number(hcs_proc_stat *stat, int field, uint64_t value) {
  switch (field) {
  case TERMINAL_FIELD: stat->terminal = value; break;
  case USER_FIELD: stat->user_ticks = value; break;
  case KERNEL_FIELD: stat->kernel_ticks = value; break;
  case THREADS_FIELD: stat->threads = value; break;
  case START_FIELD: stat->start_ticks = value; break;
  default: break;
  }
}

/* The name may hold spaces and brackets: it ends at the last one of the text. */
int hcs_proc_stat_parse(const char *text, hcs_proc_stat *stat) {
  const char *open = strchr(text, '('), *at = strrchr(text, ')');
  int field;
  memset(stat, 0, sizeof *stat);
  if (open == NULL || at == NULL || at < open || at[1] != ' ' || at[2] == '\0') return -1;
  set_name(stat, open + 1, (size_t)(at - open) - 1);
  stat->state = at[2];
  at += 3;
  for (field = STATE_FIELD + 1; field <= START_FIELD; field++) {
    uint64_t value;
    while (*at == ' ' || *at == '-') at++; /* some that we do not want are below zero */
    if (!hcs_kernel_number(&at, &value)) return -1;
    set_number(stat, field, value);
  }
  return 0;
}

/* ---- status ---------------------------------------------------------------------------------------- */

#define KB(name_, member)                                                                          \
  { name_ ":", offsetof(hcs_proc_status, member) }
static const struct {
  const char *name;
  size_t member;
} sizes[] = {
    KB("RssAnon", anonymous_kb), KB("RssFile", file_kb), KB("RssShmem", shared_kb),
    KB("VmData", data_kb),       KB("VmStk", stack_kb),  KB("VmSwap", swap_kb),
};
#define SIZE_COUNT (sizeof sizes / sizeof *sizes)

static void read_pids(const char *at, hcs_proc_status *status) {
  uint64_t pid;
  while (status->levels < HCS_PID_LEVELS && hcs_kernel_number(&at, &pid))
    status->pids[status->levels++] = pid <= INT32_MAX ? (uint32_t)pid : 0;
}

/* What is behind `name` at the beginning of the line, NULL if it begins otherwise. */
static const char *behind(const char *line, const char *name) {
  size_t length = strlen(name);
  return strncmp(line, name, length) == 0 ? line + length : NULL;
}

/* 1 for the last one that is wanted. */
static int read_line(const char *line, hcs_proc_status *status) {
  const char *at = behind(line, "NSpid:");
  size_t i;
  if (at != NULL && status->levels == 0) read_pids(at, status);
  for (i = 0; i < SIZE_COUNT; i++) {
    at = behind(line, sizes[i].name);
    if (at == NULL) continue;
    hcs_kernel_number(&at, (uint64_t *)((char *)status + sizes[i].member));
    return i == SIZE_COUNT - 1;
  }
  return 0;
}

int hcs_proc_status_read(int fd, hcs_proc_status *status) {
  hcs_lines lines;
  const char *line;
  memset(status, 0, sizeof *status);
  hcs_lines_init(&lines, fd);
  while ((line = hcs_lines_next(&lines)) != NULL)
    if (read_line(line, status)) break;
  errno = lines.error != 0 ? lines.error : EIO;
  return lines.error == 0 && status->levels > 0 ? 0 : -1;
}
