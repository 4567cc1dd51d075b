/* processes.h - the processes in a container. With the model's lock where nothing else is said. */
#ifndef STANDIN_PROCESSES_H
#define STANDIN_PROCESSES_H

#include "calls.h"

/* What a process begins with. */
typedef struct svc_launch {
  svc_container *container;
  const json_t *config;
  HANDLE standard[3]; /* input, output, error; NULL: none was asked for */
} svc_launch;

/* ---- launch.c: real ones. Without the lock -------------------------------------------------------- */

/* Starts it suspended. What the service answers, and why in words. */
HRESULT launch_child(const svc_launch *launch, PROCESS_INFORMATION *child, const char **why);

/* ---- scripts.c: acted out by a thread of ours, for tests that start thousands ---------------------- */

int script_is(const json_t *config);
/* Until the end, or the event `kill`: then `kill_code`. Takes the handles, which are overlapped. */
DWORD script_run(const char *command, const HANDLE standard[3], HANDLE kill,
                 const DWORD *kill_code);

/* ---- spawn.c ------------------------------------------------------------------------------------- */

/* Carries HcsCreateProcess out; `process` has a reference for the caller. Takes the lock itself. */
HRESULT process_create(svc_call *call, const json_t *config, HCS_PROCESS_INFORMATION *information,
                       svc_process **created);

/* ---- processes.c --------------------------------------------------------------------------------- */

/* One reference, the caller's; it is known once it is linked, and its end seen once it is watched. */
svc_process *process_new(svc_container *container);
void process_set_child(svc_process *process, DWORD pid, HANDLE child);
void process_link(svc_process *process);
/* `script` and `standard` are those of a process without a program. */
void process_watch(svc_process *process, const char *script, const HANDLE *standard);

/* NULL: none with that pid that runs. */
svc_process *process_find(const svc_container *container, DWORD pid);
/* As process_find(), also for what a process of the container has started itself. */
svc_process *process_find_any(svc_container *container, DWORD pid);
void process_ref(svc_process *process);
void process_unref(svc_process *process);
void process_kill(svc_process *process, DWORD code);
void process_kill_all(const svc_container *container, DWORD code);
/* ProcessExited, to one handle that came late or (NULL) to all. */
void process_notify_exit(svc_process *process, svc_handle *only);
/* The ProcessStatus document, owned. */
char *process_status(const svc_process *process, const json_t *fault);

#endif
