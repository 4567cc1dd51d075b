/*
 * wide_test.c - text crosses between UTF-8 and UTF-16 exactly, or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "hcs/windows/wide.h"
#include "test/error_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Each length of a sequence at both of its ends, and around the surrogates. */
static const struct {
  const char *utf8;
  PCWSTR wide;
} pairs[] = {
    {"", L""},
    {"C:\\layers\\base", L"C:\\layers\\base"},
    {"\x01\x7F", L"\x01\x7F"},
    {"\xC2\x80", L"\x80"},
    {"\xDF\xBF", L"\x7FF"},
    {"\xE0\xA0\x80", L"\x800"},
    {"\xED\x9F\xBF", L"\xD7FF"},
    {"\xEE\x80\x80", L"\xE000"},
    {"\xEF\xBB\xBFx", L"\xFEFFx"}, /* a byte order mark is a character like others */
    {"\xEF\xBF\xBF", L"\xFFFF"},
    {"\xF0\x90\x80\x80", L"\xD800\xDC00"},
    {"\xF0\x9F\x98\x80!", L"\xD83D\xDE00!"},
    {"\xF4\x8F\xBF\xBF", L"\xDBFF\xDFFF"},
    /* neither composed nor taken apart */
    {"e\xCC\x81 \xC3\xA9", L"e\x301 \xE9"},
};

static void test_both_ways(void **state) {
  (void)state;
  for (unsigned i = 0; i < COUNT(pairs); i++) {
    PWSTR wide = hcs_wide_new(pairs[i].utf8, "config", err);
    if (wide == NULL) fail_msg("pair %u: %s", i, hcs_error_message(err));
    assert_int_equal(wcscmp(wide, pairs[i].wide), 0);
    char *utf8 = hcs_utf8_new(wide, "properties", err);
    if (utf8 == NULL) fail_msg("pair %u: %s", i, hcs_error_message(err));
    assert_string_equal(utf8, pairs[i].utf8);
    free(wide);
    free(utf8);
  }
}

/* Unicode 15, table 3-7: everything else is not UTF-8. */
static const char *const not_utf8[] = {
    "\x80",
    "a\xBF",
    "\xC0\x80", /* a NUL, disguised */
    "\xC1\xBF",
    "\xC3",
    "\xC3(",
    "\xE0\x9F\xBF",
    "\xE2\x82",
    "\xE2\x82z",
    "\xED\xA0\x80", /* a surrogate */
    "\xED\xBF\xBF",
    "\xED\xA0\xBD\xED\xB8\x80", /* both halves of a pair */
    "\xF0\x8F\xBF\xBF",
    "\xF0\x9F\x98",
    "\xF4\x90\x80\x80", /* beyond U+10FFFF */
    "\xF5\x80\x80\x80",
    "\xFE",
    "\xFF",
    "caf\xE9", /* Latin-1 */
};

static void test_not_utf8(void **state) {
  (void)state;
  for (unsigned i = 0; i < COUNT(not_utf8); i++) {
    PWSTR wide = hcs_wide_new(not_utf8[i], "config", err);
    if (wide != NULL) fail_msg("text %u was taken", i);
    assert_int_equal(hcs_error_kind(err), HCS_E_INVALID_PARAMETER);
    assert_string_equal(hcs_error_message(err),
                        "config: not UTF-8; convert text of a Windows code page or Latin-1 first");
  }
}

static const PCWSTR not_utf16[] = {
    L"\xD800", L"\xDC00", L"a\xD83D", L"\xD83Dz", L"\xDE00\xD83D", L"\xD83D\xD83D\xDE00",
};

static void test_not_utf16(void **state) {
  (void)state;
  for (unsigned i = 0; i < COUNT(not_utf16); i++) {
    char *utf8 = hcs_utf8_new(not_utf16[i], "properties", err);
    if (utf8 != NULL) fail_msg("text %u was taken", i);
    assert_int_equal(hcs_error_kind(err), HCS_E_INVALID_DATA);
    assert_string_equal(
        hcs_error_message(err),
        "properties: text from the compute service is not UTF-16: a surrogate stands alone");
  }
}

/* Every code point of Unicode but the surrogates and NUL, in one text. */
static void test_all_of_unicode(void **state) {
  (void)state;
  size_t capacity = (0x10000 + 2 * 0x100000) + 1, at = 0;
  PWSTR wide = malloc(capacity * sizeof *wide);
  assert_non_null(wide);
  for (uint32_t c = 1; c <= 0x10FFFF; c++) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    if (c >= 0x10000) wide[at++] = (wchar_t)(0xD800 + ((c - 0x10000) >> 10));
    wide[at++] = c >= 0x10000 ? (wchar_t)(0xDC00 + ((c - 0x10000) & 0x3FF)) : (wchar_t)c;
  }
  wide[at] = 0;

  char *utf8 = hcs_utf8_new(wide, "properties", err);
  assert_non_null(utf8);
  assert_int_equal(strlen(utf8), 0x7F + 2 * 0x780 + 3 * (0xF800 - 0x800) + 4 * 0x100000);
  PWSTR back = hcs_wide_new(utf8, "config", err);
  assert_non_null(back);
  assert_int_equal(wcscmp(back, wide), 0);
  free(back);
  free(utf8);
  free(wide);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_both_ways),
      TEST(test_not_utf8),
      TEST(test_not_utf16),
      TEST(test_all_of_unicode),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
