/*
 * memory_platform.c - an in-memory platform: it serves the core's unit tests and keeps the seam honest.
 *
 * One mutex guards everything, one condition tells of every change, and no script has a thread: what
 * a process does next is worked out whenever something happens to it.
 */
#include "memory_platform.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <pthread.h>

#include "hcs/platform.h"

#define PIPE_BYTES 65536
#define MAX_ARGS 8

typedef struct mem_pipe {
  char bytes[PIPE_BYTES];
  size_t size;
  int writer, reader; /* is there one? */
  int references;
} mem_pipe;

typedef struct mem_process {
  struct mem_process *next; /* in its container, newest first */
  uint32_t pid;
  char *args[MAX_ARGS];
  size_t left; /* of flood, or of echo's text */
  mem_pipe *pipes[3];
  int exited, tracked;
  hcs_process_exit exit;
} mem_process;

typedef struct mem_container {
  struct mem_container *next;
  char id[65], owner[65];
  hcs_state state;
  hcs_exit_type exit;
  int handles, terminate_on_last, shutting;
  uint32_t last_pid;
  mem_process *processes;
  char *path, *file; /* the one file there is, once it was written */
  size_t file_size;
} mem_container;

struct hcs_platform_system {
  mem_container *container;
  int released;
};

struct hcs_platform_process {
  mem_container *container;
  mem_process *process;
  int released;
};

