/*
 * requests.c - what a client can ask for: one function for each type of frame.
 */
#include "requests.h"
#include "exits.h"
#include "held.h"
#include "kernel.h"
#include "launch.h"
#include "lifecycle.h"
#include "sys.h"

#define SIGNAL_MAX 64

typedef uint32_t (*request)(connection *c, message *m, hcs_reply *reply);

/* ---- the container --------------------------------------------------------------------------------- */

/* The newest version that both speak. A client of none is told ours. */
static uint32_t hello(connection *c, message *m, hcs_reply *reply) {
  const hcs_hello *versions = m->payload;
  uint16_t newest = versions->newest;
  if (c->version != 0 || versions->oldest > newest) return HCS_STATUS_MALFORMED;
  if (newest > HCS_PROTOCOL_VERSION) newest = HCS_PROTOCOL_VERSION;
  reply->version = HCS_PROTOCOL_VERSION;
  if (newest < HCS_PROTOCOL_OLDEST || newest < versions->oldest) return HCS_STATUS_VERSION;
  reply->version = c->version = newest;
  return HCS_STATUS_OK;
}

static uint32_t acquire(connection *c, message *m, hcs_reply *reply) {
  (void)reply;
  if (c->acquired == UINT32_MAX) return HCS_STATUS_FULL;
  if (exits_watch_container(m->fds[0]) != 0) return HCS_STATUS_FULL;
  message_take(m, 0);
  c->acquired++;
  lifecycle_acquire(1);
  return HCS_STATUS_OK;
}

static uint32_t release(connection *c, message *m, hcs_reply *reply) {
  (void)m;
  if (c->acquired == 0) return HCS_STATUS_STATE;
  c->acquired--;
  reply->ending = lifecycle_release(1) ? 1 : 0;
  return HCS_STATUS_OK;
}

static uint32_t start(connection *c, message *m, hcs_reply *reply) {
  (void)c, (void)m, (void)reply;
  return lifecycle_start() == 0 ? HCS_STATUS_OK : HCS_STATUS_STATE;
}

static uint32_t pause(connection *c, message *m, hcs_reply *reply) {
  (void)c, (void)m, (void)reply;
  return lifecycle_pause() == 0 ? HCS_STATUS_OK : HCS_STATUS_STATE;
}

static uint32_t resume(connection *c, message *m, hcs_reply *reply) {
  (void)c, (void)m, (void)reply;
  return lifecycle_resume() == 0 ? HCS_STATUS_OK : HCS_STATUS_STATE;
}

static uint32_t shut_down(connection *c, message *m, hcs_reply *reply) {
  (void)c, (void)m, (void)reply;
  lifecycle_shutdown();
  return HCS_STATUS_OK;
}

static uint32_t terminate(connection *c, message *m, hcs_reply *reply) {
  (void)c, (void)m, (void)reply;
  lifecycle_terminate();
  return HCS_STATUS_OK;
}

/* ---- processes ------------------------------------------------------------------------------------- */

static uint32_t spawn(connection *c, message *m, hcs_reply *reply) {
  if (lifecycle_state() != HCS_GUEST_RUNNING) return HCS_STATUS_STATE;
  return launch_begin(c, m, reply);
}

/*
 * A pid may have been used by several processes, one after the other: the one that runs counts, then
 * the last that has ended. Our children before their exec are not there yet.
 */
static record *process_of(uint32_t pid, long *error) {
  record *r = records_child(pid);
  *error = 0;
  if (r != NULL) return r->state == RECORD_RUNNING ? r : records_ended(pid);
  r = records_stranger(pid);
  if (r != NULL && !records_stranger_gone(r)) return r;
  if (r != NULL) lifecycle_stranger_ended(r);
  r = records_adopt(pid, error);
  return r != NULL || *error != 0 ? r : records_ended(pid);
}

static uint32_t open_process(connection *c, message *m, hcs_reply *reply) {
  const hcs_target *target = m->payload;
  uint32_t state = lifecycle_state();
  long error;
  record *r;
  (void)c;
  if (state == HCS_GUEST_CREATED || state == HCS_GUEST_ENDING) return HCS_STATUS_STATE;
  if (target->pid <= 1 || target->pid > INT32_MAX) return HCS_STATUS_NOT_FOUND;
  r = process_of(target->pid, &error);
  if (r == NULL) return error != 0 ? HCS_STATUS_FULL : HCS_STATUS_NOT_FOUND;
  if (exits_watch_process(r, m->fds[0]) != 0) {
    records_settle(r);
    return HCS_STATUS_FULL;
  }
  message_take(m, 0);
  reply->spawn = r->spawn;
  reply->pid = r->pid;
  reply->tracked = r->tracked;
  return HCS_STATUS_OK;
}

