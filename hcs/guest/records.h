/*
 * records.h - what the guest knows of a process: who it is, whether it runs, how it ended.
 *
 * A record lives as long as its process does or somebody watches it (exits.h). The last
 * RECORDS_KEPT_MAX that ended and are not watched are kept besides, for who opens them late.
 */
#ifndef HCS_GUEST_RECORDS_H
#define HCS_GUEST_RECORDS_H

#include <stdint.h>

#define RECORDS_LIVE_MAX 16384 /* running, or watched after their end */
#define RECORDS_KEPT_MAX 1024

typedef enum record_state {
  RECORD_FREE,
  RECORD_PENDING, /* a child before its exec: not yet a process to anybody */
  RECORD_RUNNING,
  RECORD_FAILED, /* a child whose exec failed, until it is reaped */
  RECORD_ENDED
} record_state;

typedef struct record {
  uint64_t spawn; /* never used again */
  uint32_t pid;
  uint32_t code;     /* ENDED: exit code, 128+n for signal n */
  uint8_t signal;    /* ENDED */
  uint8_t state;     /* record_state */
  uint8_t tracked;   /* our child, started by SPAWN; else opened by pid, code unknown */
  uint8_t kept;      /* in the list of ended ones without watchers */
  int pidfd;         /* RUNNING and not tracked */
  uint32_t serial;   /* of the pidfd's source */
  uint32_t watchers; /* the first one, as exits.c counts them; 0: none */
  uint32_t launch;   /* PENDING: launch.c's slot */
  /* links to records: one higher than the slot, 0 for none */
  uint32_t same_hash;
  uint32_t older;
  uint32_t newer;
} record;

/* How many pidfds records may hold. */
void records_limit(uint32_t pidfds);

/* A PENDING record for a child to be started; NULL when there is no room. */
record *records_new(void);
/* The child of a PENDING record is there. */
void records_started(record *r, uint32_t pid);
/*
 * A RUNNING record of a live process that is not ours. NULL with *error 0 if there is no such
 * process (threads and zombies are none), with an errno if it cannot be had.
 */
record *records_adopt(uint32_t pid, long *error);

/* The process with this spawn id, NULL if it is not or no longer known. */
record *records_find(uint64_t spawn);
/* Our child of this pid that is not reaped yet, in any state. */
record *records_child(uint32_t pid);
/* The RUNNING record of this pid that is not our child; it may have ended without our knowing. */
record *records_stranger(uint32_t pid);
/* The record of this pid that ended last. */
record *records_ended(uint32_t pid);
/* The first record at or after *slot that is not ended, NULL after the last; moves *slot on. */
record *records_next_alive(uint32_t *slot);

uint32_t records_slot(const record *r);
record *records_at(uint32_t slot);

/* Has the process that a stranger's record means ended? */
int records_stranger_gone(const record *r);
/* RUNNING becomes ENDED. */
void records_end(record *r, uint32_t code, uint8_t signal);
/* To be called when a record's state or watchers have changed: keeps it, or frees it. */
void records_settle(record *r);
/* Nothing remains of it. */
void records_free(record *r);

#endif
