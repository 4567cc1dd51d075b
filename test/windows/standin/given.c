/*
 * given.c - who frees which string, seen by a spy on the task allocator (IMallocSpy).
 *
 * COM allows one spy in a program and calls it under a lock of its own, hence a lock of ours that is
 * never held around a call of the allocator. A freed string is overwritten first, so that reading
 * one shows.
 */
#define COBJMACROS
#include "given.h"

#include <objbase.h>
#include <stdlib.h>
#include <string.h>

#include "complaints.h"
#include "text.h"

#define FREED 256 /* addresses remembered to tell a second free from somebody else's string */

typedef struct given {
  struct given *next;
  PWSTR string;
  size_t size;
  const char *from;
} given;

static SRWLOCK lock = SRWLOCK_INIT;
static given *live;
static struct {
  void *address;
  const char *from;
} freed[FREED];
static unsigned freed_next;
static int watching;

/* ---- bookkeeping, under the lock ------------------------------------------------------------------ */

static given *take(const void *address) {
  for (given **at = &live; *at != NULL; at = &(*at)->next) {
    given *found = *at;
    if (found->string != address) continue;
    *at = found->next;
    return found;
  }
  return NULL;
}

static const char *freed_from(const void *address) {
  for (unsigned i = 0; i < FREED; i++) {
    if (freed[i].address == address) return freed[i].from;
  }
  return NULL;
}

/* The allocator gave the address out again: it is somebody's now. */
static void forget_freed(const void *address) {
  for (unsigned i = 0; i < FREED; i++) {
    if (freed[i].address == address) freed[i].address = NULL;
  }
}

/* ---- the spy ------------------------------------------------------------------------------------- */

/* What is handed on to the allocator: of a second free nothing, it would be the end of the program. */
static void *seen_free(void *address, BOOL spied) {
  const char *twice = NULL;
  AcquireSRWLockExclusive(&lock);
  given *found = take(address);
  if (found != NULL) {
    memset(found->string, 0xDD, found->size);
    freed[freed_next].address = address;
    freed[freed_next].from = found->from;
    freed_next = (freed_next + 1) % FREED;
    free(found);
  } else if (!spied && address != NULL) {
    twice = freed_from(address);
  }
  ReleaseSRWLockExclusive(&lock);
  if (twice == NULL) return address;
  complain("a string of %s is freed twice", twice);
  return NULL;
}

static void *seen_allocation(void *address) {
  AcquireSRWLockExclusive(&lock);
  forget_freed(address);
  ReleaseSRWLockExclusive(&lock);
  return address;
}

static HRESULT STDMETHODCALLTYPE spy_query(IMallocSpy *spy, REFIID id, void **object) {
  (void)id;
  *object = spy;
  return S_OK;
}

static ULONG STDMETHODCALLTYPE spy_reference(IMallocSpy *spy) {
  (void)spy;
  return 1;
}

static SIZE_T STDMETHODCALLTYPE spy_pre_alloc(IMallocSpy *spy, SIZE_T size) {
  (void)spy;
  return size;
}

static void *STDMETHODCALLTYPE spy_post_alloc(IMallocSpy *spy, void *address) {
  (void)spy;
  return seen_allocation(address);
}

static void *STDMETHODCALLTYPE spy_pre_free(IMallocSpy *spy, void *address, BOOL spied) {
  (void)spy;
  return seen_free(address, spied);
}

static void STDMETHODCALLTYPE spy_post_free(IMallocSpy *spy, BOOL spied) {
  (void)spy;
  (void)spied;
}

static SIZE_T STDMETHODCALLTYPE spy_pre_realloc(IMallocSpy *spy, void *address, SIZE_T size,
                                                void **new_address, BOOL spied) {
  (void)spy;
  (void)spied;
  *new_address = address;
  return size;
}

static void *STDMETHODCALLTYPE spy_same(IMallocSpy *spy, void *address, BOOL spied) {
  (void)spy;
  (void)spied;
  return address;
}

static SIZE_T STDMETHODCALLTYPE spy_size(IMallocSpy *spy, SIZE_T size, BOOL spied) {
  (void)spy;
  (void)spied;
  return size;
}

static int STDMETHODCALLTYPE spy_answer(IMallocSpy *spy, void *address, BOOL spied, int answer) {
  (void)spy;
  (void)address;
  (void)spied;
  return answer;
}

static void STDMETHODCALLTYPE spy_nothing(IMallocSpy *spy) { (void)spy; }

static IMallocSpyVtbl table = {
    .QueryInterface = spy_query,
    .AddRef = spy_reference,
    .Release = spy_reference,
    .PreAlloc = spy_pre_alloc,
    .PostAlloc = spy_post_alloc,
    .PreFree = spy_pre_free,
    .PostFree = spy_post_free,
    .PreRealloc = spy_pre_realloc,
    .PostRealloc = spy_same,
    .PreGetSize = spy_same,
    .PostGetSize = spy_size,
    .PreDidAlloc = spy_same,
    .PostDidAlloc = spy_answer,
    .PreHeapMinimize = spy_nothing,
    .PostHeapMinimize = spy_nothing,
};
static IMallocSpy spy = {&table};

static BOOL CALLBACK watch(INIT_ONCE *once, void *parameter, void **context) {
  (void)once;
  (void)parameter;
  (void)context;
  /* The spy and the queue's threads are code of this DLL: it stays loaded. */
  HMODULE self;
  (void)GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                           (LPCWSTR)(void *)&spy, &self);
  watching = SUCCEEDED(CoRegisterMallocSpy(&spy));
  return TRUE;
}

void given_watch(void) {
  static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
  (void)InitOnceExecuteOnce(&once, watch, NULL, NULL);
}

/* ---- giving -------------------------------------------------------------------------------------- */

PWSTR given_string(const char *text, const char *from) {
  WCHAR *wide = text != NULL ? text_wide(text) : NULL;
  if (wide == NULL) return NULL;
  size_t size = (wcslen(wide) + 1) * sizeof *wide;
  given *entry = malloc(sizeof *entry);
  PWSTR string = entry != NULL ? CoTaskMemAlloc(size) : NULL;
  if (string == NULL) {
    free(entry);
    free(wide);
    return NULL;
  }
  memcpy(string, wide, size);
  free(wide);
  *entry = (given){.string = string, .size = size, .from = from};
  AcquireSRWLockExclusive(&lock);
  entry->next = live;
  live = entry;
  ReleaseSRWLockExclusive(&lock);
  return string;
}

json_t *given_list(void) {
  if (!watching) return json_null();
  json_t *array = json_array();
  AcquireSRWLockExclusive(&lock);
  for (given *at = live; at != NULL; at = at->next) {
    char *text = text_utf8(at->string);
    (void)json_array_append_new(
        array, json_pack("{s:s, s:s}", "From", at->from, "Text", text != NULL ? text : "?"));
    free(text);
  }
  ReleaseSRWLockExclusive(&lock);
  return array;
}

void given_forget(void) {
  AcquireSRWLockExclusive(&lock);
  while (live != NULL) free(take(live->string));
  ReleaseSRWLockExclusive(&lock);
}
