/*
 * requests.h - what a client can ask for.
 */
#ifndef HCS_GUEST_REQUESTS_H
#define HCS_GUEST_REQUESTS_H

#include "connections.h"
#include "message.h"

#define REQUEST_LATER UINT32_MAX /* the reply is sent when the result is known (launch.h) */

/* Checks and does what the frame asks; an hcs_status, with the reply filled, or REQUEST_LATER. */
uint32_t request_handle(connection *c, message *m, hcs_reply *reply);

#endif
