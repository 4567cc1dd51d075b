/*
 * container.h - the platform's objects for containers and processes, and what they share.
 */
#ifndef HCS_LINUX_CONTAINER_H
#define HCS_LINUX_CONTAINER_H

#include <stdatomic.h>

#include "../platform.h"
#include "cgroup_paths.h"
#include "channel.h"
#include "exits.h"
#include "state.h"

/*
 * One client's link to one container: made by create or open, kept by that container handle and by
 * the process handles made from it, so that these work on after it is closed.
 */
typedef struct hcs_link {
  atomic_uint holders;
  char id[HCS_ID_SIZE];
  char nonce[HCS_NONCE_SIZE];
  char *name, *owner;
  int64_t created_s;
  hcs_group_paths groups;
  hcs_status_page *status;
  hcs_channel channel;
  atomic_int cleaned; /* hcs_link_end() has been here */
} hcs_link;

struct hcs_platform_system {
  hcs_link *link;
  int exit_socket;
  atomic_int released;
};

struct hcs_platform_process {
  hcs_link *link;
  int exit_socket;
  atomic_int released;
  uint64_t spawn;
  uint32_t pid;
  int tracked; /* started by create_process, here or elsewhere */
};

/* How long the guest may take over what costs it microseconds. */
#define HCS_GUEST_PATIENCE_NS (2ll * 1000000000)

/* A link that holds nothing yet but its names (copied from the record) and `fd`, which it takes. */
hcs_link *hcs_link_new(const hcs_record *record, int fd, hcs_error *err);
hcs_link *hcs_link_hold(hcs_link *link);
void hcs_link_drop(hcs_link *link);
/* One request on the link; a reply's state corrects the status page. */
int hcs_link_call(hcs_link *link, hcs_frame_type type, const void *payload, size_t size,
                  const int *fds, size_t fd_count, int64_t deadline_ns, hcs_reply *reply,
                  hcs_error *err);
/*
 * A client may die between its wish to start a container and its note that it has: then the page says
 * "created" of one that runs, perhaps. Any reply tells, and is noted.
 */
int hcs_status_is_uncertain(const hcs_status_page *status);
void hcs_status_note(hcs_status_page *status, const hcs_reply *reply);
/* Asks the guest, if the page cannot be believed as it is. */
void hcs_link_settle(hcs_link *link);
/* After the end: gives back what the container held on the host, once. 0, -1 or HCS_INTERRUPTED. */
int hcs_link_end(hcs_link *link, int64_t deadline_ns, hcs_error *err);
/* 0 when the status is OK; otherwise fills the error that the status means, and returns -1. */
int hcs_reply_check(const hcs_reply *reply, hcs_error *err);

/* container.c */
int hcs_linux_system_start(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err);
int hcs_linux_system_shutdown(hcs_platform_system *system, hcs_error *err);
int hcs_linux_system_terminate(hcs_platform_system *system, hcs_error *err);
int hcs_linux_system_wait(hcs_platform_system *system, int64_t deadline_ns, hcs_exit_type *exit,
                          hcs_error *err);
int hcs_linux_system_state(hcs_platform_system *system, hcs_state *state, hcs_error *err);
int hcs_linux_system_pollfd(hcs_platform_system *system, intptr_t *descriptor, hcs_error *err);
int hcs_linux_system_release(hcs_platform_system *system, int wait_for_end, hcs_error *err);
void hcs_linux_system_free(hcs_platform_system *system);
/* Created, Running or Paused: what a status page says of a container that lives. */
hcs_state hcs_status_state(const hcs_status_page *status);
/* 1 with the way it ended, 0 while it has not. Asks nobody and cleans nothing up. */
int hcs_linux_exit_type(const hcs_platform_system *system, hcs_exit_type *type);

/*
 * After a failed request: if it was the container's end that the guest did not live to answer, says
 * that. Returns -1.
 */
int hcs_linux_explain(const hcs_platform_system *system, hcs_error *err);

