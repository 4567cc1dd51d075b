/*
 * container_path.c - paths in a container that a document names as the place for something mapped.
 */
#include "container_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../guest/protocol.h"

#define PIPES "/run/pipe/"
#define DEVICES "/dev/"

/* The kernel's own file systems, what the guest itself lives on, and what every program counts upon. */
typedef struct forbidden_path {
  const char *path;
  int below;       /* also what is in it */
  int for_devices; /* 0: a device may be asked for there, as it can only be the same */
} forbidden_path;

static const forbidden_path forbidden[] = {
    {"/", 0, 1},           {"/dev", 0, 1},         {"/dev/pts", 1, 1},  {"/proc", 1, 1},
    {"/sys", 1, 1},        {"/dev/null", 1, 0},    {"/dev/zero", 1, 0}, {"/dev/full", 1, 0},
    {"/dev/random", 1, 0}, {"/dev/urandom", 1, 0}, {"/dev/tty", 1, 0}};

static int is_forbidden(const char *path, int is_device) {
  size_t i;
  for (i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
    size_t length = strlen(forbidden[i].path);
    if (is_device && !forbidden[i].for_devices) continue;
    if (strncmp(path, forbidden[i].path, length) != 0) continue;
    if (path[length] == '\0' || (forbidden[i].below && path[length] == '/')) return 1;
  }
  return 0;
}

/* `to` has room for all of `path` and a NUL. 0, or -1 where ".." is on the way. */
static int shorten(char *to, const char *path) {
  size_t used = 0;
  while (*path != '\0') {
    size_t length = strcspn(path, "/");
    if (length == 2 && memcmp(path, "..", 2) == 0) return -1;
    if (length > 1 || (length == 1 && *path != '.')) {
      to[used++] = '/';
      memcpy(to + used, path, length);
      used += length;
    }
    path += length;
    path += strspn(path, "/");
  }
  if (used == 0) to[used++] = '/';
  to[used] = '\0';
  return 0;
}

static int check(const char *path, const char *field, hcs_error *err) {
  if (path[0] == '\0') return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: missing", field);
  if (strlen(path) >= HCS_PATH_BYTES)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: longer than %u bytes", field,
                    HCS_PATH_BYTES - 1);
  if (path[0] != '/')
    return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: '%s' is not an absolute path", field, path);
  return 0;
}

static char *shortest_path(const char *path, int is_device, const char *field, hcs_error *err) {
  char *shortest;
  if (check(path, field, err) != 0) return NULL;
  shortest = malloc(strlen(path) + 2);
  if (shortest == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  if (shorten(shortest, path) != 0)
    hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: '%s' has '..' in it: write it without", field,
             path);
  else if (is_forbidden(shortest, is_device))
    hcs_fail(err, HCS_E_INVALID_PARAMETER,
             "%s: '%s' belongs to the container itself (as do all of /proc, /sys and /dev/pts): "
             "choose another place",
             field, path);
  else
    return shortest;
  free(shortest);
  return NULL;
}

char *hcs_container_path(const char *path, const char *field, hcs_error *err) {
  return shortest_path(path, 0, field, err);
}

char *hcs_container_path_pipe(const char *name, const char *field, hcs_error *err) {
  char path[sizeof PIPES + 255];
  if (name[0] == '\0' || strchr(name, '/') != NULL) {
    if (name[0] == '\0' || name[0] == '/') return hcs_container_path(name, field, err);
    hcs_fail(err, HCS_E_INVALID_PARAMETER,
             "%s: '%s' is neither an absolute path nor a name without '/' (for " PIPES ")", field,
             name);
    return NULL;
  }
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strlen(name) > 255) {
    hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: '%s' is not a file's name", field, name);
    return NULL;
  }
  snprintf(path, sizeof path, PIPES "%s", name);
  return hcs_container_path(path, field, err);
}

char *hcs_container_path_device(const char *path, const char *field, hcs_error *err) {
  char *shortest;
  if (strncmp(path, DEVICES, sizeof DEVICES - 1) == 0) {
    shortest = shortest_path(path, 1, field, err);
    if (shortest == NULL || strncmp(shortest, DEVICES, sizeof DEVICES - 1) == 0) return shortest;
    free(shortest);
  }
  hcs_fail(err, HCS_E_INVALID_PARAMETER,
           "%s: '%s' is not a path below /dev: on Linux it is a device's, such as '/dev/kvm'",
           field, path);
  return NULL;
}
