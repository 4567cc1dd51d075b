/*
 * launch.c - starting a process, our side of it.
 *
 * The guest must not wait for a child: its binary may lie on a file system that hangs, and its group
 * may be frozen. So it is forked (never vforked), and a pipe that its exec closes tells the result:
 * a spawn_failure, or the end without one.
 */
#include "launch.h"
#include "exits.h"
#include "lifecycle.h"
#include "pool.h"
#include "requests.h"
#include "sources.h"
#include "spawn.h"
#include "sys.h"

#include <linux/sched.h>
#include <linux/signal.h>

#define LAUNCHES_MAX 1024

typedef struct launch {
  int pipe;        /* where the result comes from */
  uint32_t serial; /* 0: the slot is free */
  uint32_t record;
  uint32_t connection; /* who has asked */
  uint32_t connection_serial;
  uint32_t request;
} launch;

static launch launches[LAUNCHES_MAX];
static uint32_t links[LAUNCHES_MAX];
static pool slots = {links, 0, 0, LAUNCHES_MAX};
static const service_setup *setup;

void launch_open(const service_setup *service, uint32_t limit) {
  setup = service;
  if (limit < LAUNCHES_MAX) slots.limit = limit;
}

/* ---- the request ----------------------------------------------------------------------------------- */

/* Moves *at behind the string that starts there: 1, or 0 if that does not end before `end`. */
static int skip_string(const char **at, const char *end) {
  const char *p = *at;
  while (p < end && *p != '\0') p++;
  *at = p + 1;
  return p < end;
}

/* The strings must fill the payload exactly; there are never more of them than it has bytes. */
static int parse_payload(const message *m, spawn_request *r) {
  const hcs_spawn *head = m->payload;
  const char *at = (const char *)(head + 1);
  const char *end = (const char *)m->payload + m->frame.length;
  uint64_t count = (uint64_t)head->argc + head->envc;
  r->user = at;
  if (!skip_string(&at, end)) return 0;
  r->directory = at;
  if (!skip_string(&at, end)) return 0;
  r->file = at;
  if (!skip_string(&at, end)) return 0;
  r->strings = at;
  while (count-- > 0)
    if (!skip_string(&at, end)) return 0;
  r->argc = head->argc;
  r->envc = head->envc;
  return at == end && head->argc >= 1 && head->reserved == 0;
}

/* In front of the streams comes the exit socket. */
static int parse_console(const message *m, spawn_request *r) {
  uint32_t i;
  if (m->fd_count != 2 || !descriptor_is_terminal(m->fds[1])) return 0;
  for (i = 0; i < SPAWN_STREAMS; i++) r->streams[i] = m->fds[1];
  r->has_console = 1;
  return 1;
}

static int parse_streams(const message *m, spawn_request *r) {
  uint32_t flags = ((const hcs_spawn *)m->payload)->flags;
  uint32_t i, next = 1;
  r->has_console = 0;
  if (flags == HCS_SPAWN_CONSOLE) return parse_console(m, r);
  if ((flags & ~(HCS_SPAWN_STDIN | HCS_SPAWN_STDOUT | HCS_SPAWN_STDERR)) != 0) return 0;
  for (i = 0; i < SPAWN_STREAMS; i++) {
    r->streams[i] = -1;
    if ((flags & 1u << i) == 0) continue;
    if (next >= m->fd_count || !descriptor_is_stream(m->fds[next])) return 0;
    r->streams[i] = m->fds[next++];
  }
  return next == m->fd_count;
}

/* ---- the child ------------------------------------------------------------------------------------- */

/* Born in its group where there is one version 2 tree; version 1 groups it joins itself. */
static long fork_child(void) {
  struct clone_args args = {.exit_signal = SIGCHLD};
  if (setup->work_group < 0) return SYS5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
  args.flags = CLONE_INTO_CGROUP;
  args.cgroup = (__u64)setup->work_group;
  return SYS2(__NR_clone3, &args, sizeof args);
}

/*
 * The child's pid or -errno. Its pipe is watched before there is a child: there is no way back then.
 */
