/*
 * connections.h - the clients: one connection for each that has opened the container.
 */
#ifndef HCS_GUEST_CONNECTIONS_H
#define HCS_GUEST_CONNECTIONS_H

#include "protocol.h"

#define CONNECTIONS_MAX 1024

typedef struct connection {
  int fd;
  uint32_t serial;   /* 0: the slot is free */
  uint32_t acquired; /* container handles */
  uint16_t version;  /* negotiated; 0 before HELLO */
} connection;

/* How many connections there may be. */
void connections_limit(uint32_t count);
/* The creator's: it has a handle already and speaks our version. 0 or -errno. */
long connections_add_creator(int fd);
/* Somebody may be waiting at the listening socket. */
void connections_accept(int control);
/*
 * How long the loop may wait, in ms (-1: for ever): the listening socket is deaf for a while when there
 * are no descriptors to accept with. After the wait it is to hear again.
 */
int connections_patience(void);
void connections_hear(int control);

/* A connection's slot, and the connection again, NULL if it is gone. */
uint32_t connection_slot(const connection *c);
connection *connections_find(uint32_t slot, uint32_t serial);

/* A connection may have a frame, or its end. */
void connection_ready(uint32_t slot, uint32_t serial);
/* Fills in the state and sends; a client that has no room for its reply is dropped. */
void connection_reply(connection *c, uint32_t request, hcs_reply *reply);

#endif
