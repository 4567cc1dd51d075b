/*
 * resolv_test.c - what a container's /etc/resolv.conf says, by what the config and the network's own file say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hcs/linux/resolv.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define OWN "# The container has a network of its own, and in it no name server.\n"
#define LABEL63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123"
#define TOO_LONG "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234"

static json_t *parse(const char *config) {
  char text[1024];
  snprintf(text, sizeof text, "%s", config);
  for (char *c = text; *c != '\0'; c++)
    if (*c == '\'') *c = '"';
  json_t *root = json_loads(text, 0, NULL);
  assert_non_null(root);
  return root;
}

static const struct {
  const char *config;
  const char *source; /* NULL: an own network */
  const char *expected;
} files[] = {
    {"{}", NULL, OWN},
    {"{'AllowUnqualifiedDNSQuery':true}", NULL, OWN},
    {"{'DNSSearchList':'a.b'}", NULL, OWN "search a.b\noptions no-tld-query\n"},
    {"{'DNSSearchList':' a.b ,\\tc.','AllowUnqualifiedDNSQuery':true}", NULL,
     OWN "search a.b c.\n"},
    {"{}", "", ""},
    {"{}", "nameserver 1.2.3.4", "nameserver 1.2.3.4\n"},
    {"{}",
     "# comment\n; comment\n\nnameserver\t 1.2.3.4 \r\n  nameserver ::1\nsearch x.y  z\ndomain d\n"
     "sortlist 1.0.0.0\noptions ndots:2 no-tld-query\nlookup file\nnameservers 5\n",
     "nameserver 1.2.3.4\nnameserver ::1\nsearch x.y z\ndomain d\nsortlist 1.0.0.0\n"
     "options ndots:2 no-tld-query\n"},
    {"{'DNSSearchList':'a'}", "search x\nnameserver ::1\ndomain d\noptions edns0\n",
     "nameserver ::1\noptions edns0\nsearch a\noptions no-tld-query\n"},
    {"{'DNSSearchList':'a','AllowUnqualifiedDNSQuery':true}",
     "options no-tld-query rotate\nnameserver ::1\n", "options rotate\nnameserver ::1\nsearch a\n"},
    {"{'AllowUnqualifiedDNSQuery':true}", "options no-tld-query rotate\nsearch x\n",
     "options rotate\nsearch x\n"},
};

static void says_what_the_config_says(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(files); i++) {
    hcs_error *err = hcs_error_new();
    json_t *config = parse(files[i].config);
    assert_int_equal(hcs_resolv_check(config, err), 0);
    char *text = hcs_resolv_write(config, files[i].source, err);
    assert_string_equal(text, files[i].expected);
    free(text);
    json_decref(config);
    hcs_error_free(err);
  }
}

static void passes_over_lines_that_no_resolver_reads(void **state) {
  (void)state;
  hcs_error *err = hcs_error_new();
  json_t *config = json_object();
  char *source = malloc(5000);
  snprintf(source, 5000, "nameserver%4000s\nnameserver ::1", "1.2.3.4");
  char *text = hcs_resolv_write(config, source, err);
  assert_string_equal(text, "nameserver ::1\n");
  free(text);
  free(source);
  json_decref(config);
  hcs_error_free(err);
}

static void refuses_what_is_no_domain_name(void **state) {
  (void)state;
  static const char *const lists[] = {",",   "a,",         ",a",    "a,,b",   "a..b",
                                      ".a",  ".",          "a b",   "a;b",    "a\\nb",
                                      "a/b", "\\u00e4.de", "a.b..", TOO_LONG, "a,b\\u0001"};
  for (size_t i = 0; i < COUNT(lists); i++) {
    hcs_error *err = hcs_error_new();
    char text[256];
    snprintf(text, sizeof text, "{'DNSSearchList':'%s'}", lists[i]);
    json_t *config = parse(text);
    if (hcs_resolv_check(config, err) == 0) fail_msg("'%s' is taken", lists[i]);
    assert_int_equal(hcs_error_kind(err), HCS_E_INVALID_PARAMETER);
    assert_non_null(strstr(hcs_error_message(err), "config.DNSSearchList: "));
    json_decref(config);
    hcs_error_free(err);
  }
}

/* Four labels of 63 are 255 with their dots, and with a comma between them, too. */
static void takes_255_characters(void **state) {
  (void)state;
  static const char *const lists[] = {
      "{'DNSSearchList':'" LABEL63 "." LABEL63 "," LABEL63 "." LABEL63 "'}",
      "{'DNSSearchList':'" LABEL63 "." LABEL63 "," LABEL63 "." LABEL63 ",x'}"};
  for (int i = 0; i < 2; i++) {
    hcs_error *err = hcs_error_new();
    json_t *config = parse(lists[i]);
    assert_int_equal(hcs_resolv_check(config, err), i == 0 ? 0 : -1);
    json_decref(config);
    hcs_error_free(err);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(says_what_the_config_says),
      cmocka_unit_test(passes_over_lines_that_no_resolver_reads),
      cmocka_unit_test(refuses_what_is_no_domain_name),
      cmocka_unit_test(takes_255_characters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
