/*
 * place.h - where in a container's tree something is mounted: found, made when it is missing, checked.
 *
 * The tree is the container's, and may change while we look: paths are resolved inside its root only,
 * and what was found is used by its descriptor, never looked up again.
 */
#ifndef HCS_GUEST_PLACE_H
#define HCS_GUEST_PLACE_H

#include <stdint.h>

/*
 * The directory, or the file, `path` (absolute, without ".." and ".") below `root`: O_PATH. Missing
 * directories are made with mode 0755, a missing file is made empty with 0644. Symbolic links on the
 * way are followed inside the root; a file itself must not be one. -errno on failure.
 */
long place_directory(int root, const char *path);
long place_file(int root, const char *path);
/* The regular file that is there already, also by way of links: O_PATH. -ENOENT where a link leads nowhere. */
long place_found(int root, const char *path);
/* Instead of an errno: a link led into the kernel's own file systems, or back to the root. */
#define PLACE_FORBIDDEN (-EXDEV)

/* What statx(2) calls the mount's id: of the mount that the descriptor is on. 0 when that fails. */
uint32_t place_mount_id(int fd);

#endif
