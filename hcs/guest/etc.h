/*
 * etc.h - the files of /etc that are the container's and not its image's: hosts and resolv.conf.
 */
#ifndef HCS_GUEST_ETC_H
#define HCS_GUEST_ETC_H

#include "protocol.h"

/*
 * Writes them into the working directory (setup's workspace) and mounts them over etc/hosts and
 * etc/resolv.conf below `root`: never written into a layer or a volume. Where there is no place for one (a
 * volume without it, a directory) the container goes without. Reports and exits on other failures.
 */
void etc_mount(int root, const hcs_plan *plan);

#endif
