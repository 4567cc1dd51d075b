/*
 * file_owner.h - whom a file is to belong to, as the container names its users.
 */
#ifndef HCS_LINUX_FILE_OWNER_H
#define HCS_LINUX_FILE_OWNER_H

#include <stdint.h>

#include "../error.h"

typedef struct hcs_file_owner {
  int known; /* 0: nobody was named */
  uint32_t uid, gid;
} hcs_file_owner;

/* `user` as in ProcessConfig, NULL or "": nobody. Looked up below the container's `root`. */
int hcs_file_owner_find(int root, const char *user, hcs_file_owner *owner, hcs_error *err);

#endif
