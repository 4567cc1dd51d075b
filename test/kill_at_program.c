/*
 * kill_at_program.c - kills a program at one of its system calls.
 *
 *   kill_at_program N BEGIN END PROGRAM [ARGUMENT...]
 *
 * Runs PROGRAM under ptrace and counts its system call stops (one on the way in, one on the way out)
 * from the moment it opens the path BEGIN, which need not exist, until it opens END. At the N-th stop
 * it gets SIGKILL: on the way in the call is not made any more, on the way out it has just been. With
 * N = 0, or beyond the last, it runs to its own end.
 *
 * Only the program's main thread is traced: what it starts runs freely, and lives on if it can. Writes
 * "killed at N", or "N stops" at the end; the exit code is PROGRAM's, 0 for one that was killed.
 */
#include <sys/syscall.h>
#include <sys/uio.h>

#include "test/traced.h"

/* Is the call that `pid` is about to make an open of `path`? */
static int opens(pid_t pid, const char *path) {
  struct ptrace_syscall_info info;
  char text[256] = "";
  struct iovec here = {text, strlen(path) + 1}, there = {NULL, strlen(path) + 1};
  if (!traced_call(pid, &info) || info.entry.nr != SYS_openat) return 0;
  there.iov_base = (void *)(unsigned long)info.entry.args[1];
  return process_vm_readv(pid, &here, 1, &there, 1, 0) > 0 && strcmp(text, path) == 0;
}

/* To its next stop or its end; returns what waitpid says. `signal` is passed on. */
static int go_on(pid_t pid, int signal) {
  int status;
  traced_go_on(pid, signal);
  if (waitpid(pid, &status, 0) != pid) traced_fail("waitpid");
  return status;
}

static void end(pid_t pid, long stop) {
  int status;
  kill(pid, SIGKILL);
  if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
    traced_fail("the program does not die");
  printf("killed at %ld\n", stop);
  exit(0);
}

static int trace(pid_t pid, long kill_at, const char *begin_path, const char *end_path) {
  long stops = 0;
  int signal = 0, counting = 0, status;
  for (;;) {
    status = go_on(pid, signal);
    if (!WIFSTOPPED(status)) break;
    signal = WSTOPSIG(status);
    if (signal == SIGTRAP) signal = 0; /* its exec */
    if (signal != TRAP_OF_CALL) continue;
    signal = 0;
    if (counting && opens(pid, end_path)) counting = 0;
    if (counting && ++stops == kill_at) end(pid, stops);
    if (stops == 0 && opens(pid, begin_path)) counting = 1;
  }
  printf("%ld stops\n", stops);
  return traced_code(status);
}

int main(int argc, char **argv) {
  if (argc < 5 || strlen(argv[2]) > 255 || strlen(argv[3]) > 255) {
    fprintf(stderr, "usage: kill_at_program N BEGIN END PROGRAM [ARGUMENT...]\n");
    return 125;
  }
  return trace(traced_start(argv + 4, 0), strtol(argv[1], NULL, 10), argv[2], argv[3]);
}
