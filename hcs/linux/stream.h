/*
 * stream.h - a standard stream of a process: our end of a pipe, or of its console.
 */
#ifndef HCS_LINUX_STREAM_H
#define HCS_LINUX_STREAM_H

#include "console.h"

/* The shared code counts who is inside: free comes when nobody is any more. */
struct hcs_platform_stream {
  int fd; /* non-blocking, and nobody else's */
  hcs_stdio which;
  hcs_console *console; /* NULL: a pipe */
};

#endif
