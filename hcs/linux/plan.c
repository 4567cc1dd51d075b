/*
 * plan.c - the config as a plan: one block of memory with offsets instead of pointers.
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "fd.h"
#include "memfd.h"

#define NOFILE_HARD (1u << 20) /* what services expect to be able to ask for */

typedef struct writer {
  char *data;
  size_t used, capacity;
} writer;

static uint32_t put_bytes(writer *to, const void *data, size_t size) {
  size_t offset = to->used;
  memcpy(to->data + offset, data, size);
  to->used += size;
  return (uint32_t)offset;
}

static uint32_t put_string(writer *to, const char *text) {
  return text == NULL ? 0 : put_bytes(to, text, strlen(text) + 1);
}

static size_t text_bytes(const char *text) { return text == NULL ? 0 : strlen(text) + 1; }

static size_t mounts_bytes(const hcs_mappings *mappings) {
  size_t size = mappings->count * sizeof(hcs_plan_mount), i;
  for (i = 0; i < mappings->count; i++)
    size += text_bytes(mappings->list[i].source) + text_bytes(mappings->list[i].target) +
            text_bytes(mappings->list[i].disk.file_system);
  return size;
}

static size_t plan_bytes(const hcs_config *config, const hcs_plan_parts *parts) {
  size_t size = sizeof(hcs_plan) + config->layer_count * sizeof(uint32_t), i;
  for (i = 0; i < config->layer_count; i++) size += text_bytes(config->layers[i]);
  size += text_bytes(config->host_name) + text_bytes(config->scratch) + text_bytes(config->volume);
  size += text_bytes(parts->workspace) + text_bytes(parts->resolv);
  return size + mounts_bytes(&config->mappings) + 1;
}

/* A root without CAP_SYS_RESOURCE cannot raise the hard limit it was given. */
static uint64_t nofile_hard(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max > NOFILE_HARD) return NOFILE_HARD;
  return limit.rlim_max;
}

static int32_t add_descriptor(hcs_plan_descriptors *descriptors, int fd) {
  if (fd < 0) return -1;
  descriptors->list[descriptors->count] = fd;
  return (int32_t)descriptors->count++;
}

static void put_groups(hcs_plan *plan, hcs_plan_descriptors *descriptors, const hcs_cgroup *group) {
  uint32_t i;
  plan->guest_group = add_descriptor(descriptors, group->guest);
  plan->work_group = add_descriptor(descriptors, group->work);
  plan->freezer = add_descriptor(descriptors, group->freezer);
  plan->hierarchies = group->hierarchies;
  for (i = 0; i < group->hierarchies; i++) {
    plan->container_tasks[i] = add_descriptor(descriptors, group->container_tasks[i]);
    plan->guest_tasks[i] = add_descriptor(descriptors, group->guest_tasks[i]);
    plan->work_tasks[i] = add_descriptor(descriptors, group->work_tasks[i]);
  }
}

static void put_mounts(hcs_plan *plan, writer *to, const hcs_mappings *mappings) {
  hcs_plan_mount *mounts = (hcs_plan_mount *)(void *)(to->data + plan->mounts);
  size_t i;
  for (i = 0; i < mappings->count; i++) {
    const hcs_mapping *mapping = &mappings->list[i];
    mounts[i].kind = (uint32_t)mapping->kind;
    mounts[i].flags = mapping->flags;
    mounts[i].source = put_string(to, mapping->source);
    mounts[i].target = put_string(to, mapping->target);
    mounts[i].mount = mapping->mount;
    mounts[i].lun = mapping->disk.lun;
    mounts[i].file_system = put_string(to, mapping->disk.file_system);
    mounts[i].size_limit = mapping->disk.size_limit;
  }
}

/* The lists come first, that of the larger elements before the other: so they are aligned. */
static uint32_t put_list(writer *to, size_t count, size_t size) {
  size_t offset = to->used;
  to->used += count * size;
  return (uint32_t)offset;
}

static void put_config(hcs_plan *plan, writer *to, const hcs_config *config,
                       const hcs_plan_parts *parts) {
  uint32_t i;
  plan->flags = (config->is_volatile ? HCS_PLAN_VOLATILE : 0) |
                (config->end_with_last_handle ? HCS_PLAN_LAST_HANDLE : 0);
  plan->scratch_bytes = config->scratch_bytes;
  plan->nofile_hard = nofile_hard();
  plan->mount_count = (uint32_t)config->mappings.count;
  plan->mounts = put_list(to, config->mappings.count, sizeof(hcs_plan_mount));
  plan->layer_count = (uint32_t)config->layer_count;
  plan->layers = put_list(to, config->layer_count, sizeof(uint32_t));
  for (i = 0; i < plan->layer_count; i++) {
    uint32_t offset = put_string(to, config->layers[i]);
    memcpy(to->data + plan->layers + i * sizeof offset, &offset, sizeof offset);
  }
  put_mounts(plan, to, &config->mappings);
  plan->host_name = put_string(to, config->host_name);
  plan->scratch = put_string(to, config->scratch);
  plan->volume = put_string(to, config->volume);
  plan->workspace = put_string(to, parts->workspace);
  plan->resolv = put_string(to, parts->resolv);
}

static void put_header(hcs_plan *plan, const writer *to, hcs_plan_operation operation) {
  plan->magic = HCS_PLAN_MAGIC;
  plan->version = HCS_PROTOCOL_VERSION;
  plan->size = (uint32_t)to->capacity;
  plan->operation = (uint32_t)operation;
}

int hcs_plan_make(hcs_plan_descriptors *descriptors, const hcs_config *config,
                  const hcs_scratch_plan *scratch, const hcs_cgroup *group,
                  const hcs_plan_parts *parts, hcs_error *err) {
  writer to = {NULL, sizeof(hcs_plan), plan_bytes(config, parts)};
  HCS_AUTO_FREE char *data = calloc(1, to.capacity);
  hcs_plan *plan = (hcs_plan *)(void *)data;
  descriptors->list[HCS_FD_PLAN] = -1;
  if (data == NULL) return hcs_fail_memory(err);
  to.data = data;
  descriptors->list[HCS_FD_BOOT] = parts->boot;
  descriptors->list[HCS_FD_CONTROL] = parts->control;
  descriptors->count = HCS_FD_FIRST;
  put_header(plan, &to, HCS_PLAN_CREATE);
  plan->image = scratch->image;
  plan->image_bytes = scratch->image_bytes;
  plan->lock = add_descriptor(descriptors, parts->lock);
  plan->network = add_descriptor(descriptors, parts->network);
  put_groups(plan, descriptors, group);
  put_config(plan, &to, config, parts);
  descriptors->list[HCS_FD_PLAN] = hcs_memfd_make("hcs-plan", data, to.capacity, err);
  return descriptors->list[HCS_FD_PLAN] < 0 ? -1 : 0;
}

int hcs_plan_make_helper(hcs_plan_operation operation, const hcs_mappings *mappings,
                         hcs_error *err) {
  writer to = {NULL, sizeof(hcs_plan), sizeof(hcs_plan) + mounts_bytes(mappings) + 1};
  HCS_AUTO_FREE char *data = calloc(1, to.capacity);
  hcs_plan *plan = (hcs_plan *)(void *)data;
  if (data == NULL) return hcs_fail_memory(err);
  to.data = data;
  put_header(plan, &to, operation);
  plan->mount_count = (uint32_t)mappings->count;
  plan->mounts = put_list(&to, mappings->count, sizeof(hcs_plan_mount));
  put_mounts(plan, &to, mappings);
  return hcs_memfd_make("hcs-plan", data, to.capacity, err);
}
