/*
 * schema_test.c - the field tables: Go's order and emit rules, their description, nearest names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "hcs/error.h"
#include "hcs/nearest.h"
#include "hcs/schema.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static hcs_error *err;
static json_t *described;

static int setup(void **state) {
  (void)state;
  err = hcs_error_new();
  char *text = err != NULL ? hcs_schema_describe(err) : NULL;
  described = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
  free(text);
  return described != NULL ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  json_decref(described);
  hcs_error_free(err);
  return 0;
}

/* ---- what hcsshim's structs say -------------------------------------------------------------- */

/*
 * Each schema as one line, in Go's order. "*" in front: always emitted. Behind the colon: the type
 * and what it holds, "&" for a pointer.
 */
static const struct {
  const char *schema;
  const char *fields;
} structs[] = {
    {"ContainerConfig",
     "*SystemType:string *Name:string Owner:string VolumePath:string IgnoreFlushesDuringBoot:bool "
     "LayerFolderPath:string *Layers:list(Layer) Credentials:string ProcessorCount:uint32 "
     "ProcessorWeight:uint64 ProcessorMaximum:int64 StorageIOPSMaximum:uint64 "
     "StorageBandwidthMaximum:uint64 StorageSandboxSize:uint64 MemoryMaximumInMB:int64 "
     "HostName:string MappedDirectories:list(MappedDir) MappedPipes:list(MappedPipe) "
     "*HvPartition:bool NetworkSharedContainerName:string EndpointList:list(string) "
     "HvRuntime:&object(HvRuntime) Servicing:bool AllowUnqualifiedDNSQuery:bool "
     "DNSSearchList:string ContainerType:string TerminateOnLastHandleClosed:bool "
     "MappedVirtualDisks:list(MappedVirtualDisk) AssignedDevices:list(AssignedDevice)"},
    {"Layer", "*ID:string *Path:string"},
    {"MappedDir", "*HostPath:string *ContainerPath:string *ReadOnly:bool *BandwidthMaximum:uint64 "
                  "*IOPSMaximum:uint64 *CreateInUtilityVM:bool LinuxMetadata:bool"},
    {"MappedPipe", "*HostPath:string *ContainerPipeName:string"},
    {"HvRuntime", "ImagePath:string SkipTemplate:bool LinuxInitrdFile:string "
                  "LinuxKernelFile:string LinuxBootParameters:string BootSource:string "
                  "WritableBootSource:bool"},
    {"MappedVirtualDisk", "HostPath:string *ContainerPath:string CreateInUtilityVM:bool "
                          "ReadOnly:bool Cache:string AttachOnly:bool"},
    {"AssignedDevice", "InterfaceClassGuid:string"},
    {"ProcessConfig",
     "ApplicationName:string CommandLine:string CommandArgs:list(string) User:string "
     "WorkingDirectory:string Environment:map(string) EmulateConsole:bool CreateStdInPipe:bool "
     "CreateStdOutPipe:bool CreateStdErrPipe:bool *ConsoleSize:pair CreateInUtilityVm:bool "
     "OCISpecification:raw"},
    {"ComputeSystemQuery",
     "Ids:list(string) Types:list(string) Names:list(string) Owners:list(string)"},
    {"PropertyQuery", "PropertyTypes:list(string)"},
    {"ResourceModificationRequestResponse",
     "*ResourceType:string *Settings:any RequestType:string"},
    /* ours: hcsshim leaves settings to its callers */
    {"MemorySettings", "MemoryMaximumInMB:int64"},
    {"ProcessorSettings", "ProcessorCount:uint32 ProcessorWeight:uint64 ProcessorMaximum:int64"},
    {"StorageSettings", "StorageIOPSMaximum:uint64 StorageBandwidthMaximum:uint64"},
    {"ContainerProperties",
     "*Id:string *State:string *Name:string *SystemType:string RuntimeOsType:string *Owner:string "
     "SiloGuid:string RuntimeId:string IsRuntimeTemplate:bool RuntimeImagePath:string "
     "Stopped:bool ExitType:string AreUpdatesPending:bool ObRoot:string "
     "Statistics:object(Statistics) ProcessList:list(ProcessListItem) "
     "MappedVirtualDiskControllers:index_map(MappedVirtualDiskController) "
     "GuestConnectionInfo:object(GuestConnectionInfo) "
     "Events:list(ErrorEvent)"}, /* ours */
    {"Statistics", "Timestamp:string ContainerStartTime:string Uptime100ns:uint64 "
                   "Memory:object(MemoryStats) Processor:object(ProcessorStats) "
                   "Storage:object(StorageStats) Network:list(NetworkStats)"},
    {"MemoryStats", "MemoryUsageCommitBytes:uint64 MemoryUsageCommitPeakBytes:uint64 "
                    "MemoryUsagePrivateWorkingSetBytes:uint64"},
    {"ProcessorStats",
     "TotalRuntime100ns:uint64 RuntimeUser100ns:uint64 RuntimeKernel100ns:uint64"},
    {"StorageStats", "ReadCountNormalized:uint64 ReadSizeBytes:uint64 WriteCountNormalized:uint64 "
                     "WriteSizeBytes:uint64"},
    {"NetworkStats",
     "BytesReceived:uint64 BytesSent:uint64 PacketsReceived:uint64 PacketsSent:uint64 "
     "DroppedPacketsIncoming:uint64 DroppedPacketsOutgoing:uint64 EndpointId:string "
     "InstanceId:string"},
    {"ProcessListItem",
     "CreateTimestamp:string ImageName:string KernelTime100ns:uint64 UserTime100ns:uint64 "
     "MemoryCommitBytes:uint64 MemoryWorkingSetPrivateBytes:uint64 "
     "MemoryWorkingSetSharedBytes:uint64 ProcessId:uint32"},
    {"MappedVirtualDiskController", "MappedVirtualDisks:index_map(MappedVirtualDisk)"},
    {"GuestConnectionInfo", "SupportedSchemaVersions:list(Version) ProtocolVersion:uint32 "
                            "GuestDefinedCapabilities:object(GuestDefinedCapabilities)"},
    {"GuestDefinedCapabilities",
     "NamespaceAddRequestSupported:bool SignalProcessSupported:bool DumpStacksSupported:bool "
     "DeleteContainerStateSupported:bool UpdateContainerSupported:bool LogForwardingSupported:bool "
     "HostProcessContainerSupported:bool"},
    {"Version", "Major:int32 Minor:int32"},
    {"ErrorEvent", "Message:string StackTrace:string Provider:string EventId:uint16 Flags:uint32 "
                   "Source:string"},
};

