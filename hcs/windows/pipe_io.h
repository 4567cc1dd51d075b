/*
 * pipe_io.h - our end of a pipe: one read or one write at a time, which goes on while nobody waits for it.
 *
 * Whoever owns it sees to it that one thread at a time calls. Nothing here waits but settle.
 */
#ifndef HCS_WINDOWS_PIPE_IO_H
#define HCS_WINDOWS_PIPE_IO_H

#include <stdatomic.h>
#include <windows.h>

#include "objects.h"

#define HCS_PIPE_IO_BYTES 65536 /* at a time */

typedef struct hcs_pipe_io {
  /* For waiting: manual-reset, set when nothing is on its way, and now and then without a reason. */
  HANDLE idle;
  /* What has ended last came to: ERROR_SUCCESS, and so many bytes. */
  DWORD error, count;

  /* For pipe_io.c and pipe_thread.c. */
  HANDLE pipe;
  atomic_int state; /* a hcs_pipe_io_state */
  int is_write;
  DWORD size;
  OVERLAPPED overlapped;
  PTP_IO pool;           /* tells of the end; NULL: a thread carries out what would wait */
  int is_silent;         /* the pool does not tell of what is done at once */
  HANDLE thread;         /* that one */
  atomic_int is_pending; /* its call did not keep it: an overlapped pipe that could not be bound */
  HMODULE module;
  hcs_stream_end end;
  char bytes[HCS_PIPE_IO_BYTES]; /* what was read, what is to be written */
} hcs_pipe_io;

/* Takes the pipe, also when it fails. */
hcs_pipe_io *hcs_pipe_io_open(HANDLE pipe, hcs_error *err);
/* Only when nothing is on its way. That it fails at once is one of the ends. */
void hcs_pipe_io_read(hcs_pipe_io *io);
void hcs_pipe_io_write(hcs_pipe_io *io, const void *data, DWORD size);
/* 0: what was started has ended, or nothing was. */
int hcs_pipe_io_busy(hcs_pipe_io *io);
/*
 * For reads only, and of no effect when bytes have come: the read ends soon, with ERROR_OPERATION_ABORTED.
 * Of a cancelled write nobody could say how much of it has gone.
 */
void hcs_pipe_io_cancel(hcs_pipe_io *io);
/* Waits until a read has been cancelled, or has its bytes: then it is known what is in the pipe now. */
void hcs_pipe_io_settle(hcs_pipe_io *io);
/*
 * Closes the pipe, once nothing is on its way any more: a read is cancelled, a write goes on, if need be
 * until the other end is closed. Then `end` is told. NULL is allowed.
 */
void hcs_pipe_io_close(hcs_pipe_io *io, hcs_stream_end end);

/* ---- pipe_thread.c: for pipes that were opened without FILE_FLAG_OVERLAPPED ----------------------- */

/* 1: its thread will tell; 0: it has ended already, with `error` and `count`. */
int hcs_pipe_thread_start(hcs_pipe_io *io);
void hcs_pipe_thread_cancel(hcs_pipe_io *io);
/* Returns when the thread that has told is gone. */
void hcs_pipe_thread_join(hcs_pipe_io *io);

/* What it has come to, on any thread. 1: the owner has gone, and the caller has to destroy. */
int hcs_pipe_io_tell(hcs_pipe_io *io, DWORD error, DWORD count);
void hcs_pipe_io_destroy(hcs_pipe_io *io);

#endif
