/*
 * marshal_test.c - documents are written as Go's encoding/json writes them.
 */
#include "document_fixture.h"
#include "hcs/marshal.h"

/* ---- Go's bytes ------------------------------------------------------------------------------ */

static const struct {
  const char *type;
  const char *json;
  const char *bytes;
} marshalled[] = {
    {"ContainerConfig", "{}", "{'SystemType':'','Name':'','Layers':null,'HvPartition':false}"},
    {"ContainerConfig", "{'Layers':[]}",
     "{'SystemType':'','Name':'','Layers':[],'HvPartition':false}"},
    {"ContainerConfig", "{'Layers':[{'Path':'/a'},{}]}",
     "{'SystemType':'','Name':'','Layers':[{'ID':'','Path':'/a'},{'ID':'','Path':''}],"
     "'HvPartition':false}"},
    /* every field, in an order that is not Go's */
    {"ContainerConfig",
     "{'AssignedDevices':[{'InterfaceClassGuid':'g'},{}],"
     "'MappedVirtualDisks':[{'AttachOnly':true,'Cache':'Private','ReadOnly':true,"
     "'CreateInUtilityVM':true,'ContainerPath':'c','HostPath':'h'},{}],"
     "'TerminateOnLastHandleClosed':true,'ContainerType':'Linux','DNSSearchList':'d',"
     "'AllowUnqualifiedDNSQuery':true,'Servicing':true,"
     "'HvRuntime':{'WritableBootSource':true,'BootSource':'Vhd','LinuxBootParameters':'p',"
     "'LinuxKernelFile':'k','LinuxInitrdFile':'i','SkipTemplate':true,'ImagePath':'m'},"
     "'EndpointList':['e1','e2'],'NetworkSharedContainerName':'n','HvPartition':true,"
     "'MappedPipes':[{'ContainerPipeName':'p','HostPath':'h'},{}],"
     "'MappedDirectories':[{'LinuxMetadata':true,'CreateInUtilityVM':true,'IOPSMaximum':2,"
     "'BandwidthMaximum':1,'ReadOnly':true,'ContainerPath':'c','HostPath':'h'},{}],"
     "'HostName':'hn','MemoryMaximumInMB':9,'StorageSandboxSize':8,"
     "'StorageBandwidthMaximum':7,'StorageIOPSMaximum':6,'ProcessorMaximum':5,"
     "'ProcessorWeight':4,'ProcessorCount':3,'Credentials':'cr','Layers':[],"
     "'LayerFolderPath':'lf','IgnoreFlushesDuringBoot':true,'VolumePath':'v','Owner':'o',"
     "'Name':'n','SystemType':'Container'}",
     "{'SystemType':'Container','Name':'n','Owner':'o','VolumePath':'v',"
     "'IgnoreFlushesDuringBoot':true,'LayerFolderPath':'lf','Layers':[],'Credentials':'cr',"
     "'ProcessorCount':3,'ProcessorWeight':4,'ProcessorMaximum':5,'StorageIOPSMaximum':6,"
     "'StorageBandwidthMaximum':7,'StorageSandboxSize':8,'MemoryMaximumInMB':9,'HostName':'hn',"
     "'MappedDirectories':[{'HostPath':'h','ContainerPath':'c','ReadOnly':true,"
     "'BandwidthMaximum':1,'IOPSMaximum':2,'CreateInUtilityVM':true,'LinuxMetadata':true},"
     "{'HostPath':'','ContainerPath':'','ReadOnly':false,'BandwidthMaximum':0,'IOPSMaximum':0,"
     "'CreateInUtilityVM':false}],"
     "'MappedPipes':[{'HostPath':'h','ContainerPipeName':'p'},"
     "{'HostPath':'','ContainerPipeName':''}],'HvPartition':true,"
     "'NetworkSharedContainerName':'n','EndpointList':['e1','e2'],"
     "'HvRuntime':{'ImagePath':'m','SkipTemplate':true,'LinuxInitrdFile':'i',"
     "'LinuxKernelFile':'k','LinuxBootParameters':'p','BootSource':'Vhd',"
     "'WritableBootSource':true},'Servicing':true,'AllowUnqualifiedDNSQuery':true,"
     "'DNSSearchList':'d','ContainerType':'Linux','TerminateOnLastHandleClosed':true,"
     "'MappedVirtualDisks':[{'HostPath':'h','ContainerPath':'c','CreateInUtilityVM':true,"
     "'ReadOnly':true,'Cache':'Private','AttachOnly':true},{'ContainerPath':''}],"
     "'AssignedDevices':[{'InterfaceClassGuid':'g'},{}]}"},
    /* omitempty: zeros and empty lists go, a pointer to an empty struct stays */
    {"ContainerConfig",
     "{'Owner':'','EndpointList':[],'MappedPipes':[],'ProcessorCount':0,'Servicing':false,"
     "'HvRuntime':{}}",
     "{'SystemType':'','Name':'','Layers':null,'HvPartition':false,'HvRuntime':{}}"},
    {"ContainerConfig", "{'StorageSandboxSize':9223372036854775807,'ProcessorCount':4.0}",
     "{'SystemType':'','Name':'','Layers':null,'ProcessorCount':4,"
     "'StorageSandboxSize':9223372036854775807,'HvPartition':false}"},
    {"ContainerConfig", "{'MemoryMaximumInMB':9007199254740993}",
     "{'SystemType':'','Name':'','Layers':null,'MemoryMaximumInMB':9007199254740993,"
     "'HvPartition':false}"},
    {"ProcessConfig", "{}", "{'ConsoleSize':[0,0]}"},
    {"ProcessConfig",
     "{'OCISpecification':{'b':1,'a':{'d':null,'c':'<'}},'CreateInUtilityVm':true,"
     "'ConsoleSize':[25,80],'CreateStdErrPipe':true,'CreateStdOutPipe':true,"
     "'CreateStdInPipe':true,'EmulateConsole':true,"
     "'Environment':{'b':'2','a':'','B':'1','\xC3\xA4':'u'},'WorkingDirectory':'/w','User':'u',"
     "'CommandArgs':['sh','-c',''],'CommandLine':'c','ApplicationName':'a'}",
     "{'ApplicationName':'a','CommandLine':'c','CommandArgs':['sh','-c',''],'User':'u',"
     "'WorkingDirectory':'/w','Environment':{'B':'1','a':'','b':'2','\xC3\xA4':'u'},"
     "'EmulateConsole':true,'CreateStdInPipe':true,'CreateStdOutPipe':true,"
     "'CreateStdErrPipe':true,'ConsoleSize':[25,80],'CreateInUtilityVm':true,"
     "'OCISpecification':{'b':1,'a':{'d':null,'c':'\\u003c'}}}"},
    {"ProcessConfig", "{'CommandArgs':[],'Environment':{},'OCISpecification':{}}",
     "{'ConsoleSize':[0,0],'OCISpecification':{}}"},
    {"ComputeSystemQuery", "{}", "{}"},
    {"ComputeSystemQuery", "{'Owners':['o'],'Names':[],'Types':['Container'],'Ids':['a','b']}",
     "{'Ids':['a','b'],'Types':['Container'],'Owners':['o']}"},
    {"PropertyQuery", "{}", "{}"},
    {"PropertyQuery", "{'PropertyTypes':['Statistics','Anything']}",
     "{'PropertyTypes':['Statistics','Anything']}"},
    {"ResourceModificationRequestResponse", "{}", "{'ResourceType':'','Settings':null}"},
    {"ResourceModificationRequestResponse",
     "{'RequestType':'Add','ResourceType':'Network','Settings':'guid'}",
     "{'ResourceType':'Network','Settings':'guid','RequestType':'Add'}"},
    {"ResourceModificationRequestResponse",
     "{'Settings':{'b':[{'z':1,'y':{}},[],null,true,false],'a':-1,'10':0,'9':0,'':'x'}}",
     "{'ResourceType':'','Settings':{'':'x','10':0,'9':0,'a':-1,"
     "'b':[{'y':{},'z':1},[],null,true,false]}}"},
};

