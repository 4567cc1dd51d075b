/* complaints.c - the list of what the client did wrong. */
#include "complaints.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define MAXIMUM 200 /* then it only counts: one mistake in a loop fills the list */
#define LENGTH 1000

static SRWLOCK lock = SRWLOCK_INIT;
static char *list[MAXIMUM];
static unsigned count;
static int aborts;

void complain(const char *format, ...) {
  char text[LENGTH];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  AcquireSRWLockExclusive(&lock);
  if (count < MAXIMUM) list[count] = strdup(text);
  count++;
  int end = aborts;
  ReleaseSRWLockExclusive(&lock);
  if (!end) return;
  (void)fprintf(stderr, "stand-in: %s\n", text);
  (void)fflush(stderr);
  ExitProcess(99);
}

json_t *complaints_list(void) {
  json_t *array = json_array();
  AcquireSRWLockExclusive(&lock);
  for (unsigned i = 0; i < count && i < MAXIMUM; i++) {
    /* What a client said may be cut in the middle of a character. */
    json_t *text = list[i] != NULL ? json_string(list[i]) : NULL;
    if (text == NULL && list[i] != NULL) text = json_string_nocheck(list[i]);
    (void)json_array_append_new(array, text != NULL ? text : json_string("?"));
  }
  if (count > MAXIMUM) {
    (void)json_array_append_new(array, json_sprintf("… and %d more", (int)(count - MAXIMUM)));
  }
  ReleaseSRWLockExclusive(&lock);
  return array;
}

void complaints_clear(void) {
  AcquireSRWLockExclusive(&lock);
  for (unsigned i = 0; i < count && i < MAXIMUM; i++) free(list[i]);
  count = 0;
  ReleaseSRWLockExclusive(&lock);
}

void complaints_abort(int abort) { aborts = abort; }