static long start_child(launch *l, spawn_request *r) {
  source what = {SOURCE_LAUNCH, (uint32_t)(l - launches), sources_serial()};
  int ends[2] = {-1, -1};
  long pid = SYS2(__NR_pipe2, ends, SYS_O_CLOEXEC | SYS_O_NONBLOCK);
  if (pid < 0) return pid;
  l->pipe = ends[0];
  l->serial = what.serial;
  r->result = ends[1];
  r->setup = setup;
  pid = source_add(l->pipe, EPOLLIN, what);
  if (pid == 0) {
    pid = fork_child();
    if (pid == 0) spawn_child(r);
  }
  /* The child has the only copy from now on, so that its exec or its end is the pipe's end. */
  sys_close(ends[1]);
  if (pid < 0) source_close(l->pipe);
  return pid;
}

static uint32_t start(launch *l, spawn_request *r, record *process, hcs_reply *reply) {
  long pid = start_child(l, r);
  if (pid < 0) {
    l->serial = 0;
    reply->stage = HCS_STAGE_FORK;
    reply->error = (int32_t)-pid;
    return HCS_STATUS_FAILED;
  }
  records_started(process, (uint32_t)pid);
  process->launch = (uint32_t)(l - launches);
  l->record = records_slot(process);
  return REQUEST_LATER;
}

/* The record and its watcher come first: without room for them there is to be no process. */
static uint32_t begin(launch *l, message *m, spawn_request *r, hcs_reply *reply) {
  record *process = records_new();
  uint32_t status = HCS_STATUS_FULL;
  if (process == NULL) return status;
  if (exits_watch_process(process, m->fds[0]) == 0) {
    message_take(m, 0);
    status = start(l, r, process, reply);
  }
  if (status != REQUEST_LATER) {
    exits_forget(process);
    records_free(process);
  }
  return status;
}

uint32_t launch_begin(const connection *c, message *m, hcs_reply *reply) {
  uint32_t slot, status;
  spawn_request r;
  if (!parse_payload(m, &r) || !parse_streams(m, &r)) return HCS_STATUS_MALFORMED;
  slot = pool_take(&slots);
  if (slot == POOL_NONE) return HCS_STATUS_FULL;
  launches[slot].connection = connection_slot(c);
  launches[slot].connection_serial = c->serial;
  launches[slot].request = m->frame.request;
  status = begin(&launches[slot], m, &r, reply);
  if (status != REQUEST_LATER) pool_give(&slots, slot);
  return status;
}

/* ---- the result ------------------------------------------------------------------------------------ */

/* The slot is free again before the reply: that may drop the client, and others with it. */
static void finish(uint32_t slot, hcs_reply *reply) {
  launch l = launches[slot];
  connection *c = connections_find(l.connection, l.connection_serial);
  record *r = records_at(l.record);
  reply->spawn = r->spawn;
  reply->pid = r->pid;
  source_close(l.pipe);
  launches[slot].serial = 0;
  pool_give(&slots, slot);
  r->state = RECORD_RUNNING;
  if (reply->status != HCS_STATUS_OK) {
    reply->spawn = reply->pid = 0;
    r->state = RECORD_FAILED; /* until it is reaped */
    exits_forget(r);
  }
  if (c != NULL) connection_reply(c, l.request, reply);
}

static void resolve(uint32_t slot, int has_ended) {
  hcs_reply reply = {.status = HCS_STATUS_OK, .tracked = 1};
  spawn_failure failure = {0, 0};
  long size = sys_read(launches[slot].pipe, &failure, sizeof failure);
  if (size == -EAGAIN && !has_ended) return;
  if (size == (long)sizeof failure) {
    reply = (hcs_reply){.status = HCS_STATUS_FAILED};
    reply.stage = failure.stage;
    reply.error = failure.error;
  }
  finish(slot, &reply);
}

void launch_ready(uint32_t slot, uint32_t serial) {
  if (launches[slot].serial == serial) resolve(slot, 0);
}

void launch_resolve(uint32_t slot) { resolve(slot, 1); }

void launch_abandon_all(void) {
  uint32_t slot;
  for (slot = 0; slot < slots.mark; slot++) {
    hcs_reply reply = {.status = HCS_STATUS_STATE};
    if (launches[slot].serial != 0) finish(slot, &reply);
  }
}
