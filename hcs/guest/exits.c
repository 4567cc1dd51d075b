/*
 * exits.c - exit sockets.
 */
#include "exits.h"
#include "kernel.h"
#include "pool.h"
#include "protocol.h"
#include "sources.h"
#include "sys.h"

#include <linux/signal.h>

#define WATCHERS_MAX 24576

/* Links are one higher than the slot, 0 for none. */
typedef struct watcher {
  int fd;
  uint32_t serial;
  uint32_t record; /* 0: the container */
  uint32_t next;
  uint32_t previous;
} watcher;

static watcher watchers[WATCHERS_MAX];
static uint32_t links[WATCHERS_MAX];
static pool slots = {links, 0, 0, WATCHERS_MAX};
static uint32_t of_container;

void exits_limit(uint32_t sockets) {
  if (sockets < WATCHERS_MAX) slots.limit = sockets;
}

static watcher *linked(uint32_t link) { return &watchers[link - 1]; }

static uint32_t *list_of(const watcher *w) {
  return w->record == 0 ? &of_container : &records_at(w->record - 1)->watchers;
}

static void insert(watcher *w, uint32_t link) {
  uint32_t *first = list_of(w);
  w->previous = 0;
  w->next = *first;
  if (*first != 0) linked(*first)->previous = link;
  *first = link;
}

static void take_out(const watcher *w) {
  if (w->previous != 0)
    linked(w->previous)->next = w->next;
  else
    *list_of(w) = w->next;
  if (w->next != 0) linked(w->next)->previous = w->previous;
}

static int watch(int fd, uint32_t owner) {
  uint32_t slot = pool_take(&slots);
  watcher *w;
  if (slot == POOL_NONE) return -1;
  w = &watchers[slot];
  *w = (watcher){.fd = fd, .serial = sources_serial(), .record = owner};
  /* No events: a hang-up is reported always, and what a client writes there is its own affair. */
  if (source_add(fd, 0, (source){SOURCE_EXIT, slot, w->serial}) < 0) {
    pool_give(&slots, slot);
    return -1;
  }
  insert(w, slot + 1);
  return 0;
}

/* The client sees the end also while a child before its exec has a copy of the socket. */
static void drop(watcher *w) {
  take_out(w);
  SYS2(__NR_shutdown, w->fd, SYS_SHUT_WR);
  source_close(w->fd);
  w->fd = -1;
  w->serial = 0;
  pool_give(&slots, (uint32_t)(w - watchers));
}

/*
 * An empty socket has room for one record, so this does not fail but for a client that is gone or
 * has filled the socket itself. Our side of it is closed then: after the record comes the end.
 */
static void send_record(const watcher *w, const hcs_exit_record *exit) {
  sys_call(__NR_sendto, w->fd, (long)exit, sizeof *exit, SYS_MSG_DONTWAIT | SYS_MSG_NOSIGNAL, 0, 0);
  SYS2(__NR_shutdown, w->fd, SYS_SHUT_WR);
}

static hcs_exit_record record_of(const record *r) {
  hcs_exit_record exit = {.magic = HCS_EXIT_MAGIC, .version = HCS_PROTOCOL_VERSION};
  exit.kind = HCS_EXIT_PROCESS;
  exit.code = r->code;
  exit.signal = r->signal;
  exit.tracked = r->tracked;
  return exit;
}

int exits_watch_container(int fd) { return watch(fd, 0); }

int exits_watch_process(record *r, int fd) {
  if (watch(fd, records_slot(r) + 1) != 0) return -1;
  if (r->state == RECORD_ENDED) {
    hcs_exit_record exit = record_of(r);
    send_record(linked(r->watchers), &exit);
  }
  records_settle(r);
  return 0;
}

static void tell(uint32_t first, const hcs_exit_record *exit) {
  uint32_t link;
  for (link = first; link != 0; link = linked(link)->next) send_record(linked(link), exit);
}

void exits_tell(const record *r) {
  hcs_exit_record exit = record_of(r);
  tell(r->watchers, &exit);
}

void exits_forget(record *r) {
  while (r->watchers != 0) drop(linked(r->watchers));
}

/*
 * Who asked for a process and goes before it was told that there is one has given it up (its deadline
 * has passed, say): it must not start later, when nobody knows of it.
 */
static void give_up(const record *r) {
  if (r->state == RECORD_PENDING && r->watchers == 0) SYS2(__NR_kill, r->pid, SIGKILL);
}

void exits_hung_up(uint32_t slot, uint32_t serial) {
  watcher *w = &watchers[slot];
  uint32_t owner = w->record;
  if (w->serial != serial) return;
  drop(w);
  if (owner == 0) return;
  give_up(records_at(owner - 1));
  records_settle(records_at(owner - 1));
}

void exits_tell_container(uint32_t how) {
  hcs_exit_record exit = {.magic = HCS_EXIT_MAGIC, .version = HCS_PROTOCOL_VERSION};
  exit.kind = HCS_EXIT_SYSTEM;
  exit.code = how;
  tell(of_container, &exit);
}
