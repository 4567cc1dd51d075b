/*
 * enumerate.c - ContainerProperties of all compute systems that a query wants.
 */
#include <stdlib.h>

#include "../marshal.h"
#include "operations.h"
#include "result.h"
#include "system.h"
#include "wide.h"

json_t *hcs_service_enumerate(const hcs_vmcompute *api, PCWSTR query, hcs_error *err) {
  PWSTR systems = NULL, result = NULL;
  json_t *list;
  HRESULT status;

  if (!HCS_VMCOMPUTE_HAS(api, HcsEnumerateComputeSystems, err)) return NULL;
  status = api->HcsEnumerateComputeSystems(query, &systems, &result);
  list = hcs_service_document(status, systems, result, err);
  if (list == NULL || json_is_array(list)) return list;
  json_decref(list);
  hcs_fail(err, HCS_E_UNEXPECTED_VALUE, NULL);
  return NULL;
}

static json_t *list_all(const hcs_vmcompute *api, const hcs_document *query, hcs_error *err) {
  char *text = hcs_marshal(hcs_schema_find("ComputeSystemQuery"), query->root, err);
  PWSTR wide = text != NULL ? hcs_wide_new(text, "query", err) : NULL;
  json_t *list = wide != NULL ? hcs_service_enumerate(api, wide, err) : NULL;

  free(wide);
  free(text);
  return list;
}

/* ---- with the properties that only a handle gives ------------------------------------------------------ */

/* The handle is there for as long as the question takes. */
static json_t *look(const hcs_vmcompute *api, const json_t *item, PCWSTR types, hcs_error *err) {
  PWSTR id = hcs_wide_new(hcs_document_string(item, "Id"), "id", err);
  HCS_SYSTEM handle = NULL;
  json_t *properties = NULL;

  if (id != NULL && hcs_service_open(api, id, &handle, err) == 0) {
    properties = hcs_service_properties(api, handle, types, err);
    api->HcsCloseComputeSystem(handle);
  }
  free(id);
  return properties;
}

/* One that vanished meanwhile is left out; one that tells no more, as when it is ending, keeps what it has. */
static int detail(const hcs_vmcompute *api, json_t *list, PCWSTR types, hcs_error *err) {
  hcs_error *found = hcs_error_new();
  size_t i = 0;

  if (found == NULL) return hcs_fail_memory(err);
  while (i < json_array_size(list)) {
    json_t *properties = look(api, json_array_get(list, i), types, found);

    if (properties == NULL && hcs_is_gone(found))
      json_array_remove(list, i);
    else if (properties == NULL || json_array_set_new(list, i, properties) == 0)
      i++;
    else
      break;
  }
  hcs_error_free(found);
  return i == json_array_size(list) ? 0 : hcs_fail_memory(err);
}

static int has_types(const hcs_document *property_query) {
  return property_query != NULL &&
         json_array_size(json_object_get(property_query->root, "PropertyTypes")) > 0;
}

static int detail_if_asked(const hcs_vmcompute *api, json_t *list,
                           const hcs_document *property_query, hcs_error *err) {
  PWSTR types;
  int result;

  if (!has_types(property_query)) return 0;
  types = hcs_property_query_text(property_query, err);
  result = types != NULL ? detail(api, list, types, err) : -1;
  free(types);
  return result;
}

/* ---- the operations ------------------------------------------------------------------------------------ */

static int complete_states(json_t *list, hcs_error *err) {
  int result = 0;

  for (size_t i = 0; result == 0 && i < json_array_size(list); i++)
    result = hcs_state_complete(json_array_get(list, i), err);
  return result;
}

char *hcs_windows_enumerate(const hcs_document *query, const hcs_document *property_query,
                            hcs_error *err) {
  const hcs_vmcompute *api = hcs_vmcompute_get(err);
  json_t *list = api != NULL ? list_all(api, query, err) : NULL;
  char *text = NULL;

  if (list != NULL && detail_if_asked(api, list, property_query, err) == 0 &&
      complete_states(list, err) == 0) {
    text = json_dumps(list, JSON_COMPACT);
    if (text == NULL) hcs_fail_memory(err);
  }
  json_decref(list);
  return text;
}

/* What a dead client or container leaves behind, the service clears away by itself. */
int hcs_windows_gc(int *cleaned, hcs_error *err) {
  (void)err;
  *cleaned = 0;
  return 0;
}
