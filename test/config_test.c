/*
 * config_test.c - a ContainerConfig becomes the plain struct that a container is made from; what only
 * the host's files can tell is refused by the name of its field.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hcs/document.h"
#include "hcs/linux/config.h"
#include "hcs/schema.h"

static hcs_error *err;
static hcs_document *document;
static hcs_config config;

static int setup(void **state) {
  (void)state;
  err = hcs_error_new();
  document = NULL;
  memset(&config, 0, sizeof config);
  return err != NULL ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  hcs_config_clear(&config);
  hcs_document_free(document);
  hcs_error_free(err);
  return 0;
}

static int read_config(const char *json) {
  document = hcs_document_parse("ContainerConfig", "config", json, NULL, HCS_SUPPORT_LINUX, err);
  if (document == NULL) fail_msg("%s", hcs_error_message(err));
  return hcs_config_read(&config, "web", document, err);
}

static void refused(const char *json, uint64_t code, const char *text) {
  assert_int_equal(read_config(json), -1);
  assert_int_equal(hcs_error_kind(err), code);
  if (strstr(hcs_error_message(err), text) == NULL)
    fail_msg("'%s' does not say '%s'", hcs_error_message(err), text);
}

static void names_default_to_the_id(void **state) {
  (void)state;
  assert_int_equal(read_config("{\"Layers\":[{\"Path\":\"/\"}]}"), 0);
  assert_string_equal(config.name, "web");
  assert_string_equal(config.host_name, "web");
  assert_string_equal(config.owner, "");
  assert_null(config.scratch);
  assert_null(config.volume);
  assert_false(config.is_volatile);
  assert_false(config.end_with_last_handle);
  assert_true(config.scratch_bytes > 1u << 20);
}

static void every_field_arrives(void **state) {
  (void)state;
  assert_int_equal(
      read_config(
          "{\"Name\":\"n\",\"Owner\":\"o\",\"HostName\":\"h\",\"LayerFolderPath\":\"/tmp/s\","
          "\"IgnoreFlushesDuringBoot\":true,\"TerminateOnLastHandleClosed\":true,"
          "\"Layers\":[{\"Path\":\"/usr\"},{\"ID\":\"x\",\"Path\":\"/etc\"}]}"),
      0);
  assert_string_equal(config.name, "n");
  assert_string_equal(config.owner, "o");
  assert_string_equal(config.host_name, "h");
  assert_string_equal(config.scratch, "/tmp/s");
  assert_true(config.is_volatile);
  assert_true(config.end_with_last_handle);
  assert_int_equal(config.layer_count, 2);
  assert_string_equal(config.layers[0], "/usr");
  assert_string_equal(config.layers[1], "/etc");
}

static void the_scratch_has_the_size_that_is_said(void **state) {
  static const struct {
    const char *json;
    uint64_t bytes;
  } rows[] = {
      {"{\"StorageSandboxSize\":12345,\"Layers\":[{\"Path\":\"/usr\"}]}", 12345},
      {"{\"StorageSandboxSize\":9223372036854775807,\"Layers\":[{\"Path\":\"/usr\"}]}", INT64_MAX},
      {"{\"MemoryMaximumInMB\":3,\"Layers\":[{\"Path\":\"/usr\"}]}", 3 << 20},
      {"{\"MemoryMaximumInMB\":3,\"StorageSandboxSize\":5,\"Layers\":[{\"Path\":\"/usr\"}]}", 5},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(read_config(rows[i].json), 0);
    assert_int_equal(config.scratch_bytes, rows[i].bytes);
    hcs_config_clear(&config);
    hcs_document_free(document);
    document = NULL;
  }
}

/* There is nothing to lose in a tmpfs. */
static void a_tmpfs_is_never_volatile(void **state) {
  (void)state;
  assert_int_equal(
      read_config("{\"IgnoreFlushesDuringBoot\":true,\"Layers\":[{\"Path\":\"/usr\"}]}"), 0);
  assert_false(config.is_volatile);
}

static void a_volume_needs_no_layers(void **state) {
  (void)state;
  assert_int_equal(read_config("{\"VolumePath\":\"/usr\"}"), 0);
  assert_string_equal(config.volume, "/usr");
  assert_int_equal(config.layer_count, 0);
}

static void what_cannot_be_used_is_named(void **state) {
  (void)state;
  static const struct {
    const char *json;
    uint64_t code;
    const char *text;
  } rows[] = {
      {"{}", HCS_E_INVALID_PARAMETER, "config.Layers: at least one layer"},
      {"{\"Layers\":[{\"Path\":\"/usr\"},{\"Path\":\"/no/such\"}]}", HCS_E_FILE_NOT_FOUND,
       "config.Layers[2].Path: cannot use '/no/such'"},
      {"{\"Layers\":[{\"Path\":\"usr\"}]}", HCS_E_INVALID_PARAMETER,
       "config.Layers[1].Path: 'usr' is not an absolute path"},
      {"{\"Layers\":[{\"Path\":\"\"}]}", HCS_E_INVALID_PARAMETER, "config.Layers[1].Path"},
      {"{\"Layers\":[{\"Path\":\"/etc/passwd\"}]}", HCS_E_DIRECTORY, "is not a directory"},
      {"{\"HostName\":\"a b\",\"Layers\":[{\"Path\":\"/usr\"}]}", HCS_E_INVALID_PARAMETER,
       "config.HostName: 'a b'"},
      {"{\"VolumePath\":\"/\"}", HCS_E_INVALID_PARAMETER, "the host's own root"},
      {"{\"VolumePath\":\"/usr/..\"}", HCS_E_INVALID_PARAMETER, "the host's own root"},
      {"{\"VolumePath\":\"/usr\",\"LayerFolderPath\":\"/tmp/s\"}", HCS_E_INVALID_PARAMETER,
       "config.LayerFolderPath"},
      {"{\"VolumePath\":\"/usr\",\"StorageSandboxSize\":1}", HCS_E_INVALID_PARAMETER,
       "config.StorageSandboxSize: a VolumePath"},
      {"{\"LayerFolderPath\":\"s\",\"Layers\":[{\"Path\":\"/usr\"}]}", HCS_E_INVALID_PARAMETER,
       "config.LayerFolderPath: 's' is not an absolute path"},
      {"{\"HostName\":\"0123456789012345678901234567890123456789012345678901234567890123x\","
       "\"Layers\":[{\"Path\":\"/usr\"}]}",
       HCS_E_INVALID_PARAMETER, "config.HostName: longer than 64 bytes"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    refused(rows[i].json, rows[i].code, rows[i].text);
    hcs_config_clear(&config);
    hcs_document_free(document);
    document = NULL;
  }
}

static void too_many_layers_are_refused(void **state) {
  (void)state;
  char *json = calloc(1, 600 * 20), *end = json;
  assert_non_null(json);
  end += sprintf(end, "{\"Layers\":[");
  for (int i = 0; i < 501; i++) end += sprintf(end, "%s{\"Path\":\"/usr\"}", i > 0 ? "," : "");
  sprintf(end, "]}");
  refused(json, HCS_E_INVALID_PARAMETER, "config.Layers: 501 layers");
  free(json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(names_default_to_the_id),
      TEST(every_field_arrives),
      TEST(the_scratch_has_the_size_that_is_said),
      TEST(a_tmpfs_is_never_volatile),
      TEST(a_volume_needs_no_layers),
      TEST(what_cannot_be_used_is_named),
      TEST(too_many_layers_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
