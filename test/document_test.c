/*
 * document_test.c - documents: checks, merging, platforms, Go's bytes, and memory that runs out.
 *
 * JSON in the tables is written with ' for ", and turned before use.
 */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hcs/document.h"
#include "hcs/schema.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define ANY_PLATFORM 0U
#define LINUX HCS_SUPPORT_LINUX
#define WINDOWS HCS_SUPPORT_WINDOWS
#define MEMORY HCS_SUPPORT_MEMORY

static hcs_error *err;

static int setup(void **state) {
  (void)state;
  err = hcs_error_new();
  return err != NULL ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  hcs_error_free(err);
  return 0;
}

/* A copy with ' turned to ", in one of two buffers. NULL stays. */
static const char *quoted(const char *text) {
  static char buffers[2][8192];
  static int turn;
  if (text == NULL) return NULL;
  char *buffer = buffers[turn = !turn];
  assert_true(strlen(text) < sizeof buffers[0]);
  for (size_t i = 0; i <= strlen(text); i++) buffer[i] = text[i];
  for (char *c = buffer; *c != '\0'; c++) {
    if (*c == '\'') *c = '"';
  }
  return buffer;
}

static hcs_document *parse(const char *type, const char *json, const char *overlay,
                           unsigned support) {
  return hcs_document_parse(type, NULL, quoted(json), quoted(overlay), support, err);
}

/* Expects a refusal with that name and message. */
static void assert_refused(const char *type, const char *json, const char *overlay,
                           unsigned support, const char *name, const char *message) {
  hcs_document *document = parse(type, json, overlay, support);
  if (document != NULL) fail_msg("%s %s is accepted", type, json);
  if (strcmp(hcs_error_message(err), message) != 0) {
    print_error("%s %s\n", type, json);
  }
  assert_string_equal(hcs_error_message(err), message);
  assert_string_equal(hcs_error_name(err), name);
}

/* Expects that it is taken, and what Go would write of it. */
static void assert_becomes(const char *type, const char *json, const char *overlay,
                           unsigned support, const char *expected) {
  hcs_document *document = parse(type, json, overlay, support);
  if (document == NULL) fail_msg("%s %s: %s", type, json, hcs_error_message(err));
  char *text = json_dumps(document->root, JSON_COMPACT | JSON_SORT_KEYS);
  hcs_document_free(document);
  assert_non_null(text);
  if (strcmp(text, quoted(expected)) != 0) print_error("%s %s\n", type, json);
  assert_string_equal(text, quoted(expected));
  free(text);
}

/* ---- mistakes ---------------------------------------------------------------------------------- */

