/*
 * init.c - the guest's first steps: from a privileged clone of setup to PID 1 of the container with
 * the container's own privileges and not one capability more.
 *
 * The order matters: kernel file systems are mounted while the old root is still there, privileges
 * go last, and nothing of the image is looked at before the old root has gone.
 */
#include <linux/fcntl.h>
#include <linux/prctl.h>

#include "boot.h"
#include "etc.h"
#include "filesystem.h"
#include "mapped.h"
#include "mount.h"
#include "plan.h"
#include "privileges.h"
#include "service.h"
#include "setup.h"
#include "sys.h"

#define MNT_DETACH_FLAG 2
#define KEYCTL_JOIN_SESSION 1
#define SOCKET_INET 2
#define SOCKET_DGRAM 2
#define IOCTL_GET_FLAGS 0x8913 /* SIOCGIFFLAGS, SIOCSIFFLAGS: netdevice(7) */
#define IOCTL_SET_FLAGS 0x8914
#define INTERFACE_UP 1
#define CLIENTS_WAITING 128 /* connections not yet accepted: as many clients at once */

static void check(long r, uint32_t stage, uint32_t index) {
  if (r < 0) boot_fail(HCS_FD_BOOT, stage, r, index);
}

/* Makes the container's root the root of the mount namespace; what was there before is gone. */
static void root_enter(int root) {
  check(SYS1(__NR_fchdir, root), HCS_STAGE_PIVOT, 0);
  /* The same directory twice: the old root comes to lie on top of the new one, and is taken off. */
  check(SYS2(__NR_pivot_root, ".", "."), HCS_STAGE_PIVOT, 1);
  check(SYS2(__NR_umount2, ".", MNT_DETACH_FLAG), HCS_STAGE_PIVOT, 2);
  check(SYS1(__NR_chdir, "/"), HCS_STAGE_PIVOT, 3);
}

static void loopback_up(void) {
  struct {
    char name[16];
    short flags;
    char rest[24 - sizeof(short)];
  } request = {"lo", 0, {0}};
  long s = SYS3(__NR_socket, SOCKET_INET, SOCKET_DGRAM | SYS_O_CLOEXEC, 0);
  check(s, HCS_STAGE_LOOPBACK, 0);
  check(SYS3(__NR_ioctl, s, IOCTL_GET_FLAGS, &request), HCS_STAGE_LOOPBACK, 1);
  request.flags = (short)(request.flags | INTERFACE_UP);
  check(SYS3(__NR_ioctl, s, IOCTL_SET_FLAGS, &request), HCS_STAGE_LOOPBACK, 2);
  sys_close((int)s);
}

static void names_set(const hcs_plan *plan) {
  const char *name = plan_string(plan, plan->host_name);
  check(SYS2(__NR_sethostname, name, string_length(name)), HCS_STAGE_HOSTNAME, 0);
}

/* The caller's session keyring is reachable by whoever inherits it. */
static void keyring_leave(void) {
  long r = SYS2(__NR_keyctl, KEYCTL_JOIN_SESSION, 0);
  if (r != -ENOSYS) check(r, HCS_STAGE_PRIVILEGES, 100);
}

/* A descriptor from 3 on, close-on-exec: 0 to 2 are for /dev/null. */
static int above_stdio(int fd) {
  long copy = SYS3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, 3);
  check(copy, HCS_STAGE_SERVICE, 0);
  return (int)copy;
}

/* The guest keeps three sockets and its groups; 0 to 2 become the container's own /dev/null. */
static void descriptors_settle(service_setup *service) {
  long null = sys_openat(SYS_AT_FDCWD, "/dev/null", SYS_O_RDWR | SYS_O_CLOEXEC, 0);
  int fd;
  check(null, HCS_STAGE_SERVICE, 1);
  service->boot = above_stdio(HCS_FD_BOOT);
  service->control = above_stdio(HCS_FD_CONTROL);
  for (fd = 0; fd < 3; fd++) {
    long r = SYS3(__NR_dup3, null, fd, SYS_O_CLOEXEC);
    if (r < 0) boot_fail(service->boot, HCS_STAGE_SERVICE, r, 2);
  }
  sys_close((int)null);
}

static _Noreturn void service_enter(const hcs_plan *plan, int work_group) {
  service_setup service = {0};
  uint32_t i;
  long r;
  service.work_group = work_group;
  service.tasks_count = plan->hierarchies;
  for (i = 0; i < plan->hierarchies; i++) service.tasks[i] = plan->work_tasks[i];
  service.freezer = plan->freezer;
  service.end_with_last_handle = (plan->flags & HCS_PLAN_LAST_HANDLE) != 0;
  service.nofile_hard = plan->nofile_hard;
  SYS2(__NR_munmap, plan, plan->size);
  descriptors_settle(&service);
  r = SYS2(__NR_listen, service.control, CLIENTS_WAITING);
  if (r < 0) boot_fail(service.boot, HCS_STAGE_SERVICE, r, 102);
  service_run(&service);
}

_Noreturn void init_run(const hcs_plan *plan, int work_group, char *name) {
  static const char guest_name[] = "hcs-guest";
  long root;
  /* as long as the name of setup's role, so it fits */
  memcpy(name, guest_name, sizeof guest_name);
  SYS5(__NR_prctl, PR_SET_NAME, guest_name, 0, 0, 0);
  check(SYS3(__NR_close_range, HCS_FD_FIRST, ~0u, 1u << 2 /* CLOSE_RANGE_CLOEXEC */),
        HCS_STAGE_SERVICE, 3);
  if (plan->guest_group >= 0) sys_close(plan->guest_group);
  root = sys_openat(SYS_AT_FDCWD, ROOT_NAME, SYS_O_PATH | SYS_O_CLOEXEC | SYS_O_DIRECTORY, 0);
  check(root, HCS_STAGE_PIVOT, 4);
  filesystem_build((int)root);
  etc_mount((int)root, plan);
  mapped_build((int)root, plan);
  root_enter((int)root);
  sys_close((int)root);
  names_set(plan);
  if (plan->network < 0) loopback_up();
  check(SYS0(__NR_setsid), HCS_STAGE_PRIVILEGES, 101);
  keyring_leave();
  privileges_drop();
  service_enter(plan, work_group);
}
