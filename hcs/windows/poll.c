/*
 * poll.c - waiting for containers, processes and streams at once.
 */
#include <stdlib.h>

#include "objects.h"
#include "operations.h"
#include "wait.h"

/* What to wait for, and when to look again at the latest. */
typedef struct watch {
  HANDLE *events;
  size_t count;
  int64_t again_ns;
} watch;

#define EVENTS_PER_ITEM HCS_PROCESS_EVENTS

/* Is it ready? If not, what may change that is added. */
static int look(const hcs_platform_poll_item *item, watch *watched) {
  HANDLE *events = watched->events + watched->count;
  int64_t again_ns = HCS_FOREVER;
  size_t count = 1;
  int ready;

  if (item->stream != NULL) {
    ready = hcs_windows_stream_ready(item->stream, events);
  } else if (item->process != NULL) {
    ready = hcs_windows_process_ready(item->process, events, &count, &again_ns);
  } else {
    *events = hcs_windows_system_ended(item->system);
    ready = WaitForSingleObject(*events, 0) == WAIT_OBJECT_0;
  }
  if (ready) return 1;
  watched->count += count;
  if (again_ns < watched->again_ns) watched->again_ns = again_ns;
  return 0;
}

/* 1 if one is ready. */
static int look_at_all(hcs_platform_poll_item *items, size_t count, watch *watched) {
  int any = 0;

  watched->count = 0;
  for (size_t i = 0; i < count; i++) {
    items[i].ready = look(&items[i], watched);
    any |= items[i].ready;
  }
  return any;
}

/* At the deadline. */
static void settle_all(hcs_platform_poll_item *items, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (items[i].stream != NULL) items[i].ready = hcs_windows_stream_settled(items[i].stream);
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
  watch watched = {.again_ns = deadline_ns};
  int result = 0;

  if (check(items, count, err) != 0) return -1;
  watched.events = calloc(count * EVENTS_PER_ITEM + 1, sizeof(HANDLE));
  if (watched.events == NULL) return hcs_fail_memory(err);
  if (!look_at_all(items, count, &watched)) {
    result = hcs_wait_try(watched.events, without_twins(watched.events, watched.count),
                          watched.again_ns, err);
    if (result == 0 || result == HCS_WAIT_EXPIRED) look_at_all(items, count, &watched);
    if (result == HCS_WAIT_EXPIRED) settle_all(items, count);
  }
  free(watched.events);
  return result == HCS_WAIT_EXPIRED ? 0 : result;
}