static const struct {
  const char *type;
  const char *json;
  const char *message;
} mistakes[] = {
    /* unknown fields */
    {"ContainerConfig", "{'MemoryMaximumInMb':1}",
     "config.MemoryMaximumInMb: unknown field, did you mean 'MemoryMaximumInMB'?"},
    {"ContainerConfig", "{'hostname':'x'}",
     "config.hostname: unknown field, did you mean 'HostName'?"},
    {"ContainerConfig", "{'Layers':[{'Path':'/'},{'Pth':'/'}]}",
     "config.Layers[2].Pth: unknown field, did you mean 'Path'?"},
    {"ContainerConfig", "{'Fnord':1}", "config.Fnord: unknown field"},
    {"ContainerConfig", "{'Fnord':null}", "config.Fnord: unknown field"},
    {"ContainerConfig", "{'':1}", "config[\"\"]: unknown field"},
    {"ContainerConfig", "{'1a':1}", "config[\"1a\"]: unknown field"},
    {"ContainerConfig", "{'a\\n\\u007f\\\\\\'':1}",
     "config[\"a\\010\\127\\\\\\\"\"]: unknown field"},
    {"ContainerConfig", "{'\xC3\xA4':1}", "config[\"\xC3\xA4\"]: unknown field"},
    {"ProcessConfig", "{'CreateInUtilityVM':true}",
     "config.CreateInUtilityVM: unknown field, did you mean 'CreateInUtilityVm'?"},
    {"ComputeSystemQuery", "{'IDs':['a']}", "query.IDs: unknown field, did you mean 'Ids'?"},
    {"ResourceModificationRequestResponse", "{'Setting':1}",
     "request.Setting: unknown field, did you mean 'Settings'?"},
    /* types */
    {"ContainerConfig", "{'HostName':5}", "config.HostName: string expected, got number"},
    {"ContainerConfig", "{'HostName':5.5}", "config.HostName: string expected, got number"},
    {"ContainerConfig", "{'HostName':true}", "config.HostName: string expected, got boolean"},
    {"ContainerConfig", "{'HostName':{}}", "config.HostName: string expected, got table"},
    {"ContainerConfig", "{'HostName':[]}", "config.HostName: string expected, got table"},
    {"ContainerConfig", "{'Layers':[{'Path':'/'},{'Path':7}]}",
     "config.Layers[2].Path: string expected, got number"},
    {"ContainerConfig", "{'Layers':'x'}", "config.Layers: table expected, got string"},
    {"ContainerConfig", "{'Layers':{'Path':'x'}}",
     "config.Layers: a list expected, got a table with named fields"},
    {"ContainerConfig", "{'Layers':['x']}", "config.Layers[1]: table expected, got string"},
    {"ContainerConfig", "{'Layers':[['x']]}",
     "config.Layers[1]: a table with named fields expected, got a list"},
    {"ContainerConfig", "{'Layers':[null]}", "config.Layers[1]: table expected, got nil"},
    {"ContainerConfig", "{'EndpointList':['a',null]}",
     "config.EndpointList[2]: string expected, got nil"},
    {"ContainerConfig", "{'HvPartition':1}", "config.HvPartition: boolean expected, got number"},
    {"ContainerConfig", "{'HvPartition':'true'}",
     "config.HvPartition: boolean expected, got string"},
    {"ContainerConfig", "{'HvRuntime':['x']}",
     "config.HvRuntime: a table with named fields expected, got a list"},
    {"ContainerConfig", "{'HvRuntime':{'SkipTemplate':0}}",
     "config.HvRuntime.SkipTemplate: boolean expected, got number"},
    {"ContainerConfig", "{'ProcessorCount':'4'}",
     "config.ProcessorCount: number expected, got string"},
    {"ContainerConfig", "{'ProcessorCount':1.5}", "config.ProcessorCount: 1.5 is not an integer"},
    {"ProcessConfig", "{'Environment':{'A':1}}",
     "config.Environment.A: string expected, got number"},
    {"ProcessConfig", "{'Environment':{'A B':true}}",
     "config.Environment[\"A B\"]: string expected, got boolean"},
    {"ProcessConfig", "{'Environment':['A=b']}",
     "config.Environment: a table with named fields expected, got a list"},
    {"ProcessConfig", "{'ConsoleSize':[1]}", "config.ConsoleSize: two numbers expected, got 1"},
    {"ProcessConfig", "{'ConsoleSize':[1,2,3]}", "config.ConsoleSize: two numbers expected, got 3"},
    {"ProcessConfig", "{'ConsoleSize':[1,'2']}",
     "config.ConsoleSize[2]: number expected, got string"},
    {"ProcessConfig", "{'ConsoleSize':25}", "config.ConsoleSize: table expected, got number"},
    {"ProcessConfig", "{'ConsoleSize':{'Height':1}}",
     "config.ConsoleSize: a list expected, got a table with named fields"},
    {"PropertyQuery", "{'PropertyTypes':[1]}",
     "query.PropertyTypes[1]: string expected, got number"},
    {"ContainerConfig", "[1]", "config: a table with named fields expected"},
    {"ContainerConfig", "'x'", "config: a table with named fields expected"},
    {"ContainerConfig", "null", "config: a table with named fields expected"},
    /* ranges */
    {"ContainerConfig", "{'ProcessorMaximum':20000}",
     "config.ProcessorMaximum: 20000 is out of range 1..10000"},
    {"ContainerConfig", "{'ProcessorMaximum':-1}",
     "config.ProcessorMaximum: -1 is out of range 1..10000"},
    {"ContainerConfig", "{'ProcessorMaximum':20000.0}",
     "config.ProcessorMaximum: 20000 is out of range 1..10000"},
    {"ContainerConfig", "{'ProcessorWeight':10001}",
     "config.ProcessorWeight: 10001 is out of range 1..10000"},
    {"ContainerConfig", "{'ProcessorCount':4294967296}",
     "config.ProcessorCount: 4294967296 is out of range 0..4294967295"},
    {"ContainerConfig", "{'MemoryMaximumInMB':-5}",
     "config.MemoryMaximumInMB: -5 is out of range 1..9223372036854775807"},
    {"ContainerConfig", "{'StorageSandboxSize':-1}",
     "config.StorageSandboxSize: -1 is out of range 0..9223372036854775807"},
    {"ProcessConfig", "{'ConsoleSize':[25,65536]}",
     "config.ConsoleSize[2]: 65536 is out of range 0..65535"},
    {"ContainerConfig", "{'StorageSandboxSize':1e300}",
     "config.StorageSandboxSize: 1.0000000000000001e+300 is out of range 0..9223372036854775807"},
    /* what jansson's 63 bits cannot carry */
    {"ContainerConfig", "{'StorageSandboxSize':18446744073709551615}",
     "config.StorageSandboxSize: 1.8446744073709552e+19 is out of range 0..9223372036854775807"},
    {"ContainerConfig", "{'StorageSandboxSize':9223372036854775808}",
     "config.StorageSandboxSize: 9.2233720368547758e+18 is out of range 0..9223372036854775807"},
    {"ResourceModificationRequestResponse", "{'Settings':{'a':18446744073709551615}}",
     "request: it has an integer that needs more than 64 bits"},
    /* NUL bytes */
    {"ContainerConfig", "{'HostName':'a\\u0000b'}",
     "config.HostName: a NUL byte is not allowed in it"},
    {"ContainerConfig", "{'Layers':[{'Path':'/x\\u0000'}]}",
     "config.Layers[1].Path: a NUL byte is not allowed in it"},
    {"ProcessConfig", "{'Environment':{'A':'\\u0000'}}",
     "config.Environment.A: a NUL byte is not allowed in it"},
    {"ProcessConfig", "{'OCISpecification':{'process':{'args':['x','\\u0000']}}}",
     "config.OCISpecification.process.args[2]: a NUL byte is not allowed in it"},
    {"ProcessConfig", "{'Environment':{'A\\u0000':'x'}}",
     "config: a NUL byte is not allowed in a name (line 1, column 25 of the JSON text)"},
    /* texts that are JSON, but not a document */
    {"ContainerConfig", "{'HostName':'a','HostName':'b'}",
     "config: duplicate object key near '\"HostName\"' (line 1, column 26 of the JSON text)"},
    {"ContainerConfig", "{'HostName':'\xFF'}",
     "config: a string is not UTF-8 (line 1, column 13 of the JSON text)"},
    {"Fnord", "{}", "'Fnord' is not a document that is sent"},
    {"ContainerProperties", "{}", "'ContainerProperties' is not a document that is sent"},
};

