/*
 * pipes.c - named pipes, because only they can be overlapped, and because a name tells whether a handle
 * that the client got still is that pipe.
 */
#include "pipes.h"

#include <stdlib.h>
#include <string.h>

#include "complaints.h"
#include "faults.h"
#include "text.h"

#define BUFFER_BYTES 65536
#define NAME_CHARACTERS 80
#define DROP_AFTER 200 /* pipes handed out: a stress test makes many thousands */

typedef struct handed {
  struct handed *next;
  HANDLE handle;
  WCHAR name[NAME_CHARACTERS];
  char *of;
} handed;

static SRWLOCK lock = SRWLOCK_INIT;
static handed *first;
static unsigned since_dropped;

/* ---- making -------------------------------------------------------------------------------------- */

static void make_name(WCHAR name[NAME_CHARACTERS]) {
  static volatile LONG serial;
  (void)swprintf(name, NAME_CHARACTERS, L"\\\\.\\pipe\\standin-%lu-%ld", GetCurrentProcessId(),
                 InterlockedIncrement(&serial));
}

static HANDLE open_server(const WCHAR *name, int reads, DWORD flags) {
  DWORD access = reads ? PIPE_ACCESS_INBOUND : PIPE_ACCESS_OUTBOUND;
  return CreateNamedPipeW(name, access | flags | FILE_FLAG_FIRST_PIPE_INSTANCE,
                          PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT, 1, BUFFER_BYTES,
                          BUFFER_BYTES, 0, NULL);
}

static HANDLE open_other(const WCHAR *name, int reads, int inherited, DWORD flags) {
  SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, inherited};
  return CreateFileW(name, reads ? GENERIC_READ : GENERIC_WRITE, 0, &attributes, OPEN_EXISTING,
                     flags, NULL);
}

static DWORD our_flags(pipe_use use) { return use == PIPE_FOR_US ? FILE_FLAG_OVERLAPPED : 0; }

/* The child inherits its end; a server's end can be made so afterwards alone. */
static void make_inheritable(HANDLE handle, pipe_use use) {
  if (use == PIPE_FOR_CHILD) {
    (void)SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
  }
}

pipe_pair pipe_open(int to_client, pipe_use use, const json_t *fault) {
  WCHAR name[NAME_CHARACTERS];
  pipe_pair pair;
  const char *kind = fault_text(fault, "Pipes");
  make_name(name);
  if (kind != NULL && strcmp(kind, "client") == 0) {
    pair.ours = open_server(name, !to_client, our_flags(use));
    pair.client = open_other(name, to_client, 0, FILE_FLAG_OVERLAPPED);
    make_inheritable(pair.ours, use);
    return pair;
  }
  int is_plain = kind != NULL && strcmp(kind, "plain") == 0;
  pair.client = open_server(name, to_client, is_plain ? 0 : FILE_FLAG_OVERLAPPED);
  pair.ours = open_other(name, !to_client, use == PIPE_FOR_CHILD, our_flags(use));
  return pair;
}

pipe_pair pipe_open_inside(pipe_use use) {
  json_t *nothing = json_object();
  pipe_pair pair = pipe_open(0, use, nothing);
  json_decref(nothing);
  return pair;
}

static void close_one(HANDLE *handle) {
  if (*handle != NULL && *handle != INVALID_HANDLE_VALUE) (void)CloseHandle(*handle);
  *handle = NULL;
}

void pipe_close(pipe_pair *pair) {
  close_one(&pair->client);
  close_one(&pair->ours);
}

/* ---- missing ------------------------------------------------------------------------------------- */

static void name_of(HANDLE handle, WCHAR name[NAME_CHARACTERS]) {
  union {
    FILE_NAME_INFO info;
    char space[sizeof(FILE_NAME_INFO) + NAME_CHARACTERS * sizeof(WCHAR)];
  } buffer;
  memset(&buffer, 0, sizeof buffer);
  name[0] = L'\0';
  if (!GetFileInformationByHandleEx(handle, FileNameInfo, &buffer, sizeof buffer)) return;
  (void)wcsncpy(name, buffer.info.FileName, NAME_CHARACTERS - 1);
  name[NAME_CHARACTERS - 1] = L'\0';
}

/* The value may have become that of something else. */
static int is_open(const handed *entry) {
  WCHAR name[NAME_CHARACTERS];
  name_of(entry->handle, name);
  return name[0] != L'\0' && wcscmp(name, entry->name) == 0;
}

static void handed_free(handed *entry) {
  free(entry->of);
  free(entry);
}

/* What was closed is looked at once only. */
static void drop_closed(void) {
  since_dropped = 0;
  for (handed **at = &first; *at != NULL;) {
    handed *entry = *at;
    if (is_open(entry)) {
      at = &entry->next;
    } else {
      *at = entry->next;
      handed_free(entry);
    }
  }
}

void pipe_hand_out(HANDLE client, const char *of) {
  handed *entry = calloc(1, sizeof *entry);
  if (entry == NULL) abort();
  entry->handle = client;
  entry->of = strdup(of);
  name_of(client, entry->name);
  AcquireSRWLockExclusive(&lock);
  entry->next = first;
  first = entry;
  if (++since_dropped == DROP_AFTER) drop_closed();
  ReleaseSRWLockExclusive(&lock);
}

json_t *pipes_open(void) {
  json_t *array = json_array();
  AcquireSRWLockExclusive(&lock);
  drop_closed();
  for (handed *at = first; at != NULL; at = at->next) {
    (void)json_array_append_new(array, json_string(at->of));
  }
  ReleaseSRWLockExclusive(&lock);
  return array;
}

void pipes_reset(void) {
  AcquireSRWLockExclusive(&lock);
  while (first != NULL) {
    handed *entry = first;
    first = entry->next;
    handed_free(entry);
  }
  ReleaseSRWLockExclusive(&lock);
}
