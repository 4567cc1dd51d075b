/*
 * platform.h - what a platform provides: the shape of the HCS C API as a table of operations.
 *
 * Shared code keeps the handles (locks, closing, forked children, state gates, latched results) and
 * the documents; a platform keeps the containers. No descriptor, pid or pidfd of any one system
 * appears here but for the optional `pollfd`s.
 *
 * What a platform may rely on: documents are checked against the schema; no operation runs on an
 * object during or after its `free`; `release` is called once, before `free`, and other operations
 * may still be running then (waiters): they must return soon, with any result, shared code answers
 * AlreadyClosed for them. In a forked child only `free` is called, and must not disturb the parent.
 *
 * Waiting operations return 0, -1 or HCS_INTERRUPTED, as in hcs.h. An operation that is NULL makes
 * the shared code answer NotSupported.
 */
#ifndef HCS_PLATFORM_H
#define HCS_PLATFORM_H

#include "document.h"
#include "error.h"
#include "hcs.h"

typedef struct hcs_platform_system hcs_platform_system;
typedef struct hcs_platform_process hcs_platform_process;
typedef struct hcs_platform_stream hcs_platform_stream;
typedef struct hcs_platform_terminal hcs_platform_terminal;

typedef enum hcs_state {
  HCS_CREATED = 0,
  HCS_RUNNING = 1,
  HCS_PAUSED = 2,
  HCS_STOPPED = 3
} hcs_state;

typedef enum hcs_exit_type {
  HCS_EXIT_GRACEFUL = 1,
  HCS_EXIT_FORCED = 2,
  HCS_EXIT_UNEXPECTED = 3
} hcs_exit_type;

/* One object to wait for; exactly one of the four pointers, or none and the descriptor. */
typedef struct hcs_platform_poll_item {
  hcs_platform_system *system;
  hcs_platform_process *process;
  hcs_platform_stream *stream;
  hcs_platform_terminal *terminal;
  intptr_t descriptor;
  int for_write;
  int ready;
} hcs_platform_poll_item;

