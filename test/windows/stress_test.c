/*
 * stress_test.c - 64 threads over shared containers and processes: close against wait, kill against exit.
 *
 * Whatever a call answers must be one of the answers that such a moment allows; nothing may hang, and
 * nothing may be left open.
 */
#include "service_fixture.h"

#define THREADS 64
#define ROUNDS 10000 /* of all threads together */
#define CONTAINERS 6
#define PROCESSES 12
#define LIMIT_MS 480000

/* ---- shared handles -------------------------------------------------------------------------------- */

/* Freed by the last thread that has it, closed by any; a free place has neither. */
typedef struct shared {
  hcs_system *system;
  hcs_process *process;
  LONG users;
} shared;

static SRWLOCK lock = SRWLOCK_INIT;
static shared *containers[CONTAINERS], *processes[PROCESSES];
static volatile LONG rounds, completed, answers[5];

static shared *take(shared **place) {
  shared *taken;

  AcquireSRWLockExclusive(&lock);
  taken = *place;
  if (taken != NULL) taken->users++;
  ReleaseSRWLockExclusive(&lock);
  return taken;
}

static void give(shared *taken) {
  LONG left;

  if (taken == NULL) return;
  AcquireSRWLockExclusive(&lock);
  left = --taken->users;
  ReleaseSRWLockExclusive(&lock);
  if (left > 0) return;
  hcs_process_free(taken->process);
  hcs_system_free(taken->system);
  free(taken);
}

/* Takes both; the one that was there is given back. */
static void put(shared **place, hcs_system *system, hcs_process *process) {
  shared *fresh = calloc(1, sizeof *fresh), *old;

  if (fresh == NULL) abort();
  *fresh = (shared){system, process, 1};
  if (system == NULL && process == NULL) {
    free(fresh);
    fresh = NULL;
  }
  AcquireSRWLockExclusive(&lock);
  old = *place;
  *place = fresh;
  ReleaseSRWLockExclusive(&lock);
  give(old);
}

/* ---- answers --------------------------------------------------------------------------------------- */

/* With somebody else closing, ending and killing all the time, these are no mistakes. */
static const uint64_t allowed[] = {
    HCS_E_TIMEOUT,
    HCS_E_ALREADY_CLOSED,
    HCS_E_INVALID_STATE,
    HCS_E_UNEXPECTED_EXIT,
    HCS_E_UNEXPECTED_CONTAINER_EXIT,
    HCS_E_SYSTEM_NOT_FOUND,
    HCS_E_SYSTEM_ALREADY_EXISTS,
    HCS_E_SYSTEM_ALREADY_STOPPED,
    HCS_E_PROCESS_ALREADY_STOPPED,
    HCS_E_INVALID_PROCESS_STATE,
    HCS_E_ELEMENT_NOT_FOUND,
};

static char complaint[512];

static void check(int result, const char *what, const hcs_error *error) {
  if (result == 0) {
    InterlockedIncrement(&answers[0]);
    return;
  }
  for (size_t i = 0; i < COUNT(allowed); i++) {
    if (hcs_error_kind(error) != allowed[i]) continue;
    InterlockedIncrement(&answers[i < 3 ? i + 1 : 4]);
    return;
  }
  AcquireSRWLockExclusive(&lock);
  snprintf(complaint, sizeof complaint, "%s: %s: %s", what, hcs_error_name(error),
           hcs_error_message(error));
  ReleaseSRWLockExclusive(&lock);
}

/* ---- what a thread does in a round -------------------------------------------------------------------- */

typedef struct worker {
  HANDLE thread;
  hcs_error *error;
  uint64_t seed;
} worker;

static unsigned choose(worker *self, unsigned count) {
  self->seed = self->seed * 6364136223846793005U + 1442695040888963407U;
  return (unsigned)(self->seed >> 33) % count;
}

/* A handle on container n, which is made if it is not there. */
static void renew_container(worker *self, unsigned n) {
  char id[16];
  hcs_system *system;

  snprintf(id, sizeof id, "stress-%u", n);
  system = hcs_system_open(id, self->error);
  if (system == NULL) system = hcs_system_create(id, CONFIG, self->error);
  check(system != NULL ? 0 : -1, "create", self->error);
  if (system == NULL) return;
  check(hcs_system_start(system, self->error), "start", self->error);
  put(&containers[n], system, NULL);
}

static void renew_process(worker *self, hcs_system *system, unsigned n) {
  static const char *const commands[] = {
      "{\"CommandLine\":\"standin hang\"}",
      "{\"CommandLine\":\"standin exit 3\"}",
      "{\"CommandLine\":\"standin sleep 3\"}",
      "{\"CommandLine\":\"standin cat\",\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}",
  };
  hcs_process *process =
      hcs_process_create(system, commands[choose(self, COUNT(commands))], self->error);

  check(process != NULL ? 0 : -1, "create_process", self->error);
  if (process != NULL) put(&processes[n], NULL, process);
}