static void refuses_mistakes_by_their_path(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(mistakes); i++) {
    assert_refused(mistakes[i].type, mistakes[i].json, NULL, ANY_PLATFORM, "InvalidParameter",
                   mistakes[i].message);
    /* A platform changes nothing in that. */
    assert_null(parse(mistakes[i].type, mistakes[i].json, NULL, MEMORY));
  }
}

/* A mistake is in no class, so that nobody takes it for an answer of the system. */
static void mistakes_are_in_no_class(void **state) {
  (void)state;
  assert_null(parse("ContainerConfig", "{'Fnord':1}", NULL, 0));
  for (int class_ = 0; class_ <= HCS_IS_ACCESS_DENIED; class_++) {
    assert_int_equal(hcs_error_is(err, (hcs_error_class)class_), 0);
  }
}

static void says_where_json_is_invalid(void **state) {
  (void)state;
  static const struct {
    const char *json;
    const char *message;
  } rows[] = {
      {"{", "config: invalid JSON: string or '}' expected near end of file (line 1, column 1)"},
      {"", "config: invalid JSON: '[' or '{' expected near end of file (line 1, column 0)"},
      {"{\n 'HostName': x}", "config: invalid JSON: invalid token near 'x' (line 2, column 14)"},
      {"{} {}", "config: invalid JSON: end of file expected near '{' (line 1, column 4)"},
      {"{'HostName' 'x'}", NULL},
      {"{'HostName':'x',}", NULL},
      {"{'HostName':01}", NULL},
      {"{'HostName':nil}", NULL},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    assert_null(parse("ContainerConfig", rows[i].json, NULL, 0));
    assert_int_equal(hcs_error_code(err), 0xC037010D);
    if (rows[i].message != NULL && strncmp(rows[i].json, "", 1) != 0) {
      assert_string_equal(hcs_error_message(err), rows[i].message);
    }
    assert_non_null(strstr(hcs_error_message(err), "(line "));
  }
}