struct hcs_platform_stream {
  mem_pipe *pipe;
  int writes, released;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static mem_container *containers; /* ended ones stay until no test could look at them: for ever */
static int objects;
static long home;         /* the process that makes the objects */
static int foreign_frees; /* in a forked child of it */

/* ---- knobs ------------------------------------------------------------------------------------- */

typedef struct knob {
  const char *operation; /* a literal of the tests or of this file */
  unsigned calls;
  uint64_t code;
  int64_t delay_ns;
  int interrupt;
} knob;

static knob knobs[64];

/* With the mutex held. */
static knob *knob_of(const char *operation) {
  size_t i = 0;

  while (i < 63 && knobs[i].operation != NULL && strcmp(knobs[i].operation, operation) != 0) i++;
  if (knobs[i].operation == NULL) knobs[i].operation = operation;
  return &knobs[i];
}

/* Every operation begins with it and then holds the mutex, unless it is told to fail. */
static int enter(const char *operation, hcs_error *err) {
  knob *k, was;
  struct timespec delay;

  pthread_mutex_lock(&mutex);
  k = knob_of(operation);
  k->calls++;
  was = *k;
  *k = (knob){.operation = k->operation, .calls = k->calls};
  if (was.delay_ns > 0) {
    pthread_mutex_unlock(&mutex);
    delay = (struct timespec){was.delay_ns / 1000000000, was.delay_ns % 1000000000};
    nanosleep(&delay, NULL);
    pthread_mutex_lock(&mutex);
  }
  if (was.code == 0 && !was.interrupt) return 0;
  pthread_mutex_unlock(&mutex);
  return was.interrupt ? HCS_INTERRUPTED
                       : hcs_fail(err, was.code, "a test wants %s to fail", operation);
}

/* The mutex is given back, whoever waits looks again. */
static int leave(int result) {
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  return result;
}

void memory_platform_fail(const char *operation, uint64_t code) {
  pthread_mutex_lock(&mutex);
  knob_of(operation)->code = code;
  pthread_mutex_unlock(&mutex);
}

void memory_platform_delay(const char *operation, int64_t delay_ns) {
  pthread_mutex_lock(&mutex);
  knob_of(operation)->delay_ns = delay_ns;
  pthread_mutex_unlock(&mutex);
}

void memory_platform_interrupt(const char *operation) {
  pthread_mutex_lock(&mutex);
  knob_of(operation)->interrupt = 1;
  pthread_mutex_unlock(&mutex);
}

unsigned memory_platform_calls(const char *operation) {
  unsigned calls;

  pthread_mutex_lock(&mutex);
  calls = knob_of(operation)->calls;
  pthread_mutex_unlock(&mutex);
  return calls;
}

int memory_platform_foreign_frees(void) { return foreign_frees; }

int memory_platform_objects(void) {
  int count;

  pthread_mutex_lock(&mutex);
  count = objects;
  pthread_mutex_unlock(&mutex);
  return count;
}

/* ---- the world --------------------------------------------------------------------------------- */

static int64_t clock_ns(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static long self(void) { return (long)getpid(); }

static const char *environment(const char *name) { return getenv(name); }

static int random_bytes(void *bytes, size_t size, hcs_error *err) {
  return getrandom(bytes, size, 0) == (ssize_t)size ? 0 : hcs_fail_errno(err, errno, "getrandom");
}

/* A new object of any kind: zeroed, counted. */
static void *object_new(size_t size, hcs_error *err) {
  void *object = calloc(1, size);

  if (object == NULL)
    hcs_fail_memory(err);
  else
    objects++;
  home = self();
  return object;
}

/* In a forked child a thread of the parent may have held the mutex. */
static void object_free(const char *operation, void *object) {
  if (self() != home) {
    foreign_frees++;
  } else if (enter(operation, NULL) == 0) {
    objects--;
    leave(0);
  }
  free(object);
}

/* One turn of a wait, with the mutex held: 0 to look again, or Timeout. */
static int wait_for_change(int64_t deadline_ns, hcs_error *err) {
  struct timespec until = {deadline_ns / 1000000000, deadline_ns % 1000000000};

  if (deadline_ns <= clock_ns()) return hcs_fail(err, HCS_E_TIMEOUT, NULL);
  if (deadline_ns == HCS_FOREVER)
    pthread_cond_wait(&changed, &mutex);
  else
    pthread_cond_clockwait(&changed, &mutex, CLOCK_MONOTONIC, &until);
  return 0;
}

static void pipe_drop(mem_pipe *pipe) {
  if (pipe != NULL && --pipe->references == 0) free(pipe);
}

/* ---- processes --------------------------------------------------------------------------------- */

static void process_end(mem_process *process, uint32_t code, const char *signal) {
  if (process->exited) return;
  process->exited = 1;
  process->exit = (hcs_process_exit){code, signal, process->tracked};
  for (int i = 0; i < 3; i++) {
    if (process->pipes[i] != NULL && i == HCS_STDIN)
      process->pipes[i]->reader = 0;
    else if (process->pipes[i] != NULL)
      process->pipes[i]->writer = 0;
    pipe_drop(process->pipes[i]);
    process->pipes[i] = NULL;
  }
}

/* Moves as much as there is room for; 1 when all of it is out. Without a pipe it goes nowhere. */
static int process_write(mem_process *process, hcs_stdio which, const char *bytes, size_t size,
                         size_t *taken) {
  mem_pipe *pipe = process->pipes[which];

  *taken = size;
  if (pipe != NULL && size > 0 && !pipe->reader) {
    process_end(process, 141, "PIPE");
    return 0;
  }
  if (pipe != NULL) {
    *taken = size < PIPE_BYTES - pipe->size ? size : PIPE_BYTES - pipe->size;
    memcpy(pipe->bytes + pipe->size, bytes, *taken);
    pipe->size += *taken;
  }
  return *taken == size;
}

static void step_cat(mem_process *process) {
  mem_pipe *in = process->pipes[HCS_STDIN];
  size_t taken = 0;

  if (in == NULL) {
    process_end(process, 0, NULL);
    return;
  }
  if (!process_write(process, HCS_STDOUT, in->bytes, in->size, &taken) && process->exited) return;
  in->size -= taken;
  memmove(in->bytes, in->bytes + taken, in->size);
  if (in->size == 0 && !in->writer) process_end(process, 0, NULL);
}

static void step_flood(mem_process *process) {
  static const char zeros[PIPE_BYTES];
  size_t taken = 1;

  while (process->left > 0 && taken > 0 && !process->exited) {
    process_write(process, HCS_STDOUT, zeros,
                  process->left < PIPE_BYTES ? process->left : PIPE_BYTES, &taken);
    process->left -= taken;
  }
  if (process->left == 0) process_end(process, 0, NULL);
}

static void step_text(mem_process *process, hcs_stdio which) {
  char text[512] = "";
  size_t taken;

  for (int i = 1; i < MAX_ARGS && process->args[i] != NULL; i++) {
    strncat(text, i > 1 ? " " : "", sizeof text - strlen(text) - 1);
    strncat(text, process->args[i], sizeof text - strlen(text) - 2);
  }
  strcat(text, "\n");
  if (process_write(process, which, text, strlen(text), &taken)) process_end(process, 0, NULL);
}

/* What a process does when something has changed for it. */
static void process_step(mem_process *process) {
  const char *command = process->args[0] != NULL ? process->args[0] : "sleep";

  if (process->exited) return;
  if (strcmp(command, "exit") == 0)
    process_end(process, process->args[1] != NULL ? (uint32_t)atoi(process->args[1]) : 0, NULL);
  else if (strcmp(command, "echo") == 0)
    step_text(process, HCS_STDOUT);
  else if (strcmp(command, "err") == 0)
    step_text(process, HCS_STDERR);
  else if (strcmp(command, "cat") == 0)
    step_cat(process);
  else if (strcmp(command, "flood") == 0)
    step_flood(process);
}

/* ---- containers -------------------------------------------------------------------------------- */

static mem_container *container_find(const char *id) {
  mem_container *container = containers;

  while (container != NULL && (container->state == HCS_STOPPED || strcmp(container->id, id) != 0))
    container = container->next;
  return container;
}

static void container_end(mem_container *container, hcs_exit_type exit) {
  if (container->state == HCS_STOPPED) return;
  container->state = HCS_STOPPED;
  container->exit = exit;
  for (mem_process *process = container->processes; process != NULL; process = process->next)
    process_end(process, 137, "KILL");
}

/* All scripts go on; a container that shuts down ends with its last process. */
static void container_step(mem_container *container) {
  int running = 0;

  if (container->state == HCS_PAUSED || container->state == HCS_STOPPED) return;
  for (mem_process *process = container->processes; process != NULL; process = process->next) {
    if (container->shutting) process_end(process, 143, "TERM");
    process_step(process);
    running += !process->exited;
  }
  if (container->shutting && running == 0) container_end(container, HCS_EXIT_GRACEFUL);
}

/* A stream does not know its container: it is cheap enough to look at all of them. */
static void step_all(void) {
  for (mem_container *container = containers; container != NULL; container = container->next)
    container_step(container);
}

void memory_platform_crash(const char *id) {
  mem_container *container;

  pthread_mutex_lock(&mutex);
  container = container_find(id);
  if (container != NULL) container_end(container, HCS_EXIT_UNEXPECTED);
  leave(0);
}

static const char *const state_names[] = {"Created", "Running", "Paused", "Stopped"};

static json_t *container_properties(const mem_container *container) {
  return json_pack("{ss ss ss ss ss sb}", "Id", container->id, "SystemType", "Container", "State",
                   state_names[container->state], "Name", container->id, "Owner", container->owner,
                   "Stopped", container->state == HCS_STOPPED);
}

/* Only Ids and Owners are looked at. */
static int container_matches(const mem_container *container, const json_t *query) {
  const json_t *lists[] = {json_object_get(query, "Ids"), json_object_get(query, "Owners")};
  const char *values[] = {container->id, container->owner};

  for (int i = 0; i < 2; i++) {
    size_t count = json_array_size(lists[i]), k = 0;

    while (k < count && strcmp(json_string_value(json_array_get(lists[i], k)), values[i]) != 0) k++;
    if (count > 0 && k == count) return 0;
  }
  return container->state != HCS_STOPPED;
}

static char *mem_enumerate(const hcs_document *query, const hcs_document *types, hcs_error *err) {
  json_t *list;
  char *text;

  (void)types;
  if (enter("enumerate", err) != 0) return NULL;
  list = json_array();
  for (mem_container *container = containers; container != NULL; container = container->next)
    if (container_matches(container, query->root))
      json_array_append_new(list, container_properties(container));
  text = json_dumps(list, 0);
  json_decref(list);
  leave(0);
  return text;
}

static int mem_gc(int *cleaned, hcs_error *err) {
  if (enter("gc", err) != 0) return -1;
  *cleaned = 0;
  return leave(0);
}

static hcs_platform_system *system_new(mem_container *container, hcs_error *err) {
  hcs_platform_system *system = object_new(sizeof *system, err);

  if (system != NULL) {
    system->container = container;
    container->handles++;
  }
  return system;
}

static hcs_platform_system *mem_create(const char *id, const hcs_document *config, hcs_error *err) {
  mem_container *container;
  hcs_platform_system *system = NULL;

  if (enter("system_create", err) != 0) return NULL;
  if (container_find(id) != NULL) {
    hcs_fail(err, HCS_E_SYSTEM_ALREADY_EXISTS, "a container with this id exists already");
  } else if ((container = calloc(1, sizeof *container)) == NULL) {
    hcs_fail_memory(err);
  } else {
    snprintf(container->id, sizeof container->id, "%s", id);
    snprintf(container->owner, sizeof container->owner, "%s",
             hcs_document_string(config->root, "Owner"));
    container->terminate_on_last = hcs_document_bool(config->root, "TerminateOnLastHandleClosed");
    container->last_pid = 1; /* the guest's */
    container->next = containers;
    containers = container;
    system = system_new(container, err);
  }
  leave(0);
  return system;
}

static hcs_platform_system *mem_open(const char *id, hcs_error *err) {
  mem_container *container;
  hcs_platform_system *system = NULL;

  if (enter("system_open", err) != 0) return NULL;
  if ((container = container_find(id)) == NULL)
    hcs_fail(err, HCS_E_SYSTEM_NOT_FOUND, "there is no container with this id");
  else
    system = system_new(container, err);
  leave(0);
  return system;
}

static int mem_release(hcs_platform_system *system, int wait_for_end, hcs_error *err) {
  mem_container *container = system->container;
  int result = enter("system_release", err);

  (void)wait_for_end;                          /* the end is at once */
  if (result != 0) pthread_mutex_lock(&mutex); /* released all the same */
  system->released = 1;
  if (--container->handles == 0 && container->terminate_on_last)
    container_end(container, HCS_EXIT_FORCED);
  return leave(result);
}

static void mem_free(hcs_platform_system *system) { object_free("system_free", system); }

static int mem_state(hcs_platform_system *system, hcs_state *state, hcs_error *err) {
  if (enter("system_state", err) != 0) return -1;
  *state = system->container->state;
  return leave(0);
}

/* From one of two states into another; the shared code's gates have been passed already. */
static int change_state(hcs_platform_system *system, const char *operation, hcs_state from,
                        hcs_state to, int64_t deadline_ns, hcs_error *err) {
  if (enter(operation, err) != 0) return -1;
  if (clock_ns() > deadline_ns) return leave(hcs_fail(err, HCS_E_TIMEOUT, NULL));
  if (system->container->state != from)
    return leave(
        hcs_fail(err, HCS_E_INVALID_STATE, "it is %s", state_names[system->container->state]));
  system->container->state = to;
  step_all();
  return leave(0);
}

static int mem_start(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err) {
  return change_state(system, "system_start", HCS_CREATED, HCS_RUNNING, deadline_ns, err);
}

static int mem_pause(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err) {
  return change_state(system, "system_pause", HCS_RUNNING, HCS_PAUSED, deadline_ns, err);
}

static int mem_resume(hcs_platform_system *system, int64_t deadline_ns, hcs_error *err) {
  return change_state(system, "system_resume", HCS_PAUSED, HCS_RUNNING, deadline_ns, err);
}

static int mem_shutdown(hcs_platform_system *system, hcs_error *err) {
  if (enter("system_shutdown", err) != 0) return -1;
  system->container->shutting = 1;
  step_all();
  return leave(0);
}

static int mem_terminate(hcs_platform_system *system, hcs_error *err) {
  if (enter("system_terminate", err) != 0) return -1;
  container_end(system->container, HCS_EXIT_FORCED);
  return leave(0);
}

static int mem_modify(hcs_platform_system *system, const hcs_document *request, int64_t deadline_ns,
                      hcs_error *err) {
  (void)system;
  (void)request;
  (void)deadline_ns;
  return enter("system_modify", err) != 0 ? -1 : leave(0);
}

static int mem_wait(hcs_platform_system *system, int64_t deadline_ns, hcs_exit_type *exit,
                    hcs_error *err) {
  int result = enter("system_wait", err);

  if (result != 0) return result;
  while (result == 0 && system->container->state != HCS_STOPPED && !system->released)
    result = wait_for_change(deadline_ns, err);
  /* A released wait may answer anything: this is a lie that shared code must not believe. */
  *exit = system->released ? HCS_EXIT_UNEXPECTED : system->container->exit;
  return leave(result);
}

static json_t *process_list(const mem_container *container) {
  json_t *list = json_array();

  for (mem_process *process = container->processes; process != NULL; process = process->next)
    if (!process->exited)
      json_array_append_new(list, json_pack("{sI}", "ProcessId", (json_int_t)process->pid));
  return list;
}

static char *mem_properties(hcs_platform_system *system, const hcs_document *query,
                            hcs_error *err) {
  json_t *properties;
  char *text;

  if (enter("system_properties", err) != 0) return NULL;
  properties = container_properties(system->container);
  if (query != NULL)
    json_object_set_new(properties, "ProcessList", process_list(system->container));
  text = json_dumps(properties, 0);
  json_decref(properties);
  leave(0);
  return text;
}

static char *copy_of(const char *bytes, size_t size) {
  char *copy = malloc(size + 1);

  memcpy(copy, bytes, size);
  copy[size] = '\0';
  return copy;
}

static char *mem_read_file(hcs_platform_system *system, const char *path, size_t *size,
                           hcs_error *err) {
  const mem_container *container = system->container;
  char *data = NULL;

  if (enter("system_read_file", err) != 0) return NULL;
  *size = container->file_size;
  if (container->path != NULL && strcmp(container->path, path) == 0)
    data = copy_of(container->file, *size);
  else
    hcs_fail(err, HCS_E_FILE_NOT_FOUND, "the container has no file '%s'", path);
  leave(0);
  return data;
}

static int mem_write_file(hcs_platform_system *system, const char *path, const void *data,
                          size_t size, const hcs_file_options *options, hcs_error *err) {
  mem_container *container = system->container;

  if (enter("system_write_file", err) != 0) return -1;
  if (options->user != NULL && strcmp(options->user, "nobody") == 0)
    return leave(hcs_fail(err, HCS_E_NO_SUCH_USER, NULL));
  free(container->path);
  free(container->file);
  container->path = copy_of(path, strlen(path));
  container->file = copy_of(data, size);
  container->file_size = size;
  return leave(0);
}

/* ---- operations on processes ------------------------------------------------------------------- */

static void process_arguments(mem_process *process, const json_t *config) {
  const json_t *arguments = json_object_get(config, "CommandArgs");
  char *line = strdup(hcs_document_string(config, "CommandLine"));
  char *rest = NULL;
  int count = 0;

  for (char *word = strtok_r(line, " ", &rest); word != NULL && count < MAX_ARGS - 1;
       word = strtok_r(NULL, " ", &rest))
    process->args[count++] = strdup(word);
  for (size_t i = 0; i < json_array_size(arguments) && count < MAX_ARGS - 1; i++)
    process->args[count++] = strdup(json_string_value(json_array_get(arguments, i)));
  free(line);
  if (count > 1 && strcmp(process->args[0], "flood") == 0)
    process->left = strtoul(process->args[1], NULL, 10);
}

static mem_process *process_new(mem_container *container, int tracked) {
  mem_process *process = calloc(1, sizeof *process);

  process->pid = ++container->last_pid;
  process->tracked = tracked;
  process->next = container->processes;
  container->processes = process;
  return process;
}

static hcs_platform_stream *process_pipe(mem_process *process, hcs_stdio which, hcs_error *err) {
  hcs_platform_stream *stream = object_new(sizeof *stream, err);

  stream->pipe = process->pipes[which] = calloc(1, sizeof(mem_pipe));
  stream->pipe->references = 2;
  stream->pipe->reader = stream->pipe->writer = 1;
  stream->writes = which == HCS_STDIN;
  return stream;
}

static hcs_platform_process *handle_new(mem_container *container, mem_process *process,
                                        hcs_error *err) {
  hcs_platform_process *handle = object_new(sizeof *handle, err);

  handle->container = container;
  handle->process = process;
  return handle;
}

static hcs_platform_process *mem_process_create(hcs_platform_system *system,
                                                const hcs_document *config, int64_t deadline_ns,
                                                hcs_platform_stream *streams[3], hcs_error *err) {
  static const char *const fields[] = {"CreateStdInPipe", "CreateStdOutPipe", "CreateStdErrPipe"};
  const json_t *first = json_array_get(json_object_get(config->root, "CommandArgs"), 0);
  hcs_platform_process *handle = NULL;
  mem_process *process;

  if (enter("process_create", err) != 0) return NULL;
  if (clock_ns() > deadline_ns) {
    hcs_fail(err, HCS_E_TIMEOUT, NULL);
  } else if (system->container->shutting) {
    hcs_fail(err, HCS_E_INVALID_STATE, "the container is shutting down");
  } else if (first != NULL && strcmp(json_string_value(first), "missing") == 0) {
    hcs_fail_errno(err, ENOENT, "missing: no such command");
  } else {
    process = process_new(system->container, 1);
    process_arguments(process, config->root);
    for (int i = 0; i < 3; i++)
      if (hcs_document_bool(config->root, fields[i]))
        streams[i] = process_pipe(process, (hcs_stdio)i, err);
    if (process->args[0] != NULL && strcmp(process->args[0], "daemon") == 0) {
      process_end(process, 0, NULL);
      process_new(system->container, 0);
    }
    process_step(process);
    handle = handle_new(system->container, process, err);
  }
  leave(0);
  return handle;
}

static hcs_platform_process *mem_process_open(hcs_platform_system *system, uint32_t pid,
                                              int64_t deadline_ns, hcs_error *err) {
  hcs_platform_process *handle = NULL;
  mem_process *process;

  (void)deadline_ns;
  if (enter("process_open", err) != 0) return NULL;
  process = system->container->processes;
  while (process != NULL && process->pid != pid) process = process->next;
  if (process == NULL)
    hcs_fail(err, HCS_E_ELEMENT_NOT_FOUND, "there is no process %u", (unsigned)pid);
  else
    handle = handle_new(system->container, process, err);
  leave(0);
  return handle;
}

static void mem_process_release(hcs_platform_process *handle) {
  if (enter("process_release", NULL) != 0) return;
  handle->released = 1;
  leave(0);
}

static void mem_process_free(hcs_platform_process *handle) { object_free("process_free", handle); }

static uint32_t mem_process_pid(const hcs_platform_process *handle) { return handle->process->pid; }

static int mem_process_wait(hcs_platform_process *handle, int64_t deadline_ns,
                            hcs_process_exit *exit, hcs_error *err) {
  int result = enter("process_wait", err);

  if (result != 0) return result;
  while (result == 0 && !handle->process->exited && !handle->released)
    result = wait_for_change(deadline_ns, err);
  *exit = handle->process->exit; /* zeroes, a lie, if only released */
  return leave(result);
}

static int mem_process_signal(hcs_platform_process *handle, const char *signal, int group,
                              hcs_error *err) {
  static const struct {
    const char *name;
    uint32_t code;
  } signals[] = {{"KILL", 137}, {"TERM", 143}, {"INT", 130}, {"HUP", 129}};

  (void)group;
  if (enter("process_signal", err) != 0) return -1;
  if (handle->process->exited) return leave(hcs_fail(err, HCS_E_ELEMENT_NOT_FOUND, "it is gone"));
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
    if (signal == NULL || strcmp(signal, signals[i].name) == 0) {
      process_end(handle->process, signals[i].code, signals[i].name);
      step_all();
      return leave(0);
    }
  return leave(hcs_fail(err, HCS_E_INVALID_PARAMETER, "there is no signal %s", signal));
}

/* ---- streams ----------------------------------------------------------------------------------- */

static int stream_ready(const hcs_platform_stream *stream) {
  const mem_pipe *pipe = stream->pipe;

  if (stream->released) return 1;
  return stream->writes ? !pipe->reader || pipe->size < PIPE_BYTES
                        : pipe->size > 0 || !pipe->writer;
}

/* With the mutex held and until the stream is ready; the result of the wait. */
static int stream_wait(hcs_platform_stream *stream, int64_t deadline_ns, hcs_error *err) {
  int result = 0;

  while (result == 0 && !stream_ready(stream)) result = wait_for_change(deadline_ns, err);
  if (result == 0 && stream->released) result = hcs_fail(err, HCS_E_GEN_FAILURE, "released");
  return result;
}

static int mem_read(hcs_platform_stream *stream, void *data, size_t capacity, size_t *size,
                    int64_t deadline_ns, hcs_error *err) {
  mem_pipe *pipe = stream->pipe;
  int result = enter("stream_read", err);

  if (result != 0) return result;
  if ((result = stream_wait(stream, deadline_ns, err)) != 0) return leave(result);
  *size = pipe->size < capacity ? pipe->size : capacity;
  memcpy(data, pipe->bytes, *size);
  pipe->size -= *size;
  memmove(pipe->bytes, pipe->bytes + *size, pipe->size);
  step_all();
  return leave(0);
}

static int mem_write(hcs_platform_stream *stream, const void *data, size_t size, size_t *written,
                     int64_t deadline_ns, hcs_error *err) {
  mem_pipe *pipe = stream->pipe;
  int result = enter("stream_write", err);

  if (result != 0) return result;
  if ((result = stream_wait(stream, deadline_ns, err)) != 0) return leave(result);
  if (!pipe->reader) return leave(hcs_fail_errno(err, EPIPE, "nobody reads"));
  *written = size < PIPE_BYTES - pipe->size ? size : PIPE_BYTES - pipe->size;
  memcpy(pipe->bytes + pipe->size, data, *written);
  pipe->size += *written;
  step_all();
  return leave(0);
}

static void mem_stream_release(hcs_platform_stream *stream) {
  if (enter("stream_release", NULL) != 0) return;
  stream->released = 1;
  if (stream->writes)
    stream->pipe->writer = 0;
  else
    stream->pipe->reader = 0;
  step_all();
  leave(0);
}

static void mem_stream_free(hcs_platform_stream *stream) {
  if (self() == home) {
    pthread_mutex_lock(&mutex);
    pipe_drop(stream->pipe);
    pthread_mutex_unlock(&mutex);
  }
  object_free("stream_free", stream);
}

/* ---- the caller's terminal --------------------------------------------------------------------- */

struct hcs_platform_terminal {
  size_t read; /* of what is typed */
};

static const char *typed = "";
static char shown[256];
static size_t shown_size;

void memory_platform_type(const char *text) { typed = text; }

const char *memory_platform_shown(void) { return shown; }

static hcs_platform_terminal *mem_terminal_enter(hcs_error *err) {
  hcs_platform_terminal *terminal;

  if (enter("terminal_enter", err) != 0) return NULL;
  terminal = object_new(sizeof *terminal, err);
  memset(shown, 0, sizeof shown);
  shown_size = 0;
  leave(0);
  return terminal;
}

static void mem_terminal_leave(hcs_platform_terminal *terminal) {
  object_free("terminal_leave", terminal);
}

static void mem_terminal_free(hcs_platform_terminal *terminal) {
  object_free("terminal_free", terminal);
}

/* It does not know. */
static int mem_terminal_size(hcs_platform_terminal *terminal, uint16_t *width, uint16_t *height,
                             hcs_error *err) {
  (void)terminal;
  if (enter("terminal_size", err) != 0) return -1;
  *width = *height = 0;
  return leave(0);
}

static int mem_terminal_read(hcs_platform_terminal *terminal, void *data, size_t capacity,
                             size_t *size, hcs_error *err) {
  if (enter("terminal_read", err) != 0) return -1;
  *size = strlen(typed + terminal->read);
  if (*size > capacity) *size = capacity;
  memcpy(data, typed + terminal->read, *size);
  terminal->read += *size;
  return leave(0);
}

/* Shows at most seven bytes at a time, and keeps the first ones. */
static int mem_terminal_write(hcs_platform_terminal *terminal, const void *data, size_t size,
                              size_t *written, hcs_error *err) {
  int result = enter("terminal_write", err);

  (void)terminal;
  if (result != 0) return result;
  *written = size < 7 ? size : 7;
  if (shown_size + *written < sizeof shown) {
    memcpy(shown + shown_size, data, *written);
    shown_size += *written;
  }
  return leave(0);
}

/* ---- poll -------------------------------------------------------------------------------------- */

static int item_ready(const hcs_platform_poll_item *item) {
  struct pollfd descriptor = {(int)item->descriptor, item->for_write ? POLLOUT : POLLIN, 0};

  if (item->system != NULL) return item->system->container->state == HCS_STOPPED;
  if (item->process != NULL) return item->process->process->exited;
  if (item->stream != NULL) return !item->stream->released && stream_ready(item->stream);
  if (item->terminal != NULL) return typed[item->terminal->read] != '\0';
  return poll(&descriptor, 1, 0) > 0;
}

/* Such a poll comes back with nothing: shared code has to see for itself that it was closed. */
static int item_released(const hcs_platform_poll_item *item) {
  return (item->system != NULL && item->system->released) ||
         (item->process != NULL && item->process->released) ||
         (item->stream != NULL && item->stream->released);
}

/* Descriptors do not tell the condition variable: with one of them it looks every few ms. */
static int mem_poll(hcs_platform_poll_item *items, size_t count, int64_t deadline_ns,
                    hcs_error *err) {
  int result = enter("poll", err), ready = 0, descriptors = 0, released = 0;

  while (result == 0 && ready == 0) {
    for (size_t i = 0; i < count; i++) {
      ready += items[i].ready = item_ready(&items[i]);
      released |= item_released(&items[i]);
      descriptors |= items[i].descriptor >= 0;
    }
    if (ready > 0 || released || deadline_ns <= clock_ns()) break;
    if (descriptors && deadline_ns > clock_ns() + 5000000)
      wait_for_change(clock_ns() + 5000000, err);
    else
      wait_for_change(deadline_ns, err);
  }
  return result != 0 ? result : leave(0);
}

/* ---- the table --------------------------------------------------------------------------------- */

static const hcs_platform complete = {
    .name = "memory",
    .clock_ns = clock_ns,
    .self = self,
    .environment = environment,
    .random = random_bytes,
    .enumerate = mem_enumerate,
    .gc = mem_gc,
    .system_create = mem_create,
    .system_open = mem_open,
    .system_release = mem_release,
    .system_free = mem_free,
    .system_state = mem_state,
    .system_start = mem_start,
    .system_shutdown = mem_shutdown,
    .system_terminate = mem_terminate,
    .system_pause = mem_pause,
    .system_resume = mem_resume,
    .system_modify = mem_modify,
    .system_wait = mem_wait,
    .system_properties = mem_properties,
    .system_read_file = mem_read_file,
    .system_write_file = mem_write_file,
    .process_create = mem_process_create,
    .process_open = mem_process_open,
    .process_release = mem_process_release,
    .process_free = mem_process_free,
    .process_pid = mem_process_pid,
    .process_wait = mem_process_wait,
    .process_signal = mem_process_signal,
    .stream_read = mem_read,
    .stream_write = mem_write,
    .stream_release = mem_stream_release,
    .stream_free = mem_stream_free,
    .terminal_enter = mem_terminal_enter,
    .terminal_leave = mem_terminal_leave,
    .terminal_free = mem_terminal_free,
    .terminal_size = mem_terminal_size,
    .terminal_read = mem_terminal_read,
    .terminal_write = mem_terminal_write,
    .poll = mem_poll,
};

const hcs_platform *hcs_platform_get(void) { return &complete; }
