/*
 * document_test.c - documents: mistakes, putting in order, merging, memory that runs out.
 */
#include "document_fixture.h"
#include "hcs/text.h"

/* ---- mistakes -------------------------------------------------------------------------------- */

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
     "config.ProcessorMaximum: 20000 is out of range 1..10000; 0 means no limit"},
    {"ContainerConfig", "{'ProcessorMaximum':-1}",
     "config.ProcessorMaximum: -1 is out of range 1..10000; 0 means no limit"},
    {"ContainerConfig", "{'ProcessorMaximum':20000.0}",
     "config.ProcessorMaximum: 20000 is out of range 1..10000; 0 means no limit"},
    {"ContainerConfig", "{'ProcessorWeight':10001}",
     "config.ProcessorWeight: 10001 is out of range 1..10000; 0 means no limit"},
    {"ContainerConfig", "{'ProcessorCount':4294967296}",
     "config.ProcessorCount: 4294967296 is out of range 0..4294967295"},
    {"ContainerConfig", "{'MemoryMaximumInMB':-5}",
     "config.MemoryMaximumInMB: -5 is out of range 1..9223372036854775807; 0 means no limit"},
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
      {"", NULL},
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
    if (rows[i].message != NULL) {
      assert_string_equal(hcs_error_message(err), rows[i].message);
    }
    assert_non_null(strstr(hcs_error_message(err), "(line "));
  }
}

/* `open` brackets and `close` ones as the value of Settings. Owned. */
static char *nested(size_t open, size_t close) {
  hcs_text text = {0};
  hcs_text_put(&text, "{\"Settings\":");
  for (size_t i = 0; i < open; i++) hcs_text_put(&text, "[");
  for (size_t i = 0; i < close; i++) hcs_text_put(&text, "]");
  hcs_text_put(&text, "}");
  return hcs_text_take(&text);
}

static void nesting_has_a_limit(void **state) {
  (void)state;
  char *deep = nested(100000, 100000);
  assert_null(hcs_document_parse("ResourceModificationRequestResponse", NULL, deep, NULL, 0, err));
  assert_string_equal(hcs_error_name(err), "InvalidParameter");
  assert_non_null(strstr(hcs_error_message(err), "nested too deeply"));
  free(deep);

  /* What is just inside jansson's limit survives the walks over it. */
  char *allowed = nested(2000, 2000);
  char *text = hcs_document_marshal("ResourceModificationRequestResponse", allowed, err);
  assert_non_null(text);
  assert_int_equal(strlen(text), strlen("{\"ResourceType\":\"\",\"Settings\":}") + 4000);
  free(text);
  free(allowed);
}

/* {"<piece><piece>…":1} is an unknown field. Its name is cut, the message is whole and UTF-8. */
static void assert_long_key(const char *piece, const char *start) {
  hcs_text json = {0};
  hcs_text_put(&json, "{\"");
  for (int i = 0; i < 2000; i++) hcs_text_put(&json, piece);
  hcs_text_put(&json, "\":1}");
  char *text = hcs_text_take(&json);
  assert_null(hcs_document_parse("ContainerConfig", NULL, text, NULL, 0, err));
  free(text);
  const char *message = hcs_error_message(err);
  assert_memory_equal(message, start, strlen(start));
  assert_non_null(strstr(message, ": unknown field"));
  assert_in_range(strlen(message), 500, 600);
  json_t *value = json_stringn(message, strlen(message)); /* NULL unless it is UTF-8 */
  assert_non_null(value);
  json_decref(value);
}

static void long_keys_leave_a_readable_message(void **state) {
  (void)state;
  assert_long_key("x", "config.xxx");
  assert_long_key("\xC3\xA4", "config[\"\xC3\xA4\xC3\xA4");
  assert_long_key("\xE2\x82\xAC", "config[\"\xE2\x82\xAC");
  assert_long_key("\\u0001", "config[\"\\001\\001");
}

