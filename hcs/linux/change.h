/*
 * change.h - changing a live container: one client at a time, and what there is to know about it.
 */
#ifndef HCS_LINUX_CHANGE_H
#define HCS_LINUX_CHANGE_H

#include "container.h"

typedef struct hcs_change {
  hcs_platform_system *system;
  int dir;           /* the container's state directory, locked */
  hcs_record record; /* as it stands there; what is to be remembered goes in and is written again */
  int64_t deadline_ns;
  int is_held; /* by a process that was given the lock and cannot be ended: it stays locked as long */
} hcs_change;

/*
 * Waits for the lock until the deadline, which is the whole change's. Fails with 0xC0370110 when the
 * container has ended meanwhile. To be ended only after success.
 */
int hcs_change_begin(hcs_change *change, hcs_platform_system *system, int64_t deadline_ns,
                     hcs_error *err);
/* The gate again, now that nobody else can act: another client may have paused it. */
int hcs_change_check_running(const hcs_change *change, hcs_error *err);
void hcs_change_end(hcs_change *change);

#endif
