/*
 * objects.h - what the parts of this platform know of each other's objects.
 */
#ifndef HCS_WINDOWS_OBJECTS_H
#define HCS_WINDOWS_OBJECTS_H

#include <windows.h>

#include "../platform.h"

/* ---- ends: manual-reset events of the handle, set once its latch is filled, valid until its free ------ */

HANDLE hcs_windows_system_ended(hcs_platform_system *system);
HANDLE hcs_windows_process_ended(hcs_platform_process *process);

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
 * A manual-reset event that is set when a read or a write would not wait. Asking starts a read behind the
 * scenes where none is on its way; valid until the next call on the stream.
 */
HANDLE hcs_windows_stream_ready(hcs_platform_stream *stream);

#endif
