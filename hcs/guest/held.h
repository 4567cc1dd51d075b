/*
 * held.h - block devices that stay open as long as the container has them.
 */
#ifndef HCS_GUEST_HELD_H
#define HCS_GUEST_HELD_H

#include <stdint.h>

/* Holds the descriptor, which it takes, under a number below HCS_DISKS_MAX; what was held there goes. */
void held_put(uint32_t lun, int device);
/* Closes it; nothing if there is none. */
void held_let_go(uint32_t lun);

#endif