static void with_container(worker *self, hcs_system *system, unsigned n) {
  char *text;

  switch (choose(self, 12)) {
  case 0: check(hcs_system_close(system, 0, self->error), "close", self->error); break;
  case 1: check(hcs_system_terminate(system, self->error), "terminate", self->error); break;
  case 2: check(hcs_system_shutdown(system, self->error), "shutdown", self->error); break;
  case 3:
    text = hcs_system_properties(system, NULL, self->error);
    check(text != NULL ? 0 : -1, "properties", self->error);
    hcs_string_free(text);
    break;
  case 4:
    check(hcs_system_state(system, self->error) != NULL ? 0 : -1, "state", self->error);
    break;
  case 5: renew_container(self, n); break;
  case 6:
  case 7: check(hcs_system_wait(system, in_ms(4), self->error), "wait", self->error); break;
  default: renew_process(self, system, choose(self, PROCESSES)); break;
  }
}

static void with_process(worker *self, hcs_process *process, unsigned n) {
  hcs_process_exit exit;
  hcs_stream *stream;

  switch (choose(self, 8)) {
  case 0: check(hcs_process_close(process, self->error), "close", self->error); break;
  case 1:
  case 2: check(hcs_process_kill(process, self->error), "kill", self->error); break;
  case 3: check(hcs_process_signal(process, "TERM", 0, self->error), "signal", self->error); break;
  case 4: put(&processes[n], NULL, NULL); break;
  case 5:
    stream = hcs_process_stream(process, HCS_STDIN, self->error);
    check(stream != NULL ? 0 : -1, "stdin", self->error);
    hcs_stream_free(stream);
    check(hcs_process_close_stdin(process, self->error), "close_stdin", self->error);
    break;
  case 6: check(hcs_process_exit_get(process, &exit, self->error), "exit_code", self->error); break;
  default:
    check(hcs_process_wait(process, in_ms(10), &exit, self->error), "wait", self->error);
    break;
  }
}

static void one_round(worker *self) {
  unsigned n = choose(self, CONTAINERS), m = choose(self, PROCESSES);
  shared *process = choose(self, 2) == 0 ? take(&processes[m]) : NULL;
  shared *container = process == NULL ? take(&containers[n]) : NULL;

  if (process != NULL)
    with_process(self, process->process, m);
  else if (container != NULL)
    with_container(self, container->system, n);
  else
    renew_container(self, n);
  if (container != NULL && hcs_system_closed(container->system)) put(&containers[n], NULL, NULL);
  give(process);
  give(container);
}

static DWORD WINAPI work(void *context) {
  worker *self = context;

  while (InterlockedIncrement(&rounds) <= ROUNDS) {
    one_round(self);
    InterlockedIncrement(&completed);
  }
  return 0;
}

/* Containers that die of themselves, once in a while. */
static void crash_now_and_then(const worker *workers) {
  ULONGLONG give_up = GetTickCount64() + LIMIT_MS;
  LONG round = 0;

  while (WaitForSingleObject(workers[0].thread, 50) == WAIT_TIMEOUT) {
    char rule[96];

    if (GetTickCount64() > give_up) fail_msg("it hangs, with %ld rounds done", completed);
    snprintf(rule, sizeof rule, "{\"Do\":\"%s\",\"Id\":\"stress-%ld\"}",
             round % 2 == 0 ? "Crash" : "Exit", round % CONTAINERS);
    standin.tell(rule); /* if it is there */
    round++;
  }
}

/* ---- the test ------------------------------------------------------------------------------------------ */

static void begin_all(worker *workers) {
  for (unsigned i = 0; i < THREADS; i++) {
    workers[i] = (worker){.error = hcs_error_new(), .seed = 7919 * (i + 1)};
    workers[i].thread = CreateThread(NULL, 0, work, &workers[i], 0, NULL);
    assert_non_null(workers[i].thread);
  }
}

static void end_all(worker *workers) {
  for (unsigned i = 0; i < THREADS; i++) {
    if (WaitForSingleObject(workers[i].thread, LIMIT_MS) != WAIT_OBJECT_0)
      fail_msg("it hangs, with %ld rounds done", completed);
    CloseHandle(workers[i].thread);
    hcs_error_free(workers[i].error);
  }
}

static void end_containers(void) {
  for (unsigned i = 0; i < PROCESSES; i++) put(&processes[i], NULL, NULL);
  for (unsigned i = 0; i < CONTAINERS; i++) {
    char id[16];
    hcs_system *system;

    put(&containers[i], NULL, NULL);
    snprintf(id, sizeof id, "stress-%u", i);
    system = hcs_system_open(id, err);
    if (system == NULL) continue;
    assert_ok(hcs_system_terminate(system, err));
    if (hcs_system_wait(system, in_ms(10000), err) != 0) assert_failed_with(HCS_E_UNEXPECTED_EXIT);
    hcs_system_free(system);
  }
}

static void test_stress(void **state) {
  static worker workers[THREADS];
  int64_t begun_ns = hcs_clock_ns();

  (void)state;
  begin_all(workers);
  crash_now_and_then(workers);
  end_all(workers);
  end_containers();
  print_message("# %ld rounds in %.1f s: %ld done, %ld timeouts, %ld closed, %ld wrong states, %ld "
                "other answers\n",
                completed, (double)(hcs_clock_ns() - begun_ns) / 1e9, answers[0], answers[1],
                answers[2], answers[3], answers[4]);
  if (complaint[0] != '\0') fail_msg("%s", complaint);
  assert_int_equal(completed, ROUNDS);
}

int main(void) {
  const struct CMUnitTest tests[] = {TEST(test_stress)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
