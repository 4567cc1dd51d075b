/*
 * modify.c - what can be changed in a running container: by resource and request, as a table.
 */
#include <stdio.h>
#include <string.h>

#include "../nearest.h"
#include "../schema.h"
#include "../validate.h"
#include "change.h"
#include "container.h"
#include "limits.h"
#include "map_requests.h"

#define SETTINGS "request.Settings"

/* ---- limits -------------------------------------------------------------------------------------- */

static int memory_update(hcs_change *change, const json_t *settings, hcs_error *err) {
  hcs_limits limits;
  hcs_limits_read(&limits, settings);
  return hcs_limit_memory(&change->system->link->groups, &limits, SETTINGS, err);
}

static int processor_update(hcs_change *change, const json_t *settings, hcs_error *err) {
  hcs_limits limits;
  hcs_limits_read(&limits, settings);
  return hcs_limit_processor(&change->system->link->groups, &limits, SETTINGS, err);
}

static uint32_t bits_after(uint32_t bits, uint32_t bit, const uint64_t *limit) {
  if (limit == NULL) return bits;
  return *limit != 0 ? bits | bit : bits & ~bit;
}

/* Says that there is a limit before there is one, and as long as there may be one. */
static int storage_put(hcs_change *change, const uint64_t *iops, const uint64_t *bandwidth,
                       hcs_error *err) {
  const hcs_link *link = change->system->link;
  uint32_t before = atomic_load(&link->status->storage), after;
  int r;
  after = bits_after(bits_after(before, HCS_STORAGE_IOPS, iops), HCS_STORAGE_BANDWIDTH, bandwidth);
  atomic_store(&link->status->storage, before | after);
  r = hcs_limit_storage(&link->groups, change->record.device, iops, bandwidth, SETTINGS, err);
  atomic_store(&link->status->storage, r == 0 ? after : before);
  return r;
}

/* Of the two limits the one that is not mentioned stays. */
static int storage_update(hcs_change *change, const json_t *settings, hcs_error *err) {
  const json_t *iops = json_object_get(settings, "StorageIOPSMaximum");
  const json_t *bandwidth = json_object_get(settings, "StorageBandwidthMaximum");
  const char *field = iops != NULL ? "StorageIOPSMaximum" : "StorageBandwidthMaximum";
  hcs_limits limits;
  hcs_limits_read(&limits, settings);
  if (hcs_storage_device_check(change->record.device, SETTINGS, field, err) != 0) return -1;
  return storage_put(change, iops != NULL ? &limits.iops : NULL,
                     bandwidth != NULL ? &limits.bandwidth_bytes_per_s : NULL, err);
}

/* ---- the table ----------------------------------------------------------------------------------- */

typedef struct modification {
  const char *resource, *request;
  const char *settings; /* their schema */
  int (*apply)(hcs_change *change, const json_t *settings, hcs_error *err);
} modification;

/* Rows of one resource stand together. */
static const modification modifications[] = {
    {"Memory", "Update", "MemorySettings", memory_update},
    {"Processor", "Update", "ProcessorSettings", processor_update},
    {"Storage", "Update", "StorageSettings", storage_update},
    {"MappedDirectory", "Add", "MappedDir", hcs_directory_add},
    {"MappedDirectory", "Remove", "MappedDir", hcs_directory_remove},
    {"MappedPipe", "Add", "MappedPipe", hcs_pipe_add},
    {"MappedPipe", "Remove", "MappedPipe", hcs_pipe_remove},
    {"MappedVirtualDisk", "Add", "MappedVirtualDisk", hcs_disk_add},
    {"MappedVirtualDisk", "Remove", "MappedVirtualDisk", hcs_disk_remove},
};
#define COUNT (sizeof modifications / sizeof *modifications)

/* The words that stand in one column of the table, of all rows or of one resource, for a message. */
typedef struct words {
  hcs_nearest nearest;
  char known[256];
} words;

static void words_add(words *to, const char *word) {
  size_t used = strlen(to->known);
  hcs_nearest_offer(&to->nearest, word);
  snprintf(to->known + used, sizeof to->known - used, "%s'%s'", used > 0 ? ", " : "", word);
}

