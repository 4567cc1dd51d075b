/*
 * enumerate.c - ContainerProperties of all containers.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../text.h"
#include "container.h"
#include "fd.h"
#include "properties.h"
#include "socket.h"

typedef struct listing {
  const json_t *query;          /* a ComputeSystemQuery, or NULL */
  const hcs_document *property; /* a PropertyQuery, or NULL */
  json_t *all;
} listing;

static int is_same(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* An empty or absent list admits everything; a list admits what it names. */
static int admits(const json_t *query, const char *list_name, const char *value,
                  int (*same)(const char *, const char *)) {
  const json_t *list = json_object_get(query, list_name);
  size_t i, count = json_array_size(list);
  for (i = 0; i < count; i++)
    if (same(json_string_value(json_array_get(list, i)), value)) return 1;
  return count == 0;
}

static int is_wanted(const json_t *query, const hcs_record *record) {
  return record->committed && admits(query, "Ids", record->id, is_same) &&
         admits(query, "Names", record->name, is_same) &&
         admits(query, "Owners", record->owner, is_same) &&
         admits(query, "Types", "Container", hcs_text_same_word);
}

/* Is there anybody behind the door? */
static int is_alive(int dir, hcs_error *err) {
  HCS_AUTO_FD fd = hcs_socket_connect(dir, err);
  return fd != -1 && fd != HCS_SOCKET_REFUSED;
}

/* See hcs_status_is_uncertain(): a guest answers with its state. */
static void settle(int dir, hcs_status_page *status, hcs_error *err) {
  const hcs_hello hello = {HCS_PROTOCOL_OLDEST, HCS_PROTOCOL_VERSION, 0};
  hcs_channel channel;
  hcs_reply reply;
  int fd = hcs_status_is_uncertain(status) ? hcs_socket_connect(dir, err) : -1;
  if (fd < 0) return;
  hcs_channel_init(&channel, fd);
  if (hcs_channel_call(&channel, HCS_HELLO, &hello, sizeof hello, NULL, 0,
                       hcs_clock_ns() + HCS_GUEST_PATIENCE_NS, &reply, err) == 0)
    hcs_status_note(status, &reply);
  hcs_channel_clear(&channel);
}

/*
 * One whose counters cannot be read is on its way out, mostly. If it is there all the same, it is told
 * of without them.
 */
static json_t *describe(int dir, const hcs_subject *of, const hcs_document *query, hcs_error *err) {
  hcs_state state = hcs_status_state(of->status);
  json_t *properties;
  if (!is_alive(dir, err)) return NULL;
  properties = hcs_properties_make(of, state, query, err);
  if (properties != NULL || !is_alive(dir, err)) return properties;
  return hcs_properties_make(of, state, NULL, err);
}

static void add_record(const listing *of, int dir, const hcs_record *record, hcs_error *err) {
  hcs_group_paths groups;
  hcs_status_page *status = hcs_status_map(dir, err);
  const hcs_subject subject = {record->id, record->name, record->owner, record->nonce,
                               &groups,    status,       record};
  json_t *properties = NULL;
  int r = hcs_group_paths_init(&groups, record, err);
  if (status != NULL) settle(dir, status, err);
  if (status != NULL && r == 0) properties = describe(dir, &subject, of->property, err);
  if (properties != NULL && json_array_append_new(of->all, properties) != 0) hcs_fail_memory(err);
  hcs_group_paths_clear(&groups);
  hcs_status_unmap(status);
}

static void add(const listing *of, int root, const char *id, hcs_error *err) {
  HCS_AUTO_FD dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  hcs_record record;
  if (dir < 0) hcs_fail_errno(err, errno, "cannot open the state of container '%s'", id);
  if (dir < 0 || hcs_record_read(dir, &record, err) != 1) return;
  if (is_wanted(of->query, &record)) add_record(of, dir, &record, err);
  hcs_record_clear(&record);
}

/*
 * What cannot be read, is dead or is just being made is left out: a broken entry breaks no list. But what
 * this program has run out of is missing for the living, too. Its errno, or 0.
 */
static int shortage(const hcs_error *err) {
  const char *name = hcs_error_errno(err);
  switch (hcs_error_kind(err)) {
  case HCS_E_TOO_MANY_OPEN_FILES: return EMFILE;
  case HCS_E_NOT_ENOUGH_MEMORY: return ENOMEM;
  default: return name != NULL && strcmp(name, "ENFILE") == 0 ? ENFILE : 0;
  }
}

static int add_or_leave_out(const listing *of, int root, const char *id, hcs_error *found,
                            hcs_error *err) {
  int error;
  if (id[0] == '.') return 0;
  add(of, root, id, found);
  error = shortage(found);
  return error == 0 ? 0 : hcs_fail_errno(err, error, "cannot look at container '%s'", id);
}

static int add_all(const listing *of, hcs_error *err) {
  int root = hcs_state_root_open(err);
  DIR *stream = root < 0 ? NULL : fdopendir(root);
  hcs_error *found = hcs_error_new();
  const struct dirent *entry;
  int r = root < 0 ? -1 : 0;
  if (root >= 0 && (stream == NULL || found == NULL)) r = hcs_fail_memory(err);
  while (r == 0 && (entry = readdir(stream)) != NULL)
    r = add_or_leave_out(of, dirfd(stream), entry->d_name, found, err);
  hcs_error_free(found);
  if (stream != NULL)
    closedir(stream);
  else
    hcs_fd_close(&root);
  return r;
}

char *hcs_linux_enumerate(const hcs_document *query, const hcs_document *property_query,
                          hcs_error *err) {
  const listing of = {query != NULL ? query->root : NULL, property_query, json_array()};
  if (of.all == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  if (add_all(&of, err) == 0) return hcs_properties_text(of.all, err);
  json_decref(of.all);
  return NULL;
}
