/*
 * process.c - handles on processes: create, open, release, and the size of a console.
 */
#include "process.h"

#include <objbase.h>
#include <stdio.h>
#include <stdlib.h>

#include "../marshal.h"
#include "operations.h"
#include "process_config.h"
#include "result.h"
#include "unregister.h"
#include "wide.h"

/* ---- the object -------------------------------------------------------------------------------------- */

static int has_essentials(const hcs_vmcompute *api, hcs_error *err) {
  return HCS_VMCOMPUTE_HAS(api, HcsCloseProcess, err) &&
         HCS_VMCOMPUTE_HAS(api, HcsRegisterProcessCallback, err) &&
         HCS_VMCOMPUTE_HAS(api, HcsUnregisterProcessCallback, err);
}

static hcs_platform_process *process_new(hcs_platform_system *system, hcs_error *err) {
  hcs_platform_process *process;

  if (!has_essentials(system->api, err)) return NULL;
  process = calloc(1, sizeof *process);
  if (process == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  process->system = system;
  InitializeSRWLock(&process->guard);
  InitializeSRWLock(&process->reading);
  if (hcs_latch_init(&process->latch, HcsNotificationProcessExited, err) == 0 &&
      (process->handle = hcs_process_handle_new(system->api, err)) != NULL)
    return process;
  hcs_windows_process_free(process);
  return NULL;
}

static int subscribe(hcs_platform_process *process, hcs_error *err) {
  HRESULT status = process->system->api->HcsRegisterProcessCallback(
      process->handle->handle, hcs_latch_notify, &process->latch, &process->registration);

  return hcs_service_result(status, NULL, err) < 0 ? hcs_error_wrap(err, "cannot be notified") : 0;
}

hcs_process_handle *hcs_process_handle_of(hcs_platform_process *process) {
  hcs_process_handle *handle;

  AcquireSRWLockShared(&process->guard);
  handle = process->handle != NULL ? hcs_process_handle_hold(process->handle) : NULL;
  ReleaseSRWLockShared(&process->guard);
  return handle;
}

/* ---- create ------------------------------------------------------------------------------------------ */

static int call_create(hcs_platform_process *process, const hcs_document *config,
                       HCS_PROCESS_INFORMATION *information, hcs_error *err) {
  const hcs_platform_system *system = process->system;
  PWSTR text = hcs_process_config_text(config, system->is_windows, err), document = NULL;
  HRESULT status;

  if (text == NULL) return -1;
  status = system->api->HcsCreateProcess(system->handle, text, information,
                                         &process->handle->handle, &document);
  free(text);
  return hcs_service_result(status, document, err) < 0 ? -1 : 0;
}

static int is_handle(HANDLE handle) { return handle != NULL && handle != INVALID_HANDLE_VALUE; }

/* The pipes are ours to close, whatever becomes of the process. A stream takes its pipe also when it fails. */
static int take_pipes(hcs_platform_process *process, const HCS_PROCESS_INFORMATION *information,
                      hcs_platform_stream *streams[3], hcs_error *err) {
  const HANDLE pipes[3] = {information->StdInput, information->StdOutput, information->StdError};
  int result = 0;

  for (int i = 0; i < 3; i++) {
    hcs_stream_end end = {NULL, NULL};

    if (!is_handle(pipes[i])) continue;
    if (result != 0) {
      CloseHandle(pipes[i]);
      continue;
    }
    if (i == HCS_STDIN) end = hcs_stdin_end(process->handle);
    streams[i] = hcs_windows_stream_new(pipes[i], (hcs_stdio)i, end, err);
    if (streams[i] != NULL) continue;
    if (i == HCS_STDIN) hcs_process_handle_drop(process->handle); /* the end is not told */
    result = -1;
  }
  return result;
}

static void free_streams(hcs_platform_stream *streams[3]) {
  for (int i = 0; i < 3; i++) {
    if (streams[i] != NULL) {
      hcs_windows_stream_release(streams[i]);
      hcs_windows_stream_free(streams[i]);
    }
    streams[i] = NULL;
  }
}

/* Nobody will have a handle on it: it is not left running. */
static void undo_create(const hcs_platform_process *process) {
  const hcs_vmcompute *api = process->system->api;
  PWSTR document = NULL;

  if (api->HcsTerminateProcess != NULL)
    api->HcsTerminateProcess(process->handle->handle, &document);
  CoTaskMemFree(document);
}

static int create(hcs_platform_process *process, const hcs_document *config,
                  hcs_platform_stream *streams[3], hcs_error *err) {
  HCS_PROCESS_INFORMATION information = {0};

  if (!HCS_VMCOMPUTE_HAS(process->system->api, HcsCreateProcess, err)) return -1;
  if (call_create(process, config, &information, err) != 0) return -1;
  process->pid = information.ProcessId;
  if (take_pipes(process, &information, streams, err) == 0 && subscribe(process, err) == 0)
    return 0;
  undo_create(process);
  free_streams(streams);
  return -1;
}

hcs_platform_process *hcs_windows_process_create(hcs_platform_system *system,
                                                 const hcs_document *config, int64_t deadline_ns,
                                                 hcs_platform_stream *streams[3], hcs_error *err) {
  hcs_platform_process *process;

  (void)deadline_ns; /* the call cannot be called off, and completion wins over a deadline */
  if (hcs_latch_exited(&system->latch)) {
    hcs_fail(err, HCS_E_SYSTEM_ALREADY_STOPPED, NULL);
    return NULL;
  }
  process = process_new(system, err);
  if (process != NULL && create(process, config, streams, err) == 0) return process;
  hcs_windows_process_free(process);
  return NULL;
}

/* ---- open -------------------------------------------------------------------------------------------- */

int hcs_service_open_process(const hcs_vmcompute *api, HCS_SYSTEM system, uint32_t pid,
                             HCS_PROCESS *handle, hcs_error *err) {
  PWSTR document = NULL;
  HRESULT status;

  if (!HCS_VMCOMPUTE_HAS(api, HcsOpenProcess, err) || !HCS_VMCOMPUTE_HAS(api, HcsCloseProcess, err))
    return -1;
  status = api->HcsOpenProcess(system, pid, handle, &document);
  return hcs_service_result(status, document, err) < 0 ? -1 : 0;
}

hcs_platform_process *hcs_windows_process_open(hcs_platform_system *system, uint32_t pid,
                                               int64_t deadline_ns, hcs_error *err) {
  hcs_platform_process *process;

  (void)deadline_ns;
  if (hcs_latch_exited(&system->latch)) {
    hcs_fail(err, HCS_E_SYSTEM_ALREADY_STOPPED, NULL);
    return NULL;
  }
  process = process_new(system, err);
  if (process != NULL) {
    process->pid = pid;
    if (hcs_service_open_process(system->api, system->handle, pid, &process->handle->handle, err) ==
            0 &&
        subscribe(process, err) == 0)
      return process;
  }
  hcs_windows_process_free(process);
  return NULL;
}

/* ---- the end of the handle ----------------------------------------------------------------------------- */

/* Unregistered and given back under no lock: a callback may be running until then. */
void hcs_windows_process_release(hcs_platform_process *process) {
  hcs_process_handle *handle;
  HRESULT status;

  hcs_latch_release(&process->latch);
  AcquireSRWLockExclusive(&process->guard);
  handle = process->handle;
  process->handle = NULL;
  ReleaseSRWLockExclusive(&process->guard);
  if (handle == NULL) return;
  process->is_stuck = !hcs_unregister(process->system->api->HcsUnregisterProcessCallback,
                                      process->registration, &status);
  hcs_process_handle_drop(handle);
}

void hcs_windows_process_free(hcs_platform_process *process) {
  if (process == NULL) return;
  hcs_windows_process_release(process);
  if (process->is_stuck) return;
  hcs_latch_clear(&process->latch);
  free(process);
}

uint32_t hcs_windows_process_pid(const hcs_platform_process *process) { return process->pid; }

/* ---- the console --------------------------------------------------------------------------------------- */

int hcs_windows_process_resize_console(hcs_platform_process *process, uint16_t width,
                                       uint16_t height, hcs_error *err) {
  const hcs_vmcompute *api = process->system->api;
  wchar_t settings[96];
  PWSTR document = NULL;
  hcs_process_handle *handle;
  HRESULT status;

  if (!HCS_VMCOMPUTE_HAS(api, HcsModifyProcess, err)) return -1;
  swprintf(settings, sizeof settings / sizeof *settings,
           L"{\"Operation\":\"ConsoleSize\",\"ConsoleSize\":{\"Height\":%u,\"Width\":%u}}",
           (unsigned)height, (unsigned)width);
  handle = hcs_process_handle_of(process);
  if (handle == NULL) return hcs_fail(err, HCS_E_ALREADY_CLOSED, NULL);
  status = api->HcsModifyProcess(handle->handle, settings, &document);
  hcs_process_handle_drop(handle);
  return hcs_service_result(status, document, err) < 0 ? -1 : 0;
}
