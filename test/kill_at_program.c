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
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h> /* after <sys/ptrace.h>: it defines some of the same names */

#define TRAP_OF_CALL (SIGTRAP | 0x80)

static void fail(const char *what) {
  fprintf(stderr, "kill_at_program: %s: %s\n", what, strerror(errno));
  exit(125);
}

static pid_t start(char **arguments) {
  pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid > 0) return pid;
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(125);
  raise(SIGSTOP);
  execvp(arguments[0], arguments);
  _exit(127);
}

/* Is the call that `pid` is about to make an open of `path`? */
static int opens(pid_t pid, const char *path) {
  struct ptrace_syscall_info info;
  char text[256] = "";
  struct iovec here = {text, strlen(path) + 1}, there = {NULL, strlen(path) + 1};
  if (ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info) <=
          0 ||
      info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr != SYS_openat)
    return 0;
  there.iov_base = (void *)(unsigned long)info.entry.args[1];
  return process_vm_readv(pid, &here, 1, &there, 1, 0) > 0 && strcmp(text, path) == 0;
}

/* To its next stop or its end; returns what waitpid says. `signal` is passed on. */
static int go_on(pid_t pid, int signal) {
  int status;
  if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal) != 0 && errno != ESRCH)
    fail("PTRACE_SYSCALL");
  if (waitpid(pid, &status, 0) != pid) fail("waitpid");
  return status;
}

static void end(pid_t pid, long stop) {
  int status;
  kill(pid, SIGKILL);
  if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status)) fail("the program does not die");
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
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
  pid_t pid;
  int status;
  if (argc < 5 || strlen(argv[2]) > 255 || strlen(argv[3]) > 255) {
    fprintf(stderr, "usage: kill_at_program N BEGIN END PROGRAM [ARGUMENT...]\n");
    return 125;
  }
  pid = start(argv + 4);
  if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) fail("the program did not start");
  /* So that a stop at a system call is not taken for a SIGTRAP. */
  if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD) != 0)
    fail("PTRACE_SETOPTIONS");
  return trace(pid, strtol(argv[1], NULL, 10), argv[2], argv[3]);
}
