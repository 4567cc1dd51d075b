/*
 * filesystem.h - the kernel's file systems inside the container.
 */
#ifndef HCS_GUEST_FILESYSTEM_H
#define HCS_GUEST_FILESYSTEM_H

/*
 * Mounts /proc, /sys and a fresh /dev below the container's root and hides or locks what would show
 * or change the host. Reports and exits on failure.
 */
void filesystem_build(int root);

#endif
