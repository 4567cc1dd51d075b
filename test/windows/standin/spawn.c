/* spawn.c - HcsCreateProcess: the pipes, the process, and who gets which end. */
#include <stdlib.h>
#include <string.h>

#include "containers.h"
#include "documents.h"
#include "faults.h"
#include "pipes.h"
#include "processes.h"
#include "relay.h"
#include "text.h"

#define FIRST_SCRIPT_PID 0x40000000U /* above all of Windows' own */

/* The ends of the pipes that stay here, and those that go. */
typedef struct svc_ends {
  HANDLE client[3];
  HANDLE child[3];
  HANDLE relay_from, relay_to;
} svc_ends;

static void close_handle(HANDLE *handle) {
  if (*handle != NULL) (void)CloseHandle(*handle);
  *handle = NULL;
}

static void ends_close(svc_ends *ends) {
  for (int i = 0; i < 3; i++) {
    close_handle(&ends->client[i]);
    close_handle(&ends->child[i]);
  }
  close_handle(&ends->relay_from);
  close_handle(&ends->relay_to);
}

static void open_input(svc_ends *ends, pipe_use use, const json_t *fault) {
  pipe_pair outer = pipe_open(0, PIPE_FOR_US, fault), inner = pipe_open_inside(use);
  ends->client[0] = outer.client;
  ends->relay_from = outer.ours;
  ends->relay_to = inner.client;
  ends->child[0] = inner.ours;
}

typedef struct early_end {
  HANDLE pipe;
  DWORD after_ms;
} early_end;

static DWORD WINAPI end_early(void *context) {
  early_end *early = context;
  Sleep(early->after_ms);
  (void)CloseHandle(early->pipe);
  free(early);
  return 0;
}

/* {"EarlyEofMs":…}: the client sees the end of the output while the process runs. */
static void close_early(HANDLE *pipe, const json_t *fault) {
  int after_ms = fault_number(fault, "EarlyEofMs", -1);
  early_end *early = after_ms >= 0 ? malloc(sizeof *early) : NULL;
  if (early == NULL) return;
  *early = (early_end){*pipe, (DWORD)after_ms};
  *pipe = NULL;
  HANDLE thread = CreateThread(NULL, 0, end_early, early, 0, NULL);
  if (thread != NULL) (void)CloseHandle(thread);
}

/* A console has one output: the pipe for errors is not made (hcs-contract §2.2). */
static void open_pipes(svc_ends *ends, const json_t *config, const json_t *fault) {
  static const char *const names[] = {"CreateStdInPipe", "CreateStdOutPipe", "CreateStdErrPipe"};
  pipe_use use = script_is(config) ? PIPE_FOR_US : PIPE_FOR_CHILD;
  int has_console = document_is(config, "EmulateConsole");
  memset(ends, 0, sizeof *ends);
  if (document_is(config, names[0])) open_input(ends, use, fault);
  for (int i = 1; i < 3; i++) {
    if (!document_is(config, names[i]) || (i == 2 && has_console)) continue;
    pipe_pair pair = pipe_open(1, use, fault);
    ends->client[i] = pair.client;
    ends->child[i] = pair.ours;
    close_early(&ends->child[i], fault);
  }
}

static void hand_out(svc_ends *ends, const svc_process *process,
                     HCS_PROCESS_INFORMATION *information) {
  static const char *const names[] = {"stdin", "stdout", "stderr"};
  memset(information, 0, sizeof *information);
  information->ProcessId = process->pid;
  information->StdInput = ends->client[0];
  information->StdOutput = ends->client[1];
  information->StdError = ends->client[2];
  for (int i = 0; i < 3; i++) {
    char *of = ends->client[i] != NULL ? text_format("%s of process %lu in %s", names[i],
                                                     process->pid, process->container->id)
                                       : NULL;
    if (of != NULL) pipe_hand_out(ends->client[i], of);
    free(of);
    ends->client[i] = NULL;
  }
}

static void set_console(svc_process *process, const json_t *config) {
  const json_t *size = json_object_get(config, "ConsoleSize");
  process->has_console = document_is(config, "EmulateConsole");
  process->height = (unsigned)json_integer_value(json_array_get(size, 0));
  process->width = (unsigned)json_integer_value(json_array_get(size, 1));
}

/* The child is suspended: whatever became of the container meanwhile, it has not run a line. */
static HRESULT adopt(svc_process *process, const PROCESS_INFORMATION *child) {
  static DWORD next_script_pid = FIRST_SCRIPT_PID;
  HRESULT status = container_check_running(process->container);
  if (child->hProcess == NULL) {
    process->pid = next_script_pid += 4; /* Windows' pids are multiples of 4 */
    GetSystemTimeAsFileTime(&process->created);
  } else {
    process_set_child(process, child->dwProcessId, child->hProcess);
    if (status == S_OK) (void)AssignProcessToJobObject(process->container->job, child->hProcess);
    if (status != S_OK) (void)TerminateProcess(child->hProcess, EXIT_ABORTED);
    (void)ResumeThread(child->hThread);
    (void)CloseHandle(child->hThread);
  }
  if (status == S_OK) process_link(process);
  return status;
}

static HRESULT begin(svc_call *call, const json_t *config, svc_ends *ends, svc_process **created) {
  svc_launch launch = {call->container, config, {NULL, NULL, NULL}};
  PROCESS_INFORMATION child;
  const char *why = NULL;
  memset(&child, 0, sizeof child);
  memcpy(launch.standard, ends->child, sizeof launch.standard);
  HRESULT status = script_is(config) ? S_OK : launch_child(&launch, &child, &why);
  if (status != S_OK) return call_refuse(call, status, why);
  model_lock();
  svc_process *process = process_new(call->container);
  set_console(process, config);
  status = adopt(process, &child);
  if (status != S_OK) {
    process_unref(process);
    model_unlock();
    return call_refuse(call, status, "The container does not run.");
  }
  if (child.hProcess == NULL) memset(ends->child, 0, sizeof ends->child); /* the script's */
  if (ends->relay_from != NULL) {
    process->input = relay_new(ends->relay_from, ends->relay_to, process->ended, call->fault);
    ends->relay_from = ends->relay_to = NULL;
  }
  process_watch(process, document_text(config, "CommandLine"), launch.standard);
  /* What current Windows does to a console that has no input (hcs-contract §2.2). */
  if (process->has_console && process->input == NULL) process_kill(process, EXIT_CONTROL);
  *created = process;
  model_unlock();
  return S_OK;
}

/* Standard handles are inherited by the child that is being made, and by no other that is made meanwhile. */
static SRWLOCK inheriting = SRWLOCK_INIT;

HRESULT process_create(svc_call *call, const json_t *config, HCS_PROCESS_INFORMATION *information,
                       svc_process **created) {
  svc_ends ends;
  AcquireSRWLockExclusive(&inheriting);
  open_pipes(&ends, config, call->fault);
  HRESULT status = begin(call, config, &ends, created);
  for (int i = 0; i < 3; i++) close_handle(&ends.child[i]);
  ReleaseSRWLockExclusive(&inheriting);
  if (status == S_OK) hand_out(&ends, *created, information);
  ends_close(&ends);
  return status;
}
