/*
 * support_test.c - what each platform takes: fields, values, combinations, defaults.
 */
#include "document_fixture.h"

#define HYPER_V ": not supported on Linux: Hyper-V isolation exists on Windows only; leave it out"

static const struct {
  const char *type;
  const char *json;
  const char *message; /* NULL: it is taken */
} linux_rows[] = {
    {"ContainerConfig", "{'MemoryMaximumInMB':64,'ProcessorCount':1}", NULL},
    {"ContainerConfig", "{'StorageIOPSMaximum':1,'StorageBandwidthMaximum':1}", NULL},
    {"ContainerConfig", "{'StorageSandboxSize':0.0}", NULL},
    {"ContainerConfig", "{'MappedDirectories':[{'HostPath':'/a','ContainerPath':'/b'}]}", NULL},
    {"ContainerConfig", "{'MappedDirectories':[{'HostPath':'/a','IOPSMaximum':1}]}",
     "config.MappedDirectories[1].IOPSMaximum: not supported on Linux: block I/O is limited per "
     "device there, not per directory; leave it out"},
    {"ContainerConfig", "{'MappedDirectories':[]}", NULL},
    {"ContainerConfig", "{'MappedPipes':[{}]}", NULL},
    {"ContainerConfig", "{'DNSSearchList':'a.b'}", NULL},
    {"ContainerConfig", "{'DNSSearchList':''}", NULL},
    {"ContainerConfig", "{'HvPartition':true}", "config.HvPartition" HYPER_V},
    {"ContainerConfig", "{'HvPartition':false}", NULL},
    {"ContainerConfig", "{'HvRuntime':{'ImagePath':'x'}}", "config.HvRuntime.ImagePath" HYPER_V},
    {"ContainerConfig", "{'HvRuntime':{'ImagePath':''}}", "config.HvRuntime" HYPER_V},
    {"ContainerConfig", "{'HvRuntime':{}}", NULL},
    {"ContainerConfig", "{'HvRuntime':[]}", NULL},
    {"ContainerConfig", "{'Servicing':true}",
     "config.Servicing: not supported on Linux: servicing containers update Windows images; "
     "leave it out"},
    {"ContainerConfig", "{'EndpointList':['g']}",
     "config.EndpointList: not supported on Linux: HNS endpoints exist on Windows only; leave it "
     "out"},
    {"ContainerConfig", "{'Credentials':'c'}",
     "config.Credentials: not supported on Linux: group managed service accounts belong to "
     "Windows; leave it out"},
    {"ContainerConfig", "{'ContainerType':'Windows'}",
     "config.ContainerType: not supported on Linux: Windows containers need a Windows host; leave "
     "it out"},
    {"ContainerConfig", "{'ContainerType':'windows'}",
     "config.ContainerType: not supported on Linux: Windows containers need a Windows host; leave "
     "it out"},
    {"ContainerConfig", "{'ContainerType':'Linux'}", NULL},
    {"ContainerConfig", "{'ContainerType':'linux'}", NULL},
    {"ContainerConfig", "{'ContainerType':''}", NULL},
    {"ContainerConfig", "{'SystemType':'container'}", NULL},
    {"ContainerConfig",
     "{'Name':'n','Owner':'o','VolumePath':'/v','IgnoreFlushesDuringBoot':true,"
     "'LayerFolderPath':'/s','HostName':'h','TerminateOnLastHandleClosed':true}",
     NULL},
    {"ContainerConfig", "{'Layers':[{'Path':'/a'},{'ID':'i','Path':'/b'}]}", NULL},
    {"ProcessConfig", "{'CommandLine':'ls','EmulateConsole':true}", NULL},
    {"ProcessConfig", "{'CommandLine':'ls','ConsoleSize':[25,80]}",
     NULL}, /* of no console: ignored */
    {"ProcessConfig", "{'CommandLine':'ls','EmulateConsole':true,'ConsoleSize':[0,65535]}", NULL},
    {"ProcessConfig", "{'CommandLine':'ls','CreateInUtilityVm':true}",
     "config.CreateInUtilityVm: not supported on Linux: utility VMs exist on Windows only; leave "
     "it out"},
    {"ProcessConfig", "{'OCISpecification':{}}",
     "config.OCISpecification: not supported on Linux: utility VMs exist on Windows only; leave "
     "it out"},
    {"ProcessConfig",
     "{'ApplicationName':'a','CommandArgs':['ls'],'User':'u','WorkingDirectory':'/',"
     "'Environment':{'A':''},'CreateStdInPipe':true,'CreateStdOutPipe':true,"
     "'CreateStdErrPipe':true,'EmulateConsole':false,'OCISpecification':null}",
     NULL},
    {"ComputeSystemQuery", "{'Ids':['a'],'Types':['b'],'Names':['c'],'Owners':['d']}", NULL},
    {"PropertyQuery", "{'PropertyTypes':['Statistics','ProcessList','MappedVirtualDisk']}", NULL},
    {"ResourceModificationRequestResponse",
     "{'ResourceType':'Network','Settings':'x','RequestType':'Add'}", NULL},
};

