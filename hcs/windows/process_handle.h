/*
 * process_handle.h - the service's handle on a process, counted.
 *
 * It is needed for longer than the process object is: closing a stdin stream that outlived the object
 * still has to reach the service.
 */
#ifndef HCS_WINDOWS_PROCESS_HANDLE_H
#define HCS_WINDOWS_PROCESS_HANDLE_H

#include <stdatomic.h>

#include "objects.h"
#include "vmcompute.h"

typedef struct hcs_process_handle {
  atomic_uint holders;
  const hcs_vmcompute *api;
  HCS_PROCESS handle;
} hcs_process_handle;

/* One holder and no handle yet; NULL when memory is out. */
hcs_process_handle *hcs_process_handle_new(const hcs_vmcompute *api, hcs_error *err);
hcs_process_handle *hcs_process_handle_hold(hcs_process_handle *handle);
/* Closed by the last one; NULL is allowed. */
void hcs_process_handle_drop(hcs_process_handle *handle);

/* The end of a stdin pipe as the service is to be told; holds the handle until it has been. */
hcs_stream_end hcs_stdin_end(hcs_process_handle *handle);

#endif