/* In Go a struct inside a struct is always there, a pointer may be nil. */
static void writes_structs_even_if_empty(void **state) {
  (void)state;
  char *text = hcs_marshal(hcs_schema_find("ContainerProperties"), NULL, err);
  assert_non_null(text);
  assert_string_equal(text, quoted("{'Id':'','State':'','Name':'','SystemType':'','Owner':'',"
                                   "'Statistics':{'Memory':{},'Processor':{},'Storage':{}},"
                                   "'GuestConnectionInfo':{'GuestDefinedCapabilities':{}}}"));
  free(text);
}

/* Integer keys sort as their decimal texts, which is what Go does. */
static void writes_indexed_maps(void **state) {
  (void)state;
  json_t *object = json_loads(
      quoted("{'MappedVirtualDisks':{'2':{'HostPath':'b'},'10':{'HostPath':'a'}}}"), 0, NULL);
  char *text = hcs_marshal(hcs_schema_find("MappedVirtualDiskController"), object, err);
  json_decref(object);
  assert_non_null(text);
  assert_string_equal(text,
                      quoted("{'MappedVirtualDisks':{'10':{'HostPath':'a','ContainerPath':''},"
                             "'2':{'HostPath':'b','ContainerPath':''}}}"));
  free(text);
}

static void writes_gos_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(marshalled); i++) {
    char *text = hcs_document_marshal(marshalled[i].type, quoted(marshalled[i].json), err);
    if (text == NULL) fail_msg("%s: %s", marshalled[i].json, hcs_error_message(err));
    assert_string_equal(text, quoted(marshalled[i].bytes));
    /* Written again, it is the same. */
    char *again = hcs_document_marshal(marshalled[i].type, text, err);
    assert_non_null(again);
    assert_string_equal(again, text);
    free(again);
    free(text);
  }
  assert_int_equal(hcs_error_code(err), 0);
  assert_null(hcs_document_marshal("ContainerConfig", "{\"X\":1}", err));
  assert_null(hcs_document_marshal("Layer", "{}", err));
}

