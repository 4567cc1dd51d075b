/*
 * users.h - who a process runs as, from the container's own /etc/passwd and /etc/group.
 */
#ifndef HCS_GUEST_USERS_H
#define HCS_GUEST_USERS_H

#include <stdint.h>

#define USER_GROUPS_MAX 64
#define USER_LINE_MAX 4096 /* with the NUL; longer lines of the files are skipped */

typedef struct user_identity {
  uint32_t uid;
  uint32_t gid;
  uint32_t group_count; /* supplementary groups */
  uint32_t groups[USER_GROUPS_MAX];
  char home[USER_LINE_MAX]; /* "/" if not known */
} user_identity;

/*
 * "" (0:0), "name", "uid", "name:group", "uid:gid" and their mixtures: 0. -1 if a name, of the user
 * or the group, is not in the files. Ids need not be there.
 */
int user_find(const char *text, user_identity *user);

#endif
