/*
 * hcs.h - the Host Compute Service's container and process API for C.
 *
 * Documents go in and come out as JSON text in schema 1, as with vmcompute.dll. Any function may be
 * called on any handle from any thread.
 *
 * Conventions
 *   - A fallible call returns 0 (or a pointer), or -1 (NULL) and then has filled `err`. `err` is never
 *     touched on success. `err` must not be NULL.
 *   - A waiting call may also return HCS_INTERRUPTED: a signal arrived on this thread, nothing is
 *     lost, call it again with the same deadline.
 *   - Deadlines are nanoseconds on hcs_clock_ns()'s clock; HCS_FOREVER never passes, 0 always has
 *     (poll). What is complete wins over a deadline that has passed. A missed deadline is the error
 *     "Timeout".
 *   - Returned strings marked "owned" are given back with hcs_string_free().
 *   - `_close` ends a handle's work and may be repeated; `_free` takes the memory (NULL is allowed),
 *     and closes first if nobody has.
 */
#ifndef HCS_H
#define HCS_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define HCS_API __declspec(dllexport)
#elif defined(__GNUC__)
#define HCS_API __attribute__((visibility("default")))
#else
#define HCS_API
#endif

#define HCS_VERSION "0.1.0"

#define HCS_FOREVER INT64_MAX
#define HCS_INTERRUPTED 1

typedef struct hcs_error hcs_error;
typedef struct hcs_system hcs_system;
typedef struct hcs_process hcs_process;
typedef struct hcs_stream hcs_stream;
typedef struct hcs_terminal hcs_terminal;

/* ---- errors ---------------------------------------------------------------------------------- */

/* hcsshim's classifiers (hcs-contract §3.2), each with the 0x8037 twins. */
typedef enum hcs_error_class {
  HCS_IS_NOT_EXIST,
  HCS_IS_ALREADY_EXISTS,
  HCS_IS_ALREADY_CLOSED,
  HCS_IS_PENDING,
  HCS_IS_TIMEOUT,
  HCS_IS_ALREADY_STOPPED,
  HCS_IS_NOT_SUPPORTED,
  HCS_IS_OPERATION_INVALID_STATE,
  HCS_IS_ACCESS_DENIED
} hcs_error_class;

/* A new, empty error; NULL when memory is out. */
HCS_API hcs_error *hcs_error_new(void);
HCS_API void hcs_error_free(hcs_error *err);

/* The 32-bit code (Win32 code or HRESULT), 0 for the text-only errors such as "Timeout". */
HCS_API uint32_t hcs_error_code(const hcs_error *err);
/* hcsshim's name without "Err", or "0x…"; never NULL. */
HCS_API const char *hcs_error_name(const hcs_error *err);
/* What failed, on what, and what to do about it; never NULL. */
HCS_API const char *hcs_error_message(const hcs_error *err);
/* "hcs::System::Start", or NULL. */
HCS_API const char *hcs_error_operation(const hcs_error *err);
/* The container's id, or NULL. */
HCS_API const char *hcs_error_id(const hcs_error *err);
/* The process' id, or 0. */
HCS_API uint32_t hcs_error_pid(const hcs_error *err);
/* "ENOENT" where a system call was the cause, or NULL. */
HCS_API const char *hcs_error_errno(const hcs_error *err);
/* A JSON array of ErrorEvent documents, or NULL. */
HCS_API const char *hcs_error_events(const hcs_error *err);
/* 1 if the error belongs to the class, else 0. */
HCS_API int hcs_error_is(const hcs_error *err, hcs_error_class class_);
/* hcsshim's text of the error; owned, NULL when memory is out. */
HCS_API char *hcs_error_text(const hcs_error *err);

/*
 * Fills an error from outside the core (the Lua layer's own failures). `name` is a known name such as
 * "InvalidParameter" (else GenFailure is taken); operation, id and errno_name may be NULL, pid 0.
 */
HCS_API void hcs_error_assign(hcs_error *err, const char *name, const char *message,
                              const char *operation, const char *id, uint32_t pid,
                              const char *errno_name);

/* ---- library ---------------------------------------------------------------------------------- */

/* Now, on the monotonic clock, in ns. */
HCS_API int64_t hcs_clock_ns(void);
HCS_API void hcs_string_free(char *text);
/*
 * A signal that arrives just before a waiting call sleeps would be noticed only when the call ends. So
 * this thread's waiting calls ask `check` once more, with signals held back, before they sleep: not 0
 * makes them HCS_INTERRUPTED. NULL: nothing is asked.
 */
HCS_API void hcs_interrupt_check(int (*check)(void *context), void *context);
/* "linux" or "windows". */
HCS_API const char *hcs_backend(void);
/*
 * What a process has written may arrive that long after its end, in ns; 0: all of it is in the pipe then.
 */
HCS_API int64_t hcs_output_delay_ns(void);

/*
 * The field tables as JSON, for callers that convert documents: {"ContainerConfig": [{"name":
 * "Layers", "type": "list", "element": "Layer", "emit": "always", …}, …], …}. Owned.
 */
