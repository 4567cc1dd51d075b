/*
 * privileges.h - what a container may do. The deeper hardening (system call filter, user namespace)
 * joins here.
 */
#ifndef HCS_GUEST_PRIVILEGES_H
#define HCS_GUEST_PRIVILEGES_H

/*
 * Drops everything but the container's default capabilities, for good: the bounding set goes first,
 * no_new_privs is set, and the process is not dumpable afterwards. Reports and exits on failure.
 */
void privileges_drop(void);

#endif
