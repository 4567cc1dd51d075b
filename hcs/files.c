/*
 * files.c - files of a container, read and written without a process in it.
 */
#include "handle.h"

#define MODE_MAX 07777

static int path_check(const char *path, hcs_error *err) {
  if (*path != '\0') return 0;
  return hcs_fail(err, HCS_E_INVALID_PARAMETER, "path: it is empty, and names no file");
}

/* enter and gate; what is not 0 is final, and nothing is held then. */
static int begin(hcs_system *system, hcs_operation operation, const char *path, hcs_error *err) {
  if (hcs_system_enter(system, err) != 0) return -1;
  if (path_check(path, err) == 0 && hcs_system_gate(system, operation, err) == 0) return 0;
  hcs_system_exit(system);
  return -1;
}

char *hcs_system_read_file(hcs_system *system, const char *path, size_t *size, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  char *data = NULL;

  if (begin(system, HCS_SYSTEM_READ_FILE, path, err) == 0) {
    if (platform->system_read_file == NULL)
      hcs_fail_missing(err);
    else
      data = platform->system_read_file(hcs_system_native(system), path, size, err);
    hcs_system_exit(system);
  }
  if (data == NULL) hcs_error_at(err, "hcs::System::ReadFile", hcs_system_id(system), 0);
  return data;
}

static int write_inside(hcs_system *system, const char *path, const void *data, size_t size,
                        const hcs_file_options *options, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();

  if (platform->system_write_file == NULL) return hcs_fail_missing(err);
  if (options->mode < -1 || options->mode > MODE_MAX)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "mode: 0 to 4095 expected, which is 7777 in octal, got %d", options->mode);
  return platform->system_write_file(hcs_system_native(system), path, data, size, options, err);
}

int hcs_system_write_file(hcs_system *system, const char *path, const void *data, size_t size,
                          const hcs_file_options *options, hcs_error *err) {
  int result = begin(system, HCS_SYSTEM_WRITE_FILE, path, err);

  if (result == 0) {
    result = write_inside(system, path, data, size, options, err);
    hcs_system_exit(system);
  }
  if (result != 0) hcs_error_at(err, "hcs::System::WriteFile", hcs_system_id(system), 0);
  return result;
}
