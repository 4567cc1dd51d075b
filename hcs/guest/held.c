/*
 * held.c - block devices that stay open as long as the container has them.
 *
 * A loop device lets go of its image with its last user. Of a disk that is mapped AttachOnly that user is
 * the guest: no number of a device that the container can reach is ever another image's meanwhile, and
 * the image is given back whoever is killed.
 */
#include "held.h"

#include "protocol.h"
#include "sys.h"

static int devices[HCS_DISKS_MAX]; /* one more than the descriptor, 0 for none */

void held_let_go(uint32_t lun) {
  if (devices[lun] != 0) sys_close(devices[lun] - 1);
  devices[lun] = 0;
}

void held_put(uint32_t lun, int device) {
  held_let_go(lun);
  devices[lun] = device + 1;
}
