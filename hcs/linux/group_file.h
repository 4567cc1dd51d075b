/*
 * group_file.h - writing several control files as one: all of them, or none.
 */
#ifndef HCS_LINUX_GROUP_FILE_H
#define HCS_LINUX_GROUP_FILE_H

#include <stddef.h>

#define HCS_GROUP_TEXT_SIZE 96

typedef struct hcs_group_file {
  int group; /* directory, borrowed */
  const char *name;
  char text[HCS_GROUP_TEXT_SIZE]; /* what is to stand in it */
  /*
   * Files with one line for each device: "M:m". What stood there before was that device's line, or
   * nothing, which is written as 0. NULL: the whole file.
   */
  const char *device;
} hcs_group_file;

/*
 * Writes them in their order. When one fails, those before it get back what they had, in the opposite
 * order: -1 with errno, and the one that failed in `failed`.
 */
int hcs_group_files_put(const hcs_group_file *files, size_t count, const hcs_group_file **failed);
/* One number of a control file; -1 with errno. "max" is the largest. */
long long hcs_group_number_get(int group, const char *name);

#endif
