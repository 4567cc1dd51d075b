/*
 * end.h - after a container's end: everything that it held on the host is given back.
 */
#ifndef HCS_LINUX_END_H
#define HCS_LINUX_END_H

#include "cgroup_paths.h"

/*
 * Cleans up the container `id` whose guest has said farewell or is lost: waits until the guest is
 * gone (its mounts go with it), kills it after two seconds, removes groups and state. Nothing left
 * to do (another client was faster) is success; HCS_INTERRUPTED when a signal arrived while another
 * client was at it, and a Timeout when that does not come to its end. `nonce` tells it from a successor
 * of the same id.
 */
int hcs_end_finish(const char *id, const char *nonce, int64_t deadline_ns, hcs_error *err);
/* Kills a guest that does not answer; its whole container goes with it. */
void hcs_end_kill_guest(const hcs_status_page *status, const hcs_group_paths *groups);
/* For processes that are to die now: nothing that we did to them keeps them from it any longer. */
void hcs_end_unlimit(const hcs_status_page *status, const hcs_group_paths *groups);
/*
 * With the lock of `dir` held: 1 if the container is dead or was never finished, and is cleaned up
 * now (with its directory emptied but kept); 0 if it is alive; -1.
 */
int hcs_end_if_dead(int dir, const char *id, hcs_error *err);

#endif
