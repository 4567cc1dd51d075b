/*
 * launch.c - starting setup so that the host program cannot see it.
 *
 * The host program may have a SIGCHLD handler and a waitpid(-1) loop, and fork from it may cost
 * milliseconds. So (tried on 6.1 and 6.18):
 *
 *   this process --CLONE_VM, exit signal 0--> the middle --CLONE_VM|CLONE_VFORK--> the guest binary
 *
 * The middle never execs, so it keeps its exit signal 0 and shows neither as SIGCHLD nor in
 * waitpid(-1); it waits for the guest binary, whose parent it is, and ends. We wait for the middle
 * by its pidfd. Sharing our memory it makes no copy of anything.
 *
 * Sharing our memory also means: it has our thread's TLS, so it makes raw system calls only (libc's
 * would write our errno), calls nothing through the PLT, and works on what was prepared for it.
 */
#include "launch.h"

#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/sys.h"
#include "fd.h"
#include "image.h"
#include "wait.h"

#define STACK_BYTES (64u << 10)
#define DESCRIPTORS_MAX 64

#if defined(__clang__)
#define ON_ITS_OWN_STACK __attribute__((noinline, no_sanitize("address", "undefined", "thread")))
#else
#define ON_ITS_OWN_STACK                                                                           \
  __attribute__((noinline, no_sanitize_address, no_sanitize_undefined, no_sanitize_thread))
#endif

struct hcs_launch {
  int pidfd; /* of the middle */
  int image;
  void *stack;
  /* what the middle and its child read */
  struct clone_args child;
  size_t count; /* descriptors of the guest binary; behind them stand image and group */
  int descriptors[DESCRIPTORS_MAX + 2];
  const char *arguments[2];
  const char *environment[1];
  int running; /* the guest binary's pid until the middle reaps it, which nobody else can do; then 0 */
  long error; /* what the child says when it cannot exec; vfork order makes it safe */
};

/*
 * Puts descriptors[i] at i, in the middle's own table, and closes everything else: whatever the host
 * program has open is held no longer than this takes, or an end that it waits for would come late.
 * Everything is moved above the targets first, so that no source is overwritten before it was copied.
 */
ON_ITS_OWN_STACK static long arrange(hcs_launch *launch) {
  const long all = (long)launch->count + 2;
  long r, i;
  for (i = 0; i < all; i++) {
    if (launch->descriptors[i] < 0) continue;
    r = SYS3(__NR_fcntl, launch->descriptors[i], 0 /* F_DUPFD */, all);
    if (r < 0) return r;
    launch->descriptors[i] = (int)r;
  }
  for (i = 0; i < all; i++) {
    if (launch->descriptors[i] < 0) {
      SYS1(__NR_close, i);
      continue;
    }
    /* image and group are not for the guest binary to keep */
    r = SYS3(__NR_dup3, launch->descriptors[i], i, i < all - 2 ? 0 : SYS_O_CLOEXEC);
    if (r < 0) return r;
  }
  return SYS3(__NR_close_range, all, ~0u, 0);
}

/* The middle. Its copies of our descriptors go: the end of a socket must mean its end. */
ON_ITS_OWN_STACK static int middle(void *argument) {
  hcs_launch *launch = argument;
  long child = -1, error = arrange(launch);
  if (error >= 0) error = child = SYS2(__NR_clone3, &launch->child, sizeof launch->child);
  if (child == 0) {
    launch->error = SYS5(__NR_execveat, launch->count, "", launch->arguments, launch->environment,
                         SYS_AT_EMPTY_PATH);
    sys_exit(127);
  }
  if (error < 0) launch->error = error;
  SYS3(__NR_close_range, 0, ~0u, 0);
  if (child > 0) {
    while (SYS5(__NR_waitid, P_PID, child, 0, WEXITED | WNOWAIT, 0) == -EINTR) continue;
    __atomic_store_n(&launch->running, 0, __ATOMIC_SEQ_CST);
    while (SYS4(__NR_wait4, child, 0, 0, 0) == -EINTR) continue;
  }
  return 0;
}

static hcs_launch *launch_new(const char *role, const int *descriptors, size_t count, int group) {
  hcs_launch *launch = calloc(1, sizeof *launch);
  if (launch == NULL) return NULL;
  launch->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (launch->stack == MAP_FAILED) {
    free(launch);
    return NULL;
  }
  launch->pidfd = launch->image = -1;
  launch->child.flags = CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID;
  launch->child.parent_tid = (uintptr_t)&launch->running;
  launch->child.exit_signal = SIGCHLD;
  if (group >= 0) {
    launch->child.flags |= CLONE_INTO_CGROUP;
    launch->child.cgroup = count + 1;
  }
  memcpy(launch->descriptors, descriptors, count * sizeof *descriptors);
  launch->descriptors[count + 1] = group;
  launch->count = count;
  launch->arguments[0] = role;
  return launch;
}

static void launch_free(hcs_launch *launch) {
  hcs_fd_close(&launch->pidfd);
  hcs_fd_close(&launch->image);
  munmap(launch->stack, STACK_BYTES);
  free(launch);
}

/* Signals stay blocked in the middle and in setup: our handlers must not run on borrowed memory. */
static int clone_middle(hcs_launch *launch) {
  sigset_t all, before;
  int pid, saved;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid = clone(middle, (char *)launch->stack + STACK_BYTES, CLONE_VM | CLONE_PIDFD, launch,
              &launch->pidfd);
  saved = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = saved;
  return pid;
}

hcs_launch *hcs_launch_start(const char *role, const int *descriptors, size_t count, int group,
                             hcs_error *err) {
  hcs_launch *launch;
  if (count > DESCRIPTORS_MAX) {
    hcs_fail_errno(err, EMFILE, "the guest takes %d descriptors at most", DESCRIPTORS_MAX);
    return NULL;
  }
  launch = launch_new(role, descriptors, count, group);
  if (launch == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  launch->image = launch->descriptors[count] = hcs_image_open(err);
  if (launch->image >= 0) {
    if (clone_middle(launch) >= 0) return launch;
    hcs_fail_errno(err, errno, "cannot start the container's setup");
  }
  launch_free(launch);
  return NULL;
}

/* Its number is not another's by the time we have its pidfd, if it was not reaped then. */
void hcs_launch_kill(const hcs_launch *launch) {
  int pid = __atomic_load_n(&launch->running, __ATOMIC_SEQ_CST);
  HCS_AUTO_FD pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
  if (pidfd >= 0 && __atomic_load_n(&launch->running, __ATOMIC_SEQ_CST) == pid)
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

int hcs_launch_finish(hcs_launch *launch, int64_t deadline_ns) {
  siginfo_t info;
  long error;
  /* Its memory is in use until then: an unfinished one is left where it is. */
  if (hcs_wait_fd_uninterrupted(launch->pidfd, POLLIN, deadline_ns) != HCS_WAIT_READY) {
    errno = ETIMEDOUT;
    return -1;
  }
  while (waitid(P_PIDFD, (id_t)launch->pidfd, &info, WEXITED | __WALL) != 0 && errno == EINTR)
    continue;
  error = launch->error;
  launch_free(launch);
  if (error >= 0) return 0;
  errno = (int)-error;
  return -1;
}
