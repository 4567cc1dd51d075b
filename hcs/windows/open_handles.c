/*
 * open_handles.c - a list of this program's open handles.
 */
#include "open_handles.h"

#include <string.h>

static SRWLOCK lock = SRWLOCK_INIT;
static hcs_platform_system *first;

/* A container that has ended has its id no more: another one may have it. */
static hcs_platform_system *find(const char *id) {
  hcs_platform_system *at = first;

  while (at != NULL && (strcmp(at->id, id) != 0 || hcs_latch_exited(&at->latch))) at = at->next;
  return at;
}

void hcs_open_handles_add(hcs_platform_system *system) {
  const hcs_platform_system *other;

  AcquireSRWLockExclusive(&lock);
  other = find(system->id);
  if (other != NULL) system->ends_with_handles |= other->ends_with_handles;
  system->next = first;
  first = system;
  system->counted = 1;
  ReleaseSRWLockExclusive(&lock);
}

int hcs_open_handles_remove(hcs_platform_system *system) {
  hcs_platform_system **at = &first;
  int is_last;

  AcquireSRWLockExclusive(&lock);
  while (system->counted && *at != system) at = &(*at)->next;
  if (system->counted) *at = system->next;
  system->counted = 0;
  is_last = find(system->id) == NULL;
  ReleaseSRWLockExclusive(&lock);
  return is_last;
}
