/*
 * quoting_test.c - CommandLineToArgvW splits a command line as it was joined.
 */
#include <windows.h>
/* behind windows.h */
#include <shellapi.h>

#include "hcs/windows/wide.h"
#include "test/quoting_fixture.h"

static size_t split(const char *line, char *arguments[MOST_ARGUMENTS]) {
  PWSTR wide = hcs_wide_new(line, "line", err);
  assert_non_null(wide);
  int count = 0;
  PWSTR *parts = CommandLineToArgvW(wide, &count);
  assert_non_null(parts);
  assert_in_range(count, 1, MOST_ARGUMENTS);
  for (int i = 0; i < count; i++) {
    arguments[i] = hcs_utf8_new(parts[i], "part", err);
    assert_non_null(arguments[i]);
  }
  LocalFree(parts);
  free(wide);
  return (size_t)count;
}

int main(void) { return run_quoting_tests(); }
