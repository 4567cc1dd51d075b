/*
 * users.h - who a process runs as, from the container's own /etc/passwd and /etc/group.
 */
#ifndef HCS_GUEST_USERS_H
#define HCS_GUEST_USERS_H

#include "user_files.h"

/* As user_files_find(), in the files of the root that the caller lives in. */
int user_find(const char *text, user_identity *user);

#endif
