/*
 * pause.c - pausing and resuming a container.
 *
 * The status page says Paused from before the first process stands still until after the last goes on:
 * a client that is killed in between leaves something that resume() repairs, in any of these states.
 */
#include "change.h"
#include "container.h"
#include "freezer.h"

/* The guest is quick or lost; the processes have until the deadline. */
static int tell_guest(hcs_link *link, hcs_frame_type type, int64_t deadline_ns, hcs_error *err) {
  int64_t patience_ns = hcs_clock_ns() + HCS_GUEST_PATIENCE_NS;
  hcs_reply reply;
  if (hcs_link_call(link, type, NULL, 0, NULL, 0,
                    patience_ns < deadline_ns ? patience_ns : deadline_ns, &reply, err) != 0)
    return -1;
  return hcs_reply_check(&reply, err);
}

static void state_set(const hcs_link *link, hcs_state state) {
  atomic_store(&link->status->state, (uint32_t)state);
}

/* Back to where pause() began, without a word: the error is told already. */
static void undo(hcs_link *link) {
  hcs_error *ignored = hcs_error_new();
  if (ignored != NULL)
    tell_guest(link, HCS_RESUME, hcs_clock_ns() + HCS_GUEST_PATIENCE_NS, ignored);
  hcs_error_free(ignored);
  state_set(link, HCS_RUNNING);
}

static int pause_running(const hcs_change *change, hcs_error *err) {
  hcs_link *link = change->system->link;
  if (hcs_change_check_running(change, err) != 0) return -1;
  state_set(link, HCS_PAUSED);
  if (tell_guest(link, HCS_PAUSE, change->deadline_ns, err) == 0 &&
      hcs_freeze(&link->groups, change->deadline_ns, err) == 0)
    return 0;
  undo(link);
  return -1;
}

static int resume_paused(const hcs_change *change, hcs_error *err) {
  hcs_link *link = change->system->link;
  if (hcs_thaw(&link->groups, err) != 0 ||
      tell_guest(link, HCS_RESUME, change->deadline_ns, err) != 0)
    return -1;
  state_set(link, HCS_RUNNING);
  return 0;
}

static int change_state(hcs_platform_system *system,
                        int (*to)(const hcs_change *change, hcs_error *err), int64_t deadline_ns,
                        hcs_error *err) {
  hcs_change change;
  int r;
  if (hcs_change_begin(&change, system, deadline_ns, err) != 0) return -1;
  r = to(&change, err);
  hcs_change_end(&change);
  return r != 0 ? hcs_linux_explain(system, err) : 0;
}

int hcs_linux_system_pause(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err) {
  return change_state(system, pause_running, deadline_ns, err);
}

int hcs_linux_system_resume(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err) {
  return change_state(system, resume_paused, deadline_ns, err);
}
