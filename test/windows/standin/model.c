/* model.c - the one lock, and the clock. */
#include "model.h"

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;

void model_lock(void) { AcquireSRWLockExclusive(&lock); }

void model_unlock(void) { ReleaseSRWLockExclusive(&lock); }

void model_wait(void) { (void)SleepConditionVariableSRW(&changed, &lock, INFINITE, 0); }

void model_changed(void) { WakeAllConditionVariable(&changed); }

int64_t now_us(void) {
  LARGE_INTEGER frequency, count;
  (void)QueryPerformanceFrequency(&frequency);
  (void)QueryPerformanceCounter(&count);
  return count.QuadPart / frequency.QuadPart * 1000000 +
         count.QuadPart % frequency.QuadPart * 1000000 / frequency.QuadPart;
}
