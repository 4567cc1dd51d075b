/*
 * memory_platform.h - the core's third platform: containers that exist in a table only.
 *
 * Processes are little scripts, given as CommandArgs (or as a CommandLine split at spaces):
 *   exit N       ends at once with code N       sleep      runs until a signal ends it
 *   echo WORDS   writes them and a newline      err WORDS  the same on stderr
 *   cat          copies stdin to stdout         flood N    writes N bytes, as the reader makes room
 *   daemon       leaves a process behind that was not started through create_process: its pid + 1
 * Missing operations: resize_console and the pollfds. A command "missing" is not found. Pipes hold 64 KiB.
 */
#ifndef MEMORY_PLATFORM_H
#define MEMORY_PLATFORM_H

#include <stdint.h>

/*
 * What the next call of a platform operation ("system_start", "stream_read", …) does first: wait,
 * fail with a code (0: no failure), or, for a waiting one, be interrupted.
 */
void memory_platform_fail(const char *operation, uint64_t code);
void memory_platform_delay(const char *operation, int64_t delay_ns);
void memory_platform_interrupt(const char *operation);
/* How often an operation has been called. */
unsigned memory_platform_calls(const char *operation);
/* The container dies of itself. */
void memory_platform_crash(const char *id);
/* What is typed at the next terminal (a text that stays); what was shown on it, the first bytes. */
void memory_platform_type(const char *text);
const char *memory_platform_shown(void);
/* Objects that were made and not freed: all kinds together. */
int memory_platform_objects(void);
/* Objects freed in a forked child, where nothing else may happen to them; takes no lock. */
int memory_platform_foreign_frees(void);

#endif
