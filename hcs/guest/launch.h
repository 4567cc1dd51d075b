/*
 * launch.h - starting a process, our side of it: from the request to the result of its exec.
 */
#ifndef HCS_GUEST_LAUNCH_H
#define HCS_GUEST_LAUNCH_H

#include "connections.h"
#include "message.h"
#include "service.h"

/* How many launches there may be at once, and what each is made with. */
void launch_open(const service_setup *setup, uint32_t limit);
/* Starts the process that a SPAWN frame describes: REQUEST_LATER, or why not. */
uint32_t launch_begin(const connection *c, message *m, hcs_reply *reply);
/* The result of an exec may be there. */
void launch_ready(uint32_t slot, uint32_t serial);
/* The result of an exec is there, for its process has ended. */
void launch_resolve(uint32_t slot);
/* The container ends: nobody gets a process any more. */
void launch_abandon_all(void);

#endif
