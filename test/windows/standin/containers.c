/* containers.c - compute systems: being known, their states and their end. */
#include "containers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "documents.h"
#include "faults.h"
#include "notify.h"
#include "processes.h"
#include "text.h"

static svc_container *first;

/* ---- being known --------------------------------------------------------------------------------- */

static void make_runtime_id(char text[37]) {
  static unsigned serial;
  (void)snprintf(text, 37, "e104557f-0000-4000-8000-%012x", ++serial);
}

/* Whatever becomes of this program, its containers' processes end with it. */
static HANDLE make_job(void) {
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
  memset(&limits, 0, sizeof limits);
  limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  HANDLE job = CreateJobObjectW(NULL, NULL);
  (void)SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  return job;
}

svc_container *container_new(const char *id, json_t *config) {
  svc_container *created = calloc(1, sizeof *created);
  if (created == NULL) abort();
  created->references = 1;
  created->id = strdup(id);
  created->config = config;
  created->is_linux = _stricmp(document_text(config, "ContainerType"), "Linux") == 0;
  created->job = make_job();
  make_runtime_id(created->runtime_id);
  created->next = first;
  first = created;
  return created;
}

svc_container *container_find(const char *id) {
  for (svc_container *at = first; at != NULL; at = at->next) {
    if (_stricmp(at->id, id) == 0) return at;
  }
  return NULL;
}

svc_container *containers_first(void) { return first; }

void container_ref(svc_container *container) { container->references++; }

void container_unref(svc_container *container) {
  if (--container->references > 0) return;
  (void)CloseHandle(container->job);
  json_decref(container->config);
  free(container->id);
  free(container);
}

void container_forget(svc_container *container) {
  for (struct svc_container **at = &first; *at != NULL; at = &(*at)->next) {
    if (*at != container) continue;
    *at = container->next;
    container_unref(container);
    return;
  }
}

/* ---- the end ------------------------------------------------------------------------------------- */

static DWORD end_code(const svc_container *container, const char *exit_type) {
  int graceful = strcmp(exit_type, "GracefulExit") == 0;
  if (container->is_linux) return EXIT_SIGNALLED + (graceful ? 15 : 9); /* SIGTERM, SIGKILL */
  return graceful ? EXIT_CONTROL : EXIT_ABORTED;
}

void container_notify_exit(svc_container *container, svc_handle *only) {
  json_t *fault = fault_take("SystemExited", container->id);
  char *data = text_format("{\"Status\":%d,\"ExitType\":\"%s\"}", (int)container->exit_status,
                           container->exit_type);
  svc_notification exited = {.type = HcsNotificationSystemExited,
                             .status = container->exit_status,
                             .data = data,
                             .fault = fault};
  json_t *with_data = json_object_get(fault, "ExitData");
  if (json_is_false(with_data)) exited.data = NULL;
  /* A container's end comes after those of its processes, unless a test wants it otherwise. */
  if (!fault_is(fault, "ProcessExitsLate")) exited.after_us = container->exits_due_us;
  (void)notify_system(container, only, &exited);
  free(data);
  json_decref(fault);
}

void container_try_stopped(svc_container *container) {
  if (container->state != STATE_STOPPING || container->processes != NULL) return;
  container->state = STATE_STOPPED;
  container_notify_exit(container, NULL);
  container_forget(container);
  model_changed();
}

void container_end(svc_container *container, HRESULT status, const char *exit_type) {
  if (container->state == STATE_STOPPED) return;
  int was_stopping = container->state == STATE_STOPPING && container->exit_type != NULL;
  if (!was_stopping) {
    container->state = STATE_STOPPING;
    container->exit_status = status;
    container->exit_type = exit_type;
  }
  DWORD code = end_code(container, exit_type);
  container_freeze(container, 0);
  process_kill_all(container, code);
  (void)TerminateJobObject(container->job, code);
  container_ref(container);
  container_try_stopped(container);
  container_unref(container);
}

void container_handle_closed(svc_container *container) {
  container->handles--;
  if (container->handles > 0 || container->state == STATE_STOPPED) return;
  if (document_is(container->config, "TerminateOnLastHandleClosed")) {
    container_end(container, S_OK, "ForcedExit");
  }
}

/* ---- states -------------------------------------------------------------------------------------- */

typedef LONG(NTAPI *process_function)(HANDLE process);

/* Windows has no documented call for a whole process. */
static process_function find_function(int freeze) {
  HMODULE library = GetModuleHandleW(L"ntdll.dll");
  FARPROC function = GetProcAddress(library, freeze ? "NtSuspendProcess" : "NtResumeProcess");
  return (process_function)(void (*)(void))function;
}

void container_freeze(svc_container *container, int freeze) {
  process_function function = find_function(freeze);
  for (svc_process *at = container->processes; at != NULL; at = at->next) {
    if (at->child != NULL && function != NULL) (void)function(at->child);
  }
}

HRESULT container_check_running(const svc_container *container) {
  if (container->state == STATE_STOPPED) return SERVICE_ALREADY_STOPPED;
  return container->state == STATE_RUNNING ? S_OK : SERVICE_INVALID_STATE;
}
