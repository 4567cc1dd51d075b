/*
 * records.c - what the guest knows of each process.
 *
 * A child's pid is its own until we reap it, and we do that in one place (lifecycle.c), so a record
 * that is not ended cannot mean another process. Of a process that is not our child the pidfd says
 * who it is.
 */
#include "records.h"
#include "pool.h"
#include "sources.h"
#include "sys.h"

#include <linux/time_types.h>
#include <linux/types.h>

#include <asm/poll.h>

#define RECORDS_MAX (RECORDS_LIVE_MAX + RECORDS_KEPT_MAX)
#define BUCKETS 16384 /* pids are handed out in order: this spreads them perfectly */
#define SLOT_BITS 16

_Static_assert(RECORDS_MAX < 1 << SLOT_BITS, "a slot fits its part of the spawn id");

static record records[RECORDS_MAX];
static uint32_t links[RECORDS_MAX];
static pool slots = {links, 0, 0, RECORDS_MAX};
static uint16_t buckets[BUCKETS]; /* the newest record of each, one higher than its slot */

static struct {
  uint32_t oldest;
  uint32_t newest;
  uint32_t count;
} kept;

static uint64_t last_sequence;
static uint32_t pidfd_count, pidfd_limit;

void records_limit(uint32_t pidfds) { pidfd_limit = pidfds; }

uint32_t records_slot(const record *r) { return (uint32_t)(r - records); }
record *records_at(uint32_t slot) { return &records[slot]; }

static record *linked(uint32_t link) { return link == 0 ? NULL : &records[link - 1]; }
static uint32_t link_to(const record *r) { return r == NULL ? 0 : records_slot(r) + 1; }
static uint16_t *bucket(uint32_t pid) { return &buckets[pid % BUCKETS]; }

/* ---- the list of ended records that nobody watches --------------------------------------------- */

static void keep(record *r) {
  r->older = kept.newest;
  r->newer = 0;
  if (kept.newest != 0)
    linked(kept.newest)->newer = link_to(r);
  else
    kept.oldest = link_to(r);
  kept.newest = link_to(r);
  kept.count++;
  r->kept = 1;
}

static void unkeep(record *r) {
  if (r->older != 0)
    linked(r->older)->newer = r->newer;
  else
    kept.oldest = r->newer;
  if (r->newer != 0)
    linked(r->newer)->older = r->older;
  else
    kept.newest = r->older;
  kept.count--;
  r->kept = 0;
}

/* ---- the table by pid ---------------------------------------------------------------------------- */

static void enter(record *r, uint32_t pid) {
  uint16_t *first = bucket(pid);
  r->pid = pid;
  r->same_hash = *first;
  *first = (uint16_t)link_to(r);
}

static void leave(record *r) {
  uint16_t *first = bucket(r->pid);
  record *before;
  if (linked(*first) == r) {
    *first = (uint16_t)r->same_hash;
    return;
  }
  /* A record without a pid, whose child could not be made, is in no bucket. */
  for (before = linked(*first); before != NULL; before = linked(before->same_hash))
    if (linked(before->same_hash) == r) {
      before->same_hash = r->same_hash;
      return;
    }
}

record *records_child(uint32_t pid) {
  record *r;
  for (r = linked(*bucket(pid)); r != NULL; r = linked(r->same_hash))
    if (r->pid == pid && r->tracked && r->state != RECORD_ENDED) return r;
  return NULL;
}

record *records_stranger(uint32_t pid) {
  record *r;
  for (r = linked(*bucket(pid)); r != NULL; r = linked(r->same_hash))
    if (r->pid == pid && !r->tracked && r->state == RECORD_RUNNING) return r;
  return NULL;
}

/* Buckets begin with the newest record, and of one pid the newer process also ended later. */
record *records_ended(uint32_t pid) {
  record *r;
  for (r = linked(*bucket(pid)); r != NULL; r = linked(r->same_hash))
    if (r->pid == pid && r->state == RECORD_ENDED) return r;
  return NULL;
}

