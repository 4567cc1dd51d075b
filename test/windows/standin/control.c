/* control.c - StandinTell: settings, rules and what happens at once. */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "complaints.h"
#include "containers.h"
#include "documents.h"
#include "faults.h"
#include "handles.h"
#include "notify.h"
#include "processes.h"
#include "standin.h"

/* ---- what happens at once, with the lock; 0 or -1 ---------------------------------------------------- */

static svc_container *find(const json_t *order) {
  svc_container *found = container_find(document_text(order, "Id"));
  if (found == NULL) complain("StandinTell: no container '%s'", document_text(order, "Id"));
  return found;
}

static int do_crash(const json_t *order) {
  svc_container *container = find(order);
  HRESULT status = SERVICE_UNEXPECTED_EXIT;
  if (container == NULL) return -1;
  (void)fault_status(order, "Status", &status);
  int is_unknown = strcmp(document_text(order, "ExitType"), "Unknown") == 0;
  container_end(container, status, is_unknown ? "Unknown" : "UnexpectedExit");
  return 0;
}

static int do_exit(const json_t *order) {
  svc_container *container = find(order);
  if (container == NULL) return -1;
  container_end(container, S_OK, "GracefulExit");
  return 0;
}

static svc_process *find_process(const json_t *order) {
  const svc_container *container = find(order);
  DWORD pid = (DWORD)document_number(order, "ProcessId");
  svc_process *found = container != NULL ? process_find(container, pid) : NULL;
  if (container != NULL && found == NULL) complain("StandinTell: no process %lu", pid);
  return found;
}

static int do_exit_process(const json_t *order) {
  svc_process *process = find_process(order);
  if (process == NULL) return -1;
  process_kill(process, (DWORD)document_number(order, "ExitCode"));
  return 0;
}

static int do_disconnect(const json_t *order) {
  calls_disconnect(document_is(order, "Calls"));
  notify_disconnect();
  return 0;
}

static int do_reconnect(const json_t *order) {
  (void)order;
  calls_disconnect(0);
  notify_reconnect();
  return 0;
}

static int do_release(const json_t *order) {
  (void)order;
  calls_release();
  return 0;
}

static int do_notify(const json_t *order) {
  json_t *fault = fault_take("Notify", document_text(order, "Id"));
  char *data = fault_document(order, "Data");
  svc_notification told = {
      .type = (DWORD)document_number(order, "Type"), .data = data, .fault = fault};
  (void)fault_status(order, "Status", &told.status);
  int is_for_process = json_object_get(order, "ProcessId") != NULL;
  svc_process *process = is_for_process ? find_process(order) : NULL;
  svc_container *container = is_for_process ? NULL : find(order);
  if (process != NULL) (void)notify_process(process, &told);
  if (container != NULL) (void)notify_system(container, NULL, &told);
  free(data);
  json_decref(fault);
  return process != NULL || container != NULL ? 0 : -1;
}

static int do_hold(const json_t *order) {
  svc_container *container = find(order);
  if (container == NULL) return -1;
  container->handles++;
  container->held++;
  return 0;
}

static int do_drop(const json_t *order) {
  svc_container *container = find(order);
  if (container == NULL || container->held == 0) return -1;
  container->held--;
  container_handle_closed(container);
  return 0;
}

static const struct {
  const char *name;
  int (*act)(const json_t *order);
} orders[] = {
    {"Crash", do_crash},           {"Exit", do_exit},           {"ExitProcess", do_exit_process},
    {"Disconnect", do_disconnect}, {"Reconnect", do_reconnect}, {"Release", do_release},
    {"Notify", do_notify},         {"Hold", do_hold},           {"Drop", do_drop},
};

static int act(const json_t *order) {
  const char *name = document_text(order, "Do");
  for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
    if (strcmp(orders[i].name, name) != 0) continue;
    model_lock();
    int status = orders[i].act(order);
    model_unlock();
    return status;
  }
  complain("StandinTell: nobody can do '%s'", name);
  return -1;
}

/* ---- StandinTell ---------------------------------------------------------------------------------- */

static int tell_one(const json_t *order) {
  const json_t *settings = json_object_get(order, "Set");
  if (settings != NULL) return faults_set(settings);
  if (json_object_get(order, "Do") != NULL) return act(order);
  if (json_object_get(order, "On") != NULL) return faults_add(order);
  complain("StandinTell: Set, On or Do is wanted");
  return -1;
}

int StandinTell(const char *json) {
  json_error_t error;
  json_t *orders_told = json_loads(json, JSON_REJECT_DUPLICATES, &error), *order;
  int status = 0;
  size_t i;
  if (orders_told == NULL) {
    complain("StandinTell: %s in: %s", error.text, json);
    return -1;
  }
  if (json_is_object(orders_told)) status = tell_one(orders_told);
  json_array_foreach(orders_told, i, order) {
    if (tell_one(order) != 0) status = -1;
  }
  json_decref(orders_told);
  return status;
}
