/*
 * wait.h - waiting for Windows' objects until a deadline on the core's clock.
 */
#ifndef HCS_WINDOWS_WAIT_H
#define HCS_WINDOWS_WAIT_H

#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include "../error.h"

/* QueryPerformanceCounter in ns: the core's clock. */
int64_t hcs_windows_clock_ns(void);
/* What is left, rounded up; 0 when it has passed, INFINITE for HCS_FOREVER. */
DWORD hcs_windows_left_ms(int64_t deadline_ns);

/*
 * 0 when at least one of the objects is signalled (none is consumed: they are manual-reset), -1 with
 * Timeout, or HCS_INTERRUPTED when this thread's interrupt check says so. Any number of objects, also 0.
 */
int hcs_wait_any(const HANDLE *handles, size_t count, int64_t deadline_ns, hcs_error *err);
/* The same, but HCS_WAIT_EXPIRED where that says Timeout: for who has something left to try then. */
int hcs_wait_try(const HANDLE *handles, size_t count, int64_t deadline_ns, hcs_error *err);
#define HCS_WAIT_EXPIRED 2
/* The same for an end that cannot be interrupted: a call into the service that must be seen through. */
int hcs_wait_through(HANDLE handle, int64_t deadline_ns, hcs_error *err);

#endif
