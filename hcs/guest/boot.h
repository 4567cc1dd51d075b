/*
 * boot.h - reports to the host while the container is being made.
 */
#ifndef HCS_GUEST_BOOT_H
#define HCS_GUEST_BOOT_H

#include "protocol.h"

/* Sends one hcs_boot frame; a host that is gone is noticed later, by the end of the socket. */
void boot_report(int boot, uint16_t type, const hcs_boot *report);

#endif
