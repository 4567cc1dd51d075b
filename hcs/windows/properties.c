/*
 * properties.c - ContainerProperties: the service's own, and those of a container that has ended.
 */
#include <stdlib.h>

#include "../marshal.h"
#include "../text.h"
#include "operations.h"
#include "result.h"
#include "system.h"
#include "wait.h"
#include "wide.h"

#include <objbase.h>

#define EXIT_PATIENCE_NS INT64_C(1000000000) /* from "it is gone" to the notification of its exit */

/* ---- the service's documents --------------------------------------------------------------------------- */

/*
 * Counters are uint64 to the service, and one that was counted below 0 is beyond jansson's 63 bits. Such
 * a document is read with floats, which costs its longest numbers their last digits and nothing else.
 */
static json_t *loads(const char *text, json_error_t *cause) {
  json_t *root = json_loads(text, JSON_ALLOW_NUL, cause);

  if (root != NULL || json_error_code(cause) != json_error_numeric_overflow) return root;
  return json_loads(text, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, cause);
}

static json_t *document_read(PCWSTR wide, hcs_error *err) {
  char *text = hcs_utf8_new(wide, "properties", err);
  json_error_t cause;
  json_t *root;

  if (text == NULL) return NULL;
  root = loads(text, &cause);
  if (root == NULL)
    hcs_fail(err, HCS_E_UNEXPECTED_VALUE, "the service's answer is no JSON: %s", cause.text);
  free(text);
  return root;
}

json_t *hcs_service_document(HRESULT status, PWSTR document, PWSTR result, hcs_error *err) {
  json_t *root = NULL;

  if (hcs_service_result(status, result, err) >= 0) {
    if (document != NULL && *document != L'\0')
      root = document_read(document, err);
    else
      hcs_fail(err, HCS_E_UNEXPECTED_VALUE, NULL);
  }
  CoTaskMemFree(document);
  return root;
}

json_t *hcs_service_properties(const hcs_vmcompute *api, HCS_SYSTEM handle, PCWSTR query,
                               hcs_error *err) {
  PWSTR document = NULL, result = NULL;
  json_t *properties;
  HRESULT status;

  if (!HCS_VMCOMPUTE_HAS(api, HcsGetComputeSystemProperties, err)) return NULL;
  status = api->HcsGetComputeSystemProperties(handle, query, &document, &result);
  properties = hcs_service_document(status, document, result, err);
  if (properties == NULL || json_is_object(properties)) return properties;
  json_decref(properties);
  hcs_fail(err, HCS_E_UNEXPECTED_VALUE, NULL);
  return NULL;
}

/* ---- queries ------------------------------------------------------------------------------------------- */

/* The core takes a type in any case; the service is asked in its own. */
static void spell(json_t *types, const hcs_choice *choices) {
  for (size_t i = 0; i < json_array_size(types); i++) {
    json_t *type = json_array_get(types, i);

    for (const hcs_choice *choice = choices; choice != NULL && choice->value != NULL; choice++)
      if (hcs_text_same_word(choice->value, json_string_value(type)))
        json_string_set(type, choice->value);
  }
}

PWSTR hcs_property_query_text(const hcs_document *query, hcs_error *err) {
  const hcs_schema *schema = hcs_schema_find("PropertyQuery");
  json_t *copy = query != NULL ? json_deep_copy(query->root) : json_object();
  const hcs_field *types = hcs_schema_field(schema, "PropertyTypes");
  char *text = NULL;
  PWSTR wide = NULL;

  if (copy == NULL) hcs_fail_memory(err);
  spell(json_object_get(copy, "PropertyTypes"), types->choices);
  if (copy != NULL) text = hcs_marshal(schema, copy, err);
  if (text != NULL) wide = hcs_wide_new(text, "query", err);
  free(text);
  json_decref(copy);
  return wide;
}

/* ---- after the end ------------------------------------------------------------------------------------- */

static const char *exit_name(const hcs_platform_system *system, hcs_error *err) {
  static const char *const names[] = {[HCS_EXIT_GRACEFUL] = "GracefulExit",
                                      [HCS_EXIT_FORCED] = "ForcedExit",
                                      [HCS_EXIT_UNEXPECTED] = "UnexpectedExit"};

  return hcs_latch_exited(&system->latch) ? names[hcs_exit_type_get(system, err)] : "Unknown";
}

/* The service has forgotten it: what was known when the handle was made, and how it ended. */
static json_t *stopped_make(const hcs_platform_system *system, hcs_error *err) {
  json_t *properties = json_copy(system->basic);

  if (json_object_set_new(properties, "State", json_string("Stopped")) == 0 &&
      json_object_set_new(properties, "Stopped", json_true()) == 0 &&
      json_object_set_new(properties, "ExitType", json_string(exit_name(system, err))) == 0)
    return properties;
  json_decref(properties);
  hcs_fail_memory(err);
  return NULL;
}

/* "It is gone", and the notification that says how is on its way. */
static int await_exit(const hcs_platform_system *system, hcs_error *err) {
  return hcs_is_gone(err) &&
         (hcs_wait_through(system->latch.ended, hcs_windows_clock_ns() + EXIT_PATIENCE_NS, err) ==
              0 ||
          hcs_error_kind(err) == HCS_E_TIMEOUT);
}

/* ---- of a handle --------------------------------------------------------------------------------------- */

static json_t *ask(const hcs_platform_system *system, const hcs_document *query, hcs_error *err) {
  PWSTR text = hcs_property_query_text(query, err);
  json_t *properties =
      text != NULL ? hcs_service_properties(system->api, system->handle, text, err) : NULL;

  free(text);
  if (properties != NULL && hcs_state_complete(properties, err) != 0) {
    json_decref(properties);
    properties = NULL;
  }
  return properties;
}

char *hcs_windows_system_properties(hcs_platform_system *system, const hcs_document *query,
                                    hcs_error *err) {
  json_t *properties = NULL;
  char *text = NULL;
  int has_ended = hcs_latch_exited(&system->latch);

  if (!has_ended) properties = ask(system, query, err);
  /* or it ended while it was looked at */
  if (properties == NULL &&
      (has_ended || hcs_latch_exited(&system->latch) || await_exit(system, err)))
    properties = stopped_make(system, err);
  if (properties == NULL) return NULL;
  text = json_dumps(properties, JSON_COMPACT);
  if (text == NULL) hcs_fail_memory(err);
  json_decref(properties);
  return text;
}
