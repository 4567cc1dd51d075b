/*
 * sources.h - what the event loop waits for: descriptors, and which table's slot each belongs to.
 */
#ifndef HCS_GUEST_SOURCES_H
#define HCS_GUEST_SOURCES_H

#include <stdint.h>

#include <linux/eventpoll.h>

typedef enum source_kind {
  SOURCE_CONTROL,    /* the listening socket */
  SOURCE_CHILDREN,   /* the signalfd with SIGCHLD */
  SOURCE_CONNECTION, /* connections.h */
  SOURCE_LAUNCH,     /* launch.h: exec's result */
  SOURCE_EXIT,       /* exits.h: an exit socket's other end is gone */
  SOURCE_PROCESS     /* records.h: the pidfd of a process that we did not start */
} source_kind;

/*
 * The serial tells a slot's present user from earlier ones: of the events that one wait brings, the
 * first may give a slot to somebody whom a later one does not mean.
 */
typedef struct source {
  source_kind kind;
  uint32_t slot;
  uint32_t serial;
} source;

#define SOURCES_TURN 64 /* events handled between two looks at everything else */

long sources_open(void);
/* A serial that no other source has had, for 2^32 sources. */
uint32_t sources_serial(void);
/* Watches `fd` for `events` (besides EPOLLHUP and EPOLLERR, which always count); 0 or -errno. */
long source_add(int fd, uint32_t events, source what);
/* Watches for other events from now on. */
void source_change(int fd, uint32_t events, source what);
/* Ends the watching and closes. */
void source_close(int fd);
/* The number of sources that are ready, at most SOURCES_TURN, or -errno; -1 ms waits for ever. */
long sources_wait(source *ready, int timeout_ms);

#endif
