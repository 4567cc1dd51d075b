/*
 * command_line_test.c - a CommandLine is split as a POSIX shell would, and expands nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hcs/error.h"
#include "hcs/linux/command_line.h"
#include "test/error_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
  const char *line;
  const char *arguments[8];
} splits[] = {
    {"ls", {"ls"}},
    {"ls -l /tmp", {"ls", "-l", "/tmp"}},
    {"  ls\t -l  ", {"ls", "-l"}},
    {"ls\n-l\r\n", {"ls", "-l"}},
    /* single quotes keep everything */
    {"echo 'a b'", {"echo", "a b"}},
    {"echo 'a\\nb$HOME\"c'", {"echo", "a\\nb$HOME\"c"}},
    {"echo ''", {"echo", ""}},
    {"'' x", {"", "x"}},
    {"echo 'a'\\''b'", {"echo", "a'b"}},
    {"echo 'a\nb'", {"echo", "a\nb"}},
    /* double quotes let a backslash escape five characters, before others it stays */
    {"echo \"a b\"", {"echo", "a b"}},
    {"echo \"\"", {"echo", ""}},
    {"echo \"a\\\"b\"", {"echo", "a\"b"}},
    {"echo \"\\$x \\`y\\` \\\\\"", {"echo", "$x `y` \\"}},
    {"echo \"a\\nb\\'c\"", {"echo", "a\\nb\\'c"}},
    {"echo \"a\\\nb\"", {"echo", "ab"}},
    {"echo \"it's\"", {"echo", "it's"}},
    /* a backslash outside quotes */
    {"echo a\\ b", {"echo", "a b"}},
    {"echo \\\"x\\\" \\'y\\' \\\\", {"echo", "\"x\"", "'y'", "\\"}},
    {"echo a\\\nb", {"echo", "ab"}},
    {"echo \\\n b", {"echo", "b"}},
    {"echo b \\\n", {"echo", "b"}},
    {"\\\n ls", {"ls"}},
    {"\\e\\c\\h\\o", {"echo"}},
    /* pieces join */
    {"a'b'\"c\"\\d", {"abcd"}},
    {"--name='x y'", {"--name=x y"}},
    {"a''", {"a"}},
    {"''\"\"", {""}},
    /* operators are characters when quoted */
    {"echo 'a|b' \"c&d\" e\\;f '<' \">\"", {"echo", "a|b", "c&d", "e;f", "<", ">"}},
    {"sh -c 'ls | wc -l > /n'", {"sh", "-c", "ls | wc -l > /n"}},
    /* UTF-8 goes through */
    {"echo \xC3\xA4\xE2\x82\xAC '\xF0\x9F\x98\x80'",
     {"echo", "\xC3\xA4\xE2\x82\xAC", "\xF0\x9F\x98\x80"}},
    {"a b c d e f g", {"a", "b", "c", "d", "e", "f", "g"}},
};

static void assert_vector(const char *line, const char *const *expected) {
  char **arguments = hcs_command_line_split(line, err);
  if (arguments == NULL) {
    fail_msg("%s: %s", line, hcs_error_message(err));
    return; /* fail_msg does not come back, but only we know */
  }
  size_t i = 0;
  for (; expected[i] != NULL; i++) {
    if (arguments[i] == NULL) fail_msg("%s: argument %zu is missing", line, i + 1);
    assert_string_equal(arguments[i], expected[i]);
  }
  assert_null(arguments[i]);
  hcs_command_line_free(arguments);
}

static void splits_as_a_shell_does(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(splits); i++) {
    assert_vector(splits[i].line, splits[i].arguments);
  }
  assert_int_equal(hcs_error_code(err), 0); /* success leaves it alone */
}

static void expands_nothing(void **state) {
  (void)state;
  static const char *const expected[] = {"echo", "$HOME", "`id`",  "$(id)", "~",  "*",
                                         "?",    "[a]",   "{b,c}", "#",     "!x", NULL};
  assert_vector("echo $HOME `id` $(id) ~ * ? [a] {b,c} # !x", expected);
}

#define SHELL ": no shell is involved; use {\"sh\", \"-c\", …}"

static const struct {
  const char *line;
  const char *message;
} refusals[] = {
    {"", "it is empty; give the command and its arguments"},
    {" \t\n", "it is empty; give the command and its arguments"},
    {"\\\n", "it is empty; give the command and its arguments"},
    {"echo 'a b", "the single quote at position 6 is not closed"},
    {"'", "the single quote at position 1 is not closed"},
    {"echo 'a' b'c", "the single quote at position 11 is not closed"},
    {"echo \"a b", "the double quote at position 6 is not closed"},
    {"echo \"a\\\"", "the double quote at position 6 is not closed"},
    {"echo \"a\\", "the double quote at position 6 is not closed"},
    {"echo a\\", "the backslash at its end (position 7) escapes nothing; write \\\\ for one"},
    {"ls | wc", "unquoted '|' at position 4" SHELL},
    {"sleep 9 &", "unquoted '&' at position 9" SHELL},
    {"cd /;ls", "unquoted ';' at position 5" SHELL},
    {"cat <x", "unquoted '<' at position 5" SHELL},
    {"echo a 2>x", "unquoted '>' at position 9" SHELL},
    {"echo 'a|b'|c", "unquoted '|' at position 11" SHELL},
    {"|", "unquoted '|' at position 1" SHELL},
};

static void refuses_what_it_cannot_mean(void **state) {
  (void)state;
  char expected[256];
  for (size_t i = 0; i < COUNT(refusals); i++) {
    char **arguments = hcs_command_line_split(refusals[i].line, err);
    if (arguments != NULL) fail_msg("'%s' is accepted", refusals[i].line);
    (void)snprintf(expected, sizeof expected, "config.CommandLine: %s", refusals[i].message);
    assert_string_equal(hcs_error_message(err), expected);
    assert_string_equal(hcs_error_name(err), "InvalidParameter");
  }
}

/* The vector's size is calculated from the line's: the densest lines must fit (ASan watches). */
static void the_densest_lines_fit(void **state) {
  (void)state;
  for (size_t size = 1; size < 300; size++) {
    char *line = malloc(size + 1);
    assert_non_null(line);
    for (size_t i = 0; i < size; i++) line[i] = i % 2 == 0 ? 'a' : ' ';
    line[size] = '\0';
    char **arguments = hcs_command_line_split(line, err);
    assert_non_null(arguments);
    size_t count = 0;
    while (arguments[count] != NULL) assert_string_equal(arguments[count++], "a");
    assert_int_equal(count, (size + 1) / 2);
    hcs_command_line_free(arguments);
    free(line);
  }
  hcs_command_line_free(NULL);
}

/* Any line over the characters that mean something, up to six of them: splits or is refused. */
static void every_short_line_ends_well(void **state) {
  (void)state;
  static const char alphabet[] = "a '\"\\\n|$";
  const size_t letters = sizeof alphabet - 1;
  for (size_t length = 0; length <= 6; length++) {
    size_t lines = 1;
    for (size_t i = 0; i < length; i++) lines *= letters;
    for (size_t n = 0; n < lines; n++) {
      char line[8] = "";
      for (size_t i = 0, rest = n; i < length; i++, rest /= letters) {
        line[i] = alphabet[rest % letters];
      }
      char **arguments = hcs_command_line_split(line, err);
      if (arguments != NULL) assert_non_null(arguments[0]);
      hcs_command_line_free(arguments);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(splits_as_a_shell_does),      TEST(expands_nothing),
      TEST(refuses_what_it_cannot_mean), TEST(the_densest_lines_fit),
      TEST(every_short_line_ends_well),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
