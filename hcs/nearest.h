/*
 * nearest.h - the known word that was probably meant: did you mean 'MemoryMaximumInMB'?
 */
#ifndef HCS_NEAREST_H
#define HCS_NEAREST_H

#include <stddef.h>

typedef struct hcs_nearest {
  const char *word;
  const char *best; /* the nearest candidate so far; NULL while none is near */
  size_t distance;  /* candidates must be nearer than this */
} hcs_nearest;

hcs_nearest hcs_nearest_to(const char *word);
void hcs_nearest_offer(hcs_nearest *nearest, const char *candidate);

#endif
