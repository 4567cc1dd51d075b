/*
 * hotplug.h - mapping something into a running container, and taking it out again.
 *
 * The record names a mount by its id before it is attached, and the lock is passed to the one that attaches
 * it: whoever is killed in between, what the record says and the container's mount table does not is not
 * there, and the next change forgets it.
 */
#ifndef HCS_LINUX_HOTPLUG_H
#define HCS_LINUX_HOTPLUG_H

#include "change.h"
#include "mapped.h"

/* Attaches it and remembers it; `mapping` gets the mount's id. On failure nothing is changed. */
int hcs_hotplug_add(hcs_change *change, hcs_mapping *mapping, hcs_error *err);
/*
 * Takes what is mapped to `target` out, with all that came with it, and forgets it: Busy (0xAA) when it is in
 * use, and then nothing is changed. `path` is what errors call the document.
 */
int hcs_hotplug_remove(hcs_change *change, hcs_mount_kind kind, const char *target,
                       const char *path, hcs_error *err);

#endif
