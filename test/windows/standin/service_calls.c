/* service_calls.c - the exported functions of the service itself. */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "containers.h"
#include "documents.h"
#include "properties.h"
#include "vmcompute.h"

static char *list_systems(const json_t *query, const json_t *fault) {
  json_t *list = json_array();
  for (svc_container *at = containers_first(); at != NULL; at = at->next) {
    if (!properties_match(at, query)) continue;
    (void)json_array_append_new(list, properties_of(at, NULL, fault));
  }
  char *text = json_dumps(list, JSON_COMPACT);
  json_decref(list);
  return text;
}

HRESULT WINAPI HcsEnumerateComputeSystems(PCWSTR query, PWSTR *systems, PWSTR *result) {
  svc_call call = {.name = __func__, .result = result, .has_result = 1};
  if (systems != NULL) *systems = NULL;
  if (call_enter(&call) && call_wants(&call, systems, "systems")) {
    json_t *document = document_read(&call, query, "ComputeSystemQuery");
    if (document != NULL) {
      model_lock();
      char *text = list_systems(document, call.fault);
      model_unlock();
      call_give(&call, systems, text);
    }
    json_decref(document);
  }
  return call_leave(&call);
}

HRESULT WINAPI HcsGetServiceProperties(PCWSTR query, PWSTR *properties, PWSTR *result) {
  static const char document[] = "{\"Properties\":[{\"SupportedSchemaVersions\":["
                                 "{\"Major\":1,\"Minor\":0},{\"Major\":2,\"Minor\":1}]}]}";
  svc_call call = {.name = __func__, .result = result, .has_result = 1};
  if (properties != NULL) *properties = NULL;
  if (call_enter(&call) && call_wants(&call, properties, "properties")) {
    json_t *asked = document_read(&call, query, "PropertyQuery");
    if (asked != NULL) call_give(&call, properties, strdup(document));
    json_decref(asked);
  }
  return call_leave(&call);
}
