/*
 * privileges.c - what a container may do.
 */
#include "privileges.h"

#include <linux/capability.h>
#include <linux/prctl.h>

#include "service.h"
#include "sys.h"

#define BIT(capability) (1ull << (capability))

/*
 * The list that the container engines have settled on: enough for package managers and ordinary
 * services, nothing that reaches beyond the container's own files and processes.
 */
static const uint64_t allowed = BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) |
                                BIT(CAP_FSETID) | BIT(CAP_KILL) | BIT(CAP_NET_BIND_SERVICE) |
                                BIT(CAP_SETFCAP) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP) |
                                BIT(CAP_SETUID) | BIT(CAP_SYS_CHROOT);

static void check(long r, uint32_t index) {
  if (r < 0) boot_fail(HCS_FD_BOOT, HCS_STAGE_PRIVILEGES, r, index);
}

/* EINVAL says that the kernel knows no capability of that number, nor any behind it. */
static void bounding_set_drop(void) {
  uint32_t capability;
  for (capability = 0; capability < 64; capability++) {
    long r;
    if (allowed & BIT(capability)) continue;
    r = SYS5(__NR_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (r == -EINVAL) return;
    check(r, capability);
  }
}

/* The inheritable set stays empty: a non-empty one is CVE-2022-29162. */
static void own_sets_drop(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {
      {(uint32_t)allowed, (uint32_t)allowed, 0},
      {(uint32_t)(allowed >> 32), (uint32_t)(allowed >> 32), 0}};
  check(SYS2(__NR_capset, &header, data), 64);
  check(SYS5(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), 65);
}

void privileges_drop(void) {
  check(SYS2(__NR_setgroups, 0, 0), 66);
  /*
   * No process of the container has all three of these group ids: to be allowed to set another's
   * resource limits, or to trace it, every one must match (prlimit(2), ptrace(2)).
   */
  check(SYS3(__NR_setresgid, 0, 0, 1), 67);
  check(SYS3(__NR_setresuid, 0, 0, 0), 68);
  bounding_set_drop();
  own_sets_drop();
  check(SYS5(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 69);
  /* Last: every change of credentials makes the process what fs.suid_dumpable says. */
  check(SYS5(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0), 70);
}
