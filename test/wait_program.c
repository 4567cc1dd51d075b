/*
 * wait_program.c - threads that wait on the same handles; spec/wait_spec.lua runs it.
 *
 *   wait_program CORE ID PID SECONDS THREADS
 *
 * Opens container ID and its process PID with the module CORE, used from C alone. Each thread finds both
 * running, then waits for the process and, at most SECONDS, for the container; then it asks again without
 * waiting. Writes "open" when no thread has anything left to do but to wait, and at the end a line for
 * each: exit code and signal, or the error; "true", or the error; the container's ExitType.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hcs/hcs.h"

#define THREADS_MAX 64
#define LINE_SIZE 256

/* What is called of the module: it is loaded as Lua would load it, and not linked with this program. */
/* clang-format off */
#define FUNCTIONS(F) \
  F(hcs_clock_ns) F(hcs_error_new) F(hcs_error_free) \
  F(hcs_error_name) F(hcs_error_message) F(hcs_string_free) \
  F(hcs_system_open) F(hcs_system_wait) F(hcs_system_properties) \
  F(hcs_system_free) F(hcs_process_open) F(hcs_process_wait) \
  F(hcs_process_free)
/* clang-format on */
#define DECLARE(name) static __typeof__(name) *name##_p;
#define LOAD(name) load(core, #name, &name##_p, sizeof name##_p);
FUNCTIONS(DECLARE)

static void load(void *core, const char *name, void *pointer, size_t size) {
  void *symbol = dlsym(core, name);
  if (symbol == NULL) {
    fprintf(stderr, "wait_program: %s\n", dlerror());
    exit(1);
  }
  memcpy(pointer, &symbol, size);
}

static hcs_system *container;
static hcs_process *process;
static int64_t patience_ns;
static pthread_barrier_t ready;

static void check(int good, const char *what, const hcs_error *err) {
  if (good) return;
  fprintf(stderr, "wait_program: %s: %s\n", what, hcs_error_message_p(err));
  exit(1);
}

static const char *exit_type(hcs_error *err) {
  static const char *const names[] = {"GracefulExit", "ForcedExit", "UnexpectedExit"};
  char *text = hcs_system_properties_p(container, NULL, err);
  const char *found = "";
  check(text != NULL, "properties", err);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strstr(text, names[i]) != NULL) found = names[i];
  hcs_string_free_p(text);
  return found;
}

static void ask(char line[LINE_SIZE], int64_t process_ns, int64_t container_ns, hcs_error *err) {
  hcs_process_exit exit = {0};
  int r, used;
  do r = hcs_process_wait_p(process, process_ns, &exit, err);
  while (r == HCS_INTERRUPTED);
  if (r == 0)
    used = snprintf(line, LINE_SIZE, "%u %s", exit.code, exit.signal != NULL ? exit.signal : "nil");
  else
    used = snprintf(line, LINE_SIZE, "%s nil", hcs_error_name_p(err));
  do r = hcs_system_wait_p(container, container_ns, err);
  while (r == HCS_INTERRUPTED);
  used += snprintf(line + used, LINE_SIZE - (size_t)used, " %s ",
                   r == 0 ? "true" : hcs_error_name_p(err));
  snprintf(line + used, LINE_SIZE - (size_t)used, "%s", exit_type(err));
}

static void *wait_for_both(void *result) {
  hcs_error *err = hcs_error_new_p();
  hcs_process_exit exit;
  char again[LINE_SIZE];
  check(hcs_process_wait_p(process, 0, &exit, err) != 0 &&
            hcs_system_wait_p(container, 0, err) != 0,
        "it has ended already", err);
  pthread_barrier_wait(&ready);
  ask(result, HCS_FOREVER, hcs_clock_ns_p() + patience_ns, err);
  ask(again, 0, 0, err);
  check(strcmp(result, again) == 0, "the second answer is another one", err);
  hcs_error_free_p(err);
  return NULL;
}

int main(int argc, char **argv) {
  static char results[THREADS_MAX][LINE_SIZE];
  pthread_t threads[THREADS_MAX];
  int count = argc == 6 ? atoi(argv[5]) : 0;
  /* lazily: it wants Lua's functions, and nobody calls what needs them */
  void *core = count > 0 && count <= THREADS_MAX ? dlopen(argv[1], RTLD_LAZY) : NULL;
  hcs_error *err;
  if (core == NULL) {
    fprintf(stderr, "usage: wait_program CORE ID PID SECONDS THREADS\n%s\n", core ? "" : dlerror());
    return 1;
  }
  FUNCTIONS(LOAD)
  err = hcs_error_new_p();
  patience_ns = atoi(argv[4]) * INT64_C(1000000000);
  check((container = hcs_system_open_p(argv[2], err)) != NULL, "open_container", err);
  process = hcs_process_open_p(container, (uint32_t)atoi(argv[3]), err);
  check(process != NULL, "open_process", err);
  pthread_barrier_init(&ready, NULL, (unsigned)count + 1);
  for (int i = 0; i < count; i++)
    if (pthread_create(&threads[i], NULL, wait_for_both, results[i]) != 0) return 1;
  pthread_barrier_wait(&ready);
  printf("open\n");
  fflush(stdout);
  for (int i = 0; i < count; i++) {
    pthread_join(threads[i], NULL);
    printf("%s\n", results[i]);
  }
  hcs_process_free_p(process);
  hcs_system_free_p(container);
  hcs_error_free_p(err);
  return 0;
}
