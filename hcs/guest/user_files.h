/*
 * user_files.h - users and groups in the container's own /etc/passwd and /etc/group.
 *
 * The guest looks up whom a process runs as, the host side whom a file belongs to: this is the reader
 * for both, so it makes no system call. What the files hold is the container's: reading them ends, and
 * takes no more memory than this.
 */
#ifndef HCS_GUEST_USER_FILES_H
#define HCS_GUEST_USER_FILES_H

#include <stddef.h>
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

typedef struct user_files {
  /* A descriptor of the regular file; what is not one, or cannot be opened, is empty: -1. */
  int (*open)(const struct user_files *files, const char *path);
  long (*read)(int fd, void *bytes, size_t size); /* as read(2); 0 or less is the end */
  void (*close)(int fd);
  int root; /* for `open` */
  /* of the reader */
  int fd;
  uint32_t total;
  uint32_t at;
  uint32_t size; /* of the block */
  char block[4096];
  char line[USER_LINE_MAX];
  char name[USER_LINE_MAX];
  char login[USER_LINE_MAX];
} user_files;

/*
 * "" (0:0), "name", "uid", "name:group", "uid:gid" and their mixtures: 0. -1 if a name, of the user
 * or the group, is not in the files. Ids need not be there.
 */
int user_files_find(user_files *files, const char *text, user_identity *user);

#endif