static const char *text_of(const json_t *object, const char *name) {
  const char *value = json_string_value(json_object_get(object, name));
  return value != NULL ? value : "";
}

/* One described field in the notation above. */
static void write_field(char *out, size_t capacity, const json_t *field) {
  const char *type = text_of(field, "type"), *holds = text_of(field, "element");
  char integer[16] = "";
  if (holds[0] == '\0') holds = text_of(field, "object");
  if (strcmp(type, "integer") == 0) {
    (void)snprintf(integer, sizeof integer, "%sint%d",
                   json_is_true(json_object_get(field, "signed")) ? "" : "u",
                   (int)json_integer_value(json_object_get(field, "bits")));
    type = integer;
  }
  (void)snprintf(out, capacity, "%s%s:%s%s%s%s%s",
                 strcmp(text_of(field, "emit"), "always") == 0 ? "*" : "", text_of(field, "name"),
                 json_is_true(json_object_get(field, "pointer")) ? "&" : "", type,
                 holds[0] != '\0' ? "(" : "", holds, holds[0] != '\0' ? ")" : "");
}

static void describes_hcsshims_structs(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(structs); i++) {
    const json_t *fields = json_object_get(described, structs[i].schema);
    char text[2048] = "";
    for (size_t k = 0; k < json_array_size(fields); k++) {
      size_t size = strlen(text);
      if (k != 0) text[size++] = ' ';
      write_field(text + size, sizeof text - size, json_array_get(fields, k));
    }
    assert_string_equal(text, structs[i].fields);
  }
  assert_int_equal(json_object_size(described), COUNT(structs));
}

static void every_element_is_described(void **state) {
  (void)state;
  const char *name;
  json_t *fields;
  json_object_foreach(described, name, fields) {
    for (size_t k = 0; k < json_array_size(fields); k++) {
      const json_t *field = json_array_get(fields, k);
      const char *element = text_of(field, "element"), *object = text_of(field, "object");
      if (element[0] != '\0' && strcmp(element, "string") != 0) {
        assert_non_null(json_object_get(described, element));
      }
      if (object[0] != '\0') assert_non_null(json_object_get(described, object));
    }
  }
}

static void finds_schemas_and_fields(void **state) {
  (void)state;
  const hcs_schema *config = hcs_schema_find("ContainerConfig");
  assert_non_null(config);
  assert_string_equal(config->path, "config");
  assert_null(hcs_schema_find("containerconfig"));
  assert_null(hcs_schema_find(""));
  assert_null(hcs_schema_find("ContainerProperties")->path); /* not sent */
  assert_ptr_equal(hcs_schema_field(config, "Layers")->object, hcs_schema_find("Layer"));
  assert_null(hcs_schema_field(config, "layers"));
}

/* ---- platforms ------------------------------------------------------------------------------- */

/* The fields of the documents' own level that Linux takes now. */
static const struct {
  const char *schema;
  const char *fields; /* with a blank around each */
} on_linux[] = {
    {"ContainerConfig", " SystemType Name Owner VolumePath IgnoreFlushesDuringBoot LayerFolderPath "
                        "Layers HostName ContainerType TerminateOnLastHandleClosed "
                        "MappedDirectories MappedPipes AssignedDevices MappedVirtualDisks "
                        "NetworkSharedContainerName DNSSearchList AllowUnqualifiedDNSQuery "
                        "ProcessorCount ProcessorWeight ProcessorMaximum "
                        "StorageIOPSMaximum StorageBandwidthMaximum StorageSandboxSize "
                        "MemoryMaximumInMB "},
    {"ProcessConfig",
     " ApplicationName CommandLine CommandArgs User WorkingDirectory Environment "
     "CreateStdInPipe CreateStdOutPipe CreateStdErrPipe EmulateConsole ConsoleSize "},
    {"ComputeSystemQuery", " Ids Types Names Owners "},
    {"PropertyQuery", " PropertyTypes "},
};

