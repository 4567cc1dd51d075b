/*
 * record.c - the files of a container's state directory: the JSON record and the status page.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../document.h"
#include "../guest/protocol.h"
#include "fd.h"
#include "quiet_write.h"
#include "state.h"

#define RECORD_VERSION 1
#define RECORD_MAX (1u << 20)
#define STATUS_MAGIC 0x53534348u /* "HCSS" */

void hcs_record_clear(hcs_record *record) {
  size_t i;
  free(record->name);
  free(record->owner);
  for (i = 0; i < record->group_count; i++) free(record->groups[i]);
  free(record->network);
  json_decref(record->mapped);
  memset(record, 0, sizeof *record);
}

int hcs_record_add_group(hcs_record *record, const char *path) {
  if (record->group_count == HCS_GROUPS_MAX) return -1;
  record->groups[record->group_count] = strdup(path);
  if (record->groups[record->group_count] == NULL) return -1;
  record->group_count++;
  return 0;
}

int hcs_boot_id_get(char boot_id[HCS_BOOT_ID_SIZE], hcs_error *err) {
  long n = hcs_file_get(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot_id, HCS_BOOT_ID_SIZE);
  if (n <= 0) return hcs_fail_errno(err, n < 0 ? errno : EIO, "cannot read this boot's id");
  boot_id[strcspn(boot_id, "\n")] = '\0';
  return 0;
}

/* ---- the record as JSON ----------------------------------------------------------------------- */

/* NULL unless all of them are in it: what is left out is never removed. */
static json_t *groups_encode(const hcs_record *record) {
  json_t *groups = json_array();
  size_t i;
  for (i = 0; groups != NULL && i < record->group_count; i++) {
    if (json_array_append_new(groups, json_string(record->groups[i])) == 0) continue;
    json_decref(groups);
    return NULL;
  }
  return groups;
}

static json_t *record_encode(const hcs_record *record) {
  json_t *groups = groups_encode(record);
  if (groups == NULL) return NULL;
  return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:I, s:s, s:o, s:s*, s:O*}", "version",
                   RECORD_VERSION, "id", record->id, "nonce", record->nonce, "boot_id",
                   record->boot_id, "name", record->name ? record->name : "", "owner",
                   record->owner ? record->owner : "", "committed", record->committed, "protocol",
                   record->protocol, "created", (json_int_t)record->created_s, "device",
                   record->device, "groups", groups, "network", record->network, "mapped",
                   record->mapped);
}

static int copy_text(char *to, size_t size, const char *from) {
  size_t n = strlen(from);
  if (n >= size) return -1;
  memcpy(to, from, n + 1);
  return 0;
}

/* What is removed because a record says so lies in a cgroup tree, and is not a way out of it. */
static int is_group(const char *path) {
  return strncmp(path, "/sys/fs/cgroup/", 15) == 0 && strstr(path, "/../") == NULL;
}

/* not "none": a container may be alive behind it */
static int fail_foreign(hcs_error *err) {
  return hcs_fail(err, HCS_E_GEN_FAILURE,
                  "a container's record is not one that this library reads");
}

static int decode_groups(const json_t *groups, hcs_record *record, hcs_error *err) {
  size_t i;
  if (json_array_size(groups) > HCS_GROUPS_MAX) return fail_foreign(err);
  for (i = 0; i < json_array_size(groups); i++) {
    const char *path = json_string_value(json_array_get(groups, i));
    if (path == NULL || !is_group(path)) return fail_foreign(err);
    if (hcs_record_add_group(record, path) != 0) return hcs_fail_memory(err);
  }
  return 0;
}