static int fail_unknown(const words *have, const char *field, hcs_error *err) {
  const char *value = have->nearest.word, *best = have->nearest.best;
  if (value[0] == '\0')
    return hcs_fail(err, HCS_E_INVALID_PARAMETER, "request.%s: missing; there is %s", field,
                    have->known);
  return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                  "request.%s: unknown value '%.64s'%s%s%s; there is %s", field, value,
                  best != NULL ? " (did you mean '" : "", best != NULL ? best : "",
                  best != NULL ? "'?)" : "", have->known);
}

static int fail_resource(const char *resource, hcs_error *err) {
  words have = {hcs_nearest_to(resource), ""};
  size_t i;
  for (i = 0; i < COUNT; i++)
    if (i == 0 || strcmp(modifications[i].resource, modifications[i - 1].resource) != 0)
      words_add(&have, modifications[i].resource);
  return fail_unknown(&have, "ResourceType", err);
}

static int fail_request(const char *resource, const char *request, hcs_error *err) {
  words have = {hcs_nearest_to(request), ""};
  size_t i;
  for (i = 0; i < COUNT; i++)
    if (strcmp(modifications[i].resource, resource) == 0)
      words_add(&have, modifications[i].request);
  return fail_unknown(&have, "RequestType", err);
}

static const modification *find(const json_t *request, hcs_error *err) {
  const char *resource = hcs_document_string(request, "ResourceType");
  const char *kind = hcs_document_string(request, "RequestType");
  int is_known = 0;
  size_t i;
  for (i = 0; i < COUNT; i++) {
    if (strcmp(modifications[i].resource, resource) != 0) continue;
    if (strcmp(modifications[i].request, kind) == 0) return &modifications[i];
    is_known = 1;
  }
  if (strcmp(resource, "Network") == 0)
    hcs_fail(err, HCS_E_NOT_SUPPORTED,
             "request.ResourceType: 'Network' is not supported on Linux: HNS endpoints exist on "
             "Windows only; move an interface in with 'ip link set', or join a network with "
             "NetworkSharedContainerName");
  else if (is_known)
    fail_request(resource, kind, err);
  else
    fail_resource(resource, err);
  return NULL;
}

/* ---- settings ------------------------------------------------------------------------------------ */

/* Says what the schema's fields are, of which at least one must be there. */
static int check_not_empty(const hcs_schema *schema, const json_t *settings, hcs_error *err) {
  words have = {hcs_nearest_to(""), ""};
  size_t i;
  if (json_object_size(settings) > 0) return 0;
  for (i = 0; i < schema->count; i++) words_add(&have, schema->fields[i].name);
  return hcs_fail(err, HCS_E_INVALID_PARAMETER, SETTINGS ": missing; there is %s", have.known);
}

/* Lua has one empty table for lists and objects: an empty list is no settings. */
static json_t *settings_get(const json_t *request, const char *schema_name, hcs_error *err) {
  const hcs_schema *schema = hcs_schema_find(schema_name);
  json_t *settings = json_object_get(request, "Settings");
  if (settings != NULL && !json_is_object(settings) &&
      !(json_is_array(settings) && json_array_size(settings) == 0)) {
    hcs_fail(err, HCS_E_INVALID_PARAMETER, SETTINGS ": a table with named fields expected, got %s",
             json_is_array(settings) ? "a list" : "a single value");
    return NULL;
  }
  if (json_is_object(settings) &&
      hcs_validate(schema, SETTINGS, settings, HCS_SUPPORT_LINUX, err) != 0)
    return NULL;
  return check_not_empty(schema, settings, err) == 0 ? settings : NULL;
}

/* ---- the whole ----------------------------------------------------------------------------------- */

int hcs_linux_system_modify(hcs_platform_system *system, const hcs_document *request,
                            int64_t deadline_ns, hcs_error *err) {
  const modification *wanted = find(request->root, err);
  const json_t *settings =
      wanted != NULL ? settings_get(request->root, wanted->settings, err) : NULL;
  hcs_change change;
  int r;
  if (settings == NULL || hcs_change_begin(&change, system, deadline_ns, err) != 0) return -1;
  r = hcs_change_check_running(&change, err);
  if (r == 0) r = wanted->apply(&change, settings, err);
  hcs_change_end(&change);
  return r != 0 ? hcs_linux_explain(system, err) : 0;
}
