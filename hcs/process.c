/*
 * process.c - handles on processes: the stored exit, signals, the standard streams' pipes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"

#define OPERATION_SIZE 256 /* what hcs_error_at() keeps */

struct hcs_process {
  hcs_handle handle;
  hcs_rwlock lock;
  hcs_mutex latch; /* guards known, exit and spare; never held while something is waited for */
  int known;
  hcs_process_exit exit;
  hcs_error *spare; /* for looks whose failure is nobody's business */
  hcs_system *system;
  _Atomic(hcs_platform_process *) native;
  atomic_int pins; /* 1 while it pins its system */
  uint32_t pid;
  atomic_int killed; /* Kill was delivered: another one sends nothing */
  int created;       /* here, and not opened: then the pipes are ours */
  int has_console;   /* then they are its master side */
  hcs_pipe *pipes[3];
};

static int fail_at(hcs_process *process, const char *operation, hcs_error *err) {
  return hcs_error_at(err, operation, hcs_system_id(process->system), process->pid);
}

/* ---- the exit --------------------------------------------------------------------------------- */

/* The first answer is everybody's, for good. What comes after close may be anything. */
static void latch_exit(hcs_process *process, const hcs_process_exit *exit) {
  hcs_mutex_lock(&process->latch);
  if (!process->known && !hcs_handle_closed(&process->handle)) {
    process->exit = *exit;
    process->known = 1;
  }
  hcs_mutex_unlock(&process->latch);
}

static int exit_known(hcs_process *process, hcs_process_exit *out) {
  int known;

  hcs_mutex_lock(&process->latch);
  known = process->known;
  if (known && out != NULL) *out = process->exit;
  hcs_mutex_unlock(&process->latch);
  return known;
}

/* 1 if it has ended, as far as can be seen without waiting. */
static int look_once(hcs_process *process) {
  const hcs_platform *platform = hcs_platform_get();
  int known;

  hcs_mutex_lock(&process->latch);
  if (!process->known && platform->process_wait != NULL)
    process->known =
        platform->process_wait(process->native, 0, &process->exit, process->spare) == 0;
  known = process->known;
  hcs_mutex_unlock(&process->latch);
  return known;
}

static int wait_inside(hcs_process *process, int64_t deadline_ns, hcs_process_exit *out,
                       hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  hcs_process_exit exit = {0};
  int result = 0;

  if (platform->process_wait == NULL) return hcs_fail_missing(err);
  if (!exit_known(process, NULL) && !hcs_handle_closed(&process->handle)) {
    result = platform->process_wait(process->native, deadline_ns, &exit, err);
    if (result == 0) latch_exit(process, &exit);
  }
  /* Another waiter's completion wins over our timeout, close over whatever the platform said. */
  if (exit_known(process, out)) return 0;
  return hcs_handle_closed(&process->handle) ? hcs_fail_closed(err) : result;
}

int hcs_process_wait(hcs_process *process, int64_t deadline_ns, hcs_process_exit *out,
                     hcs_error *err) {
  int result;

  if (hcs_handle_visit(&process->handle, err) != 0)
    return fail_at(process, "hcsshim::Process::Wait", err);
  result = wait_inside(process, deadline_ns, out, err);
  if (result < 0) fail_at(process, "hcsshim::Process::Wait", err);
  hcs_handle_leave(&process->handle);
  return result;
}

static int exit_get(hcs_process *process, hcs_process_exit *out, hcs_error *err) {
  hcs_process_exit exit = {0};
  int result;

  do /* a signal cannot interrupt what does not wait */
    result = wait_inside(process, 0, &exit, err);
  while (result == HCS_INTERRUPTED);
  if (result == 0 && !exit.tracked)
    return hcs_fail(err, HCS_E_INVALID_PROCESS_STATE,
                    "its exit code is not known: it was not started through create_process");
  if (result < 0 && hcs_error_kind(err) == HCS_E_TIMEOUT)
    return hcs_fail(err, HCS_E_INVALID_PROCESS_STATE, "it has not exited yet: wait for it first");
  if (result == 0) *out = exit;
  return result;
}