static int record_decode(const json_t *root, hcs_record *record, hcs_error *err) {
  const char *network = hcs_document_string(root, "network");
  if (hcs_document_integer(root, "version") != RECORD_VERSION ||
      copy_text(record->id, sizeof record->id, hcs_document_string(root, "id")) != 0 ||
      copy_text(record->nonce, sizeof record->nonce, hcs_document_string(root, "nonce")) != 0 ||
      copy_text(record->boot_id, sizeof record->boot_id, hcs_document_string(root, "boot_id")) !=
          0 ||
      copy_text(record->device, sizeof record->device, hcs_document_string(root, "device")) != 0)
    return fail_foreign(err);
  record->committed = hcs_document_bool(root, "committed");
  record->protocol = (int)hcs_document_integer(root, "protocol");
  record->created_s = hcs_document_integer(root, "created");
  record->name = strdup(hcs_document_string(root, "name"));
  record->owner = strdup(hcs_document_string(root, "owner"));
  record->mapped = json_incref(json_object_get(root, "mapped"));
  if (network[0] != '\0') record->network = strdup(network);
  if (record->name == NULL || record->owner == NULL ||
      (network[0] != '\0' && record->network == NULL))
    return hcs_fail_memory(err);
  return decode_groups(json_object_get(root, "groups"), record, err);
}

int hcs_record_write(int dir, const hcs_record *record, hcs_error *err) {
  json_t *root = record_encode(record);
  HCS_AUTO_FREE char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
  HCS_AUTO_FD fd = -1;
  json_decref(root);
  if (text == NULL) return hcs_fail_memory(err);
  if (strlen(text) >= RECORD_MAX)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "config: a container's record, with Name, Owner and all that is mapped, takes "
                    "%zu bytes, at most %u fit",
                    strlen(text), RECORD_MAX - 1);
  fd = openat(dir, "record.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 || hcs_write_whole(fd, text, strlen(text)) != 0 ||
      renameat(dir, "record.new", dir, "record") != 0)
    return hcs_fail_errno(err, errno, "cannot write the record of container '%s'%s", record->id,
                          errno == EFBIG ? " (ulimit -f)" : "");
  return 0;
}

int hcs_record_read(int dir, hcs_record *record, hcs_error *err) {
  HCS_AUTO_FREE char *text = malloc(RECORD_MAX);
  json_error_t why;
  json_t *root;
  long n;
  int r;
  memset(record, 0, sizeof *record);
  if (text == NULL) return hcs_fail_memory(err);
  n = hcs_file_get(dir, "record", text, RECORD_MAX);
  if (n < 0 && errno == ENOENT) return 0;
  if (n < 0) return hcs_fail_errno(err, errno, "cannot read a container's record");
  root = json_loadb(text, (size_t)n, 0, &why);
  if (root == NULL)
    return json_error_code(&why) == json_error_out_of_memory ? hcs_fail_memory(err)
                                                             : fail_foreign(err);
  r = record_decode(root, record, err);
  json_decref(root);
  if (r == 0) return 1;
  hcs_record_clear(record);
  return -1;
}

/* ---- the status page --------------------------------------------------------------------------- */

static hcs_status_page *status_map(int fd, hcs_error *err) {
  void *page = mmap(NULL, sizeof(hcs_status_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) {
    hcs_fail_errno(err, errno, "cannot map a container's status");
    return NULL;
  }
  return page;
}

hcs_status_page *hcs_status_make(int dir, hcs_error *err) {
  const hcs_status_page initial = {.magic = STATUS_MAGIC};
  HCS_AUTO_FD fd = openat(dir, "status", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  /* written, not truncated to size: the page exists then, and touching it can not fail any more */
  if (fd < 0 || hcs_write_whole(fd, &initial, sizeof initial) != 0) {
    hcs_fail_errno(err, errno, "cannot make a container's status%s",
                   errno == EFBIG ? " (ulimit -f)" : "");
    return NULL;
  }
  return status_map(fd, err);
}

hcs_status_page *hcs_status_map(int dir, hcs_error *err) {
  HCS_AUTO_FD fd = openat(dir, "status", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  hcs_status_page page;
  if (fd < 0 || read(fd, &page, sizeof page) != (ssize_t)sizeof page) {
    hcs_fail_errno(err, fd < 0 ? errno : EIO, "cannot read a container's status");
    return NULL;
  }
  if (page.magic != STATUS_MAGIC) {
    hcs_fail(err, HCS_E_GEN_FAILURE, "a container's status is not one of this library's");
    return NULL;
  }
  return status_map(fd, err);
}

void hcs_status_unmap(hcs_status_page *page) {
  if (page != NULL) munmap(page, sizeof *page);
}
