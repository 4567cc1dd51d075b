/*
 * properties.c - ContainerProperties of one container.
 */
#include "properties.h"

#include <stdio.h>
#include <string.h>

#include "../text.h"
#include "container.h"
#include "disk_record.h"
#include "events.h"
#include "fd.h"
#include "process_list.h"
#include "statistics.h"

/* A GUID that is the container's own: its nonce, in the shape that RuntimeId has. */
static void runtime_id(const char *nonce, char text[40]) {
  snprintf(text, 40, "%.8s-%.4s-%.4s-0000-000000000000", nonce, nonce + 8, nonce + 12);
}

static json_t *basic(const hcs_subject *of, hcs_state state) {
  static const char *const states[] = {"Created", "Running", "Paused", "Stopped"};
  char guid[40];
  runtime_id(of->nonce, guid);
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "Id", of->id, "State", states[state],
                   "Name", of->name, "SystemType", "Container", "RuntimeOsType", "Linux", "Owner",
                   of->owner, "RuntimeId", guid);
}

/* ---- what is asked for by name ------------------------------------------------------------------ */

static json_t *statistics_make(const hcs_subject *of, hcs_error *err) {
  return hcs_statistics_make(of->groups, of->status, err);
}

static json_t *process_list_make(const hcs_subject *of, hcs_error *err) {
  return hcs_process_list_make(of->groups, of->status, err);
}

/* The record is replaced as a whole: whoever reads it needs no lock. */
static int record_read(const hcs_subject *of, hcs_record *record, hcs_error *err) {
  HCS_AUTO_FD root = hcs_state_root_open(err);
  HCS_AUTO_FD dir = root >= 0 ? hcs_state_open(root, of->id, err) : -1;
  int r = dir >= 0 ? hcs_record_read(dir, record, err) : -1;
  if (r == 1 && strcmp(record->nonce, of->nonce) == 0) return 0;
  if (r == 1) hcs_record_clear(record);
  if (r < 0) return -1;
  return hcs_fail(err, HCS_E_SYSTEM_ALREADY_STOPPED, "the container ended meanwhile");
}

static json_t *disks_make(const hcs_subject *of, hcs_error *err) {
  const hcs_record *record = of->record;
  json_t *controllers;
  hcs_record own;
  if (record == NULL && record_read(of, &own, err) != 0) return NULL;
  controllers = hcs_disk_controllers(record != NULL ? record : &own);
  if (record == NULL) hcs_record_clear(&own);
  if (controllers == NULL) hcs_fail_memory(err);
  return controllers;
}

/*
 * PendingUpdates and GuestConnection are known types with nothing to tell: no update ever waits here,
 * and a guest connection is what utility VMs have.
 */
static const struct part {
  const char *type, *field;
  json_t *(*make)(const hcs_subject *of, hcs_error *err);
} parts[] = {
    {"Statistics", "Statistics", statistics_make},
    {"ProcessList", "ProcessList", process_list_make},
    {"MappedVirtualDisk", "MappedVirtualDiskControllers", disks_make},
};
#define PART_COUNT (sizeof parts / sizeof *parts)

static int is_asked(const hcs_document *query, const char *type) {
  const json_t *types = query != NULL ? json_object_get(query->root, "PropertyTypes") : NULL;
  size_t i;
  for (i = 0; i < json_array_size(types); i++)
    if (hcs_text_same_word(json_string_value(json_array_get(types, i)), type)) return 1;
  return 0;
}

static int put_parts(json_t *properties, const hcs_subject *of, const hcs_document *query,
                     hcs_error *err) {
  size_t i;
  for (i = 0; i < PART_COUNT; i++) {
    json_t *part;
    if (!is_asked(query, parts[i].type)) continue;
    part = parts[i].make(of, err);
    if (part == NULL) return -1;
    if (json_object_set_new(properties, parts[i].field, part) != 0) return hcs_fail_memory(err);
  }
  return 0;
}

/* Also after the end: why a process was killed is asked when it is too late to look. */
static int put_events(json_t *properties, const hcs_subject *of, hcs_error *err) {
  json_t *events = hcs_events_make(of->groups, of->status);
  if (events == NULL) return hcs_fail_memory(err);
  if (json_array_size(events) > 0)
    return json_object_set_new(properties, "Events", events) == 0 ? 0 : hcs_fail_memory(err);
  json_decref(events);
  return 0;
}

/* What has not begun has used nothing, and of what has ended nothing is left to count. */
json_t *hcs_properties_make(const hcs_subject *of, hcs_state state, const hcs_document *query,
                            hcs_error *err) {
  json_t *properties = basic(of, state);
  if (properties == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  if (put_events(properties, of, err) == 0 &&
      ((state != HCS_RUNNING && state != HCS_PAUSED) || put_parts(properties, of, query, err) == 0))
    return properties;
  json_decref(properties);
  return NULL;
}

char *hcs_properties_text(json_t *document, hcs_error *err) {
  char *text = document != NULL ? json_dumps(document, JSON_COMPACT) : NULL;
  if (document != NULL && text == NULL) hcs_fail_memory(err);
  json_decref(document);
  return text;
}

/* ---- of a handle --------------------------------------------------------------------------------- */

static int put_exit(json_t *properties, hcs_exit_type type, hcs_error *err) {
  static const char *const names[] = {[HCS_EXIT_GRACEFUL] = "GracefulExit",
                                      [HCS_EXIT_FORCED] = "ForcedExit",
                                      [HCS_EXIT_UNEXPECTED] = "UnexpectedExit"};
  if (json_object_set_new(properties, "Stopped", json_true()) == 0 &&
      json_object_set_new(properties, "ExitType", json_string(names[type])) == 0)
    return 0;
  return hcs_fail_memory(err);
}

static json_t *stopped_make(const hcs_subject *of, hcs_exit_type exit, hcs_error *err) {
  json_t *properties = hcs_properties_make(of, HCS_STOPPED, NULL, err);
  if (properties == NULL || put_exit(properties, exit, err) == 0) return properties;
  json_decref(properties);
  return NULL;
}

char *hcs_linux_system_properties(hcs_platform_system *system, const hcs_document *query,
                                  hcs_error *err) {
  const hcs_link *link = system->link;
  const hcs_subject of = {link->id,      link->name,   link->owner, link->nonce,
                          &link->groups, link->status, NULL};
  hcs_exit_type exit;
  hcs_state state;
  json_t *properties = NULL;
  if (hcs_linux_system_state(system, &state, err) != 0) return NULL;
  if (state != HCS_STOPPED) properties = hcs_properties_make(&of, state, query, err);
  /* or it ended while it was looked at */
  if (properties == NULL && hcs_linux_exit_type(system, &exit))
    properties = stopped_make(&of, exit, err);
  return hcs_properties_text(properties, err);
}
