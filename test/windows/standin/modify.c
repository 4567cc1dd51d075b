/* modify.c - endpoints and disks of a container, console and input of a process (hcs-contract §1.6, §2.4). */
#include "modify.h"

#include <string.h>

#include "complaints.h"
#include "documents.h"
#include "relay.h"

/* ---- containers ---------------------------------------------------------------------------------- */

/* The list in the configuration, made if it is not there. */
static json_t *list_of(svc_container *container, const char *field) {
  json_t *list = json_object_get(container->config, field);
  if (list != NULL) return list;
  (void)json_object_set_new(container->config, field, json_array());
  return json_object_get(container->config, field);
}

typedef int (*matcher)(const json_t *entry, const json_t *settings);

static int find(const json_t *list, matcher matches, const json_t *settings) {
  json_t *entry;
  size_t i;
  json_array_foreach(list, i, entry) {
    if (matches(entry, settings)) return (int)i;
  }
  return -1;
}

static HRESULT change(svc_call *call, json_t *list, matcher matches, const json_t *request) {
  json_t *settings = json_object_get(request, "Settings");
  int at = find(list, matches, settings);
  if (strcmp(document_text(request, "RequestType"), "Add") == 0) {
    if (at >= 0) {
      return call_refuse(call, WINDOWS_ERROR(ERROR_ALREADY_EXISTS), "It is there already.");
    }
    (void)json_array_append_new(list, json_deep_copy(settings));
    return S_OK;
  }
  if (strcmp(document_text(request, "RequestType"), "Remove") != 0) {
    return call_refuse(call, WINDOWS_ERROR(ERROR_INVALID_DATA), "Add or Remove is wanted.");
  }
  if (at < 0) return call_refuse(call, WINDOWS_ERROR(ERROR_NOT_FOUND), "Element not found.");
  (void)json_array_remove(list, (size_t)at);
  return S_OK;
}

static int is_same_text(const json_t *entry, const json_t *settings) {
  return json_equal(entry, settings);
}

static int is_same_disk(const json_t *entry, const json_t *settings) {
  return _stricmp(document_text(entry, "HostPath"), document_text(settings, "HostPath")) == 0;
}

static HRESULT change_network(svc_call *call, const json_t *request) {
  const json_t *settings = json_object_get(request, "Settings");
  if (!json_is_string(settings) || !text_is_guid(json_string_value(settings))) {
    return call_refuse(call, WINDOWS_ERROR(ERROR_INVALID_DATA), "An endpoint's GUID is wanted.");
  }
  return change(call, list_of(call->container, "EndpointList"), is_same_text, request);
}

static HRESULT change_disk(svc_call *call, const json_t *request) {
  if (!json_is_object(json_object_get(request, "Settings"))) {
    return call_refuse(call, WINDOWS_ERROR(ERROR_INVALID_DATA), "A disk is wanted.");
  }
  return change(call, list_of(call->container, "MappedVirtualDisks"), is_same_disk, request);
}

HRESULT modify_system(svc_call *call, const json_t *request) {
  const char *type = document_text(request, "ResourceType");
  if (strcmp(type, "Network") == 0) return change_network(call, request);
  if (strcmp(type, "MappedVirtualDisk") == 0) return change_disk(call, request);
  return call_refuse(call, WINDOWS_ERROR(ERROR_NOT_SUPPORTED), "The request is not supported.");
}

/* ---- processes ----------------------------------------------------------------------------------- */

static HRESULT close_input(svc_call *call, const json_t *request) {
  const json_t *closed = json_object_get(request, "CloseHandle");
  if (strcmp(document_text(closed, "Handle"), "StdIn") != 0) {
    return call_refuse(call, WINDOWS_ERROR(ERROR_INVALID_DATA), "There is no such handle.");
  }
  /* A second time it is closed still. */
  if (call->process->input != NULL) relay_close_input(call->process->input);
  return S_OK;
}

static HRESULT resize(svc_call *call, const json_t *request) {
  const json_t *size = json_object_get(request, "ConsoleSize");
  if (!call->process->has_console) {
    return call_refuse(call, WINDOWS_ERROR(ERROR_INVALID_PARAMETER), "There is no console.");
  }
  call->process->height = (unsigned)document_number(size, "Height");
  call->process->width = (unsigned)document_number(size, "Width");
  return S_OK;
}

HRESULT modify_process(svc_call *call, const json_t *request) {
  static const struct {
    const char *operation, *other;
    HRESULT (*act)(struct svc_call *call, const json_t *request);
  } operations[] = {{"CloseHandle", "ConsoleSize", close_input},
                    {"ConsoleSize", "CloseHandle", resize}};
  const char *operation = document_text(request, "Operation");
  for (size_t i = 0; i < 2; i++) {
    if (strcmp(operations[i].operation, operation) != 0) continue;
    if (json_object_get(request, operation) == NULL) {
      complain("%s: %s without what it says", call->name, operation);
    }
    if (json_object_get(request, operations[i].other) != NULL) {
      complain("%s: %s with a %s", call->name, operation, operations[i].other);
    }
    return operations[i].act(call, request);
  }
  return call_refuse(call, WINDOWS_ERROR(ERROR_INVALID_DATA), "An unknown operation.");
}