/* A child of ours is its group's leader (setsid). Of a stranger we know no more than its pidfd. */
static long send_signal(const record *r, const hcs_target *target) {
  int pid = (int)r->pid;
  if (!r->tracked) return SYS4(__NR_pidfd_send_signal, r->pidfd, target->signal, 0, 0);
  return SYS2(__NR_kill, target->group != 0 ? -pid : pid, target->signal);
}

static uint32_t signal_process(connection *c, message *m, hcs_reply *reply) {
  const hcs_target *target = m->payload;
  const record *r = records_find(target->spawn);
  long result;
  (void)c;
  if (target->signal < 1 || target->signal > SIGNAL_MAX) return HCS_STATUS_MALFORMED;
  if (r == NULL || r->state == RECORD_FAILED) return HCS_STATUS_NOT_FOUND;
  if (r->state == RECORD_ENDED) return HCS_STATUS_EXITED;
  result = send_signal(r, target);
  if (result == -ESRCH) return HCS_STATUS_EXITED;
  reply->error = (int32_t)-result;
  return result < 0 ? HCS_STATUS_FAILED : HCS_STATUS_OK;
}

/* ---- disks ----------------------------------------------------------------------------------------- */

static uint32_t hold(connection *c, message *m, hcs_reply *reply) {
  const hcs_held *held = m->payload;
  (void)c, (void)reply;
  if (held->lun >= HCS_DISKS_MAX) return HCS_STATUS_MALFORMED;
  held_put(held->lun, message_take(m, 0));
  return HCS_STATUS_OK;
}

static uint32_t let_go(connection *c, message *m, hcs_reply *reply) {
  const hcs_held *held = m->payload;
  (void)c, (void)reply;
  if (held->lun >= HCS_DISKS_MAX) return HCS_STATUS_MALFORMED;
  held_let_go(held->lun);
  return HCS_STATUS_OK;
}

/* ---- all of them ----------------------------------------------------------------------------------- */

/* What descriptors a request brings. */
enum { NONE, EXIT_SOCKET, EXIT_SOCKET_AND_MORE, BLOCK_DEVICE };

typedef struct request_kind {
  request handle;
  uint32_t payload; /* its exact size; SPAWN's goes on with strings */
  int descriptors;
} request_kind;

static const request_kind kinds[] = {
    [HCS_HELLO] = {hello, sizeof(hcs_hello), NONE},
    [HCS_ACQUIRE] = {acquire, 0, EXIT_SOCKET},
    [HCS_RELEASE] = {release, 0, NONE},
    [HCS_START] = {start, 0, NONE},
    [HCS_SHUTDOWN] = {shut_down, 0, NONE},
    [HCS_TERMINATE] = {terminate, 0, NONE},
    [HCS_SPAWN] = {spawn, sizeof(hcs_spawn), EXIT_SOCKET_AND_MORE},
    [HCS_OPEN] = {open_process, sizeof(hcs_target), EXIT_SOCKET},
    [HCS_PAUSE] = {pause, 0, NONE},
    [HCS_RESUME] = {resume, 0, NONE},
    [HCS_SIGNAL] = {signal_process, sizeof(hcs_target), NONE},
    [HCS_HOLD] = {hold, sizeof(hcs_held), BLOCK_DEVICE},
    [HCS_LET_GO] = {let_go, sizeof(hcs_held), NONE},
};

static const request_kind *kind_of(uint16_t type) {
  if (type >= sizeof kinds / sizeof kinds[0] || kinds[type].handle == NULL) return NULL;
  return &kinds[type];
}

/* What can be said without a look into the payload. */
static int is_well_formed(const connection *c, const message *m, const request_kind *kind) {
  uint32_t length = m->frame.length;
  if (kind->handle != hello && (c->version == 0 || m->frame.version != c->version)) return 0;
  if (kind->descriptors == EXIT_SOCKET_AND_MORE) {
    if (length < kind->payload || m->fd_count < 1) return 0;
  } else if (length != kind->payload || m->fd_count != (kind->descriptors == NONE ? 0u : 1u)) {
    return 0;
  }
  if (kind->descriptors == BLOCK_DEVICE) return descriptor_type(m->fds[0]) == S_IFBLK;
  return kind->descriptors == NONE || descriptor_is_exit_socket(m->fds[0]);
}

uint32_t request_handle(connection *c, message *m, hcs_reply *reply) {
  const request_kind *kind = kind_of(m->frame.type);
  if (kind == NULL || !is_well_formed(c, m, kind)) return HCS_STATUS_MALFORMED;
  return kind->handle(c, m, reply);
}
