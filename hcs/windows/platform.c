/*
 * platform.c - the table of operations on Windows, and the few that need no container.
 */
#include "../platform.h"

#include <windows.h>
/* behind windows.h */
#include <bcrypt.h>

#include "../schema.h"
#include "operations.h"
#include "result.h"
#include "wait.h"

/* hcsshim's CopyAfterExitTimeout: what a virtual machine's process writes is passed on. */
#define OUTPUT_DELAY_NS INT64_C(1000000000)

/* There is no fork: it never changes. */
static long self(void) { return (long)GetCurrentProcessId(); }

static int random_bytes(void *bytes, size_t size, hcs_error *err) {
  if (BCryptGenRandom(NULL, bytes, (ULONG)size, BCRYPT_USE_SYSTEM_PREFERRED_RNG) >= 0) return 0;
  return hcs_fail(err, HCS_E_GEN_FAILURE, "cannot get random bytes");
}

static const hcs_platform windows_platform = {
    .name = "windows",
    .support = HCS_SUPPORT_WINDOWS,
    .service_decides = 1,
    .output_delay_ns = OUTPUT_DELAY_NS,
    .clock_ns = hcs_windows_clock_ns,
    .self = self,
    .environment = hcs_windows_environment,
    .random = random_bytes,
    .enumerate = hcs_windows_enumerate,
    .gc = hcs_windows_gc,
    .system_create = hcs_windows_system_create,
    .system_open = hcs_windows_system_open,
    .system_release = hcs_windows_system_release,
    .system_free = hcs_windows_system_free,
    .system_state = hcs_windows_system_state,
    .system_start = hcs_windows_system_start,
    .system_shutdown = hcs_windows_system_shutdown,
    .system_terminate = hcs_windows_system_terminate,
    .system_pause = hcs_windows_system_pause,
    .system_resume = hcs_windows_system_resume,
    .system_modify = hcs_windows_system_modify,
    .system_wait = hcs_windows_system_wait,
    .system_exit_reason = hcs_windows_system_exit_reason,
    .system_properties = hcs_windows_system_properties,
    .system_pollfd = hcs_windows_system_pollfd,
    .system_read_file = hcs_windows_system_read_file,
    .system_write_file = hcs_windows_system_write_file,
    .process_create = hcs_windows_process_create,
    .process_open = hcs_windows_process_open,
    .process_release = hcs_windows_process_release,
    .process_free = hcs_windows_process_free,
    .process_pid = hcs_windows_process_pid,
    .process_wait = hcs_windows_process_wait,
    .process_signal = hcs_windows_process_signal,
    .process_resize_console = hcs_windows_process_resize_console,
    .process_pollfd = hcs_windows_process_pollfd,
    .stream_read = hcs_windows_stream_read,
    .stream_write = hcs_windows_stream_write,
    .stream_release = hcs_windows_stream_release,
    .stream_free = hcs_windows_stream_free,
    .stream_pollfd = hcs_windows_stream_pollfd,
    .terminal_enter = hcs_windows_terminal_enter,
    .poll = hcs_windows_poll,
};

const hcs_platform *hcs_platform_get(void) { return &windows_platform; }
