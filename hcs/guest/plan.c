/*
 * plan.c - reading the plan that the host wrote.
 *
 * The plan comes from our own library, in the same process' memory a moment ago: it is checked for
 * version and size so that a mix-up is an error, not for malice.
 */
#include "plan.h"

#include <linux/mman.h>
#include <linux/stat.h>

#include "sys.h"

const hcs_plan *plan_map(int fd) {
  struct statx info;
  const hcs_plan *plan;
  long address;
  if (SYS5(__NR_statx, fd, "", SYS_AT_EMPTY_PATH, STATX_SIZE, &info) < 0) return NULL;
  if (info.stx_size < sizeof *plan || info.stx_size > HCS_PAYLOAD_MAX) return NULL;
  address = sys_call(__NR_mmap, 0, (long)info.stx_size, 1 /* PROT_READ */, MAP_PRIVATE, fd, 0);
  if (address < 0 && address > -4096) return NULL;
  plan = (const hcs_plan *)address;
  if (plan->magic != HCS_PLAN_MAGIC || plan->version != HCS_PROTOCOL_VERSION) return NULL;
  if (plan->size != info.stx_size || ((const char *)plan)[plan->size - 1] != '\0') return NULL;
  if (plan->hierarchies > HCS_PLAN_HIERARCHIES || plan->mount_count > HCS_PLAN_MOUNTS_MAX ||
      plan->mounts + plan->mount_count * sizeof(hcs_plan_mount) > plan->size)
    return NULL;
  return plan;
}

const char *plan_string(const hcs_plan *plan, uint32_t offset) {
  if (offset == 0 || offset >= plan->size) return NULL;
  return (const char *)plan + offset;
}

const char *plan_layer(const hcs_plan *plan, uint32_t index) {
  const uint32_t *offsets = (const uint32_t *)(const void *)((const char *)plan + plan->layers);
  return plan_string(plan, offsets[index]);
}

const hcs_plan_mount *plan_mount(const hcs_plan *plan, uint32_t index) {
  const char *mounts = (const char *)plan + plan->mounts;
  return (const hcs_plan_mount *)(const void *)mounts + index;
}
