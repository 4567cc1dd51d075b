/*
 * exits.h - exit sockets: how a handle learns of the end, before or after, any number of times.
 */
#ifndef HCS_LINUX_EXITS_H
#define HCS_LINUX_EXITS_H

#include <stdint.h>

#include "../error.h"
#include "../guest/protocol.h"
#include "wait.h"

typedef enum hcs_exit_look {
  HCS_EXIT_PENDING, /* nothing yet */
  HCS_EXIT_KNOWN,   /* the record is filled */
  HCS_EXIT_LOST     /* the guest went without a word (or wrote nonsense) */
} hcs_exit_look;

/* Looks, never takes: the socket stays readable for every other waiter. */
hcs_exit_look hcs_exit_peek(int fd, hcs_exit_kind kind, hcs_exit_record *record);
/* Waits until peek would say something else than PENDING. */
hcs_wait_result hcs_exit_wait(int fd, int64_t deadline_ns);

#endif
