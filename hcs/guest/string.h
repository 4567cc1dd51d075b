/*
 * string.h - the few text functions of the guest; they need no system, and serve the host side as well.
 */
#ifndef HCS_GUEST_STRING_H
#define HCS_GUEST_STRING_H

#include <stddef.h>
#include <stdint.h>

#if __STDC_HOSTED__
#include <string.h>
#else
/* The compiler may call these four by itself; string.c has them. */
void *memset(void *to, int byte, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);
#endif

size_t string_length(const char *text);
int string_equal(const char *a, const char *b);
/* Decimal digits of `value` at `to` (at least 21 bytes), with a NUL; returns their number. */
size_t string_decimal(char *to, uint64_t value);
/* The number that the first `size` bytes spell, or -1 unless all are digits and it fits 32 bits. */
int64_t string_number(const char *text, size_t size);

#endif
