/* process_calls.c - the exported functions of processes. */
#include <stdlib.h>
#include <string.h>

#include "complaints.h"
#include "config.h"
#include "containers.h"
#include "documents.h"
#include "faults.h"
#include "handles.h"
#include "modify.h"
#include "notify.h"
#include "processes.h"
#include "vmcompute.h"

/* ---- handles ------------------------------------------------------------------------------------- */

/* Takes over a reference of the process. */
static HCS_PROCESS new_handle(const svc_call *call, svc_process *process) {
  svc_handle *created = handle_new(KIND_PROCESS, call->name);
  created->container = process->container;
  created->process = process;
  created->through = call->handle->value;
  return (HCS_PROCESS)created->value;
}

static HRESULT check_running(svc_call *call) {
  HRESULT status = container_check_running(call->container);
  return status == S_OK ? status : call_refuse(call, status, "The container does not run.");
}

static HRESULT create_process(svc_call *call, const json_t *parameters,
                              HCS_PROCESS_INFORMATION *information, HCS_PROCESS *process) {
  struct svc_process *created;
  model_lock();
  HRESULT status = check_running(call);
  if (status == S_OK) status = config_check_process(call, parameters);
  model_unlock();
  if (status == S_OK) status = process_create(call, parameters, information, &created);
  if (status != S_OK) return status;
  model_lock();
  *process = new_handle(call, created);
  model_unlock();
  return S_OK;
}

HRESULT WINAPI HcsCreateProcess(HCS_SYSTEM system, PCWSTR parameters,
                                HCS_PROCESS_INFORMATION *information, HCS_PROCESS *process,
                                PWSTR *result) {
  svc_call call = {
      .name = __func__, .kind = KIND_SYSTEM, .value = system, .result = result, .has_result = 1};
  if (information != NULL) memset(information, 0, sizeof *information);
  if (process != NULL) *process = NULL;
  if (call_enter(&call) && call_wants(&call, information, "information") &&
      call_wants(&call, process, "process")) {
    json_t *document = document_read(&call, parameters, "ProcessConfig");
    if (document != NULL) call.status = create_process(&call, document, information, process);
    json_decref(document);
  }
  return call_leave(&call);
}

static HRESULT open_process(svc_call *call, DWORD pid, HCS_PROCESS *process) {
  svc_state state = call->container->state;
  if (state == STATE_STOPPED || state == STATE_CREATED || state == STATE_CREATING) {
    return check_running(call);
  }
  struct svc_process *found = process_find_any(call->container, pid);
  if (found == NULL) {
    return call_refuse(call, WINDOWS_ERROR(ERROR_NOT_FOUND), "Element not found.");
  }
  process_ref(found);
  *process = new_handle(call, found);
  return S_OK;
}

HRESULT WINAPI HcsOpenProcess(HCS_SYSTEM system, DWORD pid, HCS_PROCESS *process, PWSTR *result) {
  svc_call call = {
      .name = __func__, .kind = KIND_SYSTEM, .value = system, .result = result, .has_result = 1};
  if (process != NULL) *process = NULL;
  if (call_enter(&call) && call_wants(&call, process, "process")) {
    model_lock();
    call.status = open_process(&call, pid, process);
    model_unlock();
  }
  return call_leave(&call);
}

static HRESULT close_process(svc_call *call) {
  svc_handle *closed = call->handle;
  if (handle_close(closed, call->name) != 0) return WINDOWS_ERROR(ERROR_INVALID_HANDLE);
  notify_abandon(closed, call->name);
  call->handle = NULL;
  handle_free(closed);
  process_unref(call->process);
  call->process = NULL;
  return S_OK;
}

HRESULT WINAPI HcsCloseProcess(HCS_PROCESS process) {
  svc_call call = {.name = __func__, .kind = KIND_PROCESS, .value = process};
  if (call_enter(&call)) {
    model_lock();
    call.status = close_process(&call);
    model_unlock();
  }
  return call_leave(&call);
}

/* ---- ending it ------------------------------------------------------------------------------------- */

/* A call on a process, with the lock. */
typedef HRESULT (*process_action)(svc_call *call, const json_t *document);

static HRESULT act(svc_call *call, PCWSTR text, const char *type, process_action carry_out) {
  if (!call_enter(call)) return call_leave(call);
  json_t *document = type != NULL ? document_read(call, text, type) : NULL;
  if (type == NULL || document != NULL) {
    model_lock();
    call->status = carry_out(call, document);
    model_unlock();
  }
  json_decref(document);
  return call_leave(call);
}

/* As Windows answers TerminateProcess() for one that has exited (hcs-contract §7, number 6). */
static HRESULT terminate(svc_call *call, const json_t *nothing) {
  (void)nothing;
  if (call->process->exited) {
    return call_refuse(call, WINDOWS_ERROR(ERROR_ACCESS_DENIED), "Access is denied.");
  }
  process_kill(call->process, call->container->is_linux ? EXIT_SIGNALLED + 9 : EXIT_ABORTED);
  return S_OK;
}

