/*
 * queue.c - tasks in the order of their time, and the threads that run them.
 *
 * The threads live as long as the program: the DLL stays loaded (main.c).
 */
#include "queue.h"

#include <stdlib.h>
#include <windows.h>

#include "model.h"

#define THREADS                                                                                    \
  4 /* more than one: notifications overtake and overlap each other, as the service's do */

typedef struct task {
  struct task *next;
  int64_t due_us;
  void (*call)(void *context);
  void *context;
} task;

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE added = CONDITION_VARIABLE_INIT, drained = CONDITION_VARIABLE_INIT;
static task *first;
static unsigned threads, running;

static DWORD left_ms(void) {
  if (first == NULL) return INFINITE;
  int64_t left_us = first->due_us - now_us();
  return left_us <= 0 ? 0 : (DWORD)(left_us / 1000 + 1);
}

/* With the lock, which it gives back meanwhile. */
static task *next_task(void) {
  for (DWORD wait_ms = left_ms(); wait_ms != 0; wait_ms = left_ms()) {
    (void)SleepConditionVariableSRW(&added, &lock, wait_ms, 0);
  }
  task *due = first;
  first = due->next;
  return due;
}

static DWORD WINAPI __attribute__((noreturn)) work(void *unused) {
  (void)unused;
  AcquireSRWLockExclusive(&lock);
  for (;;) {
    task *due = next_task();
    running++;
    ReleaseSRWLockExclusive(&lock);
    due->call(due->context);
    free(due);
    AcquireSRWLockExclusive(&lock);
    running--;
    if (first == NULL && running == 0) WakeAllConditionVariable(&drained);
  }
}

static void start_threads(void) {
  while (threads < THREADS) {
    HANDLE thread = CreateThread(NULL, 0, work, NULL, 0, NULL);
    if (thread == NULL) abort();
    (void)CloseHandle(thread);
    threads++;
  }
}

void queue_at(int64_t due_us, void (*call)(void *context), void *context) {
  task *added_task = malloc(sizeof *added_task);
  if (added_task == NULL) abort();
  *added_task = (task){.due_us = due_us, .call = call, .context = context};
  AcquireSRWLockExclusive(&lock);
  start_threads();
  task **at = &first;
  while (*at != NULL && (*at)->due_us <= due_us) at = &(*at)->next;
  added_task->next = *at;
  *at = added_task;
  ReleaseSRWLockExclusive(&lock);
  WakeAllConditionVariable(&added);
}

void queue_drain(void) {
  AcquireSRWLockExclusive(&lock);
  while (first != NULL || running != 0) {
    (void)SleepConditionVariableSRW(&drained, &lock, INFINITE, 0);
  }
  ReleaseSRWLockExclusive(&lock);
}
