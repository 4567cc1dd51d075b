/*
 * sources.c - what the event loop waits for, in one epoll instance.
 *
 * Everything is level-triggered: a handler does a bounded part of the work, and what is left makes
 * the source ready again in the next turn, behind all others that are ready.
 */
#include "sources.h"
#include "sys.h"

#define SLOT_BITS 24

static int instance = -1;
static uint32_t last_serial;

long sources_open(void) {
  long fd = SYS1(__NR_epoll_create1, SYS_O_CLOEXEC);
  instance = (int)fd;
  return fd < 0 ? fd : 0;
}

uint32_t sources_serial(void) { return ++last_serial; }

static uint64_t pack(source what) {
  uint32_t high = (uint32_t)what.kind << SLOT_BITS | what.slot;
  return (uint64_t)high << 32 | what.serial;
}

static source unpack(uint64_t data) {
  uint32_t high = (uint32_t)(data >> 32);
  source what = {(source_kind)(high >> SLOT_BITS), high & ((1u << SLOT_BITS) - 1), (uint32_t)data};
  return what;
}

static long control(int operation, int fd, uint32_t events, source what) {
  struct epoll_event event = {events, pack(what)};
  return SYS4(__NR_epoll_ctl, instance, operation, fd, &event);
}

long source_add(int fd, uint32_t events, source what) {
  return control(EPOLL_CTL_ADD, fd, events, what);
}

void source_change(int fd, uint32_t events, source what) {
  control(EPOLL_CTL_MOD, fd, events, what);
}

/*
 * Closing alone would not do: epoll watches the open file, and a child that has not reached its exec
 * holds that too. It would be reported for ever, and nobody could take it out.
 */
void source_close(int fd) {
  struct epoll_event ignored = {0, 0};
  SYS4(__NR_epoll_ctl, instance, EPOLL_CTL_DEL, fd, &ignored);
  sys_close(fd);
}

long sources_wait(source *ready, int timeout_ms) {
  static struct epoll_event events[SOURCES_TURN];
  long count = sys_call(__NR_epoll_pwait, instance, (long)events, SOURCES_TURN, timeout_ms, 0, 0);
  long i;
  for (i = 0; i < count; i++) ready[i] = unpack(events[i].data);
  return count;
}
