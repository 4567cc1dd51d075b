/*
 * change.c - changing a live container: one client at a time.
 */
#include "change.h"

#include "fd.h"

static int fail_ended(hcs_error *err) {
  return hcs_fail(err, HCS_E_SYSTEM_ALREADY_STOPPED, "the container ended meanwhile");
}

/* Who cleans up after a container holds the same lock: its groups and files stay while we have it. */
int hcs_change_begin(hcs_change *change, hcs_platform_system *system, int64_t deadline_ns,
                     hcs_error *err) {
  const hcs_link *link = system->link;
  int r;
  change->system = system;
  change->deadline_ns = deadline_ns;
  change->is_held = 0;
  r = hcs_state_take(link->id, link->nonce, HCS_LOCK_WAIT, deadline_ns, &change->dir,
                     &change->record, err);
  return r == 0 ? fail_ended(err) : r < 0 ? -1 : 0;
}

int hcs_change_check_running(const hcs_change *change, hcs_error *err) {
  hcs_state state;
  if (hcs_linux_system_state(change->system, &state, err) != 0) return -1;
  if (state == HCS_STOPPED) return fail_ended(err);
  if (state == HCS_RUNNING) return 0;
  return hcs_fail(err, HCS_E_INVALID_STATE,
                  "the container was paused meanwhile: call resume() first");
}

void hcs_change_end(hcs_change *change) {
  hcs_record_clear(&change->record);
  if (change->is_held)
    hcs_fd_close(&change->dir);
  else
    hcs_state_unlock(&change->dir);
}
