/*
 * kernel_text.h - reading the texts of /proc and of control groups.
 *
 * Some of what they hold was chosen by the container's processes: no length in them is believed.
 */
#ifndef HCS_LINUX_KERNEL_TEXT_H
#define HCS_LINUX_KERNEL_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define HCS_LINE_MAX 4096

/*
 * The decimal number behind the blanks at `*at`, which is moved behind it. 1, or 0 if there is none.
 * More than a document's integer holds (63 bits) becomes the most that it holds.
 */
int hcs_kernel_number(const char **at, uint64_t *value);
/* The number behind `key` and a blank at the beginning of a line ("anon 4096"); 0 if there is none. */
uint64_t hcs_kernel_value(const char *text, const char *key);

/* A file read line by line, in constant memory. The descriptor is borrowed. */
typedef struct hcs_lines {
  int fd;
  int error; /* errno of the read that failed, or 0 */
  int is_rest;
  size_t start, end;
  char bytes[HCS_LINE_MAX + 1];
} hcs_lines;

void hcs_lines_init(hcs_lines *lines, int fd);
/* The next line, without its newline and cut at HCS_LINE_MAX; valid until the next call. NULL: no more. */
char *hcs_lines_next(hcs_lines *lines);

#endif
