/* config.c - values, combinations and the paths that must be there (hcs-contract §2.1, §2.2). */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "containers.h"
#include "documents.h"
#include "text.h"

#define INVALID WINDOWS_ERROR(ERROR_INVALID_PARAMETER)

static DWORD attributes_of(const char *path) {
  WCHAR *wide = text_wide(path);
  DWORD attributes = wide != NULL ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
  free(wide);
  return attributes;
}

static int is_directory(const char *path) {
  DWORD attributes = attributes_of(path);
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

/* ---- parts of a container -------------------------------------------------------------------------- */

static HRESULT check_kind(svc_call *call, const json_t *config) {
  if (_stricmp(document_text(config, "SystemType"), "Container") != 0) {
    return call_refuse(call, WINDOWS_ERROR(ERROR_INVALID_DATA), "SystemType must be Container.");
  }
  return S_OK;
}

/* The filter driver knows a layer by its GUID; whether the service takes one without is not known. */
static HRESULT check_layers(svc_call *call, const json_t *config) {
  json_t *layer;
  size_t i;
  json_array_foreach(json_object_get(config, "Layers"), i, layer) {
    const char *id = document_text(layer, "ID");
    if (id[0] != '\0' && !text_is_guid(id)) {
      return call_refuse(call, SERVICE_INVALID_JSON, "The ID of a layer is no GUID.");
    }
    if (!is_directory(document_text(layer, "Path"))) {
      return call_refuse(call, WINDOWS_ERROR(ERROR_PATH_NOT_FOUND),
                         "The system cannot find the path specified.");
    }
  }
  return S_OK;
}

/* \\?\Volume{GUID}, without a backslash behind it. */
static HRESULT check_volume(svc_call *call, const json_t *config) {
  static const char prefix[] = "\\\\?\\Volume";
  const char *path = document_text(config, "VolumePath");
  if (path[0] == '\0') return S_OK;
  if (strncmp(path, prefix, sizeof prefix - 1) != 0 || !text_is_guid(path + sizeof prefix - 1)) {
    return call_refuse(call, INVALID, "VolumePath is no volume's name.");
  }
  return S_OK;
}

static HRESULT check_limits(svc_call *call, const json_t *config) {
  int limits = (document_number(config, "ProcessorCount") != 0) +
               (document_number(config, "ProcessorWeight") != 0) +
               (document_number(config, "ProcessorMaximum") != 0);
  if (limits > 1) {
    return call_refuse(call, INVALID, "Only one of the processor's limits can be set.");
  }
  if (document_number(config, "ProcessorWeight") > 10000 ||
      document_number(config, "ProcessorMaximum") > 10000) {
    return call_refuse(call, INVALID, "A limit of the processor is out of range.");
  }
  return S_OK;
}

static HRESULT check_mapped(svc_call *call, const json_t *config) {
  json_t *mapped;
  size_t i;
  json_array_foreach(json_object_get(config, "MappedDirectories"), i, mapped) {
    if (!is_directory(document_text(mapped, "HostPath"))) {
      return call_refuse(call, WINDOWS_ERROR(ERROR_PATH_NOT_FOUND),
                         "The system cannot find the path specified.");
    }
  }
  json_array_foreach(json_object_get(config, "MappedVirtualDisks"), i, mapped) {
    if (attributes_of(document_text(mapped, "HostPath")) == INVALID_FILE_ATTRIBUTES) {
      return call_refuse(call, WINDOWS_ERROR(ERROR_FILE_NOT_FOUND),
                         "The system cannot find the file specified.");
    }
  }
  return S_OK;
}

static HRESULT check_network(svc_call *call, const json_t *config) {
  const char *shared = document_text(config, "NetworkSharedContainerName");
  json_t *endpoint;
  size_t i;
  json_array_foreach(json_object_get(config, "EndpointList"), i, endpoint) {
    if (!text_is_guid(json_string_value(endpoint))) {
      return call_refuse(call, INVALID, "An endpoint is no GUID.");
    }
  }
  if (shared[0] != '\0' && container_find(shared) == NULL) {
    return call_refuse(call, SERVICE_NO_SUCH_SYSTEM,
                       "A container with the specified identifier does not exist.");
  }
  return S_OK;
}

HRESULT config_check(svc_call *call, const json_t *config) {
  static HRESULT (*const checks[])(struct svc_call *, const json_t *) = {
      check_kind, check_layers, check_volume, check_limits, check_mapped, check_network};
  for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
    HRESULT status = checks[i](call, config);
    if (status != S_OK) return status;
  }
  return S_OK;
}

/* ---- processes ------------------------------------------------------------------------------------- */

HRESULT config_check_process(svc_call *call, const json_t *parameters) {
  int has_arguments = json_array_size(json_object_get(parameters, "CommandArgs")) > 0;
  int has_line = document_text(parameters, "CommandLine")[0] != '\0' ||
                 document_text(parameters, "ApplicationName")[0] != '\0';
  int has_specification = json_object_get(parameters, "OCISpecification") != NULL;
  if (has_arguments && !call->container->is_linux) {
    return call_refuse(call, INVALID, "CommandArgs are for Linux containers.");
  }
  if (!has_arguments && !has_line && !has_specification) {
    return call_refuse(call, INVALID, "There is no command.");
  }
  return S_OK;
}
