/*
 * state.c - the state of a container, as the service says it and as the API has it.
 */
#include "../text.h"
#include "operations.h"
#include "system.h"

typedef struct state_name {
  const char *name;
  hcs_state state;
} state_name;

/*
 * What is created and was never started has no state in the service's words (hcs-contract §1.1). What
 * the API has no name for, such as Unknown, is there and has begun: Running, until its end is told.
 */
static const state_name names[] = {
    {"", HCS_CREATED},      {"Created", HCS_CREATED}, {"Running", HCS_RUNNING},
    {"Paused", HCS_PAUSED}, {"Stopped", HCS_STOPPED}, {"SavedAsTemplate", HCS_PAUSED},
};

static const char *const api_names[] = {"Created", "Running", "Paused", "Stopped"};

hcs_state hcs_state_of(const json_t *properties) {
  const char *name = hcs_document_string(properties, "State");

  if (hcs_document_bool(properties, "Stopped")) return HCS_STOPPED;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (hcs_text_same_word(names[i].name, name)) return names[i].state;
  return HCS_RUNNING;
}

int hcs_state_complete(json_t *properties, hcs_error *err) {
  json_t *name = json_string(api_names[hcs_state_of(properties)]);

  return json_object_set_new(properties, "State", name) == 0 ? 0 : hcs_fail_memory(err);
}

int hcs_is_gone(const hcs_error *err) {
  uint64_t kind = hcs_error_kind(err) | 0x40000000; /* 0x8037…, the newer form, as 0xC037… */

  return kind == HCS_E_SYSTEM_ALREADY_STOPPED || kind == HCS_E_SYSTEM_NOT_FOUND;
}

/* While it is torn down the service has no properties to give (hcs-contract §1.5): its end is to come. */
static int is_ending(const hcs_error *err) {
  return (hcs_error_kind(err) | 0x40000000) == HCS_E_INVALID_STATE ||
         hcs_error_kind(err) == HCS_E_INVALID_HANDLE;
}

int hcs_windows_system_state(hcs_platform_system *system, hcs_state *state, hcs_error *err) {
  json_t *properties = NULL;

  *state = HCS_STOPPED;
  if (hcs_latch_exited(&system->latch)) return 0;
  properties = hcs_service_properties(system->api, system->handle, L"{}", err);
  if (properties != NULL)
    *state = hcs_state_of(properties);
  else if (!hcs_latch_exited(&system->latch) && !hcs_is_gone(err))
    *state = HCS_RUNNING;
  if (properties == NULL && *state == HCS_RUNNING && !is_ending(err)) return -1;
  json_decref(properties);
  return 0;
}