/* files.c */
char *hcs_linux_system_read_file(hcs_platform_system *system, const char *path, size_t *size,
                                 hcs_error *err);
int hcs_linux_system_write_file(hcs_platform_system *system, const char *path, const void *data,
                                size_t size, const hcs_file_options *options, hcs_error *err);

/* create.c, open.c */
hcs_platform_system *hcs_linux_system_create(const char *id, const hcs_document *config,
                                             hcs_error *err);
hcs_platform_system *hcs_linux_system_open(const char *id, hcs_error *err);

/* properties.c, enumerate.c */
char *hcs_linux_system_properties(hcs_platform_system *system, const hcs_document *query,
                                  hcs_error *err);
char *hcs_linux_enumerate(const hcs_document *query, const hcs_document *property_query,
                          hcs_error *err);

/* pause.c */
int hcs_linux_system_pause(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err);
int hcs_linux_system_resume(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err);

/* modify.c */
int hcs_linux_system_modify(hcs_platform_system *system, const hcs_document *request,
                            int64_t deadline_ns, hcs_error *err);

/* end.c */
int hcs_linux_gc(int *cleaned, hcs_error *err);

/* process.c */
hcs_platform_process *hcs_linux_process_create(hcs_platform_system *system,
                                               const hcs_document *config, int64_t deadline_ns,
                                               hcs_platform_stream *streams[3], hcs_error *err);
hcs_platform_process *hcs_linux_process_open(hcs_platform_system *system, uint32_t pid,
                                             int64_t deadline_ns, hcs_error *err);
void hcs_linux_process_release(hcs_platform_process *process);
void hcs_linux_process_free(hcs_platform_process *process);
uint32_t hcs_linux_process_pid(const hcs_platform_process *process);
int hcs_linux_process_wait(hcs_platform_process *process, int64_t deadline_ns,
                           hcs_process_exit *exit, hcs_error *err);
int hcs_linux_process_signal(hcs_platform_process *process, const char *signal, int group,
                             hcs_error *err);
int hcs_linux_process_resize_console(hcs_platform_process *process, uint16_t width, uint16_t height,
                                     hcs_error *err);
int hcs_linux_process_pollfd(hcs_platform_process *process, intptr_t *descriptor, hcs_error *err);

/* pipe.c */
hcs_platform_stream *hcs_pipe_make(hcs_stdio which, int *container_end, hcs_error *err);
int hcs_linux_stream_read(hcs_platform_stream *stream, void *data, size_t capacity, size_t *size,
                          int64_t deadline_ns, hcs_error *err);
int hcs_linux_stream_write(hcs_platform_stream *stream, const void *data, size_t size,
                           size_t *written, int64_t deadline_ns, hcs_error *err);
void hcs_linux_stream_release(hcs_platform_stream *stream);
void hcs_linux_stream_free(hcs_platform_stream *stream);
int hcs_linux_stream_pollfd(hcs_platform_stream *stream, intptr_t *descriptor, hcs_error *err);
/* The descriptor to poll and for what; and whether what was found makes it ready. */
int hcs_pipe_poll_get(hcs_platform_stream *stream, short *events);
int hcs_pipe_poll_ready(const hcs_platform_stream *stream, short found);

/* terminal.c */
hcs_platform_terminal *hcs_linux_terminal_enter(hcs_error *err);
void hcs_linux_terminal_leave(hcs_platform_terminal *terminal);
void hcs_linux_terminal_free(hcs_platform_terminal *terminal);
int hcs_linux_terminal_size(hcs_platform_terminal *terminal, uint16_t *width, uint16_t *height,
                            hcs_error *err);
int hcs_linux_terminal_read(hcs_platform_terminal *terminal, void *data, size_t capacity,
                            size_t *size, hcs_error *err);
int hcs_linux_terminal_write(hcs_platform_terminal *terminal, const void *data, size_t size,
                             size_t *written, hcs_error *err);
/* The descriptor that becomes readable when there are keys, or another size. */
int hcs_terminal_poll_get(const hcs_platform_terminal *terminal);

#endif
