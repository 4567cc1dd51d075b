/*
 * events.c - what happened to a container that its user should hear of.
 */
#include "events.h"

#include <stdio.h>

#include "fd.h"
#include "group_file.h"
#include "kernel_text.h"
#include "result.h"

#define SOURCE "hcs"
#define MB (1ull << 20)
#define UNLIMITED (1ll << 62) /* v1 says the most that its counter holds */

/* ---- out of memory ------------------------------------------------------------------------------- */

/* The file with the line "oom_kill N", and that with the limit. */
static const struct memory_files {
  const char *events, *limit;
} memory_files[] = {[HCS_CGROUP_V1] = {"memory.oom_control", "memory.limit_in_bytes"},
                    [HCS_CGROUP_HYBRID] = {"memory.oom_control", "memory.limit_in_bytes"},
                    [HCS_CGROUP_V2] = {"memory.events", "memory.max"}};

static void note(int work, const struct memory_files *files, hcs_status_page *status) {
  char text[512];
  uint64_t kills;
  long long limit;
  if (hcs_file_get(work, files->events, text, sizeof text) <= 0) return;
  kills = hcs_kernel_value(text, "oom_kill");
  if (kills <= atomic_load(&status->oom_kills)) return;
  limit = hcs_group_number_get(work, files->limit);
  atomic_store(&status->oom_limit_mb, limit > 0 && limit < UNLIMITED ? (uint64_t)limit / MB : 0);
  atomic_store(&status->oom_kills, kills);
}

void hcs_events_note(const hcs_group_paths *groups, hcs_status_page *status) {
  hcs_error *ignored = hcs_error_new(); /* the groups of a dead container may be gone */
  HCS_AUTO_FD work =
      ignored != NULL ? hcs_group_work_open(groups, HCS_CONTROLLER_MEMORY, ignored) : -1;
  hcs_error_free(ignored);
  if (work >= 0) note(work, &memory_files[groups->layout], status);
}

/* ---- the documents ------------------------------------------------------------------------------- */

static json_t *event_make(hcs_event id, const char *message) {
  hcs_result event;
  hcs_result_open(&event);
  hcs_result_string(&event, "Message", message);
  hcs_result_number(&event, "EventId", id);
  hcs_result_string(&event, "Source", SOURCE);
  return hcs_result_take(&event);
}

static json_t *out_of_memory_make(const hcs_status_page *status) {
  unsigned long long kills = atomic_load(&status->oom_kills);
  unsigned long long limit_mb = atomic_load(&status->oom_limit_mb);
  char limit[64] = "no limit of its own: the machine's", text[160];
  if (limit_mb > 0) snprintf(limit, sizeof limit, "limit %llu MB", limit_mb);
  snprintf(text, sizeof text, "%llu process%s killed: out of memory (%s)", kills,
           kills == 1 ? " was" : "es were", limit);
  return event_make(HCS_EVENT_OUT_OF_MEMORY, text);
}

static json_t *direct_only_make(uint32_t storage) {
  const char *bandwidth = (storage & HCS_STORAGE_BANDWIDTH) != 0 ? "StorageBandwidthMaximum" : "";
  const char *iops = (storage & HCS_STORAGE_IOPS) != 0 ? "StorageIOPSMaximum" : "";
  char text[256];
  snprintf(text, sizeof text,
           "%s%s%s: only direct and synchronous I/O is limited here; what is written to the page "
           "cache goes to the disk without a limit",
           bandwidth, bandwidth[0] != '\0' && iops[0] != '\0' ? ", " : "", iops);
  return event_make(HCS_EVENT_DIRECT_ONLY, text);
}

static int add(json_t *list, json_t *event) { return json_array_append_new(list, event); }

json_t *hcs_events_make(const hcs_group_paths *groups, hcs_status_page *status) {
  json_t *list = json_array();
  uint32_t storage;
  int failed = list == NULL;
  hcs_events_note(groups, status);
  storage = atomic_load(&status->storage);
  if (!failed && atomic_load(&status->oom_kills) > 0)
    failed = add(list, out_of_memory_make(status));
  if (!failed && (storage & HCS_STORAGE_DIRECT_ONLY) != 0 && (storage & HCS_STORAGE_LIMITED) != 0)
    failed = add(list, direct_only_make(storage));
  if (!failed) return list;
  json_decref(list);
  return NULL;
}
