/* properties.c - a container as the service describes it. */
#include "properties.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "documents.h"
#include "faults.h"
#include "statistics.h"
#include "text.h"

/* A created one has none: the service leaves it out, or (BlankState "empty") says "". */
static const char *state_name(svc_state state) {
  switch (state) {
  case STATE_CREATING:
  case STATE_CREATED:
  case STATE_STARTING: return NULL;
  case STATE_PAUSED:
  case STATE_RESUMING:
  case STATE_SAVING: return "Paused";
  case STATE_STOPPED: return "Stopped";
  default: return "Running";
  }
}

static void put_state(json_t *properties, svc_state state, const json_t *fault) {
  const char *name = state_name(state), *blank = fault_text(fault, "BlankState");
  if (name == NULL && blank != NULL && strcmp(blank, "empty") == 0) name = "";
  if (name == NULL && blank != NULL && strcmp(blank, "Created") == 0) name = "Created";
  if (name != NULL) (void)json_object_set_new(properties, "State", json_string(name));
}

static json_t *basic(const svc_container *container, const json_t *fault) {
  const json_t *config = container->config;
  const char *owner = document_text(config, "Owner");
  const char *image = document_text(json_object_get(config, "HvRuntime"), "ImagePath");
  json_t *properties =
      json_pack("{s:s, s:s, s:s, s:s, s:s*}", "Id", container->id, "SystemType", "Container",
                "RuntimeOsType", container->is_linux ? "Linux" : "Windows", "Name",
                document_text(config, "Name"), "Owner", owner[0] != '\0' ? owner : NULL);
  if (image[0] != '\0') {
    (void)json_object_set_new(properties, "RuntimeImagePath", json_string(image));
  }
  (void)json_object_set_new(properties, "RuntimeId", json_string(container->runtime_id));
  put_state(properties, container->state, fault);
  return properties;
}

/* All on controller 0, by their place in the list: what Modify has added is in the configuration. */
static json_t *disks_of(const svc_container *container) {
  json_t *disks = json_object(), *disk;
  size_t i;
  json_array_foreach(json_object_get(container->config, "MappedVirtualDisks"), i, disk) {
    char *lun = text_format("%d", (int)i);
    (void)json_object_set(disks, lun, disk);
    free(lun);
  }
  if (json_object_size(disks) > 0) {
    return json_pack("{s:{s:o}}", "0", "MappedVirtualDisks", disks);
  }
  json_decref(disks);
  return NULL;
}

static json_t *guest_connection(void) {
  return json_pack("{s:[{s:i},{s:i,s:i}],s:i,s:{s:b}}", "SupportedSchemaVersions", "Major", 1,
                   "Major", 2, "Minor", 1, "ProtocolVersion", 4, "GuestDefinedCapabilities",
                   "SignalProcessSupported", 1);
}

static int asks(const json_t *query, const char *type) {
  size_t i;
  json_t *value;
  json_array_foreach(json_object_get(query, "PropertyTypes"), i, value) {
    if (strcmp(json_string_value(value), type) == 0) return 1;
  }
  return 0;
}

static int is_alive(svc_state state) { return state_name(state) != NULL && state != STATE_STOPPED; }

json_t *properties_of(svc_container *container, const json_t *query, const json_t *fault) {
  json_t *properties = basic(container, fault);
  /* What does not run has the header only (hcs-contract §2.3). */
  if (!is_alive(container->state)) return properties;
  if (asks(query, "Statistics")) {
    (void)json_object_set_new(properties, "Statistics", statistics_of(container));
  }
  if (asks(query, "ProcessList")) {
    (void)json_object_set_new(properties, "ProcessList", process_list_of(container));
  }
  json_t *disks = asks(query, "MappedVirtualDisk") ? disks_of(container) : NULL;
  if (disks != NULL) (void)json_object_set_new(properties, "MappedVirtualDiskControllers", disks);
  if (asks(query, "GuestConnection") && container->is_linux) {
    (void)json_object_set_new(properties, "GuestConnectionInfo", guest_connection());
  }
  return properties;
}

/* ---- queries ------------------------------------------------------------------------------------- */

static int is_among(const json_t *query, const char *field, const char *value) {
  const json_t *list = json_object_get(query, field);
  size_t i;
  json_t *wanted;
  if (list == NULL) return 1;
  json_array_foreach(list, i, wanted) {
    if (_stricmp(json_string_value(wanted), value) == 0) return 1;
  }
  return 0;
}

int properties_match(const svc_container *container, const json_t *query) {
  return is_among(query, "Ids", container->id) && is_among(query, "Types", "Container") &&
         is_among(query, "Names", document_text(container->config, "Name")) &&
         is_among(query, "Owners", document_text(container->config, "Owner"));
}