int hcs_process_exit_get(hcs_process *process, hcs_process_exit *out, hcs_error *err) {
  int result;

  if (hcs_handle_visit(&process->handle, err) != 0)
    return fail_at(process, "hcs::Process::ExitCode", err);
  result = exit_get(process, out, err);
  if (result < 0) fail_at(process, "hcs::Process::ExitCode", err);
  hcs_handle_leave(&process->handle);
  return result;
}

/* ---- making and freeing ----------------------------------------------------------------------- */

/* The platform's process goes before its system does. */
static void process_retire(hcs_handle *handle) {
  hcs_process *process = (hcs_process *)handle;
  hcs_platform_process *native = atomic_exchange(&process->native, NULL);

  if (native != NULL) hcs_platform_get()->process_free(native);
  if (atomic_exchange(&process->pins, 0) != 0) hcs_system_unpin(process->system);
}

/* stdin last: without a reader, a console is hung up and needs no end-of-file. */
static void abandon_pipes(hcs_process *process) {
  for (int i = 2; i >= 0; i--) {
    hcs_pipe_abandon(process->pipes[i]);
    process->pipes[i] = NULL;
  }
}

static void process_destroy(hcs_handle *handle, int whole) {
  hcs_process *process = (hcs_process *)handle;
  hcs_system *system = process->system;

  abandon_pipes(process);
  process_retire(handle);
  if (whole) {
    hcs_rwlock_destroy(&process->lock);
    hcs_mutex_destroy(&process->latch);
    hcs_error_free(process->spare);
    free(process);
  }
  hcs_system_drop(system);
}

static hcs_process *process_new(hcs_system *system, hcs_error *err) {
  hcs_process *process = calloc(1, sizeof *process);

  if (process == NULL || (process->spare = hcs_error_new()) == NULL) {
    free(process);
    hcs_fail_memory(err);
    return NULL;
  }
  hcs_handle_init(&process->handle, process_destroy, process_retire);
  atomic_init(&process->native, NULL);
  hcs_rwlock_init(&process->lock);
  hcs_mutex_init(&process->latch);
  atomic_init(&process->killed, 0);
  process->system = system;
  hcs_system_hold(system);
  hcs_system_pin(system);
  atomic_init(&process->pins, 1);
  return process;
}

/* Until create has succeeded nobody knows which ones are needed; then it is too late to fail. */
static int make_pipes(hcs_process *process, hcs_error *err) {
  process->created = 1;
  for (int i = 0; i < 3; i++) {
    process->pipes[i] = hcs_pipe_new((hcs_stdio)i, hcs_system_id(process->system), err);
    if (process->pipes[i] == NULL) return -1;
  }
  return 0;
}

static void connect_pipes(hcs_process *process, hcs_platform_stream *streams[3]) {
  for (int i = 0; i < 3; i++) {
    if (streams[i] != NULL) {
      hcs_pipe_connect(process->pipes[i], streams[i], process->pid);
    } else {
      hcs_pipe_abandon(process->pipes[i]);
      process->pipes[i] = NULL;
    }
  }
}

static int create_native(hcs_process *process, const hcs_document *config, int64_t deadline_ns,
                         hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  hcs_platform_stream *streams[3] = {NULL, NULL, NULL};

  if (platform->process_create == NULL) return hcs_fail_missing(err);
  process->native = platform->process_create(hcs_system_native(process->system), config,
                                             deadline_ns, streams, err);
  if (process->native == NULL) return -1;
  process->pid = platform->process_pid(process->native);
  process->has_console = hcs_document_bool(config->root, "EmulateConsole");
  connect_pipes(process, streams);
  return 0;
}

