/*
 * poll.c - waiting for containers, processes and streams at once.
 */
#include <stdlib.h>

#include "objects.h"
#include "operations.h"
#include "wait.h"

/* Is it ready? If not, `*event` is what to wait for. */
static int look(const hcs_platform_poll_item *item, HANDLE *event) {
  if (item->stream != NULL) return hcs_windows_stream_ready(item->stream, event);
  if (item->system != NULL)
    *event = hcs_windows_system_ended(item->system);
  else
    *event = hcs_windows_process_ended(item->process);
  return WaitForSingleObject(*event, 0) == WAIT_OBJECT_0;
}

/* What to wait for goes into `events`, their number into `*waiting`. 1 if one is ready. */
static int look_at_all(hcs_platform_poll_item *items, size_t count, HANDLE *events,
                       size_t *waiting) {
  int any = 0;

  *waiting = 0;
  for (size_t i = 0; i < count; i++) {
    items[i].ready = look(&items[i], &events[*waiting]);
    any |= items[i].ready;
    *waiting += !items[i].ready;
  }
  return any;
}

/* At the deadline. */
static void settle_all(hcs_platform_poll_item *items, size_t count) {
  HANDLE event;

  for (size_t i = 0; i < count; i++)
    items[i].ready = items[i].stream != NULL ? hcs_windows_stream_settled(items[i].stream)
                                             : look(&items[i], &event);
}

static int compare(const void *a, const void *b) {
  uintptr_t left = (uintptr_t) * (const HANDLE *)a, right = (uintptr_t) * (const HANDLE *)b;

  return left < right ? -1 : left > right;
}

/* Windows takes no object twice at a time (WaitForMultipleObjects), and an item may be in a list twice. */
static size_t without_twins(HANDLE *events, size_t count) {
  size_t kept = 0;

  qsort(events, count, sizeof *events, compare);
  for (size_t i = 0; i < count; i++)
    if (kept == 0 || events[i] != events[kept - 1]) events[kept++] = events[i];
  return kept;
}

static int check(const hcs_platform_poll_item *items, size_t count, hcs_error *err) {
  for (size_t i = 0; i < count; i++)
    if (items[i].system == NULL && items[i].process == NULL && items[i].stream == NULL)
      return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                      "a descriptor cannot be waited for on Windows: containers, processes and "
                      "streams can");
  return 0;
}

int hcs_windows_poll(hcs_platform_poll_item *items, size_t count, int64_t deadline_ns,
                     hcs_error *err) {
  HANDLE *events;
  size_t waiting;
  int result = 0;

  if (check(items, count, err) != 0) return -1;
  if ((events = calloc(count + 1, sizeof(HANDLE))) == NULL) return hcs_fail_memory(err);
  if (!look_at_all(items, count, events, &waiting)) {
    result = hcs_wait_try(events, without_twins(events, waiting), deadline_ns, err);
    if (result == HCS_WAIT_EXPIRED)
      settle_all(items, count);
    else if (result == 0)
      look_at_all(items, count, events, &waiting);
  }
  free(events);
  return result == HCS_WAIT_EXPIRED ? 0 : result;
}
