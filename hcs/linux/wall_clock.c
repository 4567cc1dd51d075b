/*
 * wall_clock.c - the time of day, for the documents.
 */
#include "wall_clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S 1000000000ll
#define NS_PER_MS 1000000ll
#define S_PER_DAY 86400ll
#define READING_NS 2000 /* three clocks read in a row, nothing between: 100 ns with a vDSO */
#define READINGS_MAX 50

static int64_t now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t hcs_boot_clock_ns(void) { return now_ns(CLOCK_BOOTTIME); }
int64_t hcs_wall_clock_ns(void) { return now_ns(CLOCK_REALTIME); }

/*
 * Two clocks cannot be read at once, and who is interrupted between them is wrong by as long as that
 * takes. So one is read on both sides of the other, until nothing came between, and the best counts.
 */
static int64_t offset_measured(void) {
  int64_t best_ns = INT64_MAX, offset_ns = 0;
  for (int i = 0; i < READINGS_MAX && best_ns > READING_NS; i++) {
    int64_t before_ns = hcs_boot_clock_ns();
    int64_t wall_ns = hcs_wall_clock_ns();
    int64_t took_ns = hcs_boot_clock_ns() - before_ns;
    if (took_ns >= best_ns) continue;
    best_ns = took_ns;
    offset_ns = wall_ns - before_ns - took_ns / 2;
  }
  return offset_ns;
}

int64_t hcs_wall_offset_ns(void) {
  static _Atomic int64_t said_ns;
  int64_t offset_ns = offset_measured(), before_ns = atomic_load(&said_ns);
  /* The one said before holds until the time of day is set: else what lies between two would flicker. */
  if (before_ns != 0 && llabs(offset_ns - before_ns) < 2 * NS_PER_MS) return before_ns;
  offset_ns -= offset_ns % NS_PER_MS;
  if (!atomic_compare_exchange_strong(&said_ns, &before_ns, offset_ns)) return before_ns;
  return offset_ns;
}

typedef struct date {
  int year, month, day;
} date;

/*
 * Days are counted from 0000-03-01 in eras of 400 years, which are all alike (146097 days), and years
 * begin in March, so that a leap day is the last of its year. Not gmtime_r: that takes the lock that
 * localtime holds, which a forked child may find taken, and reads the time zone's file.
 */
static date date_of(int64_t days_since_1970) {
  int64_t days = days_since_1970 + 719468;
  int64_t era = days / 146097, day_of_era = days % 146097;
  int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March; months have 30.6 days from there on */
  int64_t year = era * 400 + year_of_era + (month >= 10);
  return (date){(int)year, (int)(month < 10 ? month + 3 : month - 9),
                (int)(day_of_year - (153 * month + 2) / 5 + 1)};
}

void hcs_wall_text(int64_t wall_ns, char text[HCS_WALL_TEXT_SIZE]) {
  int64_t seconds = wall_ns / NS_PER_S;
  int of_day = (int)(seconds % S_PER_DAY);
  date day;
  text[0] = '\0';
  if (wall_ns < 0) return;
  day = date_of(seconds / S_PER_DAY);
  snprintf(text, HCS_WALL_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%07dZ", day.year, day.month,
           day.day, of_day / 3600, of_day / 60 % 60, of_day % 60, (int)(wall_ns % NS_PER_S / 100));
}
