/* overlapped.c - one overlapped operation at a time, with its event. */
#include "overlapped.h"

#include <string.h>

/* Bytes, 0 for a broken pipe, -1 when stopped. `begun` is what ReadFile or WriteFile has returned. */
static int finish(HANDLE pipe, OVERLAPPED *overlapped, BOOL begun, HANDLE stop, HANDLE stop_too) {
  HANDLE events[] = {overlapped->hEvent, stop, stop_too};
  DWORD size = 0, found = WAIT_OBJECT_0;
  if (!begun && GetLastError() != ERROR_IO_PENDING) return 0;
  if (!begun) {
    found = WaitForMultipleObjects(stop_too != NULL ? 3 : 2, events, FALSE, INFINITE);
    if (found != WAIT_OBJECT_0) (void)CancelIoEx(pipe, overlapped);
  }
  /* A cancelled one may have been completed before: what it has read is not lost. */
  BOOL done = GetOverlappedResult(pipe, overlapped, &size, TRUE);
  if (done) return (int)size;
  return found == WAIT_OBJECT_0 ? 0 : -1;
}

static OVERLAPPED prepare(void) {
  OVERLAPPED overlapped;
  memset(&overlapped, 0, sizeof overlapped);
  overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  return overlapped;
}

int overlapped_read(HANDLE pipe, void *data, DWORD capacity, HANDLE stop, HANDLE stop_too) {
  OVERLAPPED overlapped = prepare();
  BOOL begun = ReadFile(pipe, data, capacity, NULL, &overlapped);
  int size = finish(pipe, &overlapped, begun, stop, stop_too);
  (void)CloseHandle(overlapped.hEvent);
  return size;
}

int overlapped_write_all(HANDLE pipe, const char *data, DWORD size, HANDLE stop) {
  for (DWORD done = 0; done < size;) {
    OVERLAPPED overlapped = prepare();
    BOOL begun = WriteFile(pipe, data + done, size - done, NULL, &overlapped);
    int written = finish(pipe, &overlapped, begun, stop, NULL);
    (void)CloseHandle(overlapped.hEvent);
    if (written <= 0) return -1;
    done += (DWORD)written;
  }
  return 0;
}
