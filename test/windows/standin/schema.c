/* schema.c - the documents' fields, in the order of hcsshim's structs. */
#include "schema.h"

#include <string.h>

#define END                                                                                        \
  { NULL, TYPE_STRING, ALWAYS, NULL }

/* clang-format off */ /* a row is a row */

static const svc_field layer[] = {
    {"ID", TYPE_STRING, ALWAYS, NULL},
    {"Path", TYPE_STRING, ALWAYS, NULL},
    END,
};

static const svc_field mapped_dir[] = {
    {"HostPath", TYPE_STRING, ALWAYS, NULL},
    {"ContainerPath", TYPE_STRING, ALWAYS, NULL},
    {"ReadOnly", TYPE_BOOL, ALWAYS, NULL},
    {"BandwidthMaximum", TYPE_UINT64, ALWAYS, NULL},
    {"IOPSMaximum", TYPE_UINT64, ALWAYS, NULL},
    {"CreateInUtilityVM", TYPE_BOOL, ALWAYS, NULL},
    {"LinuxMetadata", TYPE_BOOL, OMITEMPTY, NULL},
    END,
};

static const svc_field mapped_pipe[] = {
    {"HostPath", TYPE_STRING, ALWAYS, NULL},
    {"ContainerPipeName", TYPE_STRING, ALWAYS, NULL},
    END,
};

static const svc_field hv_runtime[] = {
    {"ImagePath", TYPE_STRING, OMITEMPTY, NULL},
    {"SkipTemplate", TYPE_BOOL, OMITEMPTY, NULL},
    {"LinuxInitrdFile", TYPE_STRING, OMITEMPTY, NULL},
    {"LinuxKernelFile", TYPE_STRING, OMITEMPTY, NULL},
    {"LinuxBootParameters", TYPE_STRING, OMITEMPTY, NULL},
    {"BootSource", TYPE_STRING, OMITEMPTY, NULL},
    {"WritableBootSource", TYPE_BOOL, OMITEMPTY, NULL},
    END,
};

static const svc_field mapped_virtual_disk[] = {
    {"HostPath", TYPE_STRING, OMITEMPTY, NULL},
    {"ContainerPath", TYPE_STRING, ALWAYS, NULL},
    {"CreateInUtilityVM", TYPE_BOOL, OMITEMPTY, NULL},
    {"ReadOnly", TYPE_BOOL, OMITEMPTY, NULL},
    {"Cache", TYPE_STRING, OMITEMPTY, NULL},
    {"AttachOnly", TYPE_BOOL, OMITEMPTY, NULL},
    END,
};

static const svc_field assigned_device[] = {
    {"InterfaceClassGuid", TYPE_STRING, OMITEMPTY, NULL},
    END,
};

static const svc_field container_config[] = {
    {"SystemType", TYPE_STRING, ALWAYS, NULL},
    {"Name", TYPE_STRING, ALWAYS, NULL},
    {"Owner", TYPE_STRING, OMITEMPTY, NULL},
    {"VolumePath", TYPE_STRING, OMITEMPTY, NULL},
    {"IgnoreFlushesDuringBoot", TYPE_BOOL, OMITEMPTY, NULL},
    {"LayerFolderPath", TYPE_STRING, OMITEMPTY, NULL},
    {"Layers", TYPE_OBJECTS, ALWAYS, "Layer"},
    {"Credentials", TYPE_STRING, OMITEMPTY, NULL},
    {"ProcessorCount", TYPE_UINT32, OMITEMPTY, NULL},
    {"ProcessorWeight", TYPE_UINT64, OMITEMPTY, NULL},
    {"ProcessorMaximum", TYPE_INT64, OMITEMPTY, NULL},
    {"StorageIOPSMaximum", TYPE_UINT64, OMITEMPTY, NULL},
    {"StorageBandwidthMaximum", TYPE_UINT64, OMITEMPTY, NULL},
    {"StorageSandboxSize", TYPE_UINT64, OMITEMPTY, NULL},
    {"MemoryMaximumInMB", TYPE_INT64, OMITEMPTY, NULL},
    {"HostName", TYPE_STRING, OMITEMPTY, NULL},
    {"MappedDirectories", TYPE_OBJECTS, OMITEMPTY, "MappedDir"},
    {"MappedPipes", TYPE_OBJECTS, OMITEMPTY, "MappedPipe"},
    {"HvPartition", TYPE_BOOL, ALWAYS, NULL},
    {"NetworkSharedContainerName", TYPE_STRING, OMITEMPTY, NULL},
    {"EndpointList", TYPE_STRINGS, OMITEMPTY, NULL},
    {"HvRuntime", TYPE_OBJECT, OMITEMPTY, "HvRuntime"},
    {"Servicing", TYPE_BOOL, OMITEMPTY, NULL},
    {"AllowUnqualifiedDNSQuery", TYPE_BOOL, OMITEMPTY, NULL},
    {"DNSSearchList", TYPE_STRING, OMITEMPTY, NULL},
    {"ContainerType", TYPE_STRING, OMITEMPTY, NULL},
    {"TerminateOnLastHandleClosed", TYPE_BOOL, OMITEMPTY, NULL},
    {"MappedVirtualDisks", TYPE_OBJECTS, OMITEMPTY, "MappedVirtualDisk"},
    {"AssignedDevices", TYPE_OBJECTS, OMITEMPTY, "AssignedDevice"},
    END,
};