static void knows_what_linux_takes(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(on_linux); i++) {
    const hcs_schema *schema = hcs_schema_find(on_linux[i].schema);
    for (size_t k = 0; k < schema->count; k++) {
      char word[64];
      (void)snprintf(word, sizeof word, " %s ", schema->fields[k].name);
      int expected = strstr(on_linux[i].fields, word) != NULL;
      int supported = (schema->fields[k].support & HCS_SUPPORT_LINUX) != 0;
      if (expected != supported) fail_msg("%s.%s", schema->name, schema->fields[k].name);
    }
  }
}

static void the_other_platforms_take_everything(void **state) {
  (void)state;
  const unsigned others = HCS_SUPPORT_WINDOWS | HCS_SUPPORT_MEMORY;
  for (size_t i = 0; i < COUNT(structs); i++) {
    const hcs_schema *schema = hcs_schema_find(structs[i].schema);
    for (size_t k = 0; k < schema->count; k++) {
      assert_int_equal(schema->fields[k].support & others, others);
    }
  }
}

static void ranges_are_sane(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(structs); i++) {
    const hcs_schema *schema = hcs_schema_find(structs[i].schema);
    for (size_t k = 0; k < schema->count; k++) {
      const hcs_field *field = &schema->fields[k];
      int is_number = field->type == HCS_TYPE_INTEGER || field->type == HCS_TYPE_PAIR;
      assert_int_equal(field->bits != 0, is_number);
      if (!is_number) continue;
      assert_true(field->min < field->max);
      assert_true(field->is_signed || field->min >= 0);
      if (field->bits < 64) assert_true(field->max <= (INT64_C(1) << field->bits) - 1);
    }
  }
}

/* ---- nearest names --------------------------------------------------------------------------- */

static const struct {
  const char *word;
  const char *candidates[4];
  const char *best;
} nearest_rows[] = {
    {"MemoryMaximumInMb", {"ProcessorMaximum", "MemoryMaximumInMB"}, "MemoryMaximumInMB"},
    {"memorymaximuminmb", {"MemoryMaximumInMB"}, "MemoryMaximumInMB"},
    {"Layer", {"Layers", "LayerFolderPath"}, "Layers"},
    {"Laeyrs", {"Layers"}, "Layers"},
    {"Nmae", {"Name"}, "Name"}, /* two letters swapped are one mistake */
    {"Pth", {"ID", "Path"}, "Path"},
    {"path", {"ID", "Path"}, "Path"},
    {"HostNme", {"HostName", "HvPartition"}, "HostName"},
    {"Commandline", {"CommandArgs", "CommandLine"}, "CommandLine"},
    {"Id", {"Ids", "ID"}, "ID"},         /* the nearer one, whatever the order */
    {"Nams", {"Name", "Names"}, "Name"}, /* the first of two that are as near */
    {"MappedDir", {"MappedPipe", "MappedDirectory"}, "MappedDirectory"}, /* a shortened word */
    {"Foo", {"Name", "Owner", "Layers"}, NULL},
    {"x", {"ID", "Name"}, NULL},
    {"", {"ID", "Name"}, NULL},
    {"Completely", {"Different"}, NULL},
};

static void finds_the_nearest_name(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(nearest_rows); i++) {
    hcs_nearest nearest = hcs_nearest_to(nearest_rows[i].word);
    for (size_t k = 0; k < 4 && nearest_rows[i].candidates[k] != NULL; k++) {
      hcs_nearest_offer(&nearest, nearest_rows[i].candidates[k]);
    }
    if (nearest_rows[i].best == NULL) {
      assert_null(nearest.best);
    } else {
      assert_non_null(nearest.best);
      assert_string_equal(nearest.best, nearest_rows[i].best);
    }
  }
}

static void very_long_words_are_left_alone(void **state) {
  (void)state;
  char word[10001];
  memset(word, 'L', sizeof word - 1);
  word[sizeof word - 1] = '\0';
  hcs_nearest nearest = hcs_nearest_to(word);
  hcs_nearest_offer(&nearest, "Layers");
  assert_null(nearest.best);
  word[64] = '\0';
  nearest = hcs_nearest_to(word);
  hcs_nearest_offer(&nearest, word);
  assert_ptr_equal(nearest.best, word);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(describes_hcsshims_structs),
      TEST(every_element_is_described),
      TEST(finds_schemas_and_fields),
      TEST(knows_what_linux_takes),
      TEST(the_other_platforms_take_everything),
      TEST(ranges_are_sane),
      TEST(finds_the_nearest_name),
      TEST(very_long_words_are_left_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
