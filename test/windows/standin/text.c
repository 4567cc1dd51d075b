/* text.c - UTF-8 and UTF-16, by Windows' own conversion. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

char *text_utf8(PCWSTR wide) {
  int size = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, NULL, 0, NULL, NULL);
  char *utf8 = size > 0 ? malloc((size_t)size) : NULL;
  if (utf8 == NULL) return NULL;
  (void)WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, utf8, size, NULL, NULL);
  return utf8;
}

WCHAR *text_wide(const char *utf8) {
  int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, NULL, 0);
  WCHAR *wide = size > 0 ? malloc((size_t)size * sizeof *wide) : NULL;
  if (wide == NULL) return NULL;
  (void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, wide, size);
  return wide;
}

char *text_format(const char *format, ...) {
  va_list list;
  va_start(list, format);
  int size = vsnprintf(NULL, 0, format, list);
  va_end(list);
  char *text = size >= 0 ? malloc((size_t)size + 1) : NULL;
  if (text == NULL) return NULL;
  va_start(list, format);
  (void)vsnprintf(text, (size_t)size + 1, format, list);
  va_end(list);
  return text;
}