static void nesting_has_a_limit(void **state) {
  (void)state;
  char *json = malloc(200100);
  assert_non_null(json);
  strcpy(json, "{\"Settings\":");
  memset(json + 12, '[', 100000);
  memset(json + 100012, ']', 50000); /* not even closed: the depth is noticed first */
  json[150012] = '\0';
  assert_null(hcs_document_parse("ResourceModificationRequestResponse", NULL, json, NULL, 0, err));
  assert_string_equal(hcs_error_name(err), "InvalidParameter");
  assert_non_null(strstr(hcs_error_message(err), "nested too deeply"));

  /* And what is just inside jansson's limit survives the walks over it. */
  memset(json + 12, '[', 2000);
  memset(json + 2012, ']', 2000);
  strcpy(json + 4012, "}");
  char *text = hcs_document_marshal("ResourceModificationRequestResponse", json, err);
  assert_non_null(text);
  assert_int_equal(strlen(text), strlen("{\"ResourceType\":\"\",\"Settings\":}") + 4000);
  free(text);
  free(json);
}

static void long_keys_leave_a_readable_message(void **state) {
  (void)state;
  char plain[3000] = "{\"";
  memset(plain + 2, 'x', 2000);
  memcpy(plain + 2002, "\":1}", 5);
  assert_null(hcs_document_parse("ContainerConfig", NULL, plain, NULL, 0, err));
  assert_memory_equal(hcs_error_message(err), "config.xxxx", 11);
  assert_non_null(strstr(hcs_error_message(err), "x: unknown field"));

  char json[5000] = "{\"";
  for (size_t i = 2; i < 4002; i += 2) memcpy(json + i, "\xC3\xA4", 2);
  memcpy(json + 4002, "\":1}", 5);
  assert_null(hcs_document_parse("ContainerConfig", NULL, json, NULL, 0, err));
  const char *message = hcs_error_message(err);
  assert_non_null(strstr(message, "unknown field"));
  json_t *value = json_stringn(message, strlen(message)); /* NULL unless it is UTF-8 */
  assert_non_null(value);
  json_decref(value);
}

/* ---- what is put in order ---------------------------------------------------------------------- */