static int open_native(hcs_process *process, uint32_t pid, int64_t deadline_ns, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();

  if (platform->process_open == NULL) return hcs_fail_missing(err);
  process->native =
      platform->process_open(hcs_system_native(process->system), pid, deadline_ns, err);
  if (process->native == NULL) return -1;
  process->pid = platform->process_pid(process->native);
  return 0;
}

/* With the container entered. `config` NULL opens `pid`. */
static hcs_process *process_make(hcs_system *system, const hcs_document *config, uint32_t pid,
                                 int64_t deadline_ns, hcs_error *err) {
  hcs_operation operation = config != NULL ? HCS_SYSTEM_CREATE_PROCESS : HCS_SYSTEM_OPEN_PROCESS;
  hcs_process *process;
  int result;

  if (hcs_system_gate(system, operation, err) != 0 || (process = process_new(system, err)) == NULL)
    return NULL;
  if (config == NULL)
    result = open_native(process, pid, deadline_ns, err);
  else if ((result = make_pipes(process, err)) == 0)
    result = create_native(process, config, deadline_ns, err);
  if (result == 0) return process;
  hcs_system_explain(system, operation, err);
  hcs_handle_drop(&process->handle);
  return NULL;
}

/* "hcs::System::CreateProcess: sh -c date", cut where the error would cut it. */
static void name_operation(char operation[OPERATION_SIZE], const json_t *config) {
  const char *line = hcs_document_string(config, "CommandLine");
  const json_t *arguments = json_object_get(config, "CommandArgs");
  size_t used = strlen(operation);

  if (*line != '\0') snprintf(operation + used, OPERATION_SIZE - used, ": %s", line);
  for (size_t i = 0; *line == '\0' && i < json_array_size(arguments); i++) {
    used = strlen(operation);
    snprintf(operation + used, OPERATION_SIZE - used, "%s%s", i == 0 ? ": " : " ",
             json_string_value(json_array_get(arguments, i)));
  }
}

/* What every call into the platform may take, as hcsshim has it. */
static int64_t watched(int64_t deadline_ns) {
  int64_t limit_ns = hcs_deadline("HCSSHIM_TIMEOUT_SYSCALLWATCHER");

  return deadline_ns < limit_ns ? deadline_ns : limit_ns;
}

/* What EmulateConsole implies: a console has one side to write to and one to read from. */
static int complete_console(hcs_document *document, hcs_error *err) {
  json_t *root = document->root;

  if (!hcs_document_bool(root, "EmulateConsole")) return 0;
  if (json_object_set_new(root, "CreateStdInPipe", json_true()) != 0 ||
      json_object_set_new(root, "CreateStdOutPipe", json_true()) != 0 ||
      json_object_set_new(root, "CreateStdErrPipe", json_false()) != 0)
    return hcs_fail_memory(err);
  return 0;
}

hcs_process *hcs_process_create(hcs_system *system, const char *config, hcs_error *err) {
  return hcs_process_create_until(system, config, HCS_FOREVER, err);
}

hcs_process *hcs_process_create_until(hcs_system *system, const char *config, int64_t deadline_ns,
                                      hcs_error *err) {
  char operation[OPERATION_SIZE] = "hcs::System::CreateProcess";
  hcs_process *process = NULL;
  hcs_document *document;

  if (hcs_system_enter(system, err) == 0) {
    document = hcs_document_parse("ProcessConfig", "config", config, NULL,
                                  hcs_platform_get()->support, err);
    if (document != NULL) {
      name_operation(operation, document->root);
      if (complete_console(document, err) == 0)
        process = process_make(system, document, 0, watched(deadline_ns), err);
    }
    hcs_document_free(document);
    hcs_system_exit(system);
  }
  if (process == NULL) hcs_error_at(err, operation, hcs_system_id(system), 0);
  return process;
}

hcs_process *hcs_process_open(hcs_system *system, uint32_t pid, hcs_error *err) {
  hcs_process *process = NULL;

  if (hcs_system_enter(system, err) == 0) {
    process = process_make(system, NULL, pid, watched(HCS_FOREVER), err);
    hcs_system_exit(system);
  }
  if (process == NULL) hcs_error_at(err, "hcs::System::OpenProcess", hcs_system_id(system), pid);
  return process;
}