HRESULT WINAPI HcsTerminateProcess(HCS_PROCESS process, PWSTR *result) {
  svc_call call = {.name = __func__,
                   .kind = KIND_PROCESS,
                   .value = process,
                   .result = result,
                   .has_result = 1,
                   .is_signal = 1};
  return act(&call, NULL, NULL, terminate);
}

/* SIGCHLD, SIGCONT, SIGSTOP and its like, SIGURG, SIGWINCH end nothing. */
static int ends_linux(unsigned signal) {
  static const unsigned char harmless[] = {17, 18, 19, 20, 21, 22, 23, 28};
  return memchr(harmless, (int)signal, sizeof harmless) == NULL;
}

static HRESULT signal_linux(svc_call *call, const json_t *options) {
  unsigned signal = (unsigned)document_number(options, "Signal");
  if (signal == 0) signal = 9;
  if (signal > 64) {
    return call_refuse(call, WINDOWS_ERROR(ERROR_INVALID_PARAMETER), "There is no such signal.");
  }
  if (ends_linux(signal)) process_kill(call->process, EXIT_SIGNALLED + signal);
  return S_OK;
}

static HRESULT signal_windows(svc_call *call, const json_t *options) {
  static const char *const signals[] = {"CtrlC", "CtrlBreak", "CtrlClose", "CtrlLogOff",
                                        "CtrlShutdown"};
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    if (strcmp(signals[i], document_text(options, "Signal")) != 0) continue;
    process_kill(call->process, EXIT_CONTROL);
    return S_OK;
  }
  return call_refuse(call, WINDOWS_ERROR(ERROR_INVALID_PARAMETER), "There is no such signal.");
}

static HRESULT signal_process(svc_call *call, const json_t *options) {
  if (call->process->exited) {
    return call_refuse(call, WINDOWS_ERROR(ERROR_NOT_FOUND), "Element not found.");
  }
  return call->container->is_linux ? signal_linux(call, options) : signal_windows(call, options);
}

static int is_of_linux(const void *value) {
  model_lock();
  const svc_handle *found = handle_find(KIND_PROCESS, value, "HcsSignalProcess");
  int is_linux = found != NULL && found->container->is_linux;
  model_unlock();
  return is_linux;
}

HRESULT WINAPI HcsSignalProcess(HCS_PROCESS process, PCWSTR options, PWSTR *result) {
  svc_call call = {.name = __func__,
                   .kind = KIND_PROCESS,
                   .value = process,
                   .result = result,
                   .has_result = 1,
                   .is_signal = 1};
  const char *type = is_of_linux(process) ? "SignalLinux" : "SignalWindows";
  return act(&call, options, type, signal_process);
}

/* ---- asking and changing ------------------------------------------------------------------------------ */

/* The pipes were given out by HcsCreateProcess, and are given out once (hcs-contract §1.6). */
HRESULT WINAPI HcsGetProcessInfo(HCS_PROCESS process, HCS_PROCESS_INFORMATION *information,
                                 PWSTR *result) {
  svc_call call = {
      .name = __func__, .kind = KIND_PROCESS, .value = process, .result = result, .has_result = 1};
  if (information != NULL) memset(information, 0, sizeof *information);
  if (call_enter(&call) && call_wants(&call, information, "information")) {
    model_lock();
    if (call.process->exited) {
      call.status = call_refuse(&call, WINDOWS_ERROR(ERROR_NOT_FOUND), "Element not found.");
    } else {
      information->ProcessId = call.process->pid;
    }
    model_unlock();
  }
  return call_leave(&call);
}

HRESULT WINAPI HcsGetProcessProperties(HCS_PROCESS process, PWSTR *properties, PWSTR *result) {
  svc_call call = {
      .name = __func__, .kind = KIND_PROCESS, .value = process, .result = result, .has_result = 1};
  if (properties != NULL) *properties = NULL;
  if (call_enter(&call) && call_wants(&call, properties, "properties")) {
    model_lock();
    call_give(&call, properties, process_status(call.process, call.fault));
    model_unlock();
  }
  return call_leave(&call);
}

static HRESULT modify(svc_call *call, const json_t *request) {
  if (call->process->exited) {
    return call_refuse(call, WINDOWS_ERROR(ERROR_NOT_FOUND), "Element not found.");
  }
  return modify_process(call, request);
}

HRESULT WINAPI HcsModifyProcess(HCS_PROCESS process, PCWSTR settings, PWSTR *result) {
  svc_call call = {
      .name = __func__, .kind = KIND_PROCESS, .value = process, .result = result, .has_result = 1};
  return act(&call, settings, "ProcessModifyRequest", modify);
}
