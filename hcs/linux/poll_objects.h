/*
 * poll_objects.h - waiting for containers, processes, streams and foreign descriptors at once.
 */
#ifndef HCS_LINUX_POLL_OBJECTS_H
#define HCS_LINUX_POLL_OBJECTS_H

#include "../platform.h"

int hcs_linux_poll(hcs_platform_poll_item *items, size_t count, int64_t deadline_ns,
                   hcs_error *err);

#endif
