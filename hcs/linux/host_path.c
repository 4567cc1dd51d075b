/*
 * host_path.c - paths of the host that a document names.
 */
#include "host_path.h"

#include <errno.h>
#include <string.h>

#include "../guest/protocol.h"

int hcs_host_path_check(const char *path, const char *field, struct stat *info, hcs_error *err) {
  if (path[0] == '\0') return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: missing", field);
  if (path[0] != '/')
    return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: '%s' is not an absolute path", field, path);
  if (strlen(path) >= HCS_PATH_BYTES)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: longer than %u bytes", field,
                    HCS_PATH_BYTES - 1);
  if (stat(path, info) == 0) return 0;
  return hcs_fail_errno(err, errno, "%s: cannot use '%s'", field, path);
}

int hcs_host_path_check_directory(const char *path, const char *field, hcs_error *err) {
  struct stat info;
  if (hcs_host_path_check(path, field, &info, err) != 0) return -1;
  if (S_ISDIR(info.st_mode)) return 0;
  return hcs_fail(err, HCS_E_DIRECTORY, "%s: '%s' is not a directory", field, path);
}