/* ---- closing ---------------------------------------------------------------------------------- */

static void close_inside(hcs_process *process) {
  const hcs_platform *platform = hcs_platform_get();

  look_once(process);
  hcs_handle_set_closed(&process->handle); /* before anyone is woken */
  if (platform->process_release != NULL) platform->process_release(process->native);
  abandon_pipes(process);
}

int hcs_process_close(hcs_process *process, hcs_error *err) {
  (void)err; /* there is nothing in it that could fail */
  if (hcs_handle_foreign(&process->handle)) {
    hcs_handle_set_closed(&process->handle);
    abandon_pipes(process);
    process_retire(&process->handle);
    return 0;
  }
  if (hcs_handle_close_begin(&process->handle, &process->lock)) close_inside(process);
  hcs_handle_close_end(&process->handle, &process->lock);
  return 0;
}

void hcs_process_free(hcs_process *process) {
  if (process == NULL) return;
  hcs_process_close(process, NULL);
  hcs_handle_drop(&process->handle);
}

int hcs_process_closed(const hcs_process *process) { return hcs_handle_closed(&process->handle); }

uint32_t hcs_process_pid(const hcs_process *process) { return process->pid; }

const char *hcs_process_system_id(const hcs_process *process) {
  return hcs_system_id(process->system);
}

/* ---- operations ------------------------------------------------------------------------------- */

static int begin(hcs_process *process, const char *operation, hcs_error *err) {
  if (hcs_handle_enter(&process->handle, &process->lock, err) == 0) return 0;
  return fail_at(process, operation, err);
}

static int finish(hcs_process *process, const char *operation, int result, hcs_error *err) {
  if (result < 0) fail_at(process, operation, err);
  hcs_handle_exit(&process->handle, &process->lock);
  return result;
}

static int fail_ended(hcs_error *err) { return hcs_fail(err, HCS_E_PROCESS_ALREADY_STOPPED, NULL); }

/*
 * For the platform a process that is gone does not exist; for the caller it has stopped. A service
 * that decides says 0x490 of a kill that was not delivered, too.
 */
static int send_signal(hcs_process *process, const char *signal, int group, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  int result;

  if (platform->process_signal == NULL) return hcs_fail_missing(err);
  result = platform->process_signal(process->native, signal, group, err);
  if (result < 0 && !platform->service_decides && hcs_error_kind(err) == HCS_E_ELEMENT_NOT_FOUND)
    return fail_ended(err);
  return result;
}

static int kill_inside(hcs_process *process, hcs_error *err) {
  if (look_once(process)) return fail_ended(err);
  if (atomic_load(&process->killed)) return 0;
  if (send_signal(process, NULL, 0, err) != 0) return -1;
  atomic_store(&process->killed, 1);
  return 0;
}

int hcs_process_kill(hcs_process *process, hcs_error *err) {
  const char *operation = "hcs::Process::Kill";

  if (begin(process, operation, err) != 0) return -1;
  return finish(process, operation, kill_inside(process, err), err);
}

int hcs_process_signal(hcs_process *process, const char *signal, int group, hcs_error *err) {
  const char *operation = "hcs::Process::Signal";
  int result;

  if (begin(process, operation, err) != 0) return -1;
  result = look_once(process) ? fail_ended(err) : send_signal(process, signal, group, err);
  return finish(process, operation, result, err);
}

static int resize(hcs_process *process, uint16_t width, uint16_t height, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();

  if (platform->process_resize_console == NULL) return hcs_fail_missing(err);
  if (look_once(process)) return fail_ended(err);
  return platform->process_resize_console(process->native, width, height, err);
}

int hcs_process_resize_console(hcs_process *process, uint16_t width, uint16_t height,
                               hcs_error *err) {
  const char *operation = "hcs::Process::ResizeConsole";

  if (begin(process, operation, err) != 0) return -1;
  return finish(process, operation, resize(process, width, height, err), err);
}

