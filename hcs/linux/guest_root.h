/*
 * guest_root.h - the container's root directory as the host sees it, and opening what is below it.
 *
 * For work in the container's tree that the host does by itself, without asking the guest. What is
 * found there was put there by the container: check what was opened, and never wait for it.
 */
#ifndef HCS_LINUX_GUEST_ROOT_H
#define HCS_LINUX_GUEST_ROOT_H

#include "../error.h"
#include "state.h"

/*
 * /proc/<pid>/`name` of the guest that the status page names, and of no later process with its pid. `what`
 * says what that is in errors. -1: UnexpectedProcessAbort when the guest is gone (see hcs_linux_explain()).
 */
int hcs_guest_open(const hcs_status_page *status, const char *name, int flags, const char *what,
                   hcs_error *err);
/* An O_PATH descriptor on the root of that guest. */
int hcs_guest_root_open(const hcs_status_page *status, hcs_error *err);
/*
 * openat2(2) resolved as the container would do it: nothing leads out of `root`, and magic links (those
 * of /proc) are refused. `resolve` may forbid more (RESOLVE_NO_SYMLINKS). O_CLOEXEC is added; `mode`
 * counts with O_CREAT and O_TMPFILE alone. The descriptor, from 3 on, or -1 with errno.
 */
int hcs_guest_root_openat(int root, const char *path, int flags, unsigned mode, unsigned resolve);

#endif
