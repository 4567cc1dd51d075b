/*
 * devpts.h - the pseudo terminals of a container, in the devpts file system that is mounted there.
 */
#ifndef HCS_LINUX_DEVPTS_H
#define HCS_LINUX_DEVPTS_H

#include <stdint.h>

#include "../error.h"
#include "state.h"

typedef struct hcs_console_size {
  uint16_t width, height; /* in characters; 0: what a console has if nothing is said */
} hcs_console_size;

/* A new terminal of that size: its master side, non-blocking, and the side for a process. */
int hcs_devpts_pair(const hcs_status_page *status, hcs_console_size size, int *master, int *slave,
                    hcs_error *err);
/* Changes the size of the terminal that controls the process with this pid in the container. */
int hcs_devpts_resize(const hcs_status_page *status, uint32_t pid, hcs_console_size size,
                      hcs_error *err);

#endif
