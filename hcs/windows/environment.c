/*
 * environment.c - environment variables as UTF-8 that stays.
 */
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "operations.h"
#include "wide.h"

/*
 * Every value that a variable was ever found to have. What has been handed out is borrowed for as long
 * as anybody likes, and a variable rarely has a second value.
 */
typedef struct value {
  struct value *next;
  char *text;
  char name[64]; /* HCSSHIM_CREATECONTAINER_ADDITIONALJSON has 38 characters */
} value;

static SRWLOCK lock = SRWLOCK_INIT;
static value *first;

/* Owned; NULL if unset. Another thread may make it longer between the two questions. */
static wchar_t *wide_value(const char *name) {
  wchar_t wide_name[sizeof first->name], *text = NULL;
  DWORD capacity = 256, size;

  for (size_t i = 0; i == 0 || name[i - 1] != '\0'; i++)
    wide_name[i] = (wchar_t)(unsigned char)name[i];
  for (;;) {
    wchar_t *larger = realloc(text, capacity * sizeof *text);

    if (larger == NULL) break;
    text = larger;
    SetLastError(ERROR_SUCCESS);
    size = GetEnvironmentVariableW(wide_name, text, capacity);
    if (size == 0 && GetLastError() == ERROR_ENVVAR_NOT_FOUND) break;
    if (size < capacity) return text;
    capacity = size;
  }
  free(text);
  return NULL;
}

static const char *find(const char *name, const char *text) {
  for (const value *at = first; at != NULL; at = at->next)
    if (strcmp(at->name, name) == 0 && strcmp(at->text, text) == 0) return at->text;
  return NULL;
}

/* Takes the text; short of memory the variable is as good as unset. */
static const char *keep(const char *name, char *text) {
  value *fresh = calloc(1, sizeof *fresh);

  if (fresh == NULL) {
    free(text);
    return NULL;
  }
  strncpy(fresh->name, name, sizeof fresh->name - 1);
  fresh->text = text;
  fresh->next = first;
  first = fresh;
  return text;
}

static const char *keep_or_find(const char *name, char *text) {
  const char *kept;

  AcquireSRWLockExclusive(&lock);
  kept = find(name, text);
  if (kept != NULL)
    free(text);
  else
    kept = keep(name, text);
  ReleaseSRWLockExclusive(&lock);
  return kept;
}

const char *hcs_windows_environment(const char *name) {
  hcs_error *unheard = hcs_error_new();
  wchar_t *wide = strlen(name) < sizeof first->name ? wide_value(name) : NULL;
  char *text = wide != NULL && unheard != NULL ? hcs_utf8_new(wide, name, unheard) : NULL;

  free(wide);
  hcs_error_free(unheard);
  return text != NULL ? keep_or_find(name, text) : NULL;
}
