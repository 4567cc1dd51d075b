/*
 * wide.c - the border between UTF-8 and UTF-16: exact in both directions, or refused.
 *
 * Without the _ERR_INVALID_CHARS flags Windows would put U+FFFD in place of what it cannot read, and a
 * path or a password that was mistyped would reach the service as another one.
 */
#include "wide.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Both functions count in int; the terminator has to fit too. */
static int count_of(size_t length, const char *what, hcs_error *err) {
  if (length < INT_MAX) return (int)length + 1;
  (void)hcs_fail(err, HCS_E_INVALID_PARAMETER, "%s: text of %llu MiB is too long for Windows", what,
                 (unsigned long long)length >> 20);
  return 0;
}

PWSTR hcs_wide_new(const char *text, const char *what, hcs_error *err) {
  int bytes = count_of(strlen(text), what, err);
  if (bytes == 0) return NULL;
  int units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, bytes, NULL, 0);
  if (units <= 0) {
    (void)hcs_fail(err, HCS_E_INVALID_PARAMETER,
                   "%s: not UTF-8; convert text of a Windows code page or Latin-1 first", what);
    return NULL;
  }
  PWSTR wide = malloc((size_t)units * sizeof *wide);
  if (wide == NULL) {
    (void)hcs_fail_memory(err);
    return NULL;
  }
  (void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, bytes, wide, units);
  return wide;
}

char *hcs_utf8_new(PCWSTR text, const char *what, hcs_error *err) {
  int units = count_of(wcslen(text), what, err);
  if (units == 0) return NULL;
  int bytes = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, text, units, NULL, 0, NULL, NULL);
  if (bytes <= 0) {
    (void)hcs_fail(err, HCS_E_INVALID_DATA,
                   "%s: text from the compute service is not UTF-16: a surrogate stands alone",
                   what);
    return NULL;
  }
  char *utf8 = malloc((size_t)bytes);
  if (utf8 == NULL) {
    (void)hcs_fail_memory(err);
    return NULL;
  }
  (void)WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, text, units, utf8, bytes, NULL, NULL);
  return utf8;
}
