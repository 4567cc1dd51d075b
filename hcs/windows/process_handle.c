/*
 * process_handle.c - the counted handle, and the end of stdin that holds it.
 */
#include "process_handle.h"

#include <objbase.h>
#include <stdlib.h>

hcs_process_handle *hcs_process_handle_new(const hcs_vmcompute *api, hcs_error *err) {
  hcs_process_handle *handle = calloc(1, sizeof *handle);

  if (handle == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  atomic_init(&handle->holders, 1);
  handle->api = api;
  return handle;
}

hcs_process_handle *hcs_process_handle_hold(hcs_process_handle *handle) {
  atomic_fetch_add(&handle->holders, 1);
  return handle;
}

void hcs_process_handle_drop(hcs_process_handle *handle) {
  if (handle == NULL || atomic_fetch_sub(&handle->holders, 1) != 1) return;
  if (handle->handle != NULL) handle->api->HcsCloseProcess(handle->handle);
  free(handle);
}

/*
 * The pipe's end alone is not relied upon: moby sends this as well (hcs-contract §1.6). That the process
 * has gone meanwhile, or knows the end already, is nobody's business any more.
 */
static void close_stdin(void *context) {
  hcs_process_handle *handle = context;
  PWSTR document = NULL;

  if (handle->api->HcsModifyProcess != NULL)
    handle->api->HcsModifyProcess(
        handle->handle, L"{\"Operation\":\"CloseHandle\",\"CloseHandle\":{\"Handle\":\"StdIn\"}}",
        &document);
  CoTaskMemFree(document);
  hcs_process_handle_drop(handle);
}

hcs_stream_end hcs_stdin_end(hcs_process_handle *handle) {
  return (hcs_stream_end){close_stdin, hcs_process_handle_hold(handle)};
}
