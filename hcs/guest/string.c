/*
 * string.c - the few memory and text functions of a program without a libc. The host side has the
 * memory functions from its own, and takes the text functions from here.
 */
#include "string.h"

#if !__STDC_HOSTED__

void *memset(void *to, int byte, size_t size) {
  unsigned char *t = to;
  while (size-- > 0) *t++ = (unsigned char)byte;
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  unsigned char *t = to;
  const unsigned char *f = from;
  while (size-- > 0) *t++ = *f++;
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  unsigned char *t = to;
  const unsigned char *f = from;
  if (t < f) return memcpy(to, from, size);
  while (size-- > 0) t[size] = f[size];
  return to;
}

int memcmp(const void *a, const void *b, size_t size) {
  const unsigned char *x = a, *y = b;
  for (; size > 0; size--, x++, y++)
    if (*x != *y) return *x < *y ? -1 : 1;
  return 0;
}

#endif

size_t string_length(const char *text) {
  size_t n = 0;
  while (text[n] != '\0') n++;
  return n;
}

int string_equal(const char *a, const char *b) {
  while (*a != '\0' && *a == *b) a++, b++;
  return *a == *b;
}

size_t string_decimal(char *to, uint64_t value) {
  char reversed[20];
  size_t n = 0, i;
  do {
    reversed[n++] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  for (i = 0; i < n; i++) to[i] = reversed[n - 1 - i];
  to[n] = '\0';
  return n;
}

int64_t string_number(const char *text, size_t size) {
  int64_t value = 0;
  size_t i;
  if (size == 0 || size > 10) return -1;
  for (i = 0; i < size; i++) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value <= UINT32_MAX ? value : -1;
}