static void linux_refuses_what_it_does_not_do(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(linux_rows); i++) {
    if (linux_rows[i].message != NULL) {
      assert_refused(linux_rows[i].type, linux_rows[i].json, NULL, LINUX, "NotSupported",
                     linux_rows[i].message);
      assert_true(hcs_error_is(err, HCS_IS_NOT_SUPPORTED));
      continue;
    }
    hcs_document *document = parse(linux_rows[i].type, linux_rows[i].json, NULL, LINUX);
    if (document == NULL) fail_msg("%s: %s", linux_rows[i].json, hcs_error_message(err));
    hcs_document_free(document);
  }
}

static void the_others_take_it(void **state) {
  (void)state;
  static const unsigned others[] = {ANY_PLATFORM, WINDOWS, MEMORY};
  for (size_t i = 0; i < COUNT(linux_rows); i++) {
    for (size_t k = 0; k < COUNT(others); k++) {
      hcs_document *document = parse(linux_rows[i].type, linux_rows[i].json, NULL, others[k]);
      if (document == NULL) fail_msg("%s: %s", linux_rows[i].json, hcs_error_message(err));
      hcs_document_free(document);
    }
  }
}

/* HCS itself is there: what a document can say, Windows does. */
static void windows_takes_every_field(void **state) {
  (void)state;
  static const char *const documents[] = {
      "ContainerConfig",
      "Layer",
      "MappedDir",
      "MappedPipe",
      "HvRuntime",
      "AssignedDevice",
      "MappedVirtualDisk",
      "ProcessConfig",
      "PropertyQuery",
      "ComputeSystemQuery",
      "ResourceModificationRequestResponse",
  };
  for (size_t i = 0; i < COUNT(documents); i++) {
    const hcs_schema *schema = hcs_schema_find(documents[i]);
    assert_non_null(schema);
    for (size_t k = 0; k < schema->count; k++) {
      const hcs_field *field = &schema->fields[k];
      if ((field->support & WINDOWS) == 0) fail_msg("%s.%s", schema->name, field->name);
      const hcs_choice *choice = field->choices;
      for (; choice != NULL && choice->value != NULL; choice++) {
        if ((choice->support & WINDOWS) == 0) fail_msg("%s = %s", field->name, choice->value);
      }
    }
  }
}

