/*
 * hold_at_program.c - holds a process that a program starts at a system call.
 *
 *   hold_at_program NAME CALL FILE PROGRAM [ARGUMENT...]
 *
 * Runs PROGRAM and all that it starts under ptrace. A process with the name NAME is not let into the
 * system call CALL: it can be killed there, nothing else. Then its end is held, too, as that of
 * one in a call that the kernel does not break off, until FILE is gone: until then its descriptors stay
 * open. Ends when the last of them has ended, with PROGRAM's exit code.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include "test/traced.h"

#define LOOK_AGAIN_US 2000

typedef struct trap {
  const char *name, *file;
  unsigned long long call;
  pid_t held; /* 0: none */
  int is_dying;
} trap;

static const struct call {
  const char *name;
  unsigned long long number;
} calls[] = {{"move_mount", SYS_move_mount}, {"umount2", SYS_umount2}};

static unsigned long long call_number(const char *name) {
  size_t i;
  for (i = 0; i < sizeof calls / sizeof *calls; i++)
    if (strcmp(calls[i].name, name) == 0) return calls[i].number;
  fprintf(stderr, "hold_at_program: does not know the system call %s\n", name);
  exit(125);
}

static int is_named(pid_t pid, const char *name) {
  char path[64], text[32] = "";
  FILE *file;
  snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
  file = fopen(path, "r");
  if (file == NULL) return 0;
  if (fgets(text, sizeof text, file) != NULL) text[strcspn(text, "\n")] = '\0';
  fclose(file);
  return strcmp(text, name) == 0;
}

static int is_trapped(const trap *t, pid_t pid) {
  struct ptrace_syscall_info info;
  return traced_call(pid, &info) && info.entry.nr == t->call && is_named(pid, t->name);
}

/* What stopped it: 0, or the signal that is passed on. */
static int signal_of(int status) {
  int signal = WSTOPSIG(status);
  /* an event, a system call, the first stop of a new process */
  if (status >> 16 != 0 || signal == TRAP_OF_CALL || signal == SIGTRAP || signal == SIGSTOP)
    return 0;
  return signal;
}

static void stopped(trap *t, pid_t pid, int status) {
  if (pid == t->held && status >> 16 == PTRACE_EVENT_EXIT) {
    t->is_dying = 1;
  } else if (WSTOPSIG(status) == TRAP_OF_CALL && t->held == 0 && is_trapped(t, pid)) {
    t->held = pid;
  } else {
    traced_go_on(pid, signal_of(status));
  }
}

static void release(trap *t) {
  struct stat info;
  if (!t->is_dying || stat(t->file, &info) == 0) return;
  traced_go_on(t->held, 0);
  t->is_dying = 0;
}

static int trace(trap *t, pid_t program) {
  int code = 125, status;
  pid_t pid;
  traced_go_on(program, 0);
  while ((pid = waitpid(-1, &status, __WALL | (t->is_dying ? WNOHANG : 0))) >= 0) {
    if (pid == 0) usleep(LOOK_AGAIN_US);
    if (pid > 0 && WIFSTOPPED(status)) stopped(t, pid, status);
    if (pid == program && !WIFSTOPPED(status)) code = traced_code(status);
    release(t);
  }
  return code;
}

int main(int argc, char **argv) {
  const long all = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT;
  trap t = {0};
  if (argc < 5) {
    fprintf(stderr, "usage: hold_at_program NAME CALL FILE PROGRAM [ARGUMENT...]\n");
    return 125;
  }
  t.name = argv[1];
  t.call = call_number(argv[2]);
  t.file = argv[3];
  return trace(&t, traced_start(argv + 4, all));
}
