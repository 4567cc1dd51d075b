/*
 * operations.h - what the platform table points to, file by file. platform.h says what each one does.
 */
#ifndef HCS_WINDOWS_OPERATIONS_H
#define HCS_WINDOWS_OPERATIONS_H

#include "../platform.h"

/* environment.c */
const char *hcs_windows_environment(const char *name);

/* enumerate.c */
char *hcs_windows_enumerate(const hcs_document *query, const hcs_document *property_query,
                            hcs_error *err);
int hcs_windows_gc(int *cleaned, hcs_error *err);

/* system.c, system_close.c */
hcs_platform_system *hcs_windows_system_create(const char *id, const hcs_document *config,
                                               hcs_error *err);
hcs_platform_system *hcs_windows_system_open(const char *id, hcs_error *err);
int hcs_windows_system_release(hcs_platform_system *system, int wait_for_end, hcs_error *err);
void hcs_windows_system_free(hcs_platform_system *system);

/* requests.c */
int hcs_windows_system_start(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err);
int hcs_windows_system_pause(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err);
int hcs_windows_system_resume(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err);
int hcs_windows_system_shutdown(hcs_platform_system *system, hcs_error *err);
int hcs_windows_system_terminate(hcs_platform_system *system, hcs_error *err);
int hcs_windows_system_modify(hcs_platform_system *system, const hcs_document *request,
                              int64_t deadline_ns, hcs_error *err);

/* system_wait.c */
int hcs_windows_system_wait(hcs_platform_system *system, int64_t deadline_ns, hcs_exit_type *exit,
                            hcs_error *err);
int hcs_windows_system_exit_reason(hcs_platform_system *system, hcs_error *err);

/* state.c, properties.c */
int hcs_windows_system_state(hcs_platform_system *system, hcs_state *state, hcs_error *err);
char *hcs_windows_system_properties(hcs_platform_system *system, const hcs_document *query,
                                    hcs_error *err);

/* process.c, process_wait.c, kill.c */
hcs_platform_process *hcs_windows_process_create(hcs_platform_system *system,
                                                 const hcs_document *config, int64_t deadline_ns,
                                                 hcs_platform_stream *streams[3], hcs_error *err);
hcs_platform_process *hcs_windows_process_open(hcs_platform_system *system, uint32_t pid,
                                               int64_t deadline_ns, hcs_error *err);
void hcs_windows_process_release(hcs_platform_process *process);
void hcs_windows_process_free(hcs_platform_process *process);
uint32_t hcs_windows_process_pid(const hcs_platform_process *process);
int hcs_windows_process_wait(hcs_platform_process *process, int64_t deadline_ns,
                             hcs_process_exit *exit, hcs_error *err);
int hcs_windows_process_signal(hcs_platform_process *process, const char *signal, int group,
                               hcs_error *err);
int hcs_windows_process_resize_console(hcs_platform_process *process, uint16_t width,
                                       uint16_t height, hcs_error *err);

/* refused.c */
int hcs_windows_system_pollfd(hcs_platform_system *system, intptr_t *descriptor, hcs_error *err);
int hcs_windows_process_pollfd(hcs_platform_process *process, intptr_t *descriptor, hcs_error *err);
int hcs_windows_stream_pollfd(hcs_platform_stream *stream, intptr_t *descriptor, hcs_error *err);
char *hcs_windows_system_read_file(hcs_platform_system *system, const char *path, size_t *size,
                                   hcs_error *err);
int hcs_windows_system_write_file(hcs_platform_system *system, const char *path, const void *data,
                                  size_t size, const hcs_file_options *options, hcs_error *err);
hcs_platform_terminal *hcs_windows_terminal_enter(hcs_error *err);

/* stream.c */
int hcs_windows_stream_read(hcs_platform_stream *stream, void *data, size_t capacity, size_t *size,
                            int64_t deadline_ns, hcs_error *err);
int hcs_windows_stream_write(hcs_platform_stream *stream, const void *data, size_t size,
                             size_t *written, int64_t deadline_ns, hcs_error *err);
void hcs_windows_stream_release(hcs_platform_stream *stream);
void hcs_windows_stream_free(hcs_platform_stream *stream);

/* poll.c */
int hcs_windows_poll(hcs_platform_poll_item *items, size_t count, int64_t deadline_ns,
                     hcs_error *err);

#endif