/* Marshals `inner` as the value of Settings, and expects it to be written as `expected`. */
static void assert_setting(const char *inner, const char *expected) {
  char json[512], wanted[512];
  (void)snprintf(json, sizeof json, "{\"Settings\":%s}", inner);
  (void)snprintf(wanted, sizeof wanted, "{\"ResourceType\":\"\",\"Settings\":%s}", expected);
  char *text = hcs_document_marshal("ResourceModificationRequestResponse", json, err);
  if (text == NULL) fail_msg("%s: %s", json, hcs_error_message(err));
  assert_string_equal(text, wanted);
  free(text);
}

static void escapes_as_go_does(void **state) {
  (void)state;
  static const struct {
    const char *json;
    const char *bytes;
  } rows[] = {
      {"\"\"", "\"\""},
      {"\"a\\\"b\\\\c\\/d\"", "\"a\\\"b\\\\c/d\""},
      {"\"<a href='x'>&amp;\"", "\"\\u003ca href='x'\\u003e\\u0026amp;\""},
      {"\"\\n\\r\\t\\b\\f\"", "\"\\n\\r\\t\\b\\f\""},
      {"\"\\u0001\\u001f\\u007f\"", "\"\\u0001\\u001f\x7F\""},
      {"\"\\u000b\\u001b\"", "\"\\u000b\\u001b\""},
      {"\"\\u2028|\\u2029|\\u2027|\\u202a\"", "\"\\u2028|\\u2029|\xE2\x80\xA7|\xE2\x80\xAA\""},
      {"\"\\u00e4\\u20ac\\ud83d\\ude00\"", "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\""},
      {"\"\xE2\x80\xA8\"", "\"\\u2028\""},
      {"\"\xEF\xBF\xBD\"", "\"\xEF\xBF\xBD\""},
      {"{\"<k>\":1}", "{\"\\u003ck\\u003e\":1}"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) assert_setting(rows[i].json, rows[i].bytes);
}

static void writes_floats_as_go_does(void **state) {
  (void)state;
  static const struct {
    const char *json;
    const char *bytes;
  } rows[] = {
      {"0.0", "0"},
      {"-0.0", "-0"},
      {"1.0", "1"},
      {"0.1", "0.1"},
      {"-1.5", "-1.5"},
      {"3.141592653589793", "3.141592653589793"},
      {"0.30000000000000004", "0.30000000000000004"},
      {"123456789.125", "123456789.125"},
      {"100.0", "100"},
      {"1e20", "100000000000000000000"},
      {"123456789012345680000.0", "123456789012345680000"},
      {"1e21", "1e+21"},
      {"1.5e300", "1.5e+300"},
      {"0.000001", "0.000001"},
      {"0.00000123", "0.00000123"},
      {"1e-7", "1e-7"},
      {"-1.25e-7", "-1.25e-7"},
      {"1e-10", "1e-10"},
      {"5e-324", "5e-324"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"9007199254740993", "9007199254740993"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"9223372036854775807", "9223372036854775807"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) assert_setting(rows[i].json, rows[i].bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(writes_structs_even_if_empty), TEST(writes_indexed_maps),      TEST(writes_gos_bytes),
      TEST(escapes_as_go_does),           TEST(writes_floats_as_go_does),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
