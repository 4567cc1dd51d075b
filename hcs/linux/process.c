/*
 * process.c - processes in a container: started by its guest, watched through their exit sockets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "console.h"
#include "container.h"
#include "fd.h"
#include "signals.h"
#include "socket.h"
#include "spawn_request.h"
#include "stage.h"
#include "wait.h"

static hcs_platform_process *process_new(hcs_platform_system *system, int exit_socket,
                                         hcs_error *err) {
  hcs_platform_process *process = calloc(1, sizeof *process);
  if (process == NULL) {
    hcs_fd_close(&exit_socket);
    hcs_fail_memory(err);
    return NULL;
  }
  process->link = hcs_link_hold(system->link);
  process->exit_socket = exit_socket;
  return process;
}

/* The guest's word for the pid is checked like all its words: it must be one of a process. */
static int identity_take(hcs_platform_process *process, const hcs_reply *reply, hcs_error *err) {
  if (reply->pid <= 1 || reply->pid > INT32_MAX || reply->spawn == 0)
    return hcs_fail(err, HCS_E_UNEXPECTED_VALUE, "the container's guest names no process");
  process->spawn = reply->spawn;
  process->pid = reply->pid;
  return 0;
}

/* ---- starting ------------------------------------------------------------------------------------ */

static void streams_free(hcs_platform_stream *streams[3]) {
  int i;
  for (i = 0; i < 3; i++) {
    hcs_linux_stream_free(streams[i]);
    streams[i] = NULL;
  }
}

/* fds: the exit socket's other end, then the container's ends of the pipes or of the console */
static int streams_make(const hcs_platform_system *system, const hcs_spawn_request *request,
                        hcs_platform_stream *streams[3], int *fds, size_t *count, hcs_error *err) {
  int i;
  if (request->flags == HCS_SPAWN_CONSOLE) {
    if (hcs_console_make(system->link->status, request->console_size, streams, &fds[1], err) != 0)
      return -1;
    ++*count;
    return 0;
  }
  for (i = 0; i < 3; i++) {
    if (!(request->flags & 1u << i)) continue;
    streams[i] = hcs_pipe_make((hcs_stdio)i, &fds[*count], err);
    if (streams[i] == NULL) return -1;
    ++*count;
  }
  return 0;
}

/* What execve(2) says of a command, in its user's words. */
static int exec_fail(int32_t error, const char *command, hcs_error *err) {
  int has_slash = strchr(command, '/') != NULL;
  switch (error) {
  case ENOENT:
    return hcs_fail_errno(err, error,
                          has_slash ? "the container has no '%s', or not what its first line names"
                                    : "the container has no '%s' in the PATH of the process",
                          command);
  case EACCES:
    return hcs_fail_errno(err, error,
                          "the container's '%s' is no file that this user may execute (chmod +x?)",
                          command);
  case E2BIG:
    return hcs_fail_errno(err, error,
                          "the arguments and environment of '%s' are too long: hand data over as "
                          "input, or in a file",
                          command);
  case ENOEXEC:
    return hcs_fail_errno(err, error,
                          "the container's '%s' is no program for this machine, and no script with "
                          "a #! line",
                          command);
  default: return hcs_stage_fail(HCS_STAGE_EXEC, error, command, err);
  }
}

static int spawn_fail(const hcs_reply *reply, const hcs_spawn_request *request, hcs_error *err) {
  const char *subject = NULL;
  if (reply->status != HCS_STATUS_FAILED) return hcs_reply_check(reply, err);
  if (reply->stage == HCS_STAGE_EXEC) return exec_fail(reply->error, request->command, err);
  if (reply->stage == HCS_STAGE_DIRECTORY) subject = request->directory;
  if (reply->stage == HCS_STAGE_USER_LOOKUP || reply->stage == HCS_STAGE_USER)
    subject = request->user;
  return hcs_stage_fail(reply->stage, reply->error, subject, err);
}

static hcs_platform_process *spawn(hcs_platform_system *system, const hcs_spawn_request *request,
                                   int64_t deadline_ns, hcs_platform_stream *streams[3],
                                   hcs_error *err) {
  int pair[2], fds[4], r = -1;
  size_t count = 1, i;
  hcs_platform_process *process;
  hcs_reply reply;
  if (hcs_socket_pair(pair, err) != 0) return NULL;
  fds[0] = pair[1];
  process = process_new(system, pair[0], err);
  if (process != NULL && streams_make(system, request, streams, fds, &count, err) == 0)
    r = hcs_link_call(system->link, HCS_SPAWN, request->payload, request->size, fds, count,
                      deadline_ns, &reply, err);
  if (r != 0) hcs_linux_explain(system, err);
  for (i = 0; i < count; i++) hcs_fd_close(&fds[i]);
  if (r == 0) r = reply.status == HCS_STATUS_OK ? 0 : spawn_fail(&reply, request, err);
  if (r == 0) r = identity_take(process, &reply, err);
  if (r == 0) process->tracked = 1;
  if (r == 0) return process;
  streams_free(streams);
  hcs_linux_process_free(process);
  return NULL;
}