static const svc_field process_config[] = {
    {"ApplicationName", TYPE_STRING, OMITEMPTY, NULL},
    {"CommandLine", TYPE_STRING, OMITEMPTY, NULL},
    {"CommandArgs", TYPE_STRINGS, OMITEMPTY, NULL},
    {"User", TYPE_STRING, OMITEMPTY, NULL},
    {"WorkingDirectory", TYPE_STRING, OMITEMPTY, NULL},
    {"Environment", TYPE_STRING_MAP, OMITEMPTY, NULL},
    {"EmulateConsole", TYPE_BOOL, OMITEMPTY, NULL},
    {"CreateStdInPipe", TYPE_BOOL, OMITEMPTY, NULL},
    {"CreateStdOutPipe", TYPE_BOOL, OMITEMPTY, NULL},
    {"CreateStdErrPipe", TYPE_BOOL, OMITEMPTY, NULL},
    {"ConsoleSize", TYPE_SIZE, ALWAYS, NULL},
    {"CreateInUtilityVm", TYPE_BOOL, OMITEMPTY, NULL},
    {"OCISpecification", TYPE_RAW, OMITEMPTY, NULL},
    END,
};

static const svc_field compute_system_query[] = {
    {"Ids", TYPE_STRINGS, OMITEMPTY, NULL},
    {"Types", TYPE_STRINGS, OMITEMPTY, NULL},
    {"Names", TYPE_STRINGS, OMITEMPTY, NULL},
    {"Owners", TYPE_STRINGS, OMITEMPTY, NULL},
    END,
};

static const svc_field property_query[] = {
    {"PropertyTypes", TYPE_STRINGS, OMITEMPTY, NULL},
    END,
};

static const svc_field modification[] = {
    {"ResourceType", TYPE_STRING, ALWAYS, NULL},
    {"Settings", TYPE_INTERFACE, ALWAYS, NULL},
    {"RequestType", TYPE_STRING, OMITEMPTY, NULL},
    END,
};

/* HcsModifyProcess (hcs-contract §1.6). */
static const svc_field console_size[] = {
    {"Height", TYPE_UINT16, ALWAYS, NULL},
    {"Width", TYPE_UINT16, ALWAYS, NULL},
    END,
};

static const svc_field close_handle[] = {
    {"Handle", TYPE_STRING, ALWAYS, NULL},
    END,
};

static const svc_field process_modify_request[] = {
    {"Operation", TYPE_STRING, ALWAYS, NULL},
    {"ConsoleSize", TYPE_OBJECT, OMITEMPTY, "ConsoleSize"},
    {"CloseHandle", TYPE_OBJECT, OMITEMPTY, "CloseHandle"},
    END,
};

/* HcsSignalProcess: a name for Windows' processes, a number for Linux'. */
static const svc_field signal_windows[] = {
    {"Signal", TYPE_STRING, ALWAYS, NULL},
    END,
};

static const svc_field signal_linux[] = {
    {"Signal", TYPE_UINT32, ALWAYS, NULL},
    END,
};

static const svc_schema schemas[] = {
    {"Layer", layer},
    {"MappedDir", mapped_dir},
    {"MappedPipe", mapped_pipe},
    {"HvRuntime", hv_runtime},
    {"MappedVirtualDisk", mapped_virtual_disk},
    {"AssignedDevice", assigned_device},
    {"ContainerConfig", container_config},
    {"ProcessConfig", process_config},
    {"ComputeSystemQuery", compute_system_query},
    {"PropertyQuery", property_query},
    {"ResourceModificationRequestResponse", modification},
    {"ConsoleSize", console_size},
    {"CloseHandle", close_handle},
    {"ProcessModifyRequest", process_modify_request},
    {"SignalWindows", signal_windows},
    {"SignalLinux", signal_linux},
};

/* clang-format on */

const svc_schema *schema_find(const char *name) {
  for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
    if (strcmp(schemas[i].name, name) == 0) return &schemas[i];
  }
  return NULL;
}
