/*
 * handle.h - what the core's handles share: life, closing, forked children, and what one kind of
 * handle asks of another.
 *
 * A handle has one life and three ends. `close` ends its work, `free` gives the caller's reference
 * back, and the memory goes when the last caller inside has left too: free may overtake a wait.
 */
#ifndef HCS_HANDLE_H
#define HCS_HANDLE_H

#include "error.h"
#include "lock.h"
#include "platform.h"

typedef enum hcs_phase { HCS_OPEN, HCS_CLOSING, HCS_CLOSED } hcs_phase;

/* First member of every handle. */
typedef struct hcs_handle {
  hcs_references references;
  atomic_int phase; /* an hcs_phase */
  long owner;       /* platform->self() of the process that made it */
  /* Frees the platform's object and, if `whole`, the memory; see hcs_handle_drop(). */
  void (*destroy)(struct hcs_handle *handle, int whole);
  /*
   * Closed, and nobody is inside any more: gives the platform's object back (its descriptors are not
   * to wait for a garbage collector). May be called again and from two threads at once.
   * NULL: nothing to do.
   */
  void (*retire)(struct hcs_handle *handle);
} hcs_handle;

/* One holder, open, owned by this process. */
void hcs_handle_init(hcs_handle *handle, void (*destroy)(hcs_handle *handle, int whole),
                     void (*retire)(hcs_handle *handle));
void hcs_handle_hold(hcs_handle *handle);
void hcs_handle_drop(hcs_handle *handle);
/* 1 in a forked child of the process that made the handle. */
int hcs_handle_foreign(const hcs_handle *handle);
/* Once the end of close is in sight nothing but stored results is answered. */
int hcs_handle_closed(const hcs_handle *handle);
void hcs_handle_set_closed(hcs_handle *handle);

/* Comes in without a lock (waits, streams); refused to a forked child. Paired with _leave(). */
int hcs_handle_visit(hcs_handle *handle, hcs_error *err);
void hcs_handle_leave(hcs_handle *handle);
/* Comes in for an operation: shared with others, refused once close has begun. */
int hcs_handle_enter(hcs_handle *handle, hcs_rwlock *lock, hcs_error *err);
void hcs_handle_exit(hcs_handle *handle, hcs_rwlock *lock);
/*
 * Waits until the operations are done. 1: it is on the caller to close; 0: somebody has. Either way
 * the lock is held and _close_end() gives it back.
 */
int hcs_handle_close_begin(hcs_handle *handle, hcs_rwlock *lock);
void hcs_handle_close_end(hcs_handle *handle, hcs_rwlock *lock);

int hcs_fail_closed(hcs_error *err);
/* For an operation that the platform does not have. */
int hcs_fail_missing(hcs_error *err);
/* Now plus the seconds that the environment variable says, 240 if it says nothing useful. */
int64_t hcs_deadline(const char *variable);

/* ---- systems ---------------------------------------------------------------------------------- */

typedef enum hcs_operation {
  HCS_SYSTEM_START,
  HCS_SYSTEM_SHUTDOWN,
  HCS_SYSTEM_TERMINATE,
  HCS_SYSTEM_PAUSE,
  HCS_SYSTEM_RESUME,
  HCS_SYSTEM_MODIFY,
  HCS_SYSTEM_CREATE_PROCESS,
  HCS_SYSTEM_OPEN_PROCESS,
  HCS_SYSTEM_PROPERTIES,
  HCS_SYSTEM_STATE,
  HCS_SYSTEM_POLLFD,
  HCS_SYSTEM_READ_FILE,
  HCS_SYSTEM_WRITE_FILE
} hcs_operation;

/* enter, then gate (is it allowed in this state?), then work on native, then exit. */
int hcs_system_enter(hcs_system *system, hcs_error *err);
/* 0: go on; 1: there is nothing left to do; -1: refused. */
int hcs_system_gate(hcs_system *system, hcs_operation operation, hcs_error *err);
/* After the operation has failed: the gate's advice where the service refused because of the state. */
void hcs_system_explain(hcs_system *system, hcs_operation operation, hcs_error *err);
void hcs_system_exit(hcs_system *system);
hcs_platform_system *hcs_system_native(hcs_system *system);
/* A process keeps its system's memory … */
void hcs_system_hold(hcs_system *system);
void hcs_system_drop(hcs_system *system);
/* … and, until it is closed itself, the platform's object behind it. */
void hcs_system_pin(hcs_system *system);
void hcs_system_unpin(hcs_system *system);

/* ---- pipes ------------------------------------------------------------------------------------ */

/* One of a process' standard streams; all stream objects on it share it. */
typedef struct hcs_pipe hcs_pipe;

/* Made before the process is, so that nothing can fail afterwards. */
hcs_pipe *hcs_pipe_new(hcs_stdio which, const char *id, hcs_error *err);
/* Takes the platform's stream. */
void hcs_pipe_connect(hcs_pipe *pipe, hcs_platform_stream *stream, uint32_t pid);
hcs_stream *hcs_pipe_stream(hcs_pipe *pipe, hcs_error *err);
/* The process sees the end, whoever has streams open. */
void hcs_pipe_end(hcs_pipe *pipe);
/* The process handle hands out no more streams; takes its reference. NULL is allowed. */
void hcs_pipe_abandon(hcs_pipe *pipe);

/* ---- terminals -------------------------------------------------------------------------------- */

/* Its streams are a console's master side, and ours; -1 otherwise. */
int hcs_process_check_console(hcs_process *process, const char *operation, hcs_error *err);

/* ---- poll ------------------------------------------------------------------------------------- */

/*
 * `_watch` keeps the object for poll: 1 if it is ready as it stands, 0 with the platform's object in
 * `item`, -1 (then nothing is kept). `_unwatch` lets go and is -1 if it has been closed meanwhile.
 */
int hcs_system_watch(hcs_system *system, hcs_platform_poll_item *item, hcs_error *err);
int hcs_system_unwatch(hcs_system *system, const hcs_platform_poll_item *item, hcs_error *err);
int hcs_process_watch(hcs_process *process, hcs_platform_poll_item *item, hcs_error *err);
int hcs_process_unwatch(hcs_process *process, const hcs_platform_poll_item *item, hcs_error *err);
int hcs_stream_watch(hcs_stream *stream, hcs_platform_poll_item *item, hcs_error *err);
int hcs_stream_unwatch(hcs_stream *stream, const hcs_platform_poll_item *item, hcs_error *err);
int hcs_terminal_watch(hcs_terminal *terminal, hcs_platform_poll_item *item, hcs_error *err);
int hcs_terminal_unwatch(hcs_terminal *terminal, const hcs_platform_poll_item *item,
                         hcs_error *err);

#endif
