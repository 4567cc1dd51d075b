/*
 * traced.h - a program that runs under ptrace, for the test programs that break in on one.
 */
#ifndef TRACED_H
#define TRACED_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h> /* after <sys/ptrace.h>: it defines some of the same names */

#define TRAP_OF_CALL (SIGTRAP | 0x80)

static inline void traced_fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(125);
}

/* Stands before the exec of arguments[0]; a stop at a system call will not look like a SIGTRAP. */
static inline pid_t traced_start(char **arguments, long options) {
  pid_t pid = fork();
  int status;
  if (pid < 0) traced_fail("fork");
  if (pid == 0) {
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(125);
    raise(SIGSTOP);
    execvp(arguments[0], arguments);
    _exit(127);
  }
  if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) traced_fail("no start");
  if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(PTRACE_O_TRACESYSGOOD | options)) != 0)
    traced_fail("PTRACE_SETOPTIONS");
  return pid;
}

/* On its way into a system call it says which. */
static inline int traced_call(pid_t pid, struct ptrace_syscall_info *info) {
  return ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof *info, info) >
             0 &&
         info->op == PTRACE_SYSCALL_INFO_ENTRY;
}

/* To its next stop; `signal` is passed on. One that is dead meanwhile is waited for all the same. */
static inline void traced_go_on(pid_t pid, int signal) {
  if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal) != 0 && errno != ESRCH)
    traced_fail("PTRACE_SYSCALL");
}

static inline int traced_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
