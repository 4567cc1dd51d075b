/*
 * text.c - a text that grows, and cutting texts to fixed buffers.
 *
 * Portable: strdup and asprintf are missing from the strict C libraries we build with.
 */
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HCS_TEXT_START_BYTES = 256 };

/* Room for `more` bytes and the terminator. Doubling keeps the cost of many small pieces linear. */
static int text_reserve(hcs_text *text, size_t more) {
  if (text->failed) return -1;
  if (more < text->capacity - text->size) return 0;
  /* Far from overflow, also in the doubling below. */
  if (more > SIZE_MAX / 4 || text->capacity > SIZE_MAX / 4) {
    text->failed = 1;
    return -1;
  }
  size_t capacity = text->capacity != 0 ? text->capacity : HCS_TEXT_START_BYTES;
  while (capacity - text->size <= more) capacity *= 2;
  char *data = realloc(text->data, capacity);
  if (data == NULL) {
    text->failed = 1;
    return -1;
  }
  text->data = data;
  text->capacity = capacity;
  return 0;
}

void hcs_text_add(hcs_text *text, const char *bytes, size_t size) {
  if (text_reserve(text, size) != 0) return;
  memcpy(text->data + text->size, bytes, size);
  text->size += size;
  text->data[text->size] = '\0';
}

void hcs_text_put(hcs_text *text, const char *string) {
  hcs_text_add(text, string, strlen(string));
}

/* Formats twice, once to measure: what is printed here is short, and a guess could be wrong. */
void hcs_text_printf(hcs_text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (size < 0) text->failed = 1;
  if (size < 0 || text_reserve(text, (size_t)size) != 0) return;

  va_start(arguments, format);
  (void)vsnprintf(text->data + text->size, (size_t)size + 1, format, arguments);
  va_end(arguments);
  text->size += (size_t)size;
}

char *hcs_text_take(hcs_text *text) {
  /* An empty text is still a string: only a failure is NULL. */
  hcs_text_add(text, "", 0);
  char *data = text->failed ? NULL : text->data;
  if (text->failed) free(text->data);
  *text = (hcs_text){0};
  return data;
}

/* The length that a sequence's first byte announces; 0 for a byte in the middle of one. */
static size_t sequence_length(unsigned char byte) {
  if (byte < 0x80) return 1;
  if (byte < 0xC0) return 0;
  if (byte < 0xE0) return 2;
  return byte < 0xF0 ? 3 : 4;
}

/*
 * Messages go to JSON, logs and terminals, where half a character is at best ugly and at worst
 * makes the whole text invalid.
 */
size_t hcs_text_cut(const char *string, size_t limit) {
  const char *end = memchr(string, '\0', limit);
  if (end != NULL) return (size_t)(end - string);
  /* Back to the start of the last sequence, which goes unless all of it is inside. What has no
     start within four bytes is not UTF-8, and is cut anywhere. */
  for (size_t back = 1; back <= 4 && back <= limit; back++) {
    size_t length = sequence_length((unsigned char)string[limit - back]);
    if (length != 0) return length > back ? limit - back : limit;
  }
  return limit;
}

/* memmove, because an error may be made of its own texts. */
void hcs_text_copy(char *buffer, size_t capacity, const char *string) {
  size_t size = string != NULL ? hcs_text_cut(string, capacity - 1) : 0;
  if (size != 0) memmove(buffer, string, size);
  buffer[size] = '\0';
}

char *hcs_text_duplicate(const char *string) {
  size_t size = strlen(string) + 1;
  char *copy = malloc(size);
  if (copy != NULL) memcpy(copy, string, size);
  return copy;
}

int hcs_text_same_word(const char *a, const char *b) {
  for (; *a != '\0' && *b != '\0'; a++, b++) {
    char x = *a >= 'A' && *a <= 'Z' ? (char)(*a + 32) : *a;
    char y = *b >= 'A' && *b <= 'Z' ? (char)(*b + 32) : *b;
    if (x != y) return 0;
  }
  return *a == *b;
}
