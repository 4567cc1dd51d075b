/*
 * properties.c - ContainerProperties of one container, and of all of them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "fd.h"
#include "socket.h"

/* Only the basic properties are built; a query for more is refused, not answered with nothing. */
static int refuse_types(const hcs_document *query, hcs_error *err) {
  const json_t *types = query != NULL ? json_object_get(query->root, "PropertyTypes") : NULL;
  if (json_array_size(types) == 0) return 0;
  return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                  "query.PropertyTypes: '%s' is not supported on Linux yet; leave the types out",
                  json_string_value(json_array_get(types, 0)));
}

/* A GUID that is the container's own: its nonce, in the shape that RuntimeId has. */
static void runtime_id(const char *nonce, char text[40]) {
  snprintf(text, 40, "%.8s-%.4s-%.4s-0000-000000000000", nonce, nonce + 8, nonce + 12);
}

static json_t *basic(const char *id, const char *name, const char *owner, const char *nonce,
                     const char *state) {
  char guid[40];
  runtime_id(nonce, guid);
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "Id", id, "State", state, "Name", name,
                   "SystemType", "Container", "RuntimeOsType", "Linux", "Owner", owner, "RuntimeId",
                   guid);
}

static void put_exit(json_t *properties, hcs_exit_type type) {
  static const char *const names[] = {[HCS_EXIT_GRACEFUL] = "GracefulExit",
                                      [HCS_EXIT_FORCED] = "ForcedExit",
                                      [HCS_EXIT_UNEXPECTED] = "UnexpectedExit"};
  json_object_set_new(properties, "Stopped", json_true());
  json_object_set_new(properties, "ExitType", json_string(names[type]));
}

char *hcs_linux_system_properties(hcs_platform_system *system, const hcs_document *query,
                                  hcs_error *err) {
  static const char *const states[] = {"Created", "Running", "Paused", "Stopped"};
  const hcs_link *link = system->link;
  hcs_exit_type exit;
  hcs_state state;
  json_t *properties;
  char *text;
  if (refuse_types(query, err) != 0 || hcs_linux_system_state(system, &state, err) != 0)
    return NULL;
  properties = basic(link->id, link->name, link->owner, link->nonce, states[state]);
  if (state == HCS_STOPPED && hcs_linux_exit_type(system, &exit)) put_exit(properties, exit);
  text = properties != NULL ? json_dumps(properties, JSON_COMPACT) : NULL;
  json_decref(properties);
  if (text == NULL) hcs_fail_memory(err);
  return text;
}

/* ---- all containers ------------------------------------------------------------------------------ */

/* An empty or absent list admits everything; a list admits what it names. */
static int admits(const json_t *query, const char *list_name, const char *value) {
  const json_t *list = json_object_get(query, list_name);
  size_t i, count = json_array_size(list);
  for (i = 0; i < count; i++)
    if (strcmp(json_string_value(json_array_get(list, i)), value) == 0) return 1;
  return count == 0;
}

static json_t *describe(int dir, const hcs_record *record, hcs_error *err) {
  hcs_status_page *status;
  json_t *properties;
  HCS_AUTO_FD fd = hcs_socket_connect(dir, err); /* whether anybody is there */
  if (fd == -1 || fd == HCS_SOCKET_REFUSED) return NULL;
  status = hcs_status_map(dir, err);
  if (status == NULL) return NULL;
  properties = basic(record->id, record->name, record->owner, record->nonce,
                     atomic_load(&status->state) == HCS_RUNNING ? "Running" : "Created");
  hcs_status_unmap(status);
  return properties;
}

/* What cannot be read, is dead or is just being made is left out: a broken entry breaks no list. */
static void add_one(json_t *all, int root, const char *id, const json_t *query,
                    hcs_error *ignored) {
  HCS_AUTO_FD dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  hcs_record record;
  if (dir < 0 || hcs_record_read(dir, &record, ignored) != 1) return;
  if (record.committed && admits(query, "Ids", record.id) && admits(query, "Names", record.name) &&
      admits(query, "Owners", record.owner) && admits(query, "Types", "Container")) {
    json_t *properties = describe(dir, &record, ignored);
    if (properties != NULL) json_array_append_new(all, properties);
  }
  hcs_record_clear(&record);
}

static json_t *list(const json_t *query, hcs_error *err) {
  int root = hcs_state_root_open(err);
  DIR *stream = root < 0 ? NULL : fdopendir(root);
  hcs_error *ignored = hcs_error_new();
  json_t *all = json_array();
  const struct dirent *entry;
  if (root >= 0 && (stream == NULL || ignored == NULL || all == NULL)) hcs_fail_memory(err);
  while (stream != NULL && ignored != NULL && (entry = readdir(stream)) != NULL)
    if (entry->d_name[0] != '.') add_one(all, dirfd(stream), entry->d_name, query, ignored);
  if (stream == NULL || ignored == NULL) {
    json_decref(all);
    all = NULL;
  }
  hcs_error_free(ignored);
  if (stream != NULL)
    closedir(stream);
  else
    hcs_fd_close(&root);
  return all;
}

char *hcs_linux_enumerate(const hcs_document *query, const hcs_document *property_query,
                          hcs_error *err) {
  json_t *all;
  char *text;
  if (refuse_types(property_query, err) != 0) return NULL;
  all = list(query != NULL ? query->root : NULL, err);
  if (all == NULL) return NULL;
  text = json_dumps(all, JSON_COMPACT);
  json_decref(all);
  if (text == NULL) hcs_fail_memory(err);
  return text;
}
