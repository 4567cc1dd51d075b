/*
 * kernel_text.c - reading the texts of /proc and of control groups.
 */
#include "kernel_text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int is_digit(char c) { return c >= '0' && c <= '9'; }

int hcs_kernel_number(const char **at, uint64_t *value) {
  const char *c = *at;
  uint64_t sum = 0;
  while (*c == ' ' || *c == '\t') c++;
  if (!is_digit(*c)) return 0;
  for (; is_digit(*c); c++) {
    uint64_t digit = (uint64_t)(*c - '0');
    sum = sum > (INT64_MAX - digit) / 10 ? INT64_MAX : sum * 10 + digit;
  }
  *at = c;
  *value = sum;
  return 1;
}

uint64_t hcs_kernel_value(const char *text, const char *key) {
  size_t length = strlen(key);
  uint64_t value;
  while (text != NULL) {
    if (strncmp(text, key, length) == 0 && text[length] == ' ') {
      const char *at = text + length;
      return hcs_kernel_number(&at, &value) ? value : 0;
    }
    text = strchr(text, '\n');
    if (text != NULL) text++;
  }
  return 0;
}

/* ---- lines ---------------------------------------------------------------------------------------- */

void hcs_lines_init(hcs_lines *lines, int fd) {
  lines->fd = fd;
  lines->error = 0;
  lines->is_rest = 0;
  lines->start = lines->end = 0;
}

/* The bytes up to `end`, as a line; what follows begins at `next`. NULL: the rest of one that was cut. */
static char *take(hcs_lines *lines, size_t end, size_t next) {
  char *line = lines->bytes + lines->start;
  int was_rest = lines->is_rest;
  lines->bytes[end] = '\0';
  lines->start = next;
  lines->is_rest = 0;
  return was_rest ? NULL : line;
}

/* A line, whole or cut, out of what has been read; NULL when more is needed. */
static char *take_buffered(hcs_lines *lines) {
  char *newline, *line;
  while ((newline = memchr(lines->bytes + lines->start, '\n', lines->end - lines->start)) != NULL) {
    size_t end = (size_t)(newline - lines->bytes);
    line = take(lines, end, end + 1);
    if (line != NULL) return line;
  }
  if (lines->start > 0 || lines->end < HCS_LINE_MAX) return NULL;
  line = take(lines, HCS_LINE_MAX, HCS_LINE_MAX);
  lines->is_rest = 1;
  return line;
}

/* Reads on; 0 at the end and after a failure. */
static int fill(hcs_lines *lines) {
  ssize_t n;
  memmove(lines->bytes, lines->bytes + lines->start, lines->end - lines->start);
  lines->end -= lines->start;
  lines->start = 0;
  do n = read(lines->fd, lines->bytes + lines->end, HCS_LINE_MAX - lines->end);
  while (n < 0 && errno == EINTR);
  if (n < 0) lines->error = errno;
  if (n > 0) lines->end += (size_t)n;
  return n > 0;
}

char *hcs_lines_next(hcs_lines *lines) {
  char *line;
  do {
    line = take_buffered(lines);
    if (line != NULL) return line;
  } while (fill(lines));
  /* the last one may have no newline; a failure says nothing of what it was going to be */
  if (lines->error != 0 || lines->start == lines->end) return NULL;
  return take(lines, lines->end, lines->end);
}
