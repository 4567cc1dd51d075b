/*
 * poll.c - waiting for many objects at once.
 *
 * Every object is kept by a reference while the platform waits, and no lock is held: closing one of
 * them wakes the platform, and poll then answers AlreadyClosed for it.
 */
#include <stdlib.h>

#include "handle.h"

#define FEW 16 /* as many items need no memory */

/*
 * `watched` has an entry for every item, whose `ready` says that the platform need not be asked;
 * `asked` has the others, in the same order.
 */
typedef struct poll_set {
  hcs_poll_item *items;
  size_t count;
  hcs_platform_poll_item *watched, *asked;
  size_t asked_count;
} poll_set;

/* As the objects' _watch(); a bare descriptor is never known to be ready. */
static int watch(const hcs_poll_item *item, hcs_platform_poll_item *watched, hcs_error *err) {
  *watched = (hcs_platform_poll_item){.descriptor = -1};
  if (item->system != NULL) return hcs_system_watch(item->system, watched, err);
  if (item->process != NULL) return hcs_process_watch(item->process, watched, err);
  if (item->stream != NULL) return hcs_stream_watch(item->stream, watched, err);
  if (item->terminal != NULL) return hcs_terminal_watch(item->terminal, watched, err);
  watched->descriptor = item->descriptor;
  watched->for_write = item->for_write;
  return 0;
}

static int unwatch(const hcs_poll_item *item, const hcs_platform_poll_item *watched,
                   hcs_error *err) {
  if (item->system != NULL) return hcs_system_unwatch(item->system, watched, err);
  if (item->process != NULL) return hcs_process_unwatch(item->process, watched, err);
  if (item->stream != NULL) return hcs_stream_unwatch(item->stream, watched, err);
  if (item->terminal != NULL) return hcs_terminal_unwatch(item->terminal, watched, err);
  return 0;
}

/* Lets the first `count` go; -1 if one of them was closed meanwhile. */
static int unwatch_all(const poll_set *set, size_t count, hcs_error *err) {
  int result = 0;

  for (size_t i = 0; i < count; i++)
    if (unwatch(&set->items[i], &set->watched[i], err) != 0) result = -1;
  return result;
}

/* -1 with nothing kept. */
static int watch_all(poll_set *set, hcs_error *err) {
  for (size_t i = 0; i < set->count; i++) {
    int ready = watch(&set->items[i], &set->watched[i], err);

    if (ready < 0) {
      unwatch_all(set, i, err);
      return -1;
    }
    set->watched[i].ready = ready;
    if (!ready) set->asked[set->asked_count++] = set->watched[i];
  }
  return 0;
}

/* 1 if at least one is ready; every item gets its answer. */
static int collect(poll_set *set) {
  const hcs_platform_poll_item *asked = set->asked;
  int any = 0;

  for (size_t i = 0; i < set->count; i++) {
    set->items[i].ready = set->watched[i].ready ? 1 : (asked++)->ready != 0;
    any |= set->items[i].ready;
  }
  return any;
}

static int any_closed(const poll_set *set) {
  for (size_t i = 0; i < set->count; i++) {
    const hcs_poll_item *item = &set->items[i];

    if ((item->system != NULL && hcs_system_closed(item->system)) ||
        (item->process != NULL && hcs_process_closed(item->process)) ||
        (item->stream != NULL && hcs_stream_closed(item->stream)))
      return 1;
  }
  return 0;
}

/* A platform may wake early: then nothing is ready, nothing closed and there is time left. */
static int wait_for_any(poll_set *set, int64_t deadline_ns, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  int result;

  do result = platform->poll(set->asked, set->asked_count, deadline_ns, err);
  while (result == 0 && !collect(set) && !any_closed(set) && deadline_ns > platform->clock_ns());
  return result;
}

static int poll_watched(poll_set *set, int64_t deadline_ns, hcs_error *err) {
  int ready = set->asked_count < set->count;
  int result = 0;

  if (!ready) return wait_for_any(set, deadline_ns, err);
  if (set->asked_count > 0) result = hcs_platform_get()->poll(set->asked, set->asked_count, 0, err);
  collect(set);
  return result < 0 ? -1 : 0; /* interrupted or not, one is ready */
}

static int poll_set_run(poll_set *set, int64_t deadline_ns, hcs_error *err) {
  int result;

  if (watch_all(set, err) != 0) return -1;
  result = poll_watched(set, deadline_ns, err);
  if (result < 0) hcs_error_at(err, "hcs::Poll", NULL, 0);
  return unwatch_all(set, set->count, err) != 0 ? -1 : result;
}

int hcs_poll(hcs_poll_item *items, size_t count, int64_t deadline_ns, hcs_error *err) {
  hcs_platform_poll_item few[2 * FEW];
  hcs_platform_poll_item *memory = NULL;
  poll_set set = {.items = items, .count = count, .watched = few, .asked = few + FEW};
  int result;

  for (size_t i = 0; i < count; i++) items[i].ready = 0;
  if (hcs_platform_get()->poll == NULL) {
    hcs_fail_missing(err);
    return hcs_error_at(err, "hcs::Poll", NULL, 0);
  }
  if (count > FEW) {
    memory = calloc(count, 2 * sizeof *memory);
    if (memory == NULL) {
      hcs_fail_memory(err);
      return hcs_error_at(err, "hcs::Poll", NULL, 0);
    }
    set.watched = memory;
    set.asked = memory + count;
  }
  result = poll_set_run(&set, deadline_ns, err);
  free(memory);
  return result;
}
