/*
 * schema.c - the field tables (hcs-contract §2) and their description as JSON.
 *
 * A row reads: name, what is emitted when it is empty, where it is supported. A new field needs a
 * row here and the platform code that obeys it, nothing in between.
 */
#include "schema.h"

#include <inttypes.h>
#include <string.h>

#include "error.h"
#include "text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- the vocabulary of the tables ------------------------------------------------------------ */

#define ALWAYS .omit_empty = 0
#define OMIT .omit_empty = 1

#define EVERYWHERE .support = HCS_SUPPORT_ALL
#define NOT_ON_LINUX(why) .support = HCS_SUPPORT_WINDOWS | HCS_SUPPORT_MEMORY, .reason = (why)
#define HYPER_V NOT_ON_LINUX("Hyper-V isolation exists on Windows only")
#define NO_MOUNT_LIMITS NOT_ON_LINUX("block I/O is limited per device there, not per directory")
#define UTILITY_VM NOT_ON_LINUX("utility VMs exist on Windows only")

#define UINT16 .bits = 16, .min = 0, .max = UINT16_MAX
#define UINT32 .bits = 32, .min = 0, .max = UINT32_MAX
/* JSON integers come through jansson, which has 63 bits for them. */
#define UINT64 .bits = 64, .min = 0, .max = INT64_MAX
#define INT32 .bits = 32, .is_signed = 1, .min = INT32_MIN, .max = INT32_MAX

#define ROW(name_, type_, ...)                                                                     \
  { .name = (name_), .type = (type_), __VA_ARGS__ }
#define STRING(name_, ...) ROW(name_, HCS_TYPE_STRING, __VA_ARGS__)
#define BOOL(name_, ...) ROW(name_, HCS_TYPE_BOOL, __VA_ARGS__)
#define INTEGER(name_, ...) ROW(name_, HCS_TYPE_INTEGER, __VA_ARGS__)
#define PAIR(name_, ...) ROW(name_, HCS_TYPE_PAIR, __VA_ARGS__)
#define OBJECT(name_, schema, ...) ROW(name_, HCS_TYPE_OBJECT, __VA_ARGS__, .object = &(schema))
#define POINTER(name_, schema, ...) OBJECT(name_, schema, __VA_ARGS__, .pointer = 1)
#define STRINGS(name_, ...) ROW(name_, HCS_TYPE_STRING_LIST, __VA_ARGS__)
#define LIST(name_, schema, ...) ROW(name_, HCS_TYPE_OBJECT_LIST, __VA_ARGS__, .object = &(schema))
#define MAP(name_, ...) ROW(name_, HCS_TYPE_STRING_MAP, __VA_ARGS__)
#define INDEXED(name_, schema, ...) ROW(name_, HCS_TYPE_INDEX_MAP, __VA_ARGS__, .object = &(schema))
#define RAW(name_, ...) ROW(name_, HCS_TYPE_RAW, __VA_ARGS__)
#define ANY(name_, ...) ROW(name_, HCS_TYPE_ANY, __VA_ARGS__)

