/*
 * setup.c - the role between the host program and the guest.
 *
 * Runs as host root, single-threaded, with none of the host program's memory. Its namespaces and
 * those of the guest are separate, so that privileged steps on host objects have their place here.
 */
#include "setup.h"

#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>

#include "boot.h"
#include "disk.h"
#include "mount.h"
#include "plan.h"
#include "scratch.h"
#include "service.h"
#include "sys.h"

/* The kernel's own struct, for a program that only ever says "default". */
typedef struct signal_action {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  uint64_t mask;
} signal_action;

/* Ignored signals survive execve(2); the caller's choice is not the container's. */
static void signals_default(void) {
  static const signal_action standard;
  int signal;
  for (signal = 1; signal <= 64; signal++)
    SYS4(__NR_rt_sigaction, signal, &standard, 0, sizeof standard.mask);
}

/* Priorities and placement of the calling thread are inherited; back to what a login would have. */
static void scheduling_default(void) {
  static const uint64_t all_processors[16] = {~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull,
                                              ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull,
                                              ~0ull, ~0ull, ~0ull, ~0ull};
  int priority = 0;
  SYS3(__NR_sched_setscheduler, 0, SCHED_NORMAL, &priority);
  SYS3(__NR_setpriority, 0, 0, 0);
  SYS3(__NR_ioprio_set, 1, 0, 0);
  SYS3(__NR_sched_setaffinity, 0, sizeof all_processors, all_processors);
  SYS5(__NR_prctl, PR_SET_TIMERSLACK, 0, 0, 0, 0);
}

static void oom_score_default(void) {
  long fd = sys_openat(SYS_AT_FDCWD, "/proc/self/oom_score_adj", SYS_O_WRONLY | SYS_O_CLOEXEC, 0);
  if (fd < 0) return;
  sys_write((int)fd, "0", 1); /* lowering wants CAP_SYS_RESOURCE: then the caller's value stays */
  sys_close((int)fd);
}

/* The caller's soft limits are not the container's: they are set as the kernel does, as far as the hard ones allow. */
static void limits_default(void) {
  int resource;
  for (resource = 0; resource < RLIM_NLIMITS; resource++) {
    struct rlimit64 limit = {0, 0};
    if (SYS4(__NR_prlimit64, 0, resource, 0, &limit) != 0) continue;
    limit.rlim_cur = limit.rlim_max;
    if (resource == RLIMIT_STACK && limit.rlim_max > _STK_LIM) limit.rlim_cur = _STK_LIM;
    SYS4(__NR_prlimit64, 0, resource, &limit, 0);
  }
}

/* A task joins a v1 group cheaply by writing its own "0"; a parent's write waits for RCU. */
static void groups_join(const int32_t *tasks, uint32_t count) {
  uint32_t i;
  for (i = 0; i < count; i++) {
    long r = sys_write(tasks[i], "0", 1);
    if (r < 0) boot_fail(HCS_FD_BOOT, HCS_STAGE_CGROUP, r, i);
    sys_close(tasks[i]);
  }
}

/*
 * A detached mount of the work group, so that the guest can place processes there although no
 * directory of the host is open in it: ".." ends at the mount. Must be made while this process is
 * still in the host's mount namespace, which the group's directory belongs to.
 */
static int work_group_detach(const hcs_plan *plan) {
  long mount;
  if (plan->work_group < 0) return -1;
  mount = mount_clone(plan->work_group, "", 0);
  if (mount < 0) boot_fail(HCS_FD_BOOT, HCS_STAGE_CGROUP, mount, 0);
  sys_close(plan->work_group);
  return (int)mount;
}

/*
 * A cgroup namespace is rooted where its maker is: this process is in the container's own directory
 * of every hierarchy now, the guest will be born one below.
 */
static void namespaces_enter(void) {
  struct mount_attr private = {0, 0, MS_PRIVATE, 0};
  long r = SYS1(__NR_unshare, CLONE_NEWNS | CLONE_NEWCGROUP);
  if (r >= 0)
    r = SYS5(__NR_mount_setattr, SYS_AT_FDCWD, "/", MOUNT_RECURSIVE, &private, sizeof private);
  if (r < 0) boot_fail(HCS_FD_BOOT, HCS_STAGE_NAMESPACE, r, 0);
}

/* To be in it when /sys is mounted: that shows the network of who mounts it. */
static void network_join(const hcs_plan *plan) {
  long r;
  if (plan->network < 0) return;
  r = SYS2(__NR_setns, plan->network, CLONE_NEWNET);
  if (r < 0) boot_fail(HCS_FD_BOOT, HCS_STAGE_NETWORK, r, 0);
  sys_close(plan->network);
}

/*
 * The guest takes over this process' mount namespace: a copy of its own would be made and torn down
 * for nothing. (A guest in a user namespace will need one that belongs to it.)
 */
static long guest_clone(const hcs_plan *plan) {
  struct clone_args args = {0};
  args.flags = CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
  if (plan->network < 0) args.flags |= CLONE_NEWNET;
  args.exit_signal = 17; /* SIGCHLD, for whoever inherits the guest */
  if (plan->guest_group >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (unsigned)plan->guest_group;
  }
  return SYS2(__NR_clone3, &args, sizeof args);
}

_Noreturn void setup_run(char *name) {
  const hcs_plan *plan = plan_map(HCS_FD_PLAN);
  hcs_boot report = {0};
  int work_group;
  long pid;
  if (plan == NULL) boot_fail(HCS_FD_BOOT, HCS_STAGE_PLAN, EINVAL, 0);
  SYS5(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  SYS5(__NR_prctl, PR_SET_NAME, "hcs-setup", 0, 0, 0);
  SYS1(__NR_umask, 0);
  signals_default();
  scheduling_default();
  oom_score_default();
  limits_default();
  groups_join(plan->container_tasks, plan->hierarchies);
  work_group = work_group_detach(plan);
  scratch_prepare(plan);
  disks_prepare(plan);
  namespaces_enter();
  root_build(plan);
  network_join(plan);
  pid = guest_clone(plan);
  if (pid == 0) {
    groups_join(plan->guest_tasks, plan->hierarchies);
    init_run(plan, work_group, name);
  }
  if (pid < 0) boot_fail(HCS_FD_BOOT, HCS_STAGE_NAMESPACE, pid, 1);
  report.pid = (int32_t)pid;
  scratch_device(&report.loop_major, &report.loop_minor);
  boot_report(HCS_FD_BOOT, HCS_BOOT_PID, &report);
  sys_exit(0);
}
