/* text.h - UTF-8 and UTF-16. */
#ifndef STANDIN_TEXT_H
#define STANDIN_TEXT_H

#include <windows.h>

/* mingw's printf knows C99's formats; clang, which only looks at this, has one kind. */
#ifdef __clang__
#define TEXT_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define TEXT_PRINTF(format_index, first) __attribute__((format(gnu_printf, format_index, first)))
#endif

/* Owned (free). NULL for text that is not UTF-16. */
char *text_utf8(PCWSTR wide);
/* Owned (free). NULL for text that is not UTF-8. */
WCHAR *text_wide(const char *utf8);
/* Owned (free). */
char *text_format(const char *format, ...) TEXT_PRINTF(1, 2);

#endif
