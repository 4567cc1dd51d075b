/* processes.c - their life: being known, watched, and ProcessExited. */
#include "processes.h"

#include <stdlib.h>
#include <string.h>

#include "containers.h"
#include "documents.h"
#include "faults.h"
#include "handles.h"
#include "notify.h"
#include "relay.h"
#include "text.h"

/* ---- being known --------------------------------------------------------------------------------- */

svc_process *process_find(const svc_container *container, DWORD pid) {
  for (svc_process *at = container->processes; at != NULL; at = at->next) {
    if (at->pid == pid) return at;
  }
  return NULL;
}

void process_ref(svc_process *process) { process->references++; }

void process_unref(svc_process *process) {
  if (--process->references > 0) return;
  if (process->child != NULL) (void)CloseHandle(process->child);
  (void)CloseHandle(process->kill);
  (void)CloseHandle(process->ended);
  relay_free(process->input);
  container_unref(process->container);
  free(process);
}

svc_process *process_new(svc_container *container) {
  svc_process *created = calloc(1, sizeof *created);
  if (created == NULL) abort();
  created->references = 1;
  created->container = container;
  created->kill = CreateEventW(NULL, TRUE, FALSE, NULL);
  created->ended = CreateEventW(NULL, TRUE, FALSE, NULL);
  container_ref(container);
  return created;
}

void process_link(svc_process *process) {
  process_ref(process);
  process->next = process->container->processes;
  process->container->processes = process;
}

static void unlink_process(svc_process *process) {
  struct svc_process **at = &process->container->processes;
  while (*at != NULL && *at != process) at = &(*at)->next;
  if (*at == NULL) return;
  *at = process->next;
  process_unref(process);
}

/* ---- the end ------------------------------------------------------------------------------------- */

char *process_status(const svc_process *process, const json_t *fault) {
  return text_format("{\"ProcessId\":%lu,\"Exited\":%s,\"ExitCode\":%lu,\"LastWaitResult\":%d}",
                     process->pid, process->exited ? "true" : "false",
                     process->exited ? process->exit_code : 0,
                     fault_number(fault, "LastWaitResult", 0));
}

void process_notify_exit(svc_process *process, svc_handle *only) {
  json_t *fault = fault_take("ProcessExited", process->container->id);
  char *data = process_status(process, fault);
  svc_notification exited = {.type = HcsNotificationProcessExited, .data = data, .fault = fault};
  if (json_is_false(json_object_get(fault, "ExitData"))) exited.data = NULL;
  int64_t due_us = only != NULL ? notify_handle(only, &exited) : notify_process(process, &exited);
  if (due_us > process->container->exits_due_us) process->container->exits_due_us = due_us;
  free(data);
  json_decref(fault);
}

static uint64_t file_time(FILETIME time) {
  return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

/* Statistics count from the start of the container, processes that are gone included. */
static void add_times(svc_process *process) {
  FILETIME created, exited, kernel, user;
  if (process->child == NULL) return;
  if (!GetProcessTimes(process->child, &created, &exited, &kernel, &user)) return;
  process->container->ended_kernel_100ns += file_time(kernel);
  process->container->ended_user_100ns += file_time(user);
}

static void process_ended(svc_process *process, DWORD code) {
  svc_container *container = process->container;
  container_ref(container);
  process->exited = 1;
  process->exit_code = code;
  (void)SetEvent(process->ended);
  add_times(process);
  process_notify_exit(process, NULL);
  unlink_process(process);
  container_try_stopped(container);
  container_unref(container);
  model_changed();
}

void process_kill(svc_process *process, DWORD code) {
  if (process->exited) return;
  if (process->child != NULL) {
    (void)TerminateProcess(process->child, code);
  } else {
    process->kill_code = code;
    (void)SetEvent(process->kill);
  }
}

void process_kill_all(const svc_container *container, DWORD code) {
  for (svc_process *at = container->processes; at != NULL; at = at->next) process_kill(at, code);
}

/* ---- watching ------------------------------------------------------------------------------------ */

typedef struct svc_watch {
  svc_process *process;
  char *script;
  HANDLE standard[3];
} svc_watch;

static DWORD WINAPI watch_process(void *context) {
  svc_watch *watch = context;
  svc_process *process = watch->process;
  DWORD code = 0;
  if (process->child != NULL) {
    (void)WaitForSingleObject(process->child, INFINITE);
    (void)GetExitCodeProcess(process->child, &code);
  } else {
    code = script_run(watch->script, watch->standard, process->kill, &process->kill_code);
  }
  model_lock();
  process_ended(process, code);
  process_unref(process);
  model_unlock();
  free(watch->script);
  free(watch);
  return 0;
}

void process_watch(svc_process *process, const char *script, const HANDLE *standard) {
  svc_watch *created = calloc(1, sizeof *created);
  if (created == NULL) abort();
  created->process = process;
  created->script = strdup(script);
  if (standard != NULL) memcpy(created->standard, standard, sizeof created->standard);
  process_ref(process);
  HANDLE thread = CreateThread(NULL, 0, watch_process, created, 0, NULL);
  if (thread == NULL) abort();
  (void)CloseHandle(thread);
}

/* ---- processes that another has started ----------------------------------------------------------- */

void process_set_child(svc_process *process, DWORD pid, HANDLE child) {
  FILETIME unused[3];
  process->pid = pid;
  process->child = child;
  (void)GetProcessTimes(child, &process->created, &unused[0], &unused[1], &unused[2]);
}

static HANDLE open_of_job(HANDLE job, DWORD pid) {
  BOOL is_ours = FALSE;
  HANDLE child = OpenProcess(PROCESS_ALL_ACCESS, FALSE, pid);
  if (child == NULL) return NULL;
  DWORD code = 0;
  if (IsProcessInJob(child, job, &is_ours) && is_ours && GetExitCodeProcess(child, &code) &&
      code == STILL_ACTIVE) {
    return child;
  }
  (void)CloseHandle(child);
  return NULL;
}

svc_process *process_find_any(svc_container *container, DWORD pid) {
  svc_process *found = process_find(container, pid);
  HANDLE child = found == NULL ? open_of_job(container->job, pid) : NULL;
  if (child == NULL) return found;
  found = process_new(container);
  process_set_child(found, pid, child);
  process_link(found);
  process_watch(found, "", NULL);
  process_unref(found); /* the list and the thread hold it */
  return found;
}