HCS_API char *hcs_schema_describe(hcs_error *err);
/*
 * The text that HCS receives for a document, byte for byte as Go's marshaller writes it. `type` is
 * one of "ContainerConfig", "ProcessConfig", "ComputeSystemQuery", "PropertyQuery",
 * "ResourceModificationRequestResponse". Owned.
 */
HCS_API char *hcs_document_marshal(const char *type, const char *json, hcs_error *err);
/* Array of ContainerProperties that match a ComputeSystemQuery; `property_query` may be NULL. Owned. */
HCS_API char *hcs_enumerate(const char *query, const char *property_query, hcs_error *err);
/* Removes what dead containers left behind; `cleaned` gets the number of containers. */
HCS_API int hcs_gc(int *cleaned, hcs_error *err);

/* ---- compute systems -------------------------------------------------------------------------- */

/* A created, not started container. `id` NULL makes a new unique one. */
HCS_API hcs_system *hcs_system_create(const char *id, const char *config, hcs_error *err);
/* Another handle on an existing container, from any process. */
HCS_API hcs_system *hcs_system_open(const char *id, hcs_error *err);
/*
 * Ends this handle; releases its waiters with AlreadyClosed. If it was the last one and the config
 * says TerminateOnLastHandleClosed the container ends; with `wait_for_end` the call returns when it
 * is gone (10 s at most).
 */
HCS_API int hcs_system_close(hcs_system *system, int wait_for_end, hcs_error *err);
HCS_API void hcs_system_free(hcs_system *system);
/* 1 after close. */
HCS_API int hcs_system_closed(const hcs_system *system);
/* Valid until free, also after close. */
HCS_API const char *hcs_system_id(const hcs_system *system);
/* "Created", "Running", "Paused" or "Stopped"; NULL on failure. Static. */
HCS_API const char *hcs_system_state(hcs_system *system, hcs_error *err);

HCS_API int hcs_system_start(hcs_system *system, hcs_error *err);
/* Accepted or nothing left to do: 0. The end is what wait tells. */
HCS_API int hcs_system_shutdown(hcs_system *system, hcs_error *err);
HCS_API int hcs_system_terminate(hcs_system *system, hcs_error *err);
HCS_API int hcs_system_pause(hcs_system *system, hcs_error *err);
HCS_API int hcs_system_resume(hcs_system *system, hcs_error *err);
/* `request` is a ResourceModificationRequestResponse. */
HCS_API int hcs_system_modify(hcs_system *system, const char *request, hcs_error *err);
/* 0 after a graceful or forced end, -1 with 0xC0370106 after an unexpected one. Takes no lock. */
HCS_API int hcs_system_wait(hcs_system *system, int64_t deadline_ns, hcs_error *err);
/* ContainerProperties; `query` is a PropertyQuery or NULL. Owned. */
HCS_API char *hcs_system_properties(hcs_system *system, const char *query, hcs_error *err);
/* A descriptor that becomes readable at the end and stays so; it belongs to the handle. -1: none. */
HCS_API int hcs_system_pollfd(hcs_system *system, intptr_t *descriptor, hcs_error *err);

/* ---- files ------------------------------------------------------------------------------------ */

#define HCS_FILE_BYTES_MAX (64u << 20) /* what is read: the whole of it is in memory */

typedef struct hcs_file_options {
  int mode;         /* permission bits, 0 to 07777; -1: 0644 for a new file, else as they are */
  const char *user; /* as ProcessConfig's User; NULL or "": 0:0 for a new file, else as it is */
} hcs_file_options;

/*
 * The bytes of a regular file of a created or running container, `*size` of them, with a NUL behind.
 * `path` is resolved inside the container's root. Owned, as texts are.
 */
HCS_API char *hcs_system_read_file(hcs_system *system, const char *path, size_t *size,
                                   hcs_error *err);
/* Makes these bytes the content of the file. A new one is there at once, or not at all. */
HCS_API int hcs_system_write_file(hcs_system *system, const char *path, const void *data,
                                  size_t size, const hcs_file_options *options, hcs_error *err);

/* ---- processes -------------------------------------------------------------------------------- */

typedef struct hcs_process_exit {
  uint32_t code;      /* 128+n when signal n ended it */
  const char *signal; /* "KILL", …; NULL when it exited by itself. Static */
  int tracked;        /* 0: not started through hcs_process_create, the code is not known */
} hcs_process_exit;

/* `config` is a ProcessConfig. */
HCS_API hcs_process *hcs_process_create(hcs_system *system, const char *config, hcs_error *err);
/* The same, and Timeout when it has not been started by then; it will not be either. */
HCS_API hcs_process *hcs_process_create_until(hcs_system *system, const char *config,
                                              int64_t deadline_ns, hcs_error *err);
