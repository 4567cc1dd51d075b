/* text.h - UTF-8 and UTF-16. */
#ifndef STANDIN_TEXT_H
#define STANDIN_TEXT_H

#include <windows.h>

/* Owned (free). NULL for text that is not UTF-16. */
char *text_utf8(PCWSTR wide);
/* Owned (free). NULL for text that is not UTF-8. */
WCHAR *text_wide(const char *utf8);
/* Owned (free). */
char *text_format(const char *format, ...) __attribute__((format(gnu_printf, 1, 2)));

#endif
