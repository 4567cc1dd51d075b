/*
 * container_path.h - paths in a container that a document names as the place for something mapped.
 */
#ifndef HCS_LINUX_CONTAINER_PATH_H
#define HCS_LINUX_CONTAINER_PATH_H

#include "../error.h"

/*
 * The path in its one shortest form (no "//", no "/./", no "/" at the end), owned; NULL, naming `field`, for
 * what is not absolute, has "..", or is no place to mount anything: the root, /dev itself, the devices that
 * every container has, and all of /proc, /sys and /dev/pts. What links in the container make of it is looked
 * at where it is mounted.
 */
char *hcs_container_path(const char *path, const char *field, hcs_error *err);
/* A ContainerPipeName: such a path, or a name below /run/pipe. */
char *hcs_container_path_pipe(const char *name, const char *field, hcs_error *err);
/* A device's: a path below /dev, also of one that every container has. */
char *hcs_container_path_device(const char *path, const char *field, hcs_error *err);

#endif
