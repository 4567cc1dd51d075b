/* queue.h - what happens later, on the service's own threads. */
#ifndef STANDIN_QUEUE_H
#define STANDIN_QUEUE_H

#include <stdint.h>

/* Runs it on one of several threads; with the same time in the order of the calls, but side by side. */
void queue_at(int64_t due_us, void (*call)(void *context), void *context);
/* Until nothing is due and nothing runs; not from one of its threads. */
void queue_drain(void);

#endif
