/*
 * refused.c - what Windows has no means for; each refusal says what to do instead.
 */
#include "operations.h"

static int refuse_pollfd(const char *instead, hcs_error *err) {
  return hcs_fail(
      err, HCS_E_NOT_SUPPORTED,
      "Windows has no descriptor that an event loop could wait for: use hcs.poll, or %s "
      "with a timeout",
      instead);
}

int hcs_windows_system_pollfd(hcs_platform_system *system, intptr_t *descriptor, hcs_error *err) {
  (void)system, (void)descriptor;
  return refuse_pollfd("wait", err);
}

int hcs_windows_process_pollfd(hcs_platform_process *process, intptr_t *descriptor,
                               hcs_error *err) {
  (void)process, (void)descriptor;
  return refuse_pollfd("wait", err);
}

int hcs_windows_stream_pollfd(hcs_platform_stream *stream, intptr_t *descriptor, hcs_error *err) {
  (void)stream, (void)descriptor;
  return refuse_pollfd("read_some or write_some", err);
}

static int refuse_files(const char *path, const char *direction, hcs_error *err) {
  return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                  "'%.512s': the Host Compute Service gives no way into a container's files: map a "
                  "host directory (MappedDirectories) and %s there, or run a command that copies "
                  "the file",
                  path, direction);
}

char *hcs_windows_system_read_file(hcs_platform_system *system, const char *path, size_t *size,
                                   hcs_error *err) {
  (void)system, (void)size;
  refuse_files(path, "read it", err);
  return NULL;
}

int hcs_windows_system_write_file(hcs_platform_system *system, const char *path, const void *data,
                                  size_t size, const hcs_file_options *options, hcs_error *err) {
  (void)system, (void)data, (void)size, (void)options;
  return refuse_files(path, "write it", err);
}

hcs_platform_terminal *hcs_windows_terminal_enter(hcs_error *err) {
  hcs_fail(err, HCS_E_NOT_SUPPORTED,
           "the caller's console cannot be joined to a process on Windows yet: read its stdout() "
           "and write to its stdin() instead");
  return NULL;
}
