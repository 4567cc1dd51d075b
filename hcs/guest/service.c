/*
 * service.c - the container's compute service: one loop that never waits for anybody in particular.
 */
#include "service.h"
#include "connections.h"
#include "exits.h"
#include "kernel.h"
#include "launch.h"
#include "lifecycle.h"
#include "message.h"
#include "records.h"
#include "sources.h"
#include "sys.h"

#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/signalfd.h>

#include <asm/poll.h>

#define SIGNALS 64
/* besides those in tables: our own, what one message brings, and disks (held.c) */
#define OTHER_FDS (64 + HCS_DISKS_MAX)
#define SMALL_TABLE 1024 /* connections, launches, pidfds of strangers, each at most */

/* ---- what it needs --------------------------------------------------------------------------------- */

/*
 * Every descriptor that we keep is in a table, and the tables together have less room than we may open
 * descriptors. So we answer "full" in good order, and never run out in the middle of something.
 */
static long share_descriptors(const service_setup *setup) {
  struct rlimit64 limit = {0, 0};
  uint32_t all = UINT32_MAX, small;
  long r = SYS4(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, &limit);
  if (r < 0) return r;
  limit.rlim_cur = limit.rlim_max;
  r = SYS4(__NR_prlimit64, 0, RLIMIT_NOFILE, &limit, 0);
  if (r < 0) return r;
  if (limit.rlim_cur < all) all = (uint32_t)limit.rlim_cur;
  if (all < 2 * OTHER_FDS) return -EMFILE;
  small = (all - OTHER_FDS) / 8;
  if (small > SMALL_TABLE) small = SMALL_TABLE;
  connections_limit(small);
  launch_open(setup, small);
  records_limit(small);
  exits_limit(all - OTHER_FDS - 3 * small);
  return 0;
}

/* What the program that made the container ignored must not be ignored by its processes. */
static void reset_signals(void) {
  const uint64_t every = ~0ull;
  const uint64_t by_default[4] = {0}; /* the kernel's struct sigaction, SIG_DFL */
  int i;
  SYS4(__NR_rt_sigprocmask, SIG_SETMASK, &every, 0, sizeof every);
  for (i = 1; i <= SIGNALS; i++) SYS4(__NR_rt_sigaction, i, by_default, 0, sizeof every);
}

static long open_children(int *children) {
  const uint64_t mask = 1ull << (SIGCHLD - 1);
  long fd = SYS4(__NR_signalfd4, -1, &mask, sizeof mask, SFD_CLOEXEC | SFD_NONBLOCK);
  *children = (int)fd;
  return fd < 0 ? fd : source_add(*children, EPOLLIN, (source){SOURCE_CHILDREN, 0, 0});
}

static void open_all(const service_setup *setup, int *children) {
  long r;
  reset_signals();
  lifecycle_open(setup->end_with_last_handle, setup->freezer);
  r = share_descriptors(setup);
  if (r == 0) r = sources_open();
  if (r == 0) r = open_children(children);
  if (r == 0) r = source_add(setup->control, EPOLLIN, (source){SOURCE_CONTROL, 0, 0});
  if (r < 0) boot_fail(setup->boot, HCS_STAGE_SERVICE, r, 0);
}

/* ---- the commit ------------------------------------------------------------------------------------ */

static void report_ready(int boot) {
  hcs_frame frame = {HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, HCS_BOOT_READY, 0, sizeof(hcs_boot)};
  hcs_boot report = {0};
  if (message_send(boot, &frame, &report) < 0) sys_exit(1);
}

static int is_commit(const message *m) {
  return m->frame.type == HCS_COMMIT && m->frame.version == HCS_PROTOCOL_VERSION &&
         m->frame.length == 0 && m->fd_count == 1 && descriptor_is_exit_socket(m->fds[0]);
}

/* The host commits or is gone: until then nobody else knows of the container. */
static void wait_for_commit(int boot) {
  message_result result;
  message m;
  do {
    descriptor_await(boot);
    result = message_receive(boot, &m);
  } while (result == MESSAGE_NOTHING);
  if (result != MESSAGE_FRAME || !is_commit(&m)) sys_exit(1);
  lifecycle_acquire(1);
  if (exits_watch_container(message_take(&m, 0)) != 0 || connections_add_creator(boot) < 0)
    sys_exit(1);
  message_clear(&m);
}

/* ---- the loop -------------------------------------------------------------------------------------- */

/* The signal says no more than that there is something to wait for. */
static void read_signal(int children) {
  struct signalfd_siginfo info;
  sys_read(children, &info, sizeof info);
  lifecycle_children_ended();
}

static void stranger_ready(source what) {
  record *r = records_at(what.slot);
  if (r->state == RECORD_RUNNING && r->serial == what.serial) lifecycle_stranger_ended(r);
}

static void handle(source what, const service_setup *setup, int children) {
  switch (what.kind) {
  case SOURCE_CONTROL: connections_accept(setup->control); break;
  case SOURCE_CHILDREN: read_signal(children); break;
  case SOURCE_CONNECTION: connection_ready(what.slot, what.serial); break;
  case SOURCE_LAUNCH: launch_ready(what.slot, what.serial); break;
  case SOURCE_EXIT: exits_hung_up(what.slot, what.serial); break;
  case SOURCE_PROCESS: stranger_ready(what); break;
  }
}

_Noreturn void service_run(const service_setup *setup) {
  static source ready[SOURCES_TURN];
  int children = -1;
  open_all(setup, &children);
  report_ready(setup->boot);
  wait_for_commit(setup->boot);
  for (;;) {
    int wait_ms = lifecycle_turn() ? 0 : connections_patience();
    long count = sources_wait(ready, wait_ms), i;
    connections_hear(setup->control);
    for (i = 0; i < count; i++) handle(ready[i], setup, children);
  }
}
