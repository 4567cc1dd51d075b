/*
 * limits_apply.c - the limits of a new container, and what to say of one that cannot be had.
 */
#include <errno.h>
#include <string.h>

#include "limits.h"

/* The directory above the container's, in the one v2 tree: the one that a client hands down from. */
static int fail_not_handed_down(const hcs_group_paths *groups, const char *file, const char *where,
                                const char *field, hcs_error *err) {
  const char *container = groups->container[HCS_CONTROLLER_UNIFIED];
  int controller = (int)strcspn(file, "."), parent = (int)(strrchr(container, '/') - container);
  return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                  "%s.%s: the controller %.*s does not reach the container's group: echo +%.*s > "
                  "%.*s/cgroup.subtree_control, from the top down, and make the container anew",
                  where, field, controller, file, controller, file, parent, container);
}

int hcs_limit_fail(const hcs_group_paths *groups, const char *file, const char *where,
                   const char *field, hcs_error *err) {
  if (errno == ENOENT && groups->layout == HCS_CGROUP_V2)
    return fail_not_handed_down(groups, file, where, field, err);
  if (errno == ENOENT)
    return hcs_fail(err, HCS_E_NOT_SUPPORTED, "%s.%s: this kernel has no %s", where, field, file);
  return hcs_fail_errno(err, errno, "%s.%s: cannot write %s of the container's group", where, field,
                        file);
}

int hcs_limits_apply(const hcs_group_paths *groups, const hcs_limits *limits, const char *device,
                     hcs_error *err) {
  const uint64_t *iops = limits->iops != 0 ? &limits->iops : NULL;
  const uint64_t *bandwidth =
      limits->bandwidth_bytes_per_s != 0 ? &limits->bandwidth_bytes_per_s : NULL;
  if (limits->memory_bytes != 0 && hcs_limit_memory(groups, limits, "config", err) != 0) return -1;
  if (limits->processor != HCS_PROCESSOR_UNLIMITED &&
      hcs_limit_processor(groups, limits, "config", err) != 0)
    return -1;
  if (iops == NULL && bandwidth == NULL) return 0;
  return hcs_limit_storage(groups, device, iops, bandwidth, "config", err);
}
