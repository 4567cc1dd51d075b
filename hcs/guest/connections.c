/*
 * connections.c - the clients.
 */
#include "connections.h"
#include "kernel.h"
#include "lifecycle.h"
#include "message.h"
#include "pool.h"
#include "requests.h"
#include "sources.h"
#include "sys.h"

#define ACCEPTS_PER_TURN 16
#define DEAF_MS 100

static connection connections[CONNECTIONS_MAX];
static uint32_t links[CONNECTIONS_MAX];
static pool slots = {links, 0, 0, CONNECTIONS_MAX};
static int deaf;

void connections_limit(uint32_t count) {
  if (count < CONNECTIONS_MAX) slots.limit = count;
}

uint32_t connection_slot(const connection *c) { return (uint32_t)(c - connections); }

connection *connections_find(uint32_t slot, uint32_t serial) {
  connection *c = &connections[slot];
  return c->serial == serial ? c : NULL;
}

static connection *add(int fd) {
  uint32_t slot = pool_take(&slots);
  connection *c;
  if (slot == POOL_NONE) return NULL;
  c = &connections[slot];
  *c = (connection){.fd = fd, .serial = sources_serial()};
  if (source_add(fd, EPOLLIN, (source){SOURCE_CONNECTION, slot, c->serial}) == 0) return c;
  c->serial = 0;
  pool_give(&slots, slot);
  return NULL;
}

/*
 * What the client had acquired goes with it: it may have crashed. If it has not it is to see the end,
 * which closing alone would not show while a child before its exec has a copy of the socket.
 */
static void drop(connection *c) {
  uint32_t acquired = c->acquired;
  SYS2(__NR_shutdown, c->fd, SYS_SHUT_RDWR);
  source_close(c->fd);
  *c = (connection){.fd = -1};
  pool_give(&slots, connection_slot(c));
  lifecycle_release(acquired);
}

long connections_add_creator(int fd) {
  connection *c = add(fd);
  if (c == NULL) return -ENOMEM;
  c->acquired = 1;
  c->version = HCS_PROTOCOL_VERSION;
  return 0;
}

/* ---- accepting ------------------------------------------------------------------------------------- */

/*
 * The container's own processes must not be served, whatever they do to reach the socket: the kernel
 * gives 0 as the pid of a peer outside of our pid namespace, and a real one for those inside.
 */
static int is_from_outside(int fd) {
  kernel_peer peer = {-1, 0, 0};
  int size = sizeof peer;
  long r = SYS5(__NR_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return r == 0 && peer.pid == 0;
}

static long send_reply(int fd, uint16_t version, uint32_t request, const hcs_reply *reply) {
  hcs_frame frame = {HCS_FRAME_MAGIC, version, HCS_REPLY, request, sizeof *reply};
  return message_send(fd, &frame, reply);
}

/* Closing with the client's HELLO unread would let it see a reset in place of the answer. */
static void turn_away(int fd) {
  hcs_reply reply = {.status = HCS_STATUS_FULL, .state = lifecycle_state()};
  message unread;
  message_receive(fd, &unread);
  message_clear(&unread);
  send_reply(fd, HCS_PROTOCOL_VERSION, 0, &reply);
  sys_close(fd);
}

/* Without descriptors to accept with, a level-triggered socket would keep the loop spinning. */
static void set_deaf(int control, int on) {
  deaf = on;
  source_change(control, on ? 0 : EPOLLIN, (source){SOURCE_CONTROL, 0, 0});
}

static int is_shortage(long error) {
  return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -ENOBUFS;
}

void connections_accept(int control) {
  int i;
  for (i = 0; i < ACCEPTS_PER_TURN; i++) {
    long fd = SYS4(__NR_accept4, control, 0, 0, SYS_O_NONBLOCK | SYS_O_CLOEXEC);
    if (is_shortage(fd)) set_deaf(control, 1);
    if (fd == -EINTR || fd == -ECONNABORTED) continue;
    if (fd < 0) return;
    if (!is_from_outside((int)fd))
      sys_close((int)fd);
    else if (add((int)fd) == NULL)
      turn_away((int)fd);
  }
}

int connections_patience(void) { return deaf ? DEAF_MS : -1; }

void connections_hear(int control) {
  if (deaf) set_deaf(control, 0);
}

/* ---- frames in and out ----------------------------------------------------------------------------- */

void connection_reply(connection *c, uint32_t request, hcs_reply *reply) {
  uint16_t version = c->version != 0 ? c->version : HCS_PROTOCOL_VERSION;
  reply->state = lifecycle_state();
  if (send_reply(c->fd, version, request, reply) < 0) drop(c);
}

static void answer(connection *c, message *m, message_result result) {
  hcs_reply reply = {.status = HCS_STATUS_MALFORMED};
  uint32_t slot = connection_slot(c), serial = c->serial;
  if (result == MESSAGE_FRAME) reply.status = request_handle(c, m, &reply);
  /* The request may have ended other requests, this client's among them, and so the client. */
  if (reply.status == REQUEST_LATER || connections_find(slot, serial) == NULL) return;
  connection_reply(c, m->frame.request, &reply);
}

/* One frame a turn, so that no client keeps the others waiting. */
void connection_ready(uint32_t slot, uint32_t serial) {
  connection *c = connections_find(slot, serial);
  message_result result;
  message m;
  if (c == NULL) return;
  result = message_receive(c->fd, &m);
  if (result == MESSAGE_END || result == MESSAGE_GARBAGE)
    drop(c);
  else if (result != MESSAGE_NOTHING)
    answer(c, &m, result);
  message_clear(&m);
}