static const struct {
  const char *type;
  const char *json;
  const char *result;
} orders[] = {
    {"ContainerConfig", "{}", "{}"},
    {"ContainerConfig", "[]", "{}"},
    {"ContainerConfig", "{'HostName':null,'Layers':null,'HvRuntime':null}", "{}"},
    {"ContainerConfig", "{'Layers':{}}", "{'Layers':[]}"},
    {"ContainerConfig", "{'Layers':[[],{}]}", "{'Layers':[{},{}]}"},
    {"ContainerConfig", "{'HvRuntime':[]}", "{'HvRuntime':{}}"},
    {"ContainerConfig", "{'Layers':[{'ID':null,'Path':'/a'}]}", "{'Layers':[{'Path':'/a'}]}"},
    {"ContainerConfig", "{'ProcessorCount':4.0}", "{'ProcessorCount':4}"},
    {"ContainerConfig", "{'ProcessorCount':0}", "{'ProcessorCount':0}"},
    {"ContainerConfig", "{'ProcessorMaximum':0}", "{'ProcessorMaximum':0}"},
    {"ContainerConfig", "{'ProcessorMaximum':10000}", "{'ProcessorMaximum':10000}"},
    {"ContainerConfig", "{'ProcessorMaximum':1}", "{'ProcessorMaximum':1}"},
    {"ContainerConfig", "{'ProcessorCount':4294967295}", "{'ProcessorCount':4294967295}"},
    {"ContainerConfig", "{'StorageSandboxSize':1e3}", "{'StorageSandboxSize':1000}"},
    {"ContainerConfig", "{'StorageSandboxSize':9223372036854775807}",
     "{'StorageSandboxSize':9223372036854775807}"},
    {"ContainerConfig", "{'StorageSandboxSize':-0.0}", "{'StorageSandboxSize':0}"},
    {"ProcessConfig", "{'ConsoleSize':{}}", "{'ConsoleSize':[0,0]}"},
    {"ProcessConfig", "{'ConsoleSize':[]}", "{'ConsoleSize':[0,0]}"},
    {"ProcessConfig", "{'ConsoleSize':[25.0,80]}", "{'ConsoleSize':[25,80]}"},
    {"ProcessConfig", "{'Environment':{'A':null,'B':'c','C D=':''}}",
     "{'Environment':{'B':'c','C D=':''}}"},
    {"ProcessConfig", "{'Environment':[]}", "{'Environment':{}}"},
    {"ResourceModificationRequestResponse", "{'Settings':{'a':null,'b':[null,1.0]}}",
     "{'Settings':{'a':null,'b':[null,1.0]}}"},
};

static void puts_documents_in_order(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(orders); i++) {
    assert_becomes(orders[i].type, orders[i].json, NULL, ANY_PLATFORM, orders[i].result);
  }
  hcs_document *document = hcs_document_parse("PropertyQuery", "query", NULL, NULL, LINUX, err);
  assert_non_null(document);
  assert_int_equal(json_object_size(document->root), 0);
  hcs_document_free(document);
  hcs_document_free(NULL);
}

static void reads_absent_fields_as_zero(void **state) {
  (void)state;
  hcs_document *document =
      parse("ContainerConfig", "{'HostName':'h','ProcessorCount':3,'HvPartition':true}", NULL, 0);
  assert_non_null(document);
  assert_string_equal(hcs_document_string(document->root, "HostName"), "h");
  assert_string_equal(hcs_document_string(document->root, "Name"), "");
  assert_string_equal(hcs_document_string(document->root, "ProcessorCount"), "");
  assert_int_equal(hcs_document_integer(document->root, "ProcessorCount"), 3);
  assert_int_equal(hcs_document_integer(document->root, "ProcessorWeight"), 0);
  assert_true(hcs_document_bool(document->root, "HvPartition"));
  assert_false(hcs_document_bool(document->root, "Servicing"));
  assert_string_equal(hcs_document_string(NULL, "HostName"), "");
  assert_int_equal(hcs_document_integer(NULL, "HostName"), 0);
  assert_false(hcs_document_bool(NULL, "HostName"));
  hcs_document_free(document);
}

static void errors_begin_with_the_callers_path(void **state) {
  (void)state;
  assert_null(hcs_document_parse("PropertyQuery", "types", "{\"X\":1}", NULL, 0, err));
  assert_string_equal(hcs_error_message(err), "types.X: unknown field");
}

/* ---- merging ----------------------------------------------------------------------------------- */

