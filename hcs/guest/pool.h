/*
 * pool.h - numbered slots of a static table: taken and given back in constant time.
 *
 * A slot is used for the first time only when no earlier one is free, so a table's memory is touched
 * as far as it was ever needed and no further.
 */
#ifndef HCS_GUEST_POOL_H
#define HCS_GUEST_POOL_H

#include <stdint.h>

#define POOL_NONE UINT32_MAX

typedef struct pool {
  uint32_t *next; /* of free slots, one higher than the slot: 0 ends the list */
  uint32_t free;
  uint32_t mark;  /* slots from here on were never used */
  uint32_t limit; /* slots in all */
} pool;

static inline uint32_t pool_take(pool *p) {
  if (p->free != 0) {
    uint32_t slot = p->free - 1;
    p->free = p->next[slot];
    return slot;
  }
  return p->mark < p->limit ? p->mark++ : POOL_NONE;
}

static inline void pool_give(pool *p, uint32_t slot) {
  p->next[slot] = p->free;
  p->free = slot + 1;
}

#endif