int hcs_process_pollfd(hcs_process *process, intptr_t *descriptor, hcs_error *err) {
  const hcs_platform *platform = hcs_platform_get();
  const char *operation = "hcs::Process::PollFd";
  int result;

  if (begin(process, operation, err) != 0) return -1;
  if (platform->process_pollfd == NULL)
    result = hcs_fail_missing(err);
  else
    result = platform->process_pollfd(process->native, descriptor, err);
  return finish(process, operation, result, err);
}

/* ---- standard streams ------------------------------------------------------------------------- */

static int fail_no_pipe(hcs_process *process, hcs_stdio which, hcs_error *err) {
  static const char *const streams[] = {"stdin", "stdout", "stderr"};
  static const char *const fields[] = {"CreateStdInPipe", "CreateStdOutPipe", "CreateStdErrPipe"};

  if (process->has_console)
    return hcs_fail(err, HCS_E_ELEMENT_NOT_FOUND,
                    "no %s on a console: EmulateConsole gives stdin, and stdout for both outputs",
                    streams[which]);
  if (!process->created)
    return hcs_fail(err, HCS_E_ELEMENT_NOT_FOUND,
                    "no %s on an opened process: the pipe of %s belongs to the client that "
                    "created the process",
                    streams[which], fields[which]);
  return hcs_fail(err, HCS_E_ELEMENT_NOT_FOUND,
                  "the process has no %s pipe: set %s = true in its config", streams[which],
                  fields[which]);
}

static int close_stdin(hcs_process *process, hcs_error *err) {
  if (process->pipes[HCS_STDIN] != NULL)
    hcs_pipe_end(process->pipes[HCS_STDIN]);
  else if (!look_once(process))
    return fail_no_pipe(process, HCS_STDIN, err);
  return 0;
}

int hcs_process_close_stdin(hcs_process *process, hcs_error *err) {
  const char *operation = "hcs::Process::CloseStdin";

  if (begin(process, operation, err) != 0) return -1;
  return finish(process, operation, close_stdin(process, err), err);
}

hcs_stream *hcs_process_stream(hcs_process *process, hcs_stdio which, hcs_error *err) {
  const char *operation = "hcs::Process::StdioLegacy";
  hcs_stream *stream = NULL;

  if (begin(process, operation, err) != 0) return NULL;
  if (process->pipes[which] == NULL)
    fail_no_pipe(process, which, err);
  else
    stream = hcs_pipe_stream(process->pipes[which], err);
  finish(process, operation, stream != NULL ? 0 : -1, err);
  return stream;
}

int hcs_process_check_console(hcs_process *process, const char *operation, hcs_error *err) {
  int result = 0;

  if (begin(process, operation, err) != 0) return -1;
  if (!process->created)
    result = fail_no_pipe(process, HCS_STDIN, err);
  else if (!process->has_console)
    result = hcs_fail(err, HCS_E_ELEMENT_NOT_FOUND,
                      "the process has no console: set EmulateConsole = true in its config");
  return finish(process, operation, result, err);
}

/* ---- poll ------------------------------------------------------------------------------------- */

int hcs_process_watch(hcs_process *process, hcs_platform_poll_item *item, hcs_error *err) {
  if (hcs_handle_visit(&process->handle, err) != 0) return fail_at(process, "hcs::Poll", err);
  if (hcs_handle_closed(&process->handle)) return hcs_process_unwatch(process, item, err);
  item->process = process->native;
  return exit_known(process, NULL);
}

int hcs_process_unwatch(hcs_process *process, const hcs_platform_poll_item *item, hcs_error *err) {
  int result = 0;

  (void)item;
  if (hcs_handle_closed(&process->handle)) {
    hcs_fail_closed(err);
    result = fail_at(process, "hcs::Poll", err);
  }
  hcs_handle_leave(&process->handle);
  return result;
}
