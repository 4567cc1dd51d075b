/*
 * exits.h - exit sockets: one for each handle that a client has on a process or on the container.
 *
 * On each goes one hcs_exit_record, when the end comes or at once if it has come already. The socket
 * stays until its other end is closed: that tells when a handle is gone, and so how long a record is
 * needed.
 */
#ifndef HCS_GUEST_EXITS_H
#define HCS_GUEST_EXITS_H

#include "records.h"

/* How many exit sockets there may be. */
void exits_limit(uint32_t sockets);

/* Takes over the socket of a new handle: 0. Without room for it -1, and the socket is the caller's. */
int exits_watch_container(int fd);
int exits_watch_process(record *r, int fd);

/* Tells all watchers of a record that has just ended. */
void exits_tell(const record *r);
/* Closes a record's exit sockets without a word: there never was such a process. */
void exits_forget(record *r);
/* A socket's other end is gone. */
void exits_hung_up(uint32_t slot, uint32_t serial);
/* Tells all watchers of the container: HCS_SYSTEM_GRACEFUL or HCS_SYSTEM_FORCED. */
void exits_tell_container(uint32_t how);

#endif
