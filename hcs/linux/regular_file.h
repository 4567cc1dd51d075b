/*
 * regular_file.h - finding and opening the regular files of a container, and nothing else there.
 *
 * What stands below the root is the container's doing. A path is resolved inside it; what it leads to is
 * looked at before it is opened: opening a FIFO may wait for ever, opening a device reaches a driver,
 * and files of the kernel (/proc, /sys) would act on the host's rights, not on the container's.
 */
#ifndef HCS_LINUX_REGULAR_FILE_H
#define HCS_LINUX_REGULAR_FILE_H

#include <limits.h>

#include "../error.h"

#define HCS_FILE_MISSING (-2)

/* An O_PATH descriptor on the regular file; HCS_FILE_MISSING, `err` untouched; -1. */
int hcs_regular_find(int root, const char *path, hcs_error *err);
/* Opens what was found, without waiting for anybody who holds a lease on it. `flags`: O_RDONLY, O_WRONLY. */
int hcs_regular_open(int found, int flags, const char *path, hcs_error *err);
/* hcs_regular_find() found nothing: says which part of the path is missing. Returns -1. */
int hcs_regular_fail_missing(int root, const char *path, hcs_error *err);

/* Where a file is to be made: the directory (O_PATH, to be closed) and the name in it. */
typedef struct hcs_new_place {
  int directory;
  char name[NAME_MAX + 1];
} hcs_new_place;

/*
 * The place of a file that is not there; symbolic links that lead nowhere yet are followed to it.
 * HCS_FILE_MISSING, `err` untouched: something has come to be there meanwhile.
 */
int hcs_new_place_find(int root, const char *path, hcs_new_place *place, hcs_error *err);

#endif