static const struct {
  const char *json;
  const char *overlay;
  const char *result;
} merges[] = {
    {"{'HostName':'a'}", "", "{'HostName':'a'}"},
    {"{'HostName':'a'}", "{}", "{'HostName':'a'}"},
    {"{'HostName':'a'}", "{'HostName':'b'}", "{'HostName':'b'}"},
    {"{'HostName':'a'}", "{'Owner':'o'}", "{'HostName':'a','Owner':'o'}"},
    {"{'Layers':[{'Path':'/a'},{'Path':'/b'}]}", "{'Layers':[{'Path':'/c'}]}",
     "{'Layers':[{'Path':'/c'}]}"},
    {"{'HvRuntime':{'ImagePath':'a','BootSource':'Vhd'}}", "{'HvRuntime':{'ImagePath':'b'}}",
     "{'HvRuntime':{'BootSource':'Vhd','ImagePath':'b'}}"},
    {"{'HvRuntime':{'ImagePath':'a'}}", "{'HvRuntime':null}", "{'HvRuntime':{'ImagePath':'a'}}"},
    {"{'HostName':'a'}", "{'HostName':null}", "{}"},
    {"{'Layers':[{'Path':'/a'}]}", "{'Layers':null}", "{}"},
    {"[]", "{'HostName':'b'}", "{'HostName':'b'}"},
    {"{'ProcessorCount':2}", "{'ProcessorCount':3.0}", "{'ProcessorCount':3}"},
    /* what the overlay mends is not an error */
    {"{'HostName':5}", "{'HostName':'b'}", "{'HostName':'b'}"},
    {"{'HvRuntime':'x'}", "{'HvRuntime':{}}", "{'HvRuntime':{}}"},
};

static void merges_deeply(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(merges); i++) {
    assert_becomes("ContainerConfig", merges[i].json, merges[i].overlay, 0, merges[i].result);
  }
}

