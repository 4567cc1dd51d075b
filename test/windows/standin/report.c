/* report.c - StandinReport and StandinReset: what was seen, and forgetting it. */
#include <stdlib.h>

#include "calls.h"
#include "complaints.h"
#include "containers.h"
#include "faults.h"
#include "given.h"
#include "handles.h"
#include "notify.h"
#include "pipes.h"
#include "processes.h"
#include "queue.h"
#include "standin.h"

/* ---- the report, with the lock ----------------------------------------------------------------------- */

static json_t *open_handles(void) {
  json_t *array = json_array();
  for (svc_handle *at = handles_first(); at != NULL; at = at->next) {
    (void)json_array_append_new(array, json_pack("{s:s, s:s, s:s}", "Kind", kind_name(at->kind),
                                                 "Id", handle_id(at), "From", at->from));
  }
  return array;
}

static json_t *processes_of(const svc_container *container) {
  json_t *array = json_array();
  for (svc_process *at = container->processes; at != NULL; at = at->next) {
    (void)json_array_append_new(array, json_pack("{s:I, s:[i,i]}", "ProcessId", (json_int_t)at->pid,
                                                 "Console", (int)at->height, (int)at->width));
  }
  return array;
}

static json_t *known_systems(void) {
  static const char *const names[] = {"Creating", "Created",  "Starting", "Running",  "Pausing",
                                      "Paused",   "Resuming", "Saving",   "Stopping", "Stopped"};
  json_t *array = json_array();
  for (svc_container *at = containers_first(); at != NULL; at = at->next) {
    (void)json_array_append_new(array, json_pack("{s:s, s:s, s:i, s:o}", "Id", at->id, "State",
                                                 names[at->state], "Handles", (int)at->handles,
                                                 "Processes", processes_of(at)));
  }
  return array;
}

char *StandinReport(void) {
  model_lock();
  json_t *report = json_pack(
      "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "Complaints", complaints_list(), "Handles",
      open_handles(), "Pipes", pipes_open(), "Strings", given_list(), "Calls", calls_counts(),
      "Received", calls_documents(), "Notifications", notify_counts(), "Systems", known_systems());
  char *text = json_dumps(report, JSON_COMPACT);
  json_decref(report);
  model_unlock();
  return text;
}

void StandinFree(char *text) { free(text); }

/* ---- the reset ---------------------------------------------------------------------------------------- */

static void end_containers(void) {
  model_lock();
  calls_release();
  calls_disconnect(0);
  notify_reconnect();
  while (containers_first() != NULL) {
    container_end(containers_first(), S_OK, "ForcedExit");
    /* Its processes are being killed; their threads take it from the list. */
    if (containers_first() != NULL) model_wait();
  }
  model_unlock();
}

static void close_handle(svc_handle *handle) {
  while (handle->running > 0) model_wait();
  while (handle->registrations != NULL && handle->kind != KIND_CALLBACK) {
    notify_discard(handle);
  }
  if (handle->kind == KIND_SYSTEM) container_unref(handle->container);
  if (handle->kind == KIND_PROCESS) process_unref(handle->process);
  handle_free(handle);
}

/* A callback's handle goes with that of what it watches. */
static svc_handle *first_owner(void) {
  svc_handle *at = handles_first();
  while (at != NULL && at->kind == KIND_CALLBACK) at = at->next;
  return at;
}

static void close_handles(void) {
  model_lock();
  for (svc_handle *at = first_owner(); at != NULL; at = first_owner()) close_handle(at);
  handles_reset();
  calls_clear();
  notify_clear();
  model_unlock();
}

void StandinReset(void) {
  faults_clear();
  end_containers();
  queue_drain();
  close_handles();
  given_forget();
  pipes_reset();
  complaints_clear();
}
