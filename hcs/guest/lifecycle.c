/*
 * lifecycle.c - the container's life.
 *
 * Requests only change the state; signals and the end are lifecycle_turn()'s, which the event loop
 * calls between them. So a reply is always sent before what it announces, and nothing here is
 * entered twice.
 */
#include "lifecycle.h"
#include "exits.h"
#include "launch.h"
#include "protocol.h"
#include "sys.h"

#include <linux/signal.h>
#include <linux/wait.h>

#define REAPS_PER_TURN 256
#define KILLED_CODE (128 + SIGKILL)

static struct {
  uint32_t state;
  uint32_t handles;
  int end_with_last_handle;
  int freezer;
  int is_paused;
  int signal_due;   /* for all processes; 0: none */
  int children_due; /* there may be children to reap, or none left at all */
} life;

void lifecycle_open(int end_with_last_handle, int freezer) {
  life.end_with_last_handle = end_with_last_handle;
  life.freezer = freezer;
}

uint32_t lifecycle_state(void) {
  return life.state == HCS_GUEST_RUNNING && life.is_paused ? HCS_GUEST_PAUSED : life.state;
}

void lifecycle_acquire(uint32_t handles) { life.handles += handles; }
void lifecycle_children_ended(void) { life.children_due = 1; }

int lifecycle_release(uint32_t handles) {
  life.handles -= handles;
  if (handles == 0 || life.handles > 0 || !life.end_with_last_handle) return 0;
  if (life.state == HCS_GUEST_ENDING) return 0;
  lifecycle_terminate();
  return 1;
}

int lifecycle_start(void) {
  if (life.state != HCS_GUEST_CREATED) return -1;
  life.state = HCS_GUEST_RUNNING;
  return 0;
}

int lifecycle_pause(void) {
  if (life.state != HCS_GUEST_RUNNING) return -1;
  life.is_paused = 1;
  return 0;
}

/* Also of one that was told to shut down meanwhile. */
int lifecycle_resume(void) {
  if (life.state == HCS_GUEST_CREATED) return -1;
  life.is_paused = 0;
  return 0;
}

void lifecycle_shutdown(void) {
  if (life.state >= HCS_GUEST_SHUTDOWN) return;
  life.state = HCS_GUEST_SHUTDOWN;
  life.signal_due = SIGTERM;
  life.children_due = 1; /* paused and without any it ends at once, too */
}

void lifecycle_terminate(void) {
  if (life.state == HCS_GUEST_ENDING) return;
  life.state = HCS_GUEST_ENDING;
  life.signal_due = SIGKILL;
}

/* ---- processes end --------------------------------------------------------------------------------- */

static void end_record(record *r, uint32_t code, uint8_t signal) {
  records_end(r, code, signal);
  exits_tell(r);
  records_settle(r);
}

void lifecycle_stranger_ended(record *r) { end_record(r, 0, 0); }

/* A child is gone, and with it its end of the launch's pipe: the result of its exec is known now. */
static void reaped(uint32_t pid, uint32_t status) {
  record *r = records_child(pid);
  uint8_t signal = (uint8_t)(status & 0x7f);
  if (r == NULL) return; /* an orphan that the kernel has given to us */
  if (r->state == RECORD_PENDING) launch_resolve(r->launch);
  if (r->state == RECORD_FAILED)
    records_free(r);
  else
    end_record(r, signal != 0 ? 128u + signal : status >> 8 & 0xff, signal);
}

/* The kernel sends these to everybody but ourselves: in a pid namespace, -1 is the namespace. */
static void signal_all(int signal) { SYS2(__NR_kill, -1, signal); }

/* What is not known now will not be: the kernel kills whoever is left when we exit. */
static void end_remaining(void) {
  uint32_t slot = 0;
  record *r;
  while ((r = records_next_alive(&slot)) != NULL) {
    if (!r->tracked && records_stranger_gone(r))
      end_record(r, 0, 0);
    else
      end_record(r, KILLED_CODE, SIGKILL);
  }
}

/* The processes' watchers hear of it first, so no wait on a process outlasts the container's. */
static _Noreturn void end(void) {
  end_remaining();
  exits_tell_container(life.state == HCS_GUEST_ENDING ? HCS_SYSTEM_FORCED : HCS_SYSTEM_GRACEFUL);
  sys_exit(0);
}

/* 1: there are more. */
static int reap(void) {
  int i, status = 0;
  for (i = 0; i < REAPS_PER_TURN; i++) {
    long pid = SYS4(__NR_wait4, -1, &status, WNOHANG | __WALL, 0);
    if (pid > 0) {
      reaped((uint32_t)pid, (uint32_t)status);
    } else if (pid == -ECHILD && life.state >= HCS_GUEST_SHUTDOWN) {
      end();
    } else {
      /* Whoever was being forked while the signal went round is met by the next one. */
      if (pid == 0 && life.state == HCS_GUEST_ENDING) signal_all(SIGKILL);
      return 0;
    }
  }
  return 1;
}

/* A signal that nobody handles would end a process in the freezer: it waits for the resume. */
static int is_signal_due(void) {
  return life.signal_due == SIGKILL || (life.signal_due != 0 && !life.is_paused);
}

int lifecycle_turn(void) {
  if (is_signal_due()) {
    if (life.signal_due == SIGKILL) launch_abandon_all();
    signal_all(life.signal_due);
    if (life.signal_due == SIGKILL && life.freezer >= 0) sys_write(life.freezer, "THAWED", 6);
    life.signal_due = 0;
    life.children_due = 1;
  }
  if (life.children_due) life.children_due = reap();
  return life.children_due;
}
