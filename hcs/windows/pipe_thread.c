/*
 * pipe_thread.c - the same for pipes that were opened without FILE_FLAG_OVERLAPPED, on which a call returns
 * when it is done: what would wait is carried out by a thread of its own.
 *
 * Windows lets one call at a time into such a pipe, so nothing is asked of it while the thread is in there.
 */
#include "pipe_io.h"

#define STACK_BYTES 65536 /* it calls Windows and nobody else */

/* With an OVERLAPPED, which does no harm here and is a must where we only could not bind the pipe. */
static DWORD transfer(hcs_pipe_io *io, DWORD *count) {
  HANDLE done = CreateEventW(NULL, TRUE, FALSE, NULL);
  DWORD error = ERROR_SUCCESS;
  BOOL ok;

  *count = 0;
  if (done == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  io->overlapped = (OVERLAPPED){.hEvent = done};
  if (io->is_write)
    ok = WriteFile(io->pipe, io->bytes, io->size, NULL, &io->overlapped);
  else
    ok = ReadFile(io->pipe, io->bytes, io->size, NULL, &io->overlapped);
  if (!ok) error = GetLastError();
  atomic_store(&io->is_pending, error == ERROR_IO_PENDING);
  if (ok || error == ERROR_IO_PENDING || error == ERROR_MORE_DATA) {
    ok = GetOverlappedResult(io->pipe, &io->overlapped, count, TRUE);
    error = ok ? ERROR_SUCCESS : GetLastError();
  }
  CloseHandle(done);
  return error;
}

static DWORD WINAPI carry_out(void *context) {
  hcs_pipe_io *io = context;
  DWORD count, error = transfer(io, &count);

  if (hcs_pipe_io_tell(io, error, count)) {
    HMODULE module = io->module;

    hcs_pipe_io_destroy(io);
    FreeLibraryAndExitThread(module, 0);
  }
  return 0;
}

static int read_would_wait(const hcs_pipe_io *io) {
  DWORD available = 0;

  if (PeekNamedPipe(io->pipe, NULL, 0, NULL, &available, NULL)) return available == 0;
  return GetLastError() != ERROR_BROKEN_PIPE;
}

int hcs_pipe_thread_start(hcs_pipe_io *io) {
  if (!io->is_write && !read_would_wait(io)) {
    io->error = transfer(io, &io->count);
    return 0;
  }
  atomic_store(&io->is_pending, 0);
  io->thread =
      CreateThread(NULL, STACK_BYTES, carry_out, io, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  if (io->thread != NULL) return 1;
  io->error = GetLastError();
  io->count = 0;
  return 0;
}

void hcs_pipe_thread_cancel(hcs_pipe_io *io) {
  if (atomic_load(&io->is_pending))
    CancelIoEx(io->pipe, &io->overlapped);
  else
    CancelSynchronousIo(io->thread);
}

void hcs_pipe_thread_join(hcs_pipe_io *io) {
  if (io->thread == NULL) return;
  WaitForSingleObject(io->thread, INFINITE);
  CloseHandle(io->thread);
  io->thread = NULL;
}