typedef struct hcs_platform {
  const char *name; /* hcs.backend */
  unsigned support; /* the platform's bit in hcs_field.support */
  /*
   * Whether an operation is allowed in a container's state is the service's to say, and so is what its
   * refusals mean: nothing is asked beforehand, but InvalidState is explained afterwards.
   */
  int service_decides;
  /* What a process has written may arrive that long after its end: somebody passes it on. 0: nobody does. */
  int64_t output_delay_ns;

  int64_t (*clock_ns)(void);
  long (*self)(void); /* identity of the calling process: differs in a forked child */
  /* An environment variable, NULL if unset or not to be trusted (a set-id program). Borrowed. */
  const char *(*environment)(const char *name);
  int (*random)(void *bytes, size_t size, hcs_error *err);

  /* Array of ContainerProperties as JSON text, owned (malloc). */
  char *(*enumerate)(const hcs_document *query, const hcs_document *property_query, hcs_error *err);
  int (*gc)(int *cleaned, hcs_error *err);

  hcs_platform_system *(*system_create)(const char *id, const hcs_document *config, hcs_error *err);
  hcs_platform_system *(*system_open)(const char *id, hcs_error *err);
  /* The handle is closed: wake waiters, tell the service; see hcs_system_close() for the flag. */
  int (*system_release)(hcs_platform_system *system, int wait_for_end, hcs_error *err);
  void (*system_free)(hcs_platform_system *system);
  int (*system_state)(hcs_platform_system *system, hcs_state *state, hcs_error *err);
  int (*system_start)(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err);
  int (*system_shutdown)(hcs_platform_system *system, hcs_error *err);
  int (*system_terminate)(hcs_platform_system *system, hcs_error *err);
  int (*system_pause)(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err);
  int (*system_resume)(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err);
  int (*system_modify)(hcs_platform_system *system, const hcs_document *request,
                       int64_t deadline_ns, hcs_error *err);
  /* 0 with `exit` filled when it has ended and all it held on the host is given back. */
  int (*system_wait)(hcs_platform_system *system, int64_t deadline_ns, hcs_exit_type *exit,
                     hcs_error *err);
  /* After HCS_EXIT_UNEXPECTED: fills `err` with 0xC0370106, or a code that says more; -1. May be NULL. */
  int (*system_exit_reason)(hcs_platform_system *system, hcs_error *err);
  char *(*system_properties)(hcs_platform_system *system, const hcs_document *query,
                             hcs_error *err);
  int (*system_pollfd)(hcs_platform_system *system, intptr_t *descriptor, hcs_error *err);
  /* As in hcs.h; `path` and the mode are checked. */
  char *(*system_read_file)(hcs_platform_system *system, const char *path, size_t *size,
                            hcs_error *err);
  int (*system_write_file)(hcs_platform_system *system, const char *path, const void *data,
                           size_t size, const hcs_file_options *options, hcs_error *err);

  /*
   * `streams` gets the client's ends of the pipes that the config asks for, by hcs_stdio, NULL for
   * the others; they are owned by the caller, apart from the process.
   */
  hcs_platform_process *(*process_create)(hcs_platform_system *system, const hcs_document *config,
                                          int64_t deadline_ns, hcs_platform_stream *streams[3],
                                          hcs_error *err);
  hcs_platform_process *(*process_open)(hcs_platform_system *system, uint32_t pid,
                                        int64_t deadline_ns, hcs_error *err);
  void (*process_release)(hcs_platform_process *process);
  void (*process_free)(hcs_platform_process *process);
  uint32_t (*process_pid)(const hcs_platform_process *process);
  int (*process_wait)(hcs_platform_process *process, int64_t deadline_ns, hcs_process_exit *exit,
                      hcs_error *err);
  /* `signal` as in hcs_process_signal(); NULL is Kill. */
  int (*process_signal)(hcs_platform_process *process, const char *signal, int group,
                        hcs_error *err);
  int (*process_resize_console)(hcs_platform_process *process, uint16_t width, uint16_t height,
                                hcs_error *err);
  int (*process_pollfd)(hcs_platform_process *process, intptr_t *descriptor, hcs_error *err);

  /* `*size` new bytes, 0 at the end. */
  int (*stream_read)(hcs_platform_stream *stream, void *data, size_t capacity, size_t *size,
                     int64_t deadline_ns, hcs_error *err);
  int (*stream_write)(hcs_platform_stream *stream, const void *data, size_t size, size_t *written,
                      int64_t deadline_ns, hcs_error *err);
  /*
   * No new call comes: the other side sees the end as soon as the calls inside have returned, which
   * they do at the latest with bytes, the end or their deadline. Runs under a lock: must not block.
   */
  void (*stream_release)(hcs_platform_stream *stream);
  void (*stream_free)(hcs_platform_stream *stream);
  int (*stream_pollfd)(hcs_platform_stream *stream, intptr_t *descriptor, hcs_error *err);

  /*
   * The caller's terminal, from standard input: raw mode until `leave`, which frees, and at the latest
   * until the program has ended, however it does. In a forked child `free` is called instead. It is
   * used by one thread at a time.
   */
  hcs_platform_terminal *(*terminal_enter)(hcs_error *err);
  void (*terminal_leave)(hcs_platform_terminal *terminal);
  void (*terminal_free)(hcs_platform_terminal *terminal);
  /* In characters, 0 if it does not know. Makes what was ready because of another size not ready. */
  int (*terminal_size)(hcs_platform_terminal *terminal, uint16_t *width, uint16_t *height,
                       hcs_error *err);
  /* Never waits: `*size` is 0 when there is nothing. */
  int (*terminal_read)(hcs_platform_terminal *terminal, void *data, size_t capacity, size_t *size,
                       hcs_error *err);
  /* Waits until it takes at least one byte. */
  int (*terminal_write)(hcs_platform_terminal *terminal, const void *data, size_t size,
                        size_t *written, hcs_error *err);

  /* 0 when at least one is ready or the deadline has passed. */
  int (*poll)(hcs_platform_poll_item *items, size_t count, int64_t deadline_ns, hcs_error *err);
} hcs_platform;

/* For a waiting operation about to sleep, signals held back: not 0, and it is HCS_INTERRUPTED. */
int hcs_interrupt_due(void);
/* Can it become due on this thread at all? A platform without signals has to ask in between. */
int hcs_interrupt_checked(void);

/* For what else names a container by its id: is it one? */
int hcs_id_is_valid(const char *id);

/* The one platform of this build; each platform folder (and the tests) defines it. */
const hcs_platform *hcs_platform_get(void);

#endif