/* Defines `schema` out of the array `schema`_fields. `path_` is NULL for what only comes back. */
#define SCHEMA(schema, name_, path_)                                                               \
  static const hcs_schema schema = {.name = (name_),                                               \
                                    .path = (path_),                                               \
                                    .fields = schema##_fields,                                     \
                                    .count = COUNT(schema##_fields)}

/* clang-format off */ /* a row is a row */

/* ---- values ---------------------------------------------------------------------------------- */

/* This API makes containers only; virtual machines are the same service's schema 2. */
static const hcs_choice system_types[] = {
    {"Container", HCS_SUPPORT_ALL, NULL},
    {NULL, 0, NULL},
};

static const hcs_choice container_types[] = {
    {"Linux", HCS_SUPPORT_ALL, NULL},
    {"Windows", HCS_SUPPORT_WINDOWS | HCS_SUPPORT_MEMORY, "Windows containers need a Windows host"},
    {NULL, 0, NULL},
};

/* An unknown one would be answered with nothing, and the caller would look for his data in vain. */
static const hcs_choice property_types[] = {
    {"Statistics", HCS_SUPPORT_ALL, NULL},
    {"ProcessList", HCS_SUPPORT_ALL, NULL},
    {"MappedVirtualDisk", HCS_SUPPORT_ALL, NULL},
    {"GuestConnection", HCS_SUPPORT_ALL, NULL},
    {"PendingUpdates", HCS_SUPPORT_ALL, NULL},
    {NULL, 0, NULL},
};

/* ---- ContainerConfig and its parts ----------------------------------------------------------- */

/* The id is the layer's name for Windows' filter driver; Linux needs the path alone. */
static const hcs_field layer_fields[] = {
    STRING("ID", ALWAYS, EVERYWHERE),
    STRING("Path", ALWAYS, EVERYWHERE),
};
SCHEMA(layer, "Layer", NULL);

/* hcsshim gives these no omitempty: all of them are written for every directory. */
static const hcs_field mapped_dir_fields[] = {
    STRING("HostPath", ALWAYS, EVERYWHERE),
    STRING("ContainerPath", ALWAYS, EVERYWHERE),
    BOOL("ReadOnly", ALWAYS, EVERYWHERE),
    INTEGER("BandwidthMaximum", ALWAYS, NO_MOUNT_LIMITS, UINT64),
    INTEGER("IOPSMaximum", ALWAYS, NO_MOUNT_LIMITS, UINT64),
    BOOL("CreateInUtilityVM", ALWAYS, UTILITY_VM),
    BOOL("LinuxMetadata", OMIT, UTILITY_VM),
};
SCHEMA(mapped_dir, "MappedDir", NULL);

static const hcs_field mapped_pipe_fields[] = {
    STRING("HostPath", ALWAYS, EVERYWHERE),
    STRING("ContainerPipeName", ALWAYS, EVERYWHERE),
};
SCHEMA(mapped_pipe, "MappedPipe", NULL);

static const hcs_field hv_runtime_fields[] = {
    STRING("ImagePath", OMIT, HYPER_V),
    BOOL("SkipTemplate", OMIT, HYPER_V),
    STRING("LinuxInitrdFile", OMIT, HYPER_V),
    STRING("LinuxKernelFile", OMIT, HYPER_V),
    STRING("LinuxBootParameters", OMIT, HYPER_V),
    STRING("BootSource", OMIT, HYPER_V),
    BOOL("WritableBootSource", OMIT, HYPER_V),
};
SCHEMA(hv_runtime, "HvRuntime", NULL);

static const hcs_field mapped_virtual_disk_fields[] = {
    STRING("HostPath", OMIT, EVERYWHERE),
    STRING("ContainerPath", ALWAYS, EVERYWHERE),
    BOOL("CreateInUtilityVM", OMIT, UTILITY_VM),
    BOOL("ReadOnly", OMIT, EVERYWHERE),
    STRING("Cache", OMIT, NOT_ON_LINUX("the page cache has no such modes")),
    BOOL("AttachOnly", OMIT, EVERYWHERE),
};
SCHEMA(mapped_virtual_disk, "MappedVirtualDisk", NULL);

static const hcs_field assigned_device_fields[] = {
    STRING("InterfaceClassGuid", OMIT, EVERYWHERE),
};
SCHEMA(assigned_device, "AssignedDevice", NULL);

/*
 * Limits stand in the config and in what modifies it. 0 is "no limit" for every one; weight and maximum
 * are in 1/10000 (hcs-contract §2.1).
 */
#define PROCESSOR_LIMITS                                                                           \
  INTEGER("ProcessorCount", OMIT, EVERYWHERE, UINT32),                                             \
  INTEGER("ProcessorWeight", OMIT, EVERYWHERE, .bits = 64, .min = 1, .max = 10000),                \
  INTEGER("ProcessorMaximum", OMIT, EVERYWHERE, .bits = 64, .is_signed = 1, .min = 1, .max = 10000)
#define STORAGE_LIMITS                                                                             \
  INTEGER("StorageIOPSMaximum", OMIT, EVERYWHERE, UINT64),                                         \
  INTEGER("StorageBandwidthMaximum", OMIT, EVERYWHERE, UINT64)
#define MEMORY_LIMIT                                                                               \
  INTEGER("MemoryMaximumInMB", OMIT, EVERYWHERE, .bits = 64, .is_signed = 1, .min = 1,             \
          .max = INT64_MAX)

static const hcs_field container_config_fields[] = {
    STRING("SystemType", ALWAYS, EVERYWHERE, .choices = system_types, .fallback = "Container"),
    STRING("Name", ALWAYS, EVERYWHERE),
    STRING("Owner", OMIT, EVERYWHERE),
    STRING("VolumePath", OMIT, EVERYWHERE),
    BOOL("IgnoreFlushesDuringBoot", OMIT, EVERYWHERE),
    STRING("LayerFolderPath", OMIT, EVERYWHERE),
    LIST("Layers", layer, ALWAYS, EVERYWHERE),
    STRING("Credentials", OMIT, NOT_ON_LINUX("group managed service accounts belong to Windows")),
    PROCESSOR_LIMITS,
    STORAGE_LIMITS,
    INTEGER("StorageSandboxSize", OMIT, EVERYWHERE, UINT64),
    MEMORY_LIMIT,
    STRING("HostName", OMIT, EVERYWHERE),
    LIST("MappedDirectories", mapped_dir, OMIT, EVERYWHERE),
    LIST("MappedPipes", mapped_pipe, OMIT, EVERYWHERE),
    BOOL("HvPartition", ALWAYS, HYPER_V),
    STRING("NetworkSharedContainerName", OMIT, EVERYWHERE),
    STRINGS("EndpointList", OMIT, NOT_ON_LINUX("HNS endpoints exist on Windows only")),
    POINTER("HvRuntime", hv_runtime, OMIT, HYPER_V),
    BOOL("Servicing", OMIT, NOT_ON_LINUX("servicing containers update Windows images")),
    BOOL("AllowUnqualifiedDNSQuery", OMIT, EVERYWHERE),
    STRING("DNSSearchList", OMIT, EVERYWHERE),
    STRING("ContainerType", OMIT, EVERYWHERE, .choices = container_types),
    BOOL("TerminateOnLastHandleClosed", OMIT, EVERYWHERE),
    LIST("MappedVirtualDisks", mapped_virtual_disk, OMIT, EVERYWHERE),
    LIST("AssignedDevices", assigned_device, OMIT, EVERYWHERE),
};
SCHEMA(container_config, "ContainerConfig", "config");

/* ---- the other documents that are sent ------------------------------------------------------- */

static const hcs_field process_config_fields[] = {
    STRING("ApplicationName", OMIT, EVERYWHERE),
    STRING("CommandLine", OMIT, EVERYWHERE),
    STRINGS("CommandArgs", OMIT, EVERYWHERE),
    STRING("User", OMIT, EVERYWHERE),
    STRING("WorkingDirectory", OMIT, EVERYWHERE),
    MAP("Environment", OMIT, EVERYWHERE),
    BOOL("EmulateConsole", OMIT, EVERYWHERE),
    BOOL("CreateStdInPipe", OMIT, EVERYWHERE),
    BOOL("CreateStdOutPipe", OMIT, EVERYWHERE),
    BOOL("CreateStdErrPipe", OMIT, EVERYWHERE),
    /* {height, width}; a Go uint, but consoles have 16 bits for each (struct winsize, COORD). */
    PAIR("ConsoleSize", ALWAYS, EVERYWHERE, .bits = 64, .min = 0, .max = UINT16_MAX),
    BOOL("CreateInUtilityVm", OMIT, UTILITY_VM),
    RAW("OCISpecification", OMIT, UTILITY_VM),
};
SCHEMA(process_config, "ProcessConfig", "config");

static const hcs_field compute_system_query_fields[] = {
    STRINGS("Ids", OMIT, EVERYWHERE),
    STRINGS("Types", OMIT, EVERYWHERE),
    STRINGS("Names", OMIT, EVERYWHERE),
    STRINGS("Owners", OMIT, EVERYWHERE),
};
SCHEMA(compute_system_query, "ComputeSystemQuery", "query");

static const hcs_field property_query_fields[] = {
    STRINGS("PropertyTypes", OMIT, EVERYWHERE, .choices = property_types),
};
SCHEMA(property_query, "PropertyQuery", "query");

/* Settings means what ResourceType says, and what can be modified is the platform's answer. */
static const hcs_field modification_fields[] = {
    STRING("ResourceType", ALWAYS, EVERYWHERE),
    ANY("Settings", ALWAYS, EVERYWHERE),
    STRING("RequestType", OMIT, EVERYWHERE),
};
SCHEMA(modification, "ResourceModificationRequestResponse", "request");

/* Settings on Linux, by ResourceType; those of what can be added and removed are the config's own parts. */
static const hcs_field memory_settings_fields[] = {MEMORY_LIMIT};
SCHEMA(memory_settings, "MemorySettings", NULL);

static const hcs_field processor_settings_fields[] = {PROCESSOR_LIMITS};
SCHEMA(processor_settings, "ProcessorSettings", NULL);

static const hcs_field storage_settings_fields[] = {STORAGE_LIMITS};
SCHEMA(storage_settings, "StorageSettings", NULL);

/* ---- results --------------------------------------------------------------------------------- */

/*
 * Times are RFC 3339 texts with seven fraction digits, runtimes count 100 ns, everything is
 * cumulative since the start. HCS leaves out counters that are zero.
 */
static const hcs_field memory_stats_fields[] = {
    INTEGER("MemoryUsageCommitBytes", OMIT, EVERYWHERE, UINT64),
    INTEGER("MemoryUsageCommitPeakBytes", OMIT, EVERYWHERE, UINT64),
    INTEGER("MemoryUsagePrivateWorkingSetBytes", OMIT, EVERYWHERE, UINT64),
};
SCHEMA(memory_stats, "MemoryStats", NULL);

static const hcs_field processor_stats_fields[] = {
    INTEGER("TotalRuntime100ns", OMIT, EVERYWHERE, UINT64),
    INTEGER("RuntimeUser100ns", OMIT, EVERYWHERE, UINT64),
    INTEGER("RuntimeKernel100ns", OMIT, EVERYWHERE, UINT64),
};
SCHEMA(processor_stats, "ProcessorStats", NULL);

static const hcs_field storage_stats_fields[] = {
    INTEGER("ReadCountNormalized", OMIT, EVERYWHERE, UINT64),
    INTEGER("ReadSizeBytes", OMIT, EVERYWHERE, UINT64),
    INTEGER("WriteCountNormalized", OMIT, EVERYWHERE, UINT64),
    INTEGER("WriteSizeBytes", OMIT, EVERYWHERE, UINT64),
};
SCHEMA(storage_stats, "StorageStats", NULL);

static const hcs_field network_stats_fields[] = {
    INTEGER("BytesReceived", OMIT, EVERYWHERE, UINT64),
    INTEGER("BytesSent", OMIT, EVERYWHERE, UINT64),
    INTEGER("PacketsReceived", OMIT, EVERYWHERE, UINT64),
    INTEGER("PacketsSent", OMIT, EVERYWHERE, UINT64),
    INTEGER("DroppedPacketsIncoming", OMIT, EVERYWHERE, UINT64),
    INTEGER("DroppedPacketsOutgoing", OMIT, EVERYWHERE, UINT64),
    STRING("EndpointId", OMIT, EVERYWHERE),
    STRING("InstanceId", OMIT, EVERYWHERE),
};
SCHEMA(network_stats, "NetworkStats", NULL);

static const hcs_field statistics_fields[] = {
    STRING("Timestamp", OMIT, EVERYWHERE),
    STRING("ContainerStartTime", OMIT, EVERYWHERE),
    INTEGER("Uptime100ns", OMIT, EVERYWHERE, UINT64),
    OBJECT("Memory", memory_stats, OMIT, EVERYWHERE),
    OBJECT("Processor", processor_stats, OMIT, EVERYWHERE),
    OBJECT("Storage", storage_stats, OMIT, EVERYWHERE),
    LIST("Network", network_stats, OMIT, EVERYWHERE),
};
SCHEMA(statistics, "Statistics", NULL);

static const hcs_field process_list_item_fields[] = {
    STRING("CreateTimestamp", OMIT, EVERYWHERE),
    STRING("ImageName", OMIT, EVERYWHERE),
    INTEGER("KernelTime100ns", OMIT, EVERYWHERE, UINT64),
    INTEGER("UserTime100ns", OMIT, EVERYWHERE, UINT64),
    INTEGER("MemoryCommitBytes", OMIT, EVERYWHERE, UINT64),
    INTEGER("MemoryWorkingSetPrivateBytes", OMIT, EVERYWHERE, UINT64),
    INTEGER("MemoryWorkingSetSharedBytes", OMIT, EVERYWHERE, UINT64),
    INTEGER("ProcessId", OMIT, EVERYWHERE, UINT32),
};
SCHEMA(process_list_item, "ProcessListItem", NULL);

/* Controller number to this, and in it LUN to disk. */
static const hcs_field controller_fields[] = {
    INDEXED("MappedVirtualDisks", mapped_virtual_disk, OMIT, EVERYWHERE),
};
SCHEMA(controller, "MappedVirtualDiskController", NULL);

static const hcs_field version_fields[] = {
    INTEGER("Major", OMIT, EVERYWHERE, INT32),
    INTEGER("Minor", OMIT, EVERYWHERE, INT32),
};
SCHEMA(version, "Version", NULL);

static const hcs_field guest_capabilities_fields[] = {
    BOOL("NamespaceAddRequestSupported", OMIT, EVERYWHERE),
    BOOL("SignalProcessSupported", OMIT, EVERYWHERE),
    BOOL("DumpStacksSupported", OMIT, EVERYWHERE),
    BOOL("DeleteContainerStateSupported", OMIT, EVERYWHERE),
    BOOL("UpdateContainerSupported", OMIT, EVERYWHERE),
    BOOL("LogForwardingSupported", OMIT, EVERYWHERE),
    BOOL("HostProcessContainerSupported", OMIT, EVERYWHERE),
};
SCHEMA(guest_capabilities, "GuestDefinedCapabilities", NULL);

static const hcs_field guest_connection_fields[] = {
    LIST("SupportedSchemaVersions", version, OMIT, EVERYWHERE),
    INTEGER("ProtocolVersion", OMIT, EVERYWHERE, UINT32),
    OBJECT("GuestDefinedCapabilities", guest_capabilities, OMIT, EVERYWHERE),
};
SCHEMA(guest_connection, "GuestConnectionInfo", NULL);

static const hcs_field error_event_fields[] = {
    STRING("Message", OMIT, EVERYWHERE),
    STRING("StackTrace", OMIT, EVERYWHERE),
    STRING("Provider", OMIT, EVERYWHERE),
    INTEGER("EventId", OMIT, EVERYWHERE, UINT16),
    INTEGER("Flags", OMIT, EVERYWHERE, UINT32),
    STRING("Source", OMIT, EVERYWHERE),
};
SCHEMA(error_event, "ErrorEvent", NULL);

static const hcs_field container_properties_fields[] = {
    STRING("Id", ALWAYS, EVERYWHERE),
    STRING("State", ALWAYS, EVERYWHERE),
    STRING("Name", ALWAYS, EVERYWHERE),
    STRING("SystemType", ALWAYS, EVERYWHERE),
    STRING("RuntimeOsType", OMIT, EVERYWHERE),
    STRING("Owner", ALWAYS, EVERYWHERE),
    STRING("SiloGuid", OMIT, EVERYWHERE),
    STRING("RuntimeId", OMIT, EVERYWHERE),
    BOOL("IsRuntimeTemplate", OMIT, EVERYWHERE),
    STRING("RuntimeImagePath", OMIT, EVERYWHERE),
    BOOL("Stopped", OMIT, EVERYWHERE),
    STRING("ExitType", OMIT, EVERYWHERE),
    BOOL("AreUpdatesPending", OMIT, EVERYWHERE),
    STRING("ObRoot", OMIT, EVERYWHERE),
    OBJECT("Statistics", statistics, OMIT, EVERYWHERE),
    LIST("ProcessList", process_list_item, OMIT, EVERYWHERE),
    INDEXED("MappedVirtualDiskControllers", controller, OMIT, EVERYWHERE),
    OBJECT("GuestConnectionInfo", guest_connection, OMIT, EVERYWHERE),
    LIST("Events", error_event, OMIT, EVERYWHERE), /* ours: HCS has them in errors alone */
};
SCHEMA(container_properties, "ContainerProperties", NULL);

static const hcs_schema *const schemas[] = {
    &container_config, &layer, &mapped_dir, &mapped_pipe, &hv_runtime, &mapped_virtual_disk,
    &assigned_device,
    &process_config, &compute_system_query, &property_query, &modification,
    &memory_settings, &processor_settings, &storage_settings,
    &container_properties, &statistics, &memory_stats, &processor_stats, &storage_stats,
    &network_stats, &process_list_item, &controller,
    &guest_connection, &guest_capabilities, &version,
    &error_event,
};

/* clang-format on */

/* ---- lookup ---------------------------------------------------------------------------------- */

const hcs_schema *hcs_schema_find(const char *name) {
  for (size_t i = 0; i < COUNT(schemas); i++) {
    if (strcmp(schemas[i]->name, name) == 0) return schemas[i];
  }
  return NULL;
}

const hcs_field *hcs_schema_field(const hcs_schema *schema, const char *name) {
  for (size_t i = 0; i < schema->count; i++) {
    if (strcmp(schema->fields[i].name, name) == 0) return &schema->fields[i];
  }
  return NULL;
}

/* ---- description ----------------------------------------------------------------------------- */

/* By hcs_type. What a list or map holds is its "element": "string" or a schema's name. */
static const char *const type_names[] = {
    [HCS_TYPE_STRING] = "string",    [HCS_TYPE_BOOL] = "bool",
    [HCS_TYPE_INTEGER] = "integer",  [HCS_TYPE_OBJECT] = "object",
    [HCS_TYPE_STRING_LIST] = "list", [HCS_TYPE_OBJECT_LIST] = "list",
    [HCS_TYPE_STRING_MAP] = "map",   [HCS_TYPE_INDEX_MAP] = "index_map",
    [HCS_TYPE_PAIR] = "pair",        [HCS_TYPE_RAW] = "raw",
    [HCS_TYPE_ANY] = "any",
};

static const char *field_element(const hcs_field *field) {
  switch (field->type) {
  case HCS_TYPE_STRING_LIST:
  case HCS_TYPE_STRING_MAP: return "string";
  case HCS_TYPE_OBJECT_LIST:
  case HCS_TYPE_INDEX_MAP: return field->object->name;
  default: return NULL;
  }
}

/* Names come from the tables above and need no escaping. */
static void field_describe(hcs_text *text, const hcs_field *field) {
  const char *element = field_element(field);
  hcs_text_printf(text, "{\"name\":\"%s\",\"type\":\"%s\"", field->name, type_names[field->type]);
  if (element != NULL) hcs_text_printf(text, ",\"element\":\"%s\"", element);
  if (field->type == HCS_TYPE_OBJECT) {
    hcs_text_printf(text, ",\"object\":\"%s\"", field->object->name);
  }
  if (field->bits != 0) {
    hcs_text_printf(text, ",\"bits\":%u,\"signed\":%s,\"min\":%" PRId64 ",\"max\":%" PRId64,
                    field->bits, field->is_signed ? "true" : "false", field->min, field->max);
  }
  hcs_text_printf(text, ",\"emit\":\"%s\",\"pointer\":%s}",
                  field->omit_empty ? "omitempty" : "always", field->pointer ? "true" : "false");
}

char *hcs_schema_describe(hcs_error *err) {
  hcs_text text = {0};
  for (size_t i = 0; i < COUNT(schemas); i++) {
    hcs_text_printf(&text, "%c\"%s\":[", i == 0 ? '{' : ',', schemas[i]->name);
    for (size_t k = 0; k < schemas[i]->count; k++) {
      if (k != 0) hcs_text_put(&text, ",");
      field_describe(&text, &schemas[i]->fields[k]);
    }
    hcs_text_put(&text, "]");
  }
  hcs_text_put(&text, "}");
  char *description = hcs_text_take(&text);
  if (description == NULL) (void)hcs_fail_memory(err);
  return description;
}
