/* relay.c - a thread that copies, and stops when it is told, the client closes or the process ends. */
#include "relay.h"

#include <stdlib.h>

#include "faults.h"
#include "overlapped.h"

#define CHUNK_BYTES 4096

struct svc_relay {
  volatile LONG references; /* the process, the thread */
  HANDLE from, to;
  HANDLE ended, close; /* manual-reset events */
  int nobody_reads, by_request;
};

static void relay_unref(svc_relay *relay) {
  if (InterlockedDecrement(&relay->references) > 0) return;
  (void)CloseHandle(relay->ended);
  (void)CloseHandle(relay->close);
  free(relay);
}

/* 0 at the end of either side, or when it is to stop and the pipe is empty: what is there is read first. */
static int copy_once(svc_relay *relay, HANDLE stop, HANDLE stop_too) {
  char chunk[CHUNK_BYTES];
  int size = overlapped_read(relay->from, chunk, sizeof chunk, stop, stop_too);
  return size > 0 && overlapped_write_all(relay->to, chunk, (DWORD)size, relay->ended) == 0;
}

static DWORD WINAPI work(void *context) {
  svc_relay *relay = context;
  HANDLE ends[] = {relay->ended, relay->close};
  while (!relay->nobody_reads && copy_once(relay, relay->ended, relay->close)) {
  }
  int closed = WaitForSingleObject(relay->close, 0) == WAIT_OBJECT_0;
  if (relay->nobody_reads || (relay->by_request && !closed)) {
    (void)WaitForMultipleObjects(2, ends, FALSE, INFINITE);
  }
  (void)CloseHandle(relay->to);
  (void)CloseHandle(relay->from);
  relay_unref(relay);
  return 0;
}

svc_relay *relay_new(HANDLE from, HANDLE to, HANDLE ended, const json_t *fault) {
  svc_relay *created = calloc(1, sizeof *created);
  if (created == NULL) abort();
  *created = (svc_relay){.references = 2,
                         .from = from,
                         .to = to,
                         .close = CreateEventW(NULL, TRUE, FALSE, NULL),
                         .nobody_reads = fault_is(fault, "NobodyReads"),
                         .by_request = fault_is(fault, "StdInByRequest")};
  (void)DuplicateHandle(GetCurrentProcess(), ended, GetCurrentProcess(), &created->ended, 0, FALSE,
                        DUPLICATE_SAME_ACCESS);
  HANDLE thread = CreateThread(NULL, 0, work, created, 0, NULL);
  if (thread == NULL) abort();
  (void)CloseHandle(thread);
  return created;
}

void relay_close_input(svc_relay *relay) { (void)SetEvent(relay->close); }

void relay_free(svc_relay *relay) {
  if (relay != NULL) relay_unref(relay);
}
