/*
 * group_file.c - writing several control files as one.
 */
#include "group_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"

#define FILES_MAX 4

/* Making room under a lower limit is given up when a signal is pending: it is not for the caller. */
static int put(int group, const char *name, const char *text) {
  int r;
  do r = hcs_file_put(group, name, text);
  while (r != 0 && errno == EINTR);
  return r;
}

/* "8:0 1048576" out of a file with a line for every device. */
static void device_line(const char *content, const char *device, char *text) {
  size_t n = strlen(device);
  const char *line = content;
  while (line != NULL && (strncmp(line, device, n) != 0 || line[n] != ' ')) {
    line = strchr(line, '\n');
    if (line != NULL) line++;
  }
  if (line != NULL)
    snprintf(text, HCS_GROUP_TEXT_SIZE, "%.*s", (int)strcspn(line, "\n"), line);
  else
    snprintf(text, HCS_GROUP_TEXT_SIZE, "%s 0", device);
}

static int get(const hcs_group_file *file, char text[HCS_GROUP_TEXT_SIZE]) {
  char content[4096];
  if (hcs_file_get(file->group, file->name, content, sizeof content) < 0) return -1;
  if (file->device != NULL)
    device_line(content, file->device, text);
  else
    snprintf(text, HCS_GROUP_TEXT_SIZE, "%.*s", (int)strcspn(content, "\n"), content);
  return 0;
}

int hcs_group_files_put(const hcs_group_file *files, size_t count, const hcs_group_file **failed) {
  char before[FILES_MAX][HCS_GROUP_TEXT_SIZE];
  size_t i;
  int saved;
  for (i = 0; i < count; i++)
    if (get(&files[i], before[i]) != 0 || put(files[i].group, files[i].name, files[i].text) != 0)
      break;
  if (i == count) return 0;
  saved = errno;
  *failed = &files[i];
  while (i-- > 0) put(files[i].group, files[i].name, before[i]);
  errno = saved;
  return -1;
}

long long hcs_group_number_get(int group, const char *name) {
  char text[64];
  if (hcs_file_get(group, name, text, sizeof text) < 0) return -1;
  return strncmp(text, "max", 3) == 0 ? LLONG_MAX : strtoll(text, NULL, 10);
}
