/*
 * environment_test.c - environment variables as UTF-8 that stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <windows.h>

#include "hcs/windows/operations.h"

#define NAME "HCSSHIM_CREATECONTAINER_ADDITIONALJSON"

static void set(const wchar_t *value) {
  assert_true(SetEnvironmentVariableW(L"" NAME, value) || value == NULL);
}

static const char *get(void) { return hcs_windows_environment(NAME); }

static void test_unset_and_empty(void **state) {
  (void)state;
  set(NULL);
  assert_null(get());
  set(L"");
  assert_true(get() == NULL || get()[0] == '\0');
}

/* What was handed out stays what it was. */
static void test_values_stay(void **state) {
  const char *first, *second;

  (void)state;
  set(L"{\"Owner\":\"B\x00E4r \xD83D\xDE00\"}");
  first = get();
  assert_string_equal(first, "{\"Owner\":\"B\xC3\xA4r \xF0\x9F\x98\x80\"}");
  assert_ptr_equal(get(), first);
  set(L"other");
  second = get();
  assert_string_equal(second, "other");
  assert_string_equal(first, "{\"Owner\":\"B\xC3\xA4r \xF0\x9F\x98\x80\"}");
  set(NULL);
  assert_null(get());
}

static void test_long(void **state) {
  wchar_t *value = calloc(30001, sizeof *value);

  (void)state;
  assert_non_null(value);
  for (int i = 0; i < 30000; i++) value[i] = (wchar_t)(L'a' + i % 26);
  set(value);
  assert_int_equal(strlen(get()), 30000);
  free(value);
  set(NULL);
}

/* A lone surrogate is no text: as good as unset. */
static void test_no_text(void **state) {
  (void)state;
  set(L"x\xD800y");
  assert_null(get());
  set(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unset_and_empty),
      cmocka_unit_test(test_values_stay),
      cmocka_unit_test(test_long),
      cmocka_unit_test(test_no_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
