/*
 * wall_clock.h - the time of day, for the documents; what waits has hcs_clock_ns().
 *
 * Moments in a container's life are kept by the clock that counts from the boot on, suspended times
 * included, and become times of day when somebody asks: so they agree with each other whatever was
 * done to the time of day meanwhile.
 */
#ifndef HCS_LINUX_WALL_CLOCK_H
#define HCS_LINUX_WALL_CLOCK_H

#include <stdint.h>

/* 2026-08-07T16:39:41.6164725Z has 28, and the compiler sees integers that could have more */
#define HCS_WALL_TEXT_SIZE 80

int64_t hcs_boot_clock_ns(void);
int64_t hcs_wall_clock_ns(void); /* since 1970, UTC */
/* What to add to a moment of the boot clock; in whole milliseconds, the same at each call. */
int64_t hcs_wall_offset_ns(void);
/* RFC 3339 in UTC with seven fraction digits, as HCS writes times; "" before 1970. */
void hcs_wall_text(int64_t wall_ns, char text[HCS_WALL_TEXT_SIZE]);

#endif