hcs_platform_process *hcs_linux_process_create(hcs_platform_system *system,
                                               const hcs_document *config, int64_t deadline_ns,
                                               hcs_platform_stream *streams[3], hcs_error *err) {
  hcs_spawn_request request;
  hcs_platform_process *process = NULL;
  streams[0] = streams[1] = streams[2] = NULL;
  if (hcs_spawn_request_make(&request, config, err) == 0)
    process = spawn(system, &request, deadline_ns, streams, err);
  hcs_spawn_request_clear(&request);
  return process;
}

hcs_platform_process *hcs_linux_process_open(hcs_platform_system *system, uint32_t pid,
                                             int64_t deadline_ns, hcs_error *err) {
  const hcs_target target = {.pid = pid};
  int pair[2], r = -1;
  hcs_platform_process *process;
  hcs_reply reply;
  if (hcs_socket_pair(pair, err) != 0) return NULL;
  process = process_new(system, pair[0], err);
  if (process != NULL)
    r = hcs_link_call(system->link, HCS_OPEN, &target, sizeof target, &pair[1], 1, deadline_ns,
                      &reply, err);
  if (r != 0) hcs_linux_explain(system, err);
  hcs_fd_close(&pair[1]);
  if (r == 0) r = hcs_reply_check(&reply, err);
  if (r == 0) r = identity_take(process, &reply, err);
  if (r == 0 && process->pid != pid)
    r = hcs_fail(err, HCS_E_UNEXPECTED_VALUE, "the container's guest names another process");
  if (r == 0) process->tracked = reply.tracked != 0;
  if (r == 0) return process;
  hcs_linux_process_free(process);
  return NULL;
}

/* ---- the end ------------------------------------------------------------------------------------- */

static void exit_read(const hcs_exit_record *record, hcs_process_exit *exit) {
  exit->code = record->code;
  exit->signal = record->signal != 0 ? hcs_signal_name(record->signal) : NULL;
  exit->tracked = record->tracked != 0;
}

/* Nobody was left to tell: after a forced end every process is known to have been killed. */
static int exit_lost(const hcs_platform_process *process, hcs_process_exit *exit, hcs_error *err) {
  if (atomic_load(&process->link->status->exit) != HCS_EXIT_FORCED)
    return hcs_fail(err, HCS_E_UNEXPECTED_PROCESS_ABORT,
                    "the container's guest was lost, and the exit code with it");
  exit->code = 137;
  exit->signal = "KILL";
  exit->tracked = process->tracked;
  return 0;
}

int hcs_linux_process_wait(hcs_platform_process *process, int64_t deadline_ns,
                           hcs_process_exit *exit, hcs_error *err) {
  hcs_exit_record record;
  hcs_exit_look look;
  while ((look = hcs_exit_peek(process->exit_socket, HCS_EXIT_PROCESS, &record)) ==
         HCS_EXIT_PENDING) {
    hcs_wait_result r = hcs_exit_wait(process->exit_socket, deadline_ns);
    if (r == HCS_WAIT_INTERRUPTED) return HCS_INTERRUPTED;
    if (r == HCS_WAIT_TIMEOUT) return hcs_fail(err, HCS_E_TIMEOUT, NULL);
    if (r == HCS_WAIT_FAILED) return hcs_fail_errno(err, errno, "cannot wait for the process");
  }
  if (look == HCS_EXIT_KNOWN) {
    exit_read(&record, exit);
    return 0;
  }
  if (atomic_load(&process->released)) return hcs_fail(err, HCS_E_ALREADY_CLOSED, NULL);
  return exit_lost(process, exit, err);
}

int hcs_linux_process_signal(hcs_platform_process *process, const char *signal, int group,
                             hcs_error *err) {
  hcs_target target = {.spawn = process->spawn, .pid = process->pid, .group = group != 0};
  int64_t deadline_ns = hcs_clock_ns() + HCS_GUEST_PATIENCE_NS;
  hcs_reply reply;
  target.signal = hcs_signal_number(signal != NULL ? signal : "KILL");
  if (target.signal < 0)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "'%s' is no signal: a name such as \"TERM\" or a number from 1 to 64", signal);
  if (hcs_link_call(process->link, HCS_SIGNAL, &target, sizeof target, NULL, 0, deadline_ns, &reply,
                    err) != 0)
    return -1;
  return hcs_reply_check(&reply, err);
}

/* From outside, so that it works for every client: only the one that made the console has its master. */
int hcs_linux_process_resize_console(hcs_platform_process *process, uint16_t width, uint16_t height,
                                     hcs_error *err) {
  const hcs_console_size size = {.width = width, .height = height};
  return hcs_devpts_resize(process->link->status, process->pid, size, err);
}

/* ---- the handle ---------------------------------------------------------------------------------- */

uint32_t hcs_linux_process_pid(const hcs_platform_process *process) { return process->pid; }

int hcs_linux_process_pollfd(hcs_platform_process *process, intptr_t *descriptor, hcs_error *err) {
  (void)err;
  *descriptor = process->exit_socket;
  return 0;
}

void hcs_linux_process_release(hcs_platform_process *process) {
  atomic_store(&process->released, 1);
  shutdown(process->exit_socket, SHUT_RDWR);
}

void hcs_linux_process_free(hcs_platform_process *process) {
  if (process == NULL) return;
  hcs_fd_close(&process->exit_socket);
  hcs_link_drop(process->link);
  free(process);
}
