/*
 * helper.c - the role that works in a running container's mount namespace: the guest may not mount, and the
 * host program's own threads must not change their namespace.
 *
 * It opens what it needs of the host first, then joins that one namespace and gives up what it needs no
 * more. It is in none of the container's other namespaces, so that nothing there can see or trace it.
 */
#include "helper.h"

#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/sched.h>

#include "boot.h"
#include "disk.h"
#include "kernel.h"
#include "message.h"
#include "place.h"
#include "plan.h"
#include "service.h"
#include "sys.h"

#define BIT(capability) (1ull << (capability))

static void check(long r, uint32_t stage, uint32_t index) {
  if (r < 0) boot_fail(HCS_FD_BOOT, stage, r, index);
}

static void capabilities_keep(uint64_t wanted) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
  int i;
  check(SYS2(__NR_capget, &header, data), HCS_STAGE_PRIVILEGES, 0);
  for (i = 0; i < 2; i++) {
    data[i].permitted &= (uint32_t)(wanted >> 32 * i);
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  check(SYS2(__NR_capset, &header, data), HCS_STAGE_PRIVILEGES, 1);
  check(SYS5(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0), HCS_STAGE_PRIVILEGES, 2);
}

/*
 * The container's root, from inside its mount namespace. To mount wants CAP_SYS_ADMIN; to make the place for
 * it in a directory of any user CAP_DAC_OVERRIDE, which the container's root has, too.
 */
static int container_enter(void) {
  const uint64_t wanted = BIT(CAP_SYS_ADMIN) | BIT(CAP_DAC_OVERRIDE);
  long root;
  capabilities_keep(wanted | BIT(CAP_SYS_CHROOT)); /* setns(2) asks for it */
  check(SYS2(__NR_setns, HCS_FD_NAMESPACE, CLONE_NEWNS), HCS_STAGE_JOIN, 0);
  sys_close(HCS_FD_NAMESPACE);
  capabilities_keep(wanted);
  root = sys_openat(SYS_AT_FDCWD, "/", SYS_O_PATH | SYS_O_CLOEXEC | SYS_O_DIRECTORY, 0);
  check(root, HCS_STAGE_JOIN, 1);
  return (int)root;
}

static _Noreturn void give_up(const mapped_failure *failure) {
  boot_fail(HCS_FD_BOOT, failure->stage, failure->error, 0);
}

/*
 * The host has written down what is needed; or it is gone, and nobody would know. With the commit comes the
 * lock of the container's state: nobody else acts until we have ended, even if the host is killed.
 */
static void commit_await(void) {
  message_result result;
  message m;
  do {
    descriptor_await(HCS_FD_BOOT);
    result = message_receive(HCS_FD_BOOT, &m);
  } while (result == MESSAGE_NOTHING);
  if (result != MESSAGE_FRAME || m.frame.type != HCS_COMMIT) sys_exit(1);
}

static void add(const hcs_plan *plan) {
  const hcs_plan_mount *mount = plan_mount(plan, 0);
  mapped_failure failure;
  int place, source = mapped_source(plan, mount, &failure);
  hcs_boot_mount made;
  if (source < 0) give_up(&failure);
  made = mapped_describe(mount, source);
  mapped_report(HCS_FD_BOOT, &made, 1);
  commit_await();
  place = mapped_place(container_enter(), plan, mount, &failure);
  if (place < 0) give_up(&failure);
  /* a path may take its time, and who gave up meanwhile counts on our doing nothing */
  if (descriptor_hung_up(HCS_FD_BOOT)) sys_exit(1);
  if (mapped_attach(source, place, &failure) != 0) give_up(&failure);
  /* nobody waits for our end, and it may be taken off again at once: it is not to be found in use */
  sys_close(place);
  sys_close(source);
}

/* A device that is mapped alone has one user more, the guest, who lets go of it while we hold it. */
static int device_open(const hcs_plan *plan) {
  const hcs_plan_mount *mount = plan_mount(plan, plan->mount_count - 1);
  long fd;
  if ((mount->flags & HCS_MOUNT_ATTACH_ONLY) == 0) return -1;
  fd = sys_openat(SYS_AT_FDCWD, plan_string(plan, mount->source), SYS_O_RDONLY | SYS_O_CLOEXEC, 0);
  check(fd, HCS_STAGE_DISK_LOOP, 0);
  return (int)fd;
}

static void device_release(const hcs_plan *plan, int device) {
  const hcs_plan_mount *mount = plan_mount(plan, plan->mount_count - 1);
  const hcs_boot_mount gone = {mount->mount, 0};
  mapped_report(HCS_FD_BOOT, &gone, 1);
  commit_await();
  disk_detach(device);
}

static void remove(const hcs_plan *plan) {
  int device = device_open(plan);
  mapped_failure failure;
  commit_await();
  if (unmap(container_enter(), plan, &failure) != 0) give_up(&failure);
  if (device >= 0) device_release(plan, device);
}

_Noreturn void helper_run(void) {
  const hcs_plan *plan = plan_map(HCS_FD_PLAN);
  const hcs_boot done = {.stage = HCS_STAGE_NONE};
  if (plan == NULL || plan->mount_count == 0) boot_fail(HCS_FD_BOOT, HCS_STAGE_PLAN, EINVAL, 0);
  check(SYS5(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0), HCS_STAGE_PRIVILEGES, 3);
  SYS5(__NR_prctl, PR_SET_NAME, "hcs-helper", 0, 0, 0);
  SYS1(__NR_umask, 0);
  if (plan->operation == HCS_PLAN_ADD)
    add(plan);
  else
    remove(plan);
  boot_report(HCS_FD_BOOT, HCS_BOOT_READY, &done);
  sys_exit(0);
}
