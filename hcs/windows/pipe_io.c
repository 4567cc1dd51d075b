/*
 * pipe_io.c - reads and writes that go on in the background, over the thread pool's completion port.
 *
 * A completion port, not an event in the OVERLAPPED: with an event what a thread has started is cancelled
 * when the thread ends, and a write that was left behind would be lost.
 */
#include "pipe_io.h"

#include <stdlib.h>

#include "result.h"

typedef enum hcs_pipe_io_state {
  PIPE_IDLE,
  PIPE_GOING,
  PIPE_ENDED, /* told, and not yet seen by the owner */
  PIPE_LEFT   /* going, and the owner has gone: whoever tells destroys */
} hcs_pipe_io_state;

/*
 * A cancel that comes too early, before the thread is in its call, is repeated. That it ends is only for
 * what may be behind a handle that is no pipe.
 */
#define CANCELS 500
#define CANCEL_MS 2

/* ---- its life ---------------------------------------------------------------------------------------- */

static void CALLBACK pool_tells(PTP_CALLBACK_INSTANCE instance, void *context, void *overlapped,
                                ULONG error, ULONG_PTR count, PTP_IO pool) {
  hcs_pipe_io *io = context;

  (void)overlapped;
  (void)pool;
  if (!hcs_pipe_io_tell(io, error, (DWORD)count)) return;
  FreeLibraryWhenCallbackReturns(instance, io->module);
  hcs_pipe_io_destroy(io);
}

hcs_pipe_io *hcs_pipe_io_open(HANDLE pipe, hcs_error *err) {
  hcs_pipe_io *io = calloc(1, sizeof *io);

  if (io != NULL && (io->idle = CreateEventW(NULL, TRUE, TRUE, NULL)) == NULL) {
    free(io);
    io = NULL;
  }
  if (io == NULL) {
    hcs_fail_memory(err);
    CloseHandle(pipe);
    return NULL;
  }
  io->pipe = pipe;
  SetHandleInformation(pipe, HANDLE_FLAG_INHERIT, 0);
  /* A pipe that is not overlapped cannot be bound to a port, and that is how we know. */
  io->pool = CreateThreadpoolIo(pipe, pool_tells, io, NULL);
  if (io->pool != NULL)
    io->is_silent = SetFileCompletionNotificationModes(pipe, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
  return io;
}

void hcs_pipe_io_destroy(hcs_pipe_io *io) {
  hcs_stream_end end = io->end;

  CloseHandle(io->pipe);
  if (io->pool != NULL) CloseThreadpoolIo(io->pool);
  if (io->thread != NULL) CloseHandle(io->thread);
  CloseHandle(io->idle);
  free(io);
  if (end.call != NULL) end.call(end.context);
}

/* This module is in memory for as long as somebody may be in it: until who tells has returned. */
static HMODULE module_hold(void) {
  HMODULE module = NULL;

  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (LPCWSTR)(uintptr_t)module_hold,
                     &module);
  return module;
}

/* 0: it has ended meanwhile. */
static int leave_behind(hcs_pipe_io *io) {
  int going = PIPE_GOING;
  HMODULE module = module_hold();

  io->module = module;
  if (atomic_compare_exchange_strong(&io->state, &going, PIPE_LEFT)) return 1;
  if (module != NULL) FreeLibrary(module);
  return 0;
}

void hcs_pipe_io_close(hcs_pipe_io *io, hcs_stream_end end) {
  if (io == NULL) return;
  io->end = end;
  if (!io->is_write) hcs_pipe_io_settle(io);
  if (hcs_pipe_io_busy(io) && leave_behind(io)) return;
  hcs_pipe_io_busy(io);
  if (io->pool != NULL)
    WaitForThreadpoolIoCallbacks(io->pool, FALSE); /* who told is on its way out */
  hcs_pipe_io_destroy(io);
}

/* ---- one read or write --------------------------------------------------------------------------------- */

int hcs_pipe_io_tell(hcs_pipe_io *io, DWORD error, DWORD count) {
  io->error = error;
  io->count = count;
  if (atomic_exchange(&io->state, PIPE_ENDED) == PIPE_LEFT) return 1;
  SetEvent(io->idle);
  return 0;
}

/* 1: a callback comes. A message that is longer than the buffer is ERROR_MORE_DATA, and no failure. */
static int start_in_pool(hcs_pipe_io *io) {
  DWORD error = ERROR_SUCCESS;
  BOOL ok;

  io->overlapped = (OVERLAPPED){.hEvent = NULL};
  StartThreadpoolIo(io->pool);
  if (io->is_write)
    ok = WriteFile(io->pipe, io->bytes, io->size, NULL, &io->overlapped);
  else
    ok = ReadFile(io->pipe, io->bytes, io->size, NULL, &io->overlapped);
  if (!ok) error = GetLastError();
  if (error == ERROR_IO_PENDING) return 1;
  if ((ok || error == ERROR_MORE_DATA) && !io->is_silent) return 1;
  CancelThreadpoolIo(io->pool);
  io->error = error;
  io->count = 0;
  if (ok || error == ERROR_MORE_DATA)
    GetOverlappedResult(io->pipe, &io->overlapped, &io->count, FALSE);
  return 0;
}

static void start(hcs_pipe_io *io, int is_write, DWORD size) {
  io->is_write = is_write;
  io->size = size;
  ResetEvent(io->idle);
  atomic_store(&io->state, PIPE_GOING);
  if (io->pool != NULL ? start_in_pool(io) : hcs_pipe_thread_start(io)) return;
  atomic_store(&io->state, PIPE_IDLE);
  SetEvent(io->idle);
}

void hcs_pipe_io_read(hcs_pipe_io *io) { start(io, 0, HCS_PIPE_IO_BYTES); }

void hcs_pipe_io_write(hcs_pipe_io *io, const void *data, DWORD size) {
  memcpy(io->bytes, data, size);
  start(io, 1, size);
}

/*
 * Whoever told may set the event late, when the next is on its way. So who has found it set for nothing
 * resets it, and looks again: what ended in between must not be slept through.
 */
int hcs_pipe_io_busy(hcs_pipe_io *io) {
  if (atomic_load(&io->state) == PIPE_GOING) {
    ResetEvent(io->idle);
    if (atomic_load(&io->state) == PIPE_GOING) return 1;
    SetEvent(io->idle);
  }
  if (atomic_load(&io->state) == PIPE_IDLE) return 0;
  hcs_pipe_thread_join(io);
  atomic_store(&io->state, PIPE_IDLE);
  return 0;
}

void hcs_pipe_io_cancel(hcs_pipe_io *io) {
  if (io->is_write || atomic_load(&io->state) != PIPE_GOING) return;
  if (io->pool != NULL)
    CancelIoEx(io->pipe, &io->overlapped);
  else
    hcs_pipe_thread_cancel(io);
}

void hcs_pipe_io_settle(hcs_pipe_io *io) {
  for (int i = 0; i < CANCELS && hcs_pipe_io_busy(io); i++) {
    hcs_pipe_io_cancel(io);
    WaitForSingleObject(io->idle, CANCEL_MS);
  }
}