/* Paths, names and users are the service's to judge, by Windows' rules. */
static void windows_judges_values_itself(void **state) {
  (void)state;
  static const struct {
    const char *type;
    const char *json;
  } rows[] = {
      {"ContainerConfig", "{'Layers':[{'Path':'relative'},{'Path':''}],'VolumePath':'/'}"},
      {"ContainerConfig", "{'MappedDirectories':[{'HostPath':'a:b','ContainerPath':'c'}]}"},
      {"ContainerConfig", "{'MappedPipes':[{'HostPath':'pipe x'}]}"},
      {"ContainerConfig", "{'NetworkSharedContainerName':'a b','DNSSearchList':'a,,b;c'}"},
      {"ContainerConfig", "{'HostName':'under_score','AssignedDevices':[{}]}"},
      {"ContainerConfig", "{'MappedVirtualDisks':[{'Cache':'Disabled','AttachOnly':true}]}"},
      {"ContainerConfig", "{'Credentials':'x','EndpointList':['a',''],'ContainerType':'WINDOWS'}"},
      {"ContainerConfig", "{'HvPartition':true,'HvRuntime':{'BootSource':'Other'}}"},
      {"ProcessConfig", "{'CommandLine':'open | & <','User':'a\\\\b','WorkingDirectory':'w'}"},
      {"ResourceModificationRequestResponse",
       "{'ResourceType':'Network','Settings':'eef2649d','RequestType':'Add'}"},
      {"ResourceModificationRequestResponse", "{'ResourceType':'New','RequestType':'Update'}"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    hcs_document *document = parse(rows[i].type, rows[i].json, NULL, WINDOWS);
    if (document == NULL) fail_msg("%s: %s", rows[i].json, hcs_error_message(err));
    hcs_document_free(document);
  }
}

/* Rules about values and combinations are a platform's; a document alone is free of them. */
static const struct {
  const char *type;
  const char *json;
  unsigned support; /* the platforms that refuse it */
  const char *message;
} rules[] = {
    {"ContainerConfig", "{'SystemType':'VirtualMachine'}", LINUX | WINDOWS | MEMORY,
     "config.SystemType: unknown value 'VirtualMachine', use 'Container'"},
    {"ContainerConfig", "{'ContainerType':'BSD'}", LINUX,
     "config.ContainerType: unknown value 'BSD', use 'Linux'"},
    {"ContainerConfig", "{'ContainerType':'BSD'}", WINDOWS | MEMORY,
     "config.ContainerType: unknown value 'BSD', use 'Linux' or 'Windows'"},
    {"PropertyQuery", "{'PropertyTypes':['ProcessList','Stats']}", LINUX | WINDOWS | MEMORY,
     "query.PropertyTypes[2]: unknown value 'Stats', use 'Statistics' or 'ProcessList' or "
     "'MappedVirtualDisk' or 'GuestConnection' or 'PendingUpdates'"},
    {"ContainerConfig", "{'ProcessorCount':1,'ProcessorMaximum':2}", LINUX | WINDOWS | MEMORY,
     "config: ProcessorCount, ProcessorMaximum and ProcessorWeight exclude each other; keep one"},
    {"ContainerConfig", "{'ProcessorWeight':1,'ProcessorCount':2}", LINUX | WINDOWS | MEMORY,
     "config: ProcessorCount, ProcessorMaximum and ProcessorWeight exclude each other; keep one"},
    {"ContainerConfig", "{'ProcessorWeight':1,'ProcessorMaximum':2}", LINUX | WINDOWS | MEMORY,
     "config: ProcessorCount, ProcessorMaximum and ProcessorWeight exclude each other; keep one"},
    {"ContainerConfig", "{'Layers':[{'Path':'/'}],'VolumePath':'/v'}", LINUX,
     "config: VolumePath is a whole root directory and takes no Layers; keep one of the two"},
    {"ProcessConfig", "{'CommandLine':'ls','CommandArgs':['ls']}", LINUX | WINDOWS | MEMORY,
     "config: CommandLine and CommandArgs exclude each other; keep one"},
    {"ProcessConfig", "{'ApplicationName':'ls','CommandArgs':[]}", LINUX | WINDOWS | MEMORY,
     "config: there is no command in it; give CommandArgs or CommandLine"},
    {"ProcessConfig", "{'CommandLine':''}", LINUX | WINDOWS | MEMORY,
     "config: there is no command in it; give CommandArgs or CommandLine"},
    {"ProcessConfig", "{'CommandLine':'ls','Environment':{'A=B':'c'}}", LINUX | MEMORY,
     "config.Environment[\"A=B\"]: a variable's name cannot contain '='"},
    {"ProcessConfig", "{'CommandLine':'ls','Environment':{'':'c'}}", LINUX | MEMORY,
     "config.Environment[\"\"]: a variable needs a name"},
};

static void platforms_have_rules(void **state) {
  (void)state;
  static const unsigned platforms[] = {LINUX, WINDOWS, MEMORY};
  for (size_t i = 0; i < COUNT(rules); i++) {
    for (size_t k = 0; k < COUNT(platforms); k++) {
      if ((rules[i].support & platforms[k]) == 0) continue;
      assert_refused(rules[i].type, rules[i].json, NULL, platforms[k], "InvalidParameter",
                     rules[i].message);
    }
    hcs_document *document = parse(rules[i].type, rules[i].json, NULL, ANY_PLATFORM);
    if (document == NULL) fail_msg("%s: %s", rules[i].json, hcs_error_message(err));
    hcs_document_free(document);
  }
}

/* Each with its zero beside it: that is no combination. */
static void zeros_do_not_exclude(void **state) {
  (void)state;
  static const struct {
    const char *type;
    const char *json;
    unsigned support;
  } rows[] = {
      {"ContainerConfig", "{'ProcessorCount':1,'ProcessorMaximum':0,'ProcessorWeight':0}", WINDOWS},
      {"ContainerConfig", "{'Layers':[],'VolumePath':'/v'}", LINUX},
      {"ContainerConfig", "{'Layers':[{'Path':'/'}],'VolumePath':''}", LINUX},
      {"ContainerConfig", "{'Layers':[{'Path':'/'}],'VolumePath':'v'}", WINDOWS},
      {"ProcessConfig", "{'CommandLine':'ls','CommandArgs':[]}", LINUX},
      {"ProcessConfig", "{'CommandLine':'','CommandArgs':['ls']}", LINUX},
      {"ProcessConfig", "{'OCISpecification':{}}", WINDOWS},
      {"ProcessConfig", "{'CommandLine':'x','Environment':{'=C:':'c'}}", WINDOWS},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    hcs_document *document = parse(rows[i].type, rows[i].json, NULL, rows[i].support);
    if (document == NULL) fail_msg("%s: %s", rows[i].json, hcs_error_message(err));
    hcs_document_free(document);
  }
}

static void platforms_fill_in_the_system_type(void **state) {
  (void)state;
  assert_becomes("ContainerConfig", "{}", NULL, LINUX, "{'SystemType':'Container'}");
  assert_becomes("ContainerConfig", "{'SystemType':''}", NULL, WINDOWS,
                 "{'SystemType':'Container'}");
  assert_becomes("ContainerConfig", "{'SystemType':'container'}", NULL, WINDOWS,
                 "{'SystemType':'container'}");
  assert_becomes("ContainerConfig", "{}", NULL, ANY_PLATFORM, "{}");
  assert_becomes("ContainerConfig", "{}", "{'SystemType':null}", MEMORY,
                 "{'SystemType':'Container'}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(linux_refuses_what_it_does_not_do),
      TEST(the_others_take_it),
      TEST(windows_takes_every_field),
      TEST(windows_judges_values_itself),
      TEST(platforms_have_rules),
      TEST(zeros_do_not_exclude),
      TEST(platforms_fill_in_the_system_type),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