HCS_API hcs_process *hcs_process_open(hcs_system *system, uint32_t pid, hcs_error *err);
/* Ends this handle, not the process. Streams that were handed out live on. */
HCS_API int hcs_process_close(hcs_process *process, hcs_error *err);
HCS_API void hcs_process_free(hcs_process *process);
HCS_API int hcs_process_closed(const hcs_process *process);
/* The pid inside the container, 0 never; valid also after close. */
HCS_API uint32_t hcs_process_pid(const hcs_process *process);
HCS_API const char *hcs_process_system_id(const hcs_process *process);
/* 0 when the exit is known; -1 with InvalidProcessState before the end. Never waits. */
HCS_API int hcs_process_exit_get(hcs_process *process, hcs_process_exit *out, hcs_error *err);
/* 0 with `out` filled when it has exited. Takes no lock. */
HCS_API int hcs_process_wait(hcs_process *process, int64_t deadline_ns, hcs_process_exit *out,
                             hcs_error *err);
HCS_API int hcs_process_kill(hcs_process *process, hcs_error *err);
/* `signal` is "TERM", "SIGTERM" or "15"; `group` sends it to the process' whole group. */
HCS_API int hcs_process_signal(hcs_process *process, const char *signal, int group, hcs_error *err);
HCS_API int hcs_process_resize_console(hcs_process *process, uint16_t width, uint16_t height,
                                       hcs_error *err);
/* The process sees end-of-file at once, whatever streams are open; repeating it is 0. */
HCS_API int hcs_process_close_stdin(hcs_process *process, hcs_error *err);
HCS_API int hcs_process_pollfd(hcs_process *process, intptr_t *descriptor, hcs_error *err);

/* ---- streams ---------------------------------------------------------------------------------- */

typedef enum hcs_stdio { HCS_STDIN = 0, HCS_STDOUT = 1, HCS_STDERR = 2 } hcs_stdio;

/*
 * A new stream object on the process' pipe. All objects of one pipe share its read buffer; closing
 * one leaves the others alone; when the last open stdin object is closed the process sees
 * end-of-file. Without that pipe: 0x490, naming the missing CreateStd…Pipe.
 */
HCS_API hcs_stream *hcs_process_stream(hcs_process *process, hcs_stdio which, hcs_error *err);
HCS_API int hcs_stream_close(hcs_stream *stream, hcs_error *err);
/* Being collected is not being closed: free ends the pipe only if nobody else can reach it. */
HCS_API void hcs_stream_free(hcs_stream *stream);
HCS_API int hcs_stream_closed(const hcs_stream *stream);
HCS_API hcs_stdio hcs_stream_which(const hcs_stream *stream);

/* The bytes that are buffered now; valid until the next call on any stream of this pipe. */
HCS_API const char *hcs_stream_buffer(hcs_stream *stream, size_t *size);
/* Drops the first `size` buffered bytes. */
HCS_API void hcs_stream_consume(hcs_stream *stream, size_t size);
/*
 * Reads what is there, waiting for at least one byte, behind what is buffered. `*size` is the number
 * of new bytes, 0 at the end.
 */
HCS_API int hcs_stream_fill(hcs_stream *stream, size_t *size, int64_t deadline_ns, hcs_error *err);
/* Writes what the pipe takes, at least one byte; `*written` says how much. A lost reader is EPIPE. */
HCS_API int hcs_stream_write(hcs_stream *stream, const void *data, size_t size, size_t *written,
                             int64_t deadline_ns, hcs_error *err);
HCS_API int hcs_stream_pollfd(hcs_stream *stream, intptr_t *descriptor, hcs_error *err);

/* ---- the caller's terminal -------------------------------------------------------------------- */

/*
 * The terminal that is the program's standard input, in raw mode, to be joined to the console of
 * `process`, which must have one whose streams are ours. Whatever ends the program, the terminal gets
 * its modes back. A terminal is used by one thread at a time.
 */
HCS_API hcs_terminal *hcs_terminal_enter(hcs_process *process, hcs_error *err);
/* Puts its modes back and frees; NULL is allowed. */
HCS_API void hcs_terminal_leave(hcs_terminal *terminal);
/* In characters, 0 if it does not know. hcs_poll() finds a terminal ready when there is another size. */
HCS_API int hcs_terminal_size(hcs_terminal *terminal, uint16_t *width, uint16_t *height,
                              hcs_error *err);
/* What has been typed; never waits, `*size` is 0 when there is nothing. */
HCS_API int hcs_terminal_read(hcs_terminal *terminal, void *data, size_t capacity, size_t *size,
                              hcs_error *err);
/* Writes what it takes, waiting for at least one byte; may be HCS_INTERRUPTED. */
HCS_API int hcs_terminal_write(hcs_terminal *terminal, const void *data, size_t size,
                               size_t *written, hcs_error *err);

/* ---- waiting for many ------------------------------------------------------------------------- */

typedef struct hcs_poll_item {
  hcs_system *system; /* exactly one of the first four is set, or none and `descriptor` counts */
  hcs_process *process;
  hcs_stream *stream;
  hcs_terminal *terminal;
  intptr_t descriptor;
  int for_write; /* with a descriptor: wait until it takes bytes, not until it has some */
  int ready;     /* result */
} hcs_poll_item;

/* 0 when at least one is ready or the deadline has passed; a closed object is AlreadyClosed. */
HCS_API int hcs_poll(hcs_poll_item *items, size_t count, int64_t deadline_ns, hcs_error *err);

#endif
