/*
 * quoting_test.c - a command line for Windows is split as it was joined, by a splitter that is written
 * from the rules' documentation (test/windows/quoting_test.c asks Windows itself).
 */
#include "test/quoting_fixture.h"

static int is_blank(char c) { return c == ' ' || c == '\t'; }

/* The name up to the quote or blank that ends it; behind it. */
static const char *take_program(const char *at, char *out) {
  int quoted = *at == '"';
  if (quoted) at++;
  while (*at != '\0' && !(quoted ? *at == '"' : (unsigned char)*at <= ' ')) *out++ = *at++;
  *out = '\0';
  return quoted && *at == '"' ? at + 1 : at;
}

static const char *take_argument(const char *at, char *out) {
  int quoted = 0;
  while (*at != '\0' && (quoted || !is_blank(*at))) {
    size_t backslashes = strspn(at, "\\");
    at += backslashes;
    size_t kept = *at == '"' ? backslashes / 2 : backslashes;
    memset(out, '\\', kept);
    out += kept;
    if (*at == '"' && backslashes % 2 == 0) {
      quoted = !quoted;
      at++;
    } else if (*at != '\0' && (quoted || !is_blank(*at))) {
      *out++ = *at++;
    }
  }
  *out = '\0';
  return at;
}

static size_t split(const char *line, char *arguments[MOST_ARGUMENTS]) {
  size_t count = 0;
  do {
    assert_true(count < MOST_ARGUMENTS);
    char *out = arguments[count] = malloc(strlen(line) + 1);
    assert_non_null(out);
    line = count++ == 0 ? take_program(line, out) : take_argument(line, out);
    line += strspn(line, " \t");
  } while (*line != '\0');
  return count;
}

int main(void) { return run_quoting_tests(); }
