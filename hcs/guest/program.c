/*
 * program.c - running one of the host's own programs, in setup.
 *
 * Setup has no libc and no PATH: the directories are those that a system keeps its tools in. Nothing
 * but setup, which is about to end anyway, is the program's parent; the host program sees nothing.
 */
#include "program.h"

#include <linux/sched.h>

#include "sys.h"

#define PATH_BYTES 64

static const char *const directories[] = {"/usr/sbin/", "/sbin/", "/usr/local/sbin/",
                                          "/run/current-system/sw/bin/"};

static void path_join(char path[PATH_BYTES], const char *directory, const char *name) {
  size_t n = string_length(directory);
  memcpy(path, directory, n);
  memcpy(path + n, name, string_length(name) + 1);
}

static _Noreturn void become(int dir, const char *const *argv) {
  static const char *const environment[] = {NULL};
  long null = sys_openat(SYS_AT_FDCWD, "/dev/null", SYS_O_RDWR, 0);
  uint64_t nothing = 0;
  char path[PATH_BYTES];
  size_t i;
  int fd;
  if (null < 0 || SYS1(__NR_fchdir, dir) < 0) sys_exit(PROGRAM_MISSING);
  for (fd = 0; fd < 3; fd++) SYS3(__NR_dup3, null, fd, 0);
  SYS3(__NR_close_range, 3, ~0u, 0);
  SYS4(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &nothing, 0, sizeof nothing);
  SYS1(__NR_umask, 077);
  for (i = 0; i < sizeof directories / sizeof *directories; i++) {
    path_join(path, directories[i], argv[0]);
    SYS3(__NR_execve, path, argv, environment);
  }
  sys_exit(PROGRAM_MISSING);
}

long program_run(int dir, const char *const *argv) {
  struct clone_args args = {0};
  int status = 0;
  long pid, r;
  args.exit_signal = 17; /* SIGCHLD, so that wait4(2) finds it */
  if (string_length(argv[0]) > 16) return -ENAMETOOLONG;
  pid = SYS2(__NR_clone3, &args, sizeof args);
  if (pid == 0) become(dir, argv);
  if (pid < 0) return pid;
  do r = SYS4(__NR_wait4, pid, &status, 0, 0);
  while (r == -EINTR);
  if (r < 0) return r;
  /* wait(2): the low seven bits are the signal, the next byte is the exit status */
  return (status & 0x7f) != 0 ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}
