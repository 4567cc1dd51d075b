/*
 * console.h - consoles: a pseudo terminal in the container's own devpts, whose master side is ours.
 *
 * stdin and stdout are two descriptors of the one master. It is opened by the host, never by the guest:
 * who shares its file description could make our reads and writes wait. When both are closed, the
 * kernel hangs the session up, as when a terminal's window is closed.
 */
#ifndef HCS_LINUX_CONSOLE_H
#define HCS_LINUX_CONSOLE_H

#include <stddef.h>

#include "../platform.h"
#include "devpts.h"

/* What the two streams of a console share. */
typedef struct hcs_console hcs_console;

/* Fills streams[] with stdin and stdout of a new console; `*container_end` is what its process gets. */
int hcs_console_make(const hcs_status_page *status, hcs_console_size size,
                     hcs_platform_stream *streams[3], int *container_end, hcs_error *err);

/* These bytes have been written on stdin. */
void hcs_console_note_input(hcs_console *console, const void *data, size_t size);
/* stdin is given up: sends the terminal's end-of-file character, or owes it while it is full. */
void hcs_console_end_input(hcs_platform_stream *stream);
/* Pays what is owed by way of stdout, if there is room. 1 while something is owed. */
int hcs_console_settle(hcs_platform_stream *stream);
/* The stream is freed. */
void hcs_console_drop(hcs_platform_stream *stream);

#endif
