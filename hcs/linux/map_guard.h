/*
 * map_guard.h - what must not be mapped into any container.
 */
#ifndef HCS_LINUX_MAP_GUARD_H
#define HCS_LINUX_MAP_GUARD_H

#include "mapped.h"

/*
 * Refuses a directory that has the state directory in it, or is in it, and a pipe that is in it: whoever
 * reaches the sockets there commands all containers of this host. The host's root is such a directory.
 */
int hcs_map_guard(const hcs_mapping *mapping, hcs_error *err);
int hcs_map_guard_all(const hcs_mappings *mappings, hcs_error *err);

#endif