static void says_which_overlay_is_bad(void **state) {
  (void)state;
  static const struct {
    const char *overlay;
    const char *message;
  } rows[] = {
      {"{x}", "failed to merge additional JSON '{x}': it: invalid JSON: string or '}' expected "
              "near 'x' (line 1, column 2)"},
      {"[1]", "failed to merge additional JSON '[1]': it: a table with named fields expected"},
      {"5", "failed to merge additional JSON '5': it: a table with named fields expected"},
      {"{'HostName':5}", "config.HostName: string expected, got number"},
      {"{'StorageSandboxSize':18446744073709551615}",
       "config.StorageSandboxSize: 1.8446744073709552e+19 is out of range 0..9223372036854775807"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    assert_refused("ContainerConfig", "{}", rows[i].overlay, 0, "InvalidParameter",
                   rows[i].message);
  }
}

static void a_long_bad_overlay_keeps_its_cause(void **state) {
  (void)state;
  char overlay[5000];
  memset(overlay, 'x', sizeof overlay - 1);
  overlay[sizeof overlay - 1] = '\0';
  assert_null(hcs_document_parse("ContainerConfig", "config", "{}", overlay, 0, err));
  assert_memory_equal(hcs_error_message(err), "failed to merge additional JSON 'xxx", 36);
  assert_non_null(strstr(hcs_error_message(err), "invalid JSON"));
}

/* ---- platforms --------------------------------------------------------------------------------- */

#define LATER ": not supported on Linux yet; leave it out"
#define HYPER_V ": not supported on Linux: Hyper-V isolation exists on Windows only; leave it out"

static const struct {
  const char *type;
  const char *json;
  const char *message; /* NULL: it is taken */
} linux_rows[] = {
    {"ContainerConfig", "{'MemoryMaximumInMB':64}", "config.MemoryMaximumInMB" LATER},
    {"ContainerConfig", "{'MemoryMaximumInMB':0}", NULL},
    {"ContainerConfig", "{'ProcessorCount':1}", "config.ProcessorCount" LATER},
    {"ContainerConfig", "{'ProcessorCount':0.0}", NULL},
    {"ContainerConfig", "{'StorageSandboxSize':1}", "config.StorageSandboxSize" LATER},
    {"ContainerConfig", "{'MappedDirectories':[{'HostPath':'/a','ContainerPath':'/b'}]}",
     "config.MappedDirectories" LATER},
    {"ContainerConfig", "{'MappedDirectories':[]}", NULL},
    {"ContainerConfig", "{'MappedPipes':[{}]}", "config.MappedPipes" LATER},
    {"ContainerConfig", "{'DNSSearchList':'a.b'}", "config.DNSSearchList" LATER},
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
    {"ProcessConfig", "{'CommandLine':'ls','EmulateConsole':true}", "config.EmulateConsole" LATER},
    {"ProcessConfig", "{'CommandLine':'ls','ConsoleSize':[25,80]}", "config.ConsoleSize" LATER},
    {"ProcessConfig", "{'CommandLine':'ls','ConsoleSize':[0,1]}", "config.ConsoleSize" LATER},
    {"ProcessConfig", "{'CommandLine':'ls','ConsoleSize':[0,0]}", NULL},
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
    {"ContainerConfig", "{'ProcessorCount':1,'ProcessorMaximum':2}", WINDOWS | MEMORY,
     "config: ProcessorCount, ProcessorMaximum and ProcessorWeight exclude each other; keep one"},
    {"ContainerConfig", "{'ProcessorWeight':1,'ProcessorCount':2}", WINDOWS | MEMORY,
     "config: ProcessorCount, ProcessorMaximum and ProcessorWeight exclude each other; keep one"},
    {"ContainerConfig", "{'ProcessorWeight':1,'ProcessorMaximum':2}", WINDOWS | MEMORY,
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

/* ---- Go's bytes -------------------------------------------------------------------------------- */

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

/* ---- memory runs out --------------------------------------------------------------------------- */

static long allocations_left;

/* From some allocation of jansson's on, all fail. */
static void *failing_malloc(size_t size) { return allocations_left-- > 0 ? malloc(size) : NULL; }

static const char full_config[] =
    "{'HostName':'abcdefghijklmnopqrstuvwxyz','Layers':{},'HvRuntime':[],'ProcessorCount':4.0,"
    "'MappedPipes':[[],{'HostPath':'/0123456789/0123456789/0123456789'}],'Owner':null}";
static const char full_process[] =
    "{'CommandLine':'a','ConsoleSize':{},'Environment':{'A':'b','B':null,'C':'d'},"
    "'CommandArgs':{}}";

/* A wrong text read because of a lost byte would be the worst: what succeeds must be right. */
static void fails_cleanly(const char *type, const char *json, const char *overlay) {
  char *expected = NULL;
  for (long limit = -1; limit < 1000; limit = limit < 0 ? 0 : limit + 1) {
    allocations_left = limit < 0 ? 1000000 : limit;
    hcs_document *document = parse(type, json, overlay, MEMORY);
    allocations_left = 1000000;
    if (document == NULL) {
      assert_true(limit >= 0);
      assert_string_not_equal(hcs_error_message(err), "");
      continue;
    }
    char *text = json_dumps(document->root, JSON_COMPACT | JSON_SORT_KEYS);
    hcs_document_free(document);
    if (expected == NULL) {
      expected = text;
      continue;
    }
    assert_string_equal(text, expected);
    free(text);
    free(expected);
    assert_true(limit > 5); /* it has failed often enough to mean something */
    return;
  }
  fail_msg("%s never succeeds", type);
}

static void a_lack_of_memory_is_an_error(void **state) {
  (void)state;
  json_set_alloc_funcs(failing_malloc, free);
  fails_cleanly("ContainerConfig", full_config, "{'HvRuntime':{'ImagePath':'x'}}");
  fails_cleanly("ContainerConfig", "{}", NULL);
  fails_cleanly("ProcessConfig", full_process, NULL);
  allocations_left = 0;
  assert_null(parse("PropertyQuery", "{}", NULL, 0));
  assert_string_equal(hcs_error_name(err), "NotEnoughMemory");
  allocations_left = 1000000;
  json_set_alloc_funcs(malloc, free);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(refuses_mistakes_by_their_path),
      TEST(mistakes_are_in_no_class),
      TEST(says_where_json_is_invalid),
      TEST(nesting_has_a_limit),
      TEST(long_keys_leave_a_readable_message),
      TEST(puts_documents_in_order),
      TEST(reads_absent_fields_as_zero),
      TEST(errors_begin_with_the_callers_path),
      TEST(merges_deeply),
      TEST(says_which_overlay_is_bad),
      TEST(a_long_bad_overlay_keeps_its_cause),
      TEST(linux_refuses_what_it_does_not_do),
      TEST(the_others_take_it),
      TEST(platforms_have_rules),
      TEST(zeros_do_not_exclude),
      TEST(platforms_fill_in_the_system_type),
      TEST(writes_gos_bytes),
      TEST(escapes_as_go_does),
      TEST(writes_floats_as_go_does),
      TEST(a_lack_of_memory_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