/* ---- what is put in order -------------------------------------------------------------------- */

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

/* ---- merging --------------------------------------------------------------------------------- */

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

/* hcsshim's way: over the marshalled struct, with fields that only the service knows. */
static void lays_anything_over_what_an_open_service_gets(void **state) {
  (void)state;
  static const struct {
    const char *json;
    const char *overlay;
    const char *sent;
  } rows[] = {
      {"{'Name':'n'}", NULL,
       "{'SystemType':'Container','Name':'n','Layers':null,'HvPartition':false}"},
      {"{'Name':'n'}", "",
       "{'SystemType':'Container','Name':'n','Layers':null,'HvPartition':false}"},
      {"{'Name':'n'}", "{}",
       "{'HvPartition':false,'Layers':null,'Name':'n','SystemType':'Container'}"},
      {"{'Name':'n','HvRuntime':{'ImagePath':'i'}}",
       "{'New':{'b':[1,2.5],'a':'<'},'Name':7,'HvRuntime':{'More':true}}",
       "{'HvPartition':false,'HvRuntime':{'ImagePath':'i','More':true},'Layers':null,'Name':7,"
       "'New':{'a':'\\u003c','b':[1,2.5]},'SystemType':'Container'}"},
      {"{'HvRuntime':{'ImagePath':'i'},'HvPartition':true}",
       "{'HvRuntime':null,'HvPartition':null,'ProcessorCount':2,'ProcessorWeight':3}",
       "{'HvPartition':null,'HvRuntime':{'ImagePath':'i'},'Layers':null,'Name':'',"
       "'ProcessorCount':2,'ProcessorWeight':3,'SystemType':'Container'}"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    hcs_document *document = parse("ContainerConfig", rows[i].json, rows[i].overlay, WINDOWS);
    if (document == NULL) fail_msg("%s: %s", rows[i].overlay, hcs_error_message(err));
    char *text = hcs_marshal_document(hcs_schema_find("ContainerConfig"), document, err);
    hcs_document_free(document);
    assert_non_null(text);
    assert_string_equal(text, quoted(rows[i].sent));
    free(text);
  }
  /* the config itself has no such freedom, and an overlay has to be JSON */
  assert_refused("ContainerConfig", "{'Nam':'n'}", "{'New':1}", WINDOWS, "InvalidParameter",
                 "config.Nam: unknown field, did you mean 'Name'?");
  assert_refused("ContainerConfig", "{}", "[1]", WINDOWS, "InvalidParameter",
                 "failed to merge additional JSON '[1]': it: a table with named fields expected");
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

/* ---- memory runs out ------------------------------------------------------------------------- */

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
static void fails_cleanly(const char *type, const char *json, const char *overlay,
                          unsigned support) {
  char *expected = NULL;
  for (long limit = -1; limit < 1000; limit = limit < 0 ? 0 : limit + 1) {
    allocations_left = limit < 0 ? 1000000 : limit;
    hcs_document *document = parse(type, json, overlay, support);
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
  fails_cleanly("ContainerConfig", full_config, "{'HvRuntime':{'ImagePath':'x'}}", MEMORY);
  fails_cleanly("ContainerConfig", full_config, "{'HvRuntime':{'New':'x'}}", WINDOWS);
  fails_cleanly("ContainerConfig", "{}", NULL, MEMORY);
  fails_cleanly("ProcessConfig", full_process, NULL, MEMORY);
  allocations_left = 0;
  assert_null(parse("PropertyQuery", "{}", NULL, 0));
  assert_string_equal(hcs_error_name(err), "NotEnoughMemory");
  allocations_left = 1000000;
  json_set_alloc_funcs(malloc, free);
}

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
      TEST(lays_anything_over_what_an_open_service_gets),
      TEST(says_which_overlay_is_bad),
      TEST(a_long_bad_overlay_keeps_its_cause),
      TEST(a_lack_of_memory_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
