/*
 * quoting_fixture.h - what a joined command line must be, for whoever splits it: the test that includes this
 * defines split(), by the documented rules or with Windows' own function.
 */
#ifndef QUOTING_FIXTURE_H
#define QUOTING_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "hcs/windows/command_line.h"
#include "test/error_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { MOST_ARGUMENTS = 8 };

/* Fills `arguments` with owned copies; their number. */
static size_t split(const char *line, char *arguments[MOST_ARGUMENTS]);

/* Worked out by hand from the rules. */
static const struct {
  const char *line;
  const char *arguments[MOST_ARGUMENTS];
} rows[] = {
    {"cmd", {"cmd"}},
    {"cmd /c ver", {"cmd", "/c", "ver"}},
    {"\"C:\\Program Files\\a.exe\" x", {"C:\\Program Files\\a.exe", "x"}},
    /* in the program's name a backslash in front of the closing quote is just that */
    {"\"C:\\a dir\\\" x", {"C:\\a dir\\", "x"}},
    {"C:\\dir\\ x", {"C:\\dir\\", "x"}},
    {"\"\" x", {"", "x"}},
    {"\"a\tb\"", {"a\tb"}},
    /* blanks and nothing */
    {"p \"a b\"", {"p", "a b"}},
    {"p \"\"", {"p", ""}},
    {"p \"\" \"\" x", {"p", "", "", "x"}},
    {"p \" \" \"\t\" \"\n\" \"\r\v\f\"", {"p", " ", "\t", "\n", "\r\v\f"}},
    /* quotes */
    {"p \\\"", {"p", "\""}},
    {"p a\\\"b", {"p", "a\"b"}},
    {"p \"a \\\"b\\\" c\"", {"p", "a \"b\" c"}},
    {"p \\\"\\\"", {"p", "\"\""}},
    {"p \"\\\" \\\"\"", {"p", "\" \""}},
    /* backslashes */
    {"p a\\b a\\\\b \\ \\\\", {"p", "a\\b", "a\\\\b", "\\", "\\\\"}},
    {"p C:\\dir\\", {"p", "C:\\dir\\"}},
    {"p \"C:\\a dir\\\\\"", {"p", "C:\\a dir\\"}},
    {"p \"a b\\\\\\\\\"", {"p", "a b\\\\"}},
    {"p \"\\a b\"", {"p", "\\a b"}},
    /* both */
    {"p \\\\\\\"", {"p", "\\\""}},
    {"p a\\\\\\\\\\\"b", {"p", "a\\\\\"b"}},
    {"p \" \\\\\\\"\"", {"p", " \\\""}},
    {"p \" \\\"\\\\\"", {"p", " \"\\"}},
    {"p \\\"\\", {"p", "\"\\"}},
    /* nothing else means anything */
    {"p 'a' $x %x% ^& | < >", {"p", "'a'", "$x", "%x%", "^&", "|", "<", ">"}},
    {"p \xC3\xA4 \"\xE2\x82\xAC \xF0\x9F\x98\x80\"",
     {"p", "\xC3\xA4", "\xE2\x82\xAC \xF0\x9F\x98\x80"}},
};

static char *join(const char *const *arguments, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++) json_array_append_new(array, json_string(arguments[i]));
  char *line = hcs_windows_command_line(array, err);
  json_decref(array);
  return line;
}

static void assert_splits(const char *line, const char *const *arguments, size_t count) {
  char *found[MOST_ARGUMENTS];
  size_t parts = split(line, found);
  if (parts != count) fail_msg("%s: %u arguments, not %u", line, (unsigned)parts, (unsigned)count);
  for (size_t i = 0; i < parts; i++) {
    if (strcmp(found[i], arguments[i]) != 0)
      fail_msg("%s: argument %u is '%s'", line, (unsigned)i, found[i]);
    free(found[i]);
  }
}

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    size_t count = 0;
    while (count < MOST_ARGUMENTS && rows[i].arguments[count] != NULL) count++;
    char *line = join(rows[i].arguments, count);
    if (line == NULL) fail_msg("%s: %s", rows[i].line, hcs_error_message(err));
    assert_string_equal(line, rows[i].line);
    assert_splits(line, rows[i].arguments, count);
    free(line);
  }
}

/* The same sequence everywhere, so that a failure can be looked at on another machine. */
static uint32_t next_random(void) {
  static uint32_t x = 2463534242U; /* xorshift32 (Marsaglia, Xorshift RNGs) */
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return x;
}

enum { LONGEST = 12, ROUNDS = 20000 };

/* Made of little but what the rules are about. */
static void make_argument(char *buffer, int is_program) {
  static const char *const pieces[] = {"\\", "\"", " ", "a", "\\\\", "\t", "\n", "\xC3\xA4"};
  size_t length = next_random() % (LONGEST / 2);
  buffer[0] = '\0';
  for (size_t i = 0; i < length; i++) {
    const char *piece = pieces[next_random() % COUNT(pieces)];
    if (!is_program || piece[0] != '"') strcat(buffer, piece);
  }
}

static void test_round_trips(void **state) {
  (void)state;
  char buffers[MOST_ARGUMENTS][LONGEST];
  const char *arguments[MOST_ARGUMENTS];
  for (int round = 0; round < ROUNDS; round++) {
    size_t count = 1 + next_random() % MOST_ARGUMENTS;
    for (size_t i = 0; i < count; i++) {
      make_argument(buffers[i], i == 0);
      arguments[i] = buffers[i];
    }
    char *line = join(arguments, count);
    if (line == NULL) fail_msg("round %d: %s", round, hcs_error_message(err));
    assert_splits(line, arguments, count);
    free(line);
  }
}

static void test_quote_in_program(void **state) {
  (void)state;
  const char *const arguments[] = {"C:\\\"x\".exe", "a\"b"};
  assert_null(join(arguments, 2));
  assert_int_equal(hcs_error_kind(err), HCS_E_INVALID_PARAMETER);
  assert_string_equal(
      hcs_error_message(err),
      "config.CommandArgs[1]: 'C:\\\"x\".exe' has a quote, which no program's name on "
      "Windows can have; arguments go behind it, each for itself");
}

static int run_quoting_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_rows),
      TEST(test_round_trips),
      TEST(test_quote_in_program),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