record *records_find(uint64_t spawn) {
  uint32_t slot = (uint32_t)(spawn & ((1u << SLOT_BITS) - 1));
  record *r;
  if (slot >= slots.mark) return NULL;
  r = &records[slot];
  return r->spawn == spawn && r->state != RECORD_FREE ? r : NULL;
}

record *records_next_alive(uint32_t *slot) {
  while (*slot < slots.mark) {
    record *r = &records[(*slot)++];
    if (r->state != RECORD_FREE && r->state != RECORD_ENDED) return r;
  }
  return NULL;
}

/* ---- life ------------------------------------------------------------------------------------------ */

static record *make(void) {
  uint32_t slot = pool_take(&slots);
  record *r;
  if (slot == POOL_NONE && kept.count > 0) {
    records_free(linked(kept.oldest));
    slot = pool_take(&slots);
  }
  if (slot == POOL_NONE) return NULL;
  r = &records[slot];
  *r = (record){0};
  /* The slot's number in it makes finding a record by its spawn id a single look. */
  r->spawn = ++last_sequence << SLOT_BITS | slot;
  r->pidfd = -1;
  return r;
}

record *records_new(void) {
  record *r = make();
  if (r == NULL) return NULL;
  r->state = RECORD_PENDING;
  r->tracked = 1;
  return r;
}

void records_started(record *r, uint32_t pid) { enter(r, pid); }

static int has_ended(int pidfd) {
  struct {
    int fd;
    short events;
    short found;
  } poll = {pidfd, POLLIN, 0};
  struct __kernel_timespec now = {0, 0};
  return SYS5(__NR_ppoll, &poll, 1, &now, 0, 0) == 1;
}

int records_stranger_gone(const record *r) { return has_ended(r->pidfd); }

static record *adopt(uint32_t pid, int pidfd) {
  record *r = make();
  source what;
  if (r == NULL) return NULL;
  r->serial = sources_serial();
  what = (source){SOURCE_PROCESS, records_slot(r), r->serial};
  if (source_add(pidfd, EPOLLIN, what) < 0) {
    pool_give(&slots, records_slot(r));
    return NULL;
  }
  r->state = RECORD_RUNNING;
  r->pidfd = pidfd;
  pidfd_count++;
  enter(r, pid);
  return r;
}

record *records_adopt(uint32_t pid, long *error) {
  long pidfd;
  record *r;
  *error = pidfd_count >= pidfd_limit ? EMFILE : 0;
  if (*error != 0) return NULL;
  pidfd = SYS2(__NR_pidfd_open, pid, 0);
  if (pidfd == -EMFILE || pidfd == -ENFILE || pidfd == -ENOMEM) *error = -pidfd;
  if (pidfd < 0) return NULL;
  if (has_ended((int)pidfd)) {
    sys_close((int)pidfd);
    return NULL;
  }
  r = adopt(pid, (int)pidfd);
  if (r == NULL) {
    sys_close((int)pidfd);
    *error = ENOMEM;
  }
  return r;
}

static void close_pidfd(record *r) {
  if (r->pidfd < 0) return;
  source_close(r->pidfd);
  r->pidfd = -1;
  pidfd_count--;
}

void records_end(record *r, uint32_t code, uint8_t signal) {
  close_pidfd(r);
  r->code = code;
  r->signal = signal;
  r->state = RECORD_ENDED;
}

void records_settle(record *r) {
  if (r->kept && r->watchers != 0) unkeep(r);
  if (r->watchers != 0 || r->kept) return;
  /* Of a process that is not ours nothing is known that would be worth keeping. */
  if (!r->tracked) {
    records_free(r);
  } else if (r->state == RECORD_ENDED) {
    keep(r);
    if (kept.count > RECORDS_KEPT_MAX) records_free(linked(kept.oldest));
  }
}

void records_free(record *r) {
  close_pidfd(r);
  if (r->kept) unkeep(r);
  leave(r);
  r->state = RECORD_FREE;
  pool_give(&slots, records_slot(r));
}
