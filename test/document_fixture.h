/*
 * document_fixture.h - what the tests of documents share.
 *
 * JSON in their tables is written with ' for ", and turned before use.
 */
#ifndef DOCUMENT_FIXTURE_H
#define DOCUMENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hcs/document.h"
#include "hcs/marshal.h"
#include "hcs/schema.h"

#define UNUSED __attribute__((unused))
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define ANY_PLATFORM 0U
#define LINUX HCS_SUPPORT_LINUX
#define WINDOWS HCS_SUPPORT_WINDOWS
#define MEMORY HCS_SUPPORT_MEMORY

static hcs_error *err;

UNUSED static int setup(void **state) {
  (void)state;
  err = hcs_error_new();
  return err != NULL ? 0 : -1;
}

UNUSED static int teardown(void **state) {
  (void)state;
  hcs_error_free(err);
  return 0;
}

/* A copy with ' turned to ", in one of two buffers. NULL stays. */
UNUSED static const char *quoted(const char *text) {
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

UNUSED static hcs_document *parse(const char *type, const char *json, const char *overlay,
                                  unsigned support) {
  return hcs_document_parse(type, NULL, quoted(json), quoted(overlay), support, err);
}

/* Expects a refusal with that name and message. */
UNUSED static void assert_refused(const char *type, const char *json, const char *overlay,
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
UNUSED static void assert_becomes(const char *type, const char *json, const char *overlay,
                                  unsigned support, const char *expected) {
  hcs_document *document = parse(type, json, overlay, support);
  if (document == NULL) {
    fail_msg("%s %s: %s", type, json, hcs_error_message(err));
    return; /* fail_msg does not come back, but only we know */
  }
  char *text = json_dumps(document->root, JSON_COMPACT | JSON_SORT_KEYS);
  hcs_document_free(document);
  assert_non_null(text);
  if (strcmp(text, quoted(expected)) != 0) print_error("%s %s\n", type, json);
  assert_string_equal(text, quoted(expected));
  free(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
