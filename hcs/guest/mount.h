/*
 * mount.h - mounts by descriptor: nothing here follows a path through the container's tree without
 * saying how (CVE-2019-19921, CVE-2021-30465, CVE-2025-31133 were such paths).
 */
#ifndef HCS_GUEST_MOUNT_H
#define HCS_GUEST_MOUNT_H

#include <linux/mount.h>
#include <stdint.h>

typedef struct mount_option {
  const char *key;
  const char *value; /* NULL: a flag */
} mount_option;

/* A detached mount of a new file system; options end with a NULL key. A descriptor or -errno. */
long mount_new(const char *type, const mount_option *options, uint64_t attributes);
/* Attaches a detached mount on the object that `target` is open on. */
long mount_attach(int mount, int target);
/*
 * A detached copy of one mount, seen from the object that `path` names below `dir` ("" is dir
 * itself). `flags` may add AT_RECURSIVE.
 */
long mount_clone(int dir, const char *path, unsigned flags);
/* Sets attributes (MOUNT_ATTR_…) and makes the mount private. `flags` may be AT_RECURSIVE. */
long mount_restrict(int mount, uint64_t attributes, unsigned flags);

#define MOUNT_RECURSIVE 0x8000u /* AT_RECURSIVE */

/* Opens `path` (O_PATH) below `root`: symbolic links are refused, not followed. */
long target_open(int root, const char *path, int flags);
/* The directory `path` below `root`, made with mode 0755 when it is missing. */
long target_directory(int root, const char *path);

#endif
