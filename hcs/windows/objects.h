/*
 * objects.h - what the parts of this platform know of each other's objects.
 */
#ifndef HCS_WINDOWS_OBJECTS_H
#define HCS_WINDOWS_OBJECTS_H

#include <windows.h>

#include "../platform.h"

/* ---- ends: events are manual-reset and valid until the object's free ------------------------------- */

/* Set once a wait has its answer. */
HANDLE hcs_windows_system_ended(hcs_platform_system *system);

#define HCS_PROCESS_EVENTS 2

/* 1: a wait has its answer. 0: it may have one when one of `*count` events is set, and at `*again_ns`. */
int hcs_windows_process_ready(hcs_platform_process *process, HANDLE events[HCS_PROCESS_EVENTS],
                              size_t *count, int64_t *again_ns);

/* ---- streams ------------------------------------------------------------------------------------- */

/*
 * Told once, after our end of a stdin pipe is closed and what was written is in the pipe, on a thread of
 * no particular kind and with no lock held. NULL `call`: nobody asked.
 */
typedef struct hcs_stream_end {
  void (*call)(void *context);
  void *context;
} hcs_stream_end;

/* Takes the pipe, overlapped or not, also when it fails (then `end` is not told). */
hcs_platform_stream *hcs_windows_stream_new(HANDLE pipe, hcs_stdio which, hcs_stream_end end,
                                            hcs_error *err);
/*
 * 1: a read, or for stdin a write, would not wait. 0: `*event` (manual-reset, valid until the stream's
 * free) is set when that may have changed; a read is on its way behind the scenes.
 */
int hcs_windows_stream_ready(hcs_platform_stream *stream, HANDLE *event);
/* The same at a deadline: what is in the pipe now counts, and the answer is final. */
int hcs_windows_stream_settled(hcs_platform_stream *stream);

#endif
