/*
 * link.c - one client's link to one container.
 */
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "end.h"
#include "fd.h"
#include "stage.h"

/* For another client that cleans up: an end that is known counts more than a deadline that has passed. */
#define CLEANER_PATIENCE_NS (10ll * 1000000000)

hcs_link *hcs_link_new(const hcs_record *record, int fd, hcs_error *err) {
  hcs_link *link = calloc(1, sizeof *link);
  if (link == NULL) {
    hcs_fd_close(&fd);
    hcs_fail_memory(err);
    return NULL;
  }
  atomic_init(&link->holders, 1);
  hcs_channel_init(&link->channel, fd);
  memcpy(link->id, record->id, sizeof link->id);
  memcpy(link->nonce, record->nonce, sizeof link->nonce);
  link->created_s = record->created_s;
  link->name = strdup(record->name);
  link->owner = strdup(record->owner);
  if (link->name == NULL || link->owner == NULL)
    hcs_fail_memory(err);
  else if (hcs_group_paths_init(&link->groups, record, err) == 0)
    return link;
  hcs_link_drop(link);
  return NULL;
}

hcs_link *hcs_link_hold(hcs_link *link) {
  atomic_fetch_add(&link->holders, 1);
  return link;
}

void hcs_link_drop(hcs_link *link) {
  if (link == NULL || atomic_fetch_sub(&link->holders, 1) != 1) return;
  hcs_channel_clear(&link->channel);
  hcs_status_unmap(link->status);
  free(link->name);
  free(link->owner);
  hcs_group_paths_clear(&link->groups);
  free(link);
}

void hcs_status_note(hcs_status_page *status, const hcs_reply *reply) {
  uint32_t created = HCS_CREATED;
  if (reply->state != HCS_GUEST_CREATED && reply->state <= HCS_GUEST_PAUSED)
    atomic_compare_exchange_strong(&status->state, &created, (uint32_t)HCS_RUNNING);
}

int hcs_status_is_uncertain(const hcs_status_page *status) {
  return atomic_load(&status->state) == HCS_CREATED && atomic_load(&status->started_ns) != 0;
}

int hcs_link_call(hcs_link *link, hcs_frame_type type, const void *payload, size_t size,
                  const int *fds, size_t fd_count, int64_t deadline_ns, hcs_reply *reply,
                  hcs_error *err) {
  if (hcs_channel_call(&link->channel, type, payload, size, fds, fd_count, deadline_ns, reply,
                       err) != 0)
    return -1;
  if (type != HCS_SHUTDOWN && type != HCS_TERMINATE) hcs_status_note(link->status, reply);
  return 0;
}

/* A signal that is none to a process that is none: the answer is of no interest, but for its state. */
void hcs_link_settle(hcs_link *link) {
  const hcs_target nobody = {0};
  hcs_error *ignored;
  hcs_reply reply;
  if (!hcs_status_is_uncertain(link->status)) return;
  ignored = hcs_error_new();
  if (ignored == NULL) return;
  hcs_link_call(link, HCS_SIGNAL, &nobody, sizeof nobody, NULL, 0,
                hcs_clock_ns() + HCS_GUEST_PATIENCE_NS, &reply, ignored);
  hcs_error_free(ignored);
}

int hcs_link_end(hcs_link *link, int64_t deadline_ns, hcs_error *err) {
  int64_t patience_ns;
  int r;
  if (atomic_load(&link->cleaned)) return 0;
  patience_ns = hcs_clock_ns() + CLEANER_PATIENCE_NS;
  r = hcs_end_finish(link->id, link->nonce, deadline_ns > patience_ns ? deadline_ns : patience_ns,
                     err);
  if (r == 0) atomic_store(&link->cleaned, 1);
  return r;
}

static int fail_state(const hcs_reply *reply, hcs_error *err) {
  static const char *const texts[] = {
      [HCS_GUEST_CREATED] = "the container is not started: call start() first",
      [HCS_GUEST_RUNNING] = "the container is running already",
      [HCS_GUEST_SHUTDOWN] = "the container is shutting down",
      [HCS_GUEST_ENDING] = "the container is being terminated",
      [HCS_GUEST_PAUSED] = "the container is paused: call resume() first",
  };
  uint32_t state = reply->state <= HCS_GUEST_PAUSED ? reply->state : HCS_GUEST_ENDING;
  return hcs_fail(err, HCS_E_INVALID_STATE, "%s", texts[state]);
}

int hcs_reply_check(const hcs_reply *reply, hcs_error *err) {
  switch (reply->status) {
  case HCS_STATUS_OK: return 0;
  case HCS_STATUS_STATE: return fail_state(reply, err);
  case HCS_STATUS_NOT_FOUND:
    return hcs_fail(err, HCS_E_ELEMENT_NOT_FOUND, "there is no such process in the container");
  case HCS_STATUS_EXITED: return hcs_fail(err, HCS_E_PROCESS_ALREADY_STOPPED, NULL);
  case HCS_STATUS_FAILED: return hcs_stage_fail(reply->stage, reply->error, NULL, err);
  case HCS_STATUS_FULL:
    return hcs_fail(err, HCS_E_NOT_ENOUGH_MEMORY,
                    "the container's guest has no room for another process or handle: close some");
  case HCS_STATUS_VERSION:
    return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                    "this container was made by another version of the library, and they have no "
                    "protocol in common");
  default:
    return hcs_fail(err, HCS_E_GEN_FAILURE, "the container's guest refuses the request (%u)",
                    reply->status);
  }
}
