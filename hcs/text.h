/*
 * text.h - a text that grows.
 *
 * A failed allocation is remembered and everything after it ignored, so a writer checks once, at
 * the end. A zeroed struct is an empty text.
 */
#ifndef HCS_TEXT_H
#define HCS_TEXT_H

#include <stddef.h>

#include "error.h"

typedef struct hcs_text {
  char *data; /* NUL-terminated once anything was added */
  size_t size;
  size_t capacity;
  int failed;
} hcs_text;

void hcs_text_add(hcs_text *text, const char *bytes, size_t size);
void hcs_text_put(hcs_text *text, const char *string);
void hcs_text_printf(hcs_text *text, const char *format, ...) HCS_PRINTF(2, 3);
/* The text, owned by the caller; NULL when memory was out. `text` is empty again. */
char *hcs_text_take(hcs_text *text);

/* The first `limit` bytes of `string` or fewer: never a part of a UTF-8 sequence. */
size_t hcs_text_cut(const char *string, size_t limit);
/* Copies into a fixed buffer, cut like that. `string` may be NULL, which is "". */
void hcs_text_copy(char *buffer, size_t capacity, const char *string);

/* Without regard to ASCII case and to the locale: documents have "container" and "Container". */
int hcs_text_same_word(const char *a, const char *b);
/* An owned copy; NULL when memory is out. */
char *hcs_text_duplicate(const char *string);

#endif
