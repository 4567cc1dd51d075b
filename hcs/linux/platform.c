/*
 * platform.c - the table of operations on Linux, and the few that need no container.
 */
#include "../platform.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "../schema.h"
#include "container.h"
#include "poll_objects.h"

static int64_t clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static long self(void) { return (long)getpid(); }

static const char *environment(const char *name) { return secure_getenv(name); }

static int random_bytes(void *bytes, size_t size, hcs_error *err) {
  if (getrandom(bytes, size, 0) == (ssize_t)size) return 0;
  return hcs_fail_errno(err, errno, "cannot get random bytes");
}

/*
 * jansson seeds its tables when the first is made. Left to itself it opens /dev/urandom for that, without
 * close-on-exec.
 */
__attribute__((constructor)) static void tables_seed(void) {
  uint32_t seed;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed && seed != 0)
    json_object_seed(seed);
}

static const hcs_platform linux_platform = {
    .name = "linux",
    .support = HCS_SUPPORT_LINUX,
    .clock_ns = clock_now,
    .self = self,
    .environment = environment,
    .random = random_bytes,
    .enumerate = hcs_linux_enumerate,
    .gc = hcs_linux_gc,
    .system_create = hcs_linux_system_create,
    .system_open = hcs_linux_system_open,
    .system_release = hcs_linux_system_release,
    .system_free = hcs_linux_system_free,
    .system_state = hcs_linux_system_state,
    .system_start = hcs_linux_system_start,
    .system_shutdown = hcs_linux_system_shutdown,
    .system_terminate = hcs_linux_system_terminate,
    .system_pause = hcs_linux_system_pause,
    .system_resume = hcs_linux_system_resume,
    .system_modify = hcs_linux_system_modify,
    .system_wait = hcs_linux_system_wait,
    .system_properties = hcs_linux_system_properties,
    .system_pollfd = hcs_linux_system_pollfd,
    .system_read_file = hcs_linux_system_read_file,
    .system_write_file = hcs_linux_system_write_file,
    .process_create = hcs_linux_process_create,
    .process_open = hcs_linux_process_open,
    .process_release = hcs_linux_process_release,
    .process_free = hcs_linux_process_free,
    .process_pid = hcs_linux_process_pid,
    .process_wait = hcs_linux_process_wait,
    .process_signal = hcs_linux_process_signal,
    .process_resize_console = hcs_linux_process_resize_console,
    .process_pollfd = hcs_linux_process_pollfd,
    .stream_read = hcs_linux_stream_read,
    .stream_write = hcs_linux_stream_write,
    .stream_release = hcs_linux_stream_release,
    .stream_free = hcs_linux_stream_free,
    .stream_pollfd = hcs_linux_stream_pollfd,
    .terminal_enter = hcs_linux_terminal_enter,
    .terminal_leave = hcs_linux_terminal_leave,
    .terminal_free = hcs_linux_terminal_free,
    .terminal_size = hcs_linux_terminal_size,
    .terminal_read = hcs_linux_terminal_read,
    .terminal_write = hcs_linux_terminal_write,
    .poll = hcs_linux_poll,
};

const hcs_platform *hcs_platform_get(void) { return &linux_platform; }
