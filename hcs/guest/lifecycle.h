/*
 * lifecycle.h - the container's life: its state, who holds it, its processes' ends and its own.
 */
#ifndef HCS_GUEST_LIFECYCLE_H
#define HCS_GUEST_LIFECYCLE_H

#include "records.h"

/*
 * Is the container to end with its last handle? `freezer` is the freezer.state of a v1 hierarchy, whose
 * frozen processes do not die before they are thawed; -1: they do.
 */
void lifecycle_open(int end_with_last_handle, int freezer);
/* hcs_guest_state */
uint32_t lifecycle_state(void);

/* Handles on the container come and go. Release tells whether that begins the end. */
void lifecycle_acquire(uint32_t handles);
int lifecycle_release(uint32_t handles);

/* Created becomes running: 0; -1 in any other state. */
int lifecycle_start(void);
/* Starts nothing from now on, and again: 0; -1 in any other state than running (and paused). */
int lifecycle_pause(void);
int lifecycle_resume(void);
/* Asks every process to end; the container ends after the last. */
void lifecycle_shutdown(void);
/* Ends every process, and the container. */
void lifecycle_terminate(void);

/* Some children have ended. */
void lifecycle_children_ended(void);
/* The process of a stranger's record has ended. */
void lifecycle_stranger_ended(record *r);
/*
 * Does what the above have left to do, a bounded part of it: 1 if there is more. Does not return when
 * the container has ended.
 */
int lifecycle_turn(void);

#endif
