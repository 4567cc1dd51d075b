/*
 * process.h - this platform's object for a process handle, and what its parts share.
 */
#ifndef HCS_WINDOWS_PROCESS_H
#define HCS_WINDOWS_PROCESS_H

#include "../platform.h"
#include "latch.h"
#include "objects.h"
#include "process_handle.h"
#include "system.h"

struct hcs_platform_process {
  hcs_platform_system *system; /* outlives the process: the core sees to it */
  hcs_latch latch;
  uint32_t pid;

  SRWLOCK guard; /* the next two go under it; never held around a call of the service */
  hcs_process_handle *handle; /* NULL once released */
  HCS_CALLBACK registration;
  int is_stuck; /* the service still has our callback: the memory stays for good */

  _Atomic int64_t orphaned_ns; /* when its container's end was first seen before its own, or 0 */

  SRWLOCK reading; /* one thread asks for the exit code, once; callbacks do not know this lock */
  int known;
  hcs_process_exit exit;
};

/* process.c: an independent handle, without a callback. */
int hcs_service_open_process(const hcs_vmcompute *api, HCS_SYSTEM system, uint32_t pid,
                             HCS_PROCESS *handle, hcs_error *err);
/* signal.c: 0 when it was sent. `signal` is no Kill. */
int hcs_signal_send(hcs_platform_process *process, const char *signal, hcs_error *err);
/* For one call of the service; NULL once released. To be dropped. */
hcs_process_handle *hcs_process_handle_of(hcs_platform_process *process);

#endif
