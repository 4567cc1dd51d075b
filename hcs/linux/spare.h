/*
 * spare.h - descriptors held back, so that what was begun can be taken back when there are no more.
 */
#ifndef HCS_LINUX_SPARE_H
#define HCS_LINUX_SPARE_H

#include "../error.h"

/* As many as the end of a container has open at once, at the most. */
#define HCS_SPARE_COUNT 6

typedef struct hcs_spare {
  int held[HCS_SPARE_COUNT];
  int count; /* 0: nothing is held */
} hcs_spare;

/* More of `fd`, whatever that is. On failure none is held. */
int hcs_spare_open(hcs_spare *spare, int fd, hcs_error *err);
void hcs_spare_close(hcs_spare *spare);

#endif
