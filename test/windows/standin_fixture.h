/*
 * standin_fixture.h - the stand-in vmcompute.dll as a test program sees it: functions by their names, callbacks
 * that write down what they are told, and a report that must be clean.
 */
#ifndef STANDIN_FIXTURE_H
#define STANDIN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>
/* behind windows.h */
#include <computedefs.h>
#include <objbase.h>

#include <cmocka.h>
#include <jansson.h>

#include "test/windows/standin/standin.h"
#include "test/windows/standin/vmcompute.h"

#define PENDING ((HRESULT)0xC0370103)
#define INVALID_STATE ((HRESULT)0xC0370105)
#define UNEXPECTED_EXIT ((HRESULT)0xC0370106)
#define NO_SUCH_SYSTEM ((HRESULT)0xC037010E)
#define ALREADY_EXISTS ((HRESULT)0xC037010F)
#define ALREADY_STOPPED ((HRESULT)0xC0370110)

#define SYSTEM_EXITED 1U
#define CREATE_COMPLETED 2U
#define START_COMPLETED 3U
#define PAUSE_COMPLETED 4U
#define RESUME_COMPLETED 5U
#define SAVE_COMPLETED 8U
#define PROCESS_EXITED 0x10000U
#define DISCONNECT 0x1000000U

#define PATIENCE_MS 20000 /* for what must come */
#define MOMENT_MS 60      /* for what must not come */

/* ---- the DLL ------------------------------------------------------------------------------------- */

#define FUNCTIONS(F)                                                                               \
  F(HcsEnumerateComputeSystems)                                                                    \
  F(HcsCreateComputeSystem)                                                                        \
  F(HcsOpenComputeSystem)                                                                          \
  F(HcsCloseComputeSystem)                                                                         \
  F(HcsStartComputeSystem)                                                                         \
  F(HcsShutdownComputeSystem)                                                                      \
  F(HcsTerminateComputeSystem)                                                                     \
  F(HcsPauseComputeSystem)                                                                         \
  F(HcsResumeComputeSystem)                                                                        \
  F(HcsSaveComputeSystem)                                                                          \
  F(HcsGetComputeSystemProperties)                                                                 \
  F(HcsModifyComputeSystem)                                                                        \
  F(HcsRegisterComputeSystemCallback)                                                              \
  F(HcsUnregisterComputeSystemCallback)                                                            \
  F(HcsCreateProcess)                                                                              \
  F(HcsOpenProcess)                                                                                \
  F(HcsCloseProcess)                                                                               \
  F(HcsTerminateProcess)                                                                           \
  F(HcsSignalProcess)                                                                              \
  F(HcsGetProcessInfo)                                                                             \
  F(HcsGetProcessProperties)                                                                       \
  F(HcsModifyProcess)                                                                              \
  F(HcsRegisterProcessCallback)                                                                    \
  F(HcsUnregisterProcessCallback)                                                                  \
  F(HcsGetServiceProperties)                                                                       \
  F(StandinTell)                                                                                   \
  F(StandinReport)                                                                                 \
  F(StandinFree)                                                                                   \
  F(StandinReset)

#define FUNCTION_POINTER(name) __typeof__(name) *name;
static struct { FUNCTIONS(FUNCTION_POINTER) } dll;

static inline void *dll_function(const char *name) {
  HMODULE library = LoadLibraryExW(L"vmcompute.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
  if (library == NULL) fail_msg("no vmcompute.dll in system32: error %lu", GetLastError());
  return (void *)(uintptr_t)GetProcAddress(library, name);
}

static inline int dll_load(void **state) {
  (void)state;
#define FUNCTION_LOAD(name) dll.name = (__typeof__(dll.name))(uintptr_t)dll_function(#name);
  FUNCTIONS(FUNCTION_LOAD)
  return 0;
}

static inline int dll_reset(void **state) {
  (void)state;
  dll.StandinReset();
  return 0;
}

static inline void tell(const char *json) {
  if (dll.StandinTell(json) != 0) fail_msg("StandinTell refuses %s", json);
}

/* Owned. */
static inline json_t *report(void) {
  char *text = dll.StandinReport();
  json_t *object = json_loads(text, 0, NULL);
  dll.StandinFree(text);
  assert_non_null(object);
  return object;
}

static inline void assert_empty(const json_t *seen, const char *field) {
  const json_t *list = json_object_get(seen, field);
  if (json_array_size(list) == 0) return;
  char *text = json_dumps(list, 0);
  print_error("%s: %s\n", field, text);
  free(text);
  fail();
}

static inline void assert_clean(void) {
  static const char *const fields[] = {"Complaints", "Handles", "Pipes", "Strings", "Systems"};
  json_t *seen = report();
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) assert_empty(seen, fields[i]);
  json_decref(seen);
}

/* One, and it has the text in it; they are forgotten. */
static inline void assert_complaint(const char *text) {
  json_t *seen = report(), *list = json_object_get(seen, "Complaints");
  if (json_array_size(list) == 0) fail_msg("no complaint with: %s", text);
  const char *first = json_string_value(json_array_get(list, 0));
  if (strstr(first, text) == NULL) fail_msg("'%s' is not in: %s", text, first);
  json_decref(seen);
}

/* ---- callbacks ----------------------------------------------------------------------------------- */

#define NOTIFICATIONS 32

typedef struct watcher {
  SRWLOCK lock;
  CONDITION_VARIABLE changed;
  struct {
    DWORD type;
    HRESULT status;
    char data[200];
  } told[NOTIFICATIONS];
  size_t count;
  DWORD thread;
  HCS_CALLBACK handle;
} watcher;

static void CALLBACK watch_callback(DWORD type, void *context, HRESULT status, PCWSTR data) {
  watcher *watch = context;
  AcquireSRWLockExclusive(&watch->lock);
  if (watch->count < NOTIFICATIONS) {
    watch->told[watch->count].type = type;
    watch->told[watch->count].status = status;
    (void)snprintf(watch->told[watch->count].data, sizeof watch->told[0].data, "%ls",
                   data != NULL ? data : L"");
    watch->count++;
  }
  watch->thread = GetCurrentThreadId();
  WakeAllConditionVariable(&watch->changed);
  ReleaseSRWLockExclusive(&watch->lock);
}

static inline size_t watch_count(watcher *watch, DWORD type) {
  size_t count = 0;
  AcquireSRWLockExclusive(&watch->lock);
  for (size_t i = 0; i < watch->count; i++) count += watch->told[i].type == type;
  ReleaseSRWLockExclusive(&watch->lock);
  return count;
}

/* The status of the n-th of that type (from 1), waited for. */
static inline HRESULT watch_wait_for(watcher *watch, DWORD type, size_t n) {
  ULONGLONG until = GetTickCount64() + PATIENCE_MS;
  AcquireSRWLockExclusive(&watch->lock);
  for (;;) {
    size_t found = 0;
    for (size_t i = 0; i < watch->count; i++) {
      if (watch->told[i].type != type || ++found < n) continue;
      HRESULT status = watch->told[i].status;
      ReleaseSRWLockExclusive(&watch->lock);
      return status;
    }
    if (GetTickCount64() > until) break;
    (void)SleepConditionVariableSRW(&watch->changed, &watch->lock, 100, 0);
  }
  ReleaseSRWLockExclusive(&watch->lock);
  fail_msg("notification 0x%lX does not come", type);
  return 0;
}

static inline HRESULT watch_wait(watcher *watch, DWORD type) {
  return watch_wait_for(watch, type, 1);
}

static inline const char *watch_data(const watcher *watch, DWORD type) {
  for (size_t i = 0; i < watch->count; i++) {
    if (watch->told[i].type == type) return watch->told[i].data;
  }
  return "";
}

static inline void watch_system(watcher *watch, HCS_SYSTEM system) {
  memset(watch, 0, sizeof *watch);
  assert_int_equal(
      dll.HcsRegisterComputeSystemCallback(system, watch_callback, watch, &watch->handle), S_OK);
}

static inline void watch_process(watcher *watch, HCS_PROCESS process) {
  memset(watch, 0, sizeof *watch);
  assert_int_equal(dll.HcsRegisterProcessCallback(process, watch_callback, watch, &watch->handle),
                   S_OK);
}

/* ---- calls --------------------------------------------------------------------------------------- */

static inline void widen(WCHAR *wide, int size, const char *text) {
  assert_int_not_equal(MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, size), 0);
}

/* The result document of the last call that was made through status_of(). */
static _Thread_local char last_result[1000];

static inline HRESULT status_of(HRESULT status, PWSTR *result) {
  (void)snprintf(last_result, sizeof last_result, "%ls", *result != NULL ? *result : L"");
  CoTaskMemFree(*result);
  *result = NULL;
  return status;
}

#define CONFIG "{\"SystemType\":\"Container\",\"Name\":\"\",\"Layers\":null,\"HvPartition\":"
#define ISOLATED CONFIG "false}"
#define HYPER_V CONFIG "true}"
#define KILL_ON_CLOSE CONFIG "false,\"TerminateOnLastHandleClosed\":true}"
#define LINUX_CONTAINER CONFIG "true,\"ContainerType\":\"Linux\"}"

static inline HRESULT create(const char *id, const char *config, HCS_SYSTEM *system) {
  WCHAR wide_id[80], wide_config[1000];
  PWSTR result = NULL;
  widen(wide_id, 80, id);
  widen(wide_config, 1000, config);
  HRESULT status = dll.HcsCreateComputeSystem(wide_id, wide_config, NULL, system, &result);
  return status_of(status, &result);
}

typedef HRESULT(WINAPI *system_call)(HCS_SYSTEM system, PCWSTR options, PWSTR *result);

static inline HRESULT call_system(system_call function, HCS_SYSTEM system) {
  PWSTR result = NULL;
  return status_of(function(system, L"", &result), &result);
}

/* Created, watched and started. */
static inline HCS_SYSTEM running(const char *id, const char *config, watcher *watch) {
  HCS_SYSTEM system = NULL;
  assert_int_equal(create(id, config, &system), PENDING);
  watch_system(watch, system);
  assert_int_equal(watch_wait(watch, CREATE_COMPLETED), S_OK);
  assert_int_equal(call_system(dll.HcsStartComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(watch, START_COMPLETED), S_OK);
  return system;
}

static inline void close_system(HCS_SYSTEM system, watcher *watch) {
  if (watch != NULL) {
    assert_int_equal(dll.HcsUnregisterComputeSystemCallback(watch->handle), S_OK);
  }
  assert_int_equal(dll.HcsCloseComputeSystem(system), S_OK);
}

static inline void end(HCS_SYSTEM system, watcher *watch) {
  assert_int_equal(call_system(dll.HcsTerminateComputeSystem, system), PENDING);
  assert_int_equal(watch_wait(watch, SYSTEM_EXITED), S_OK);
  close_system(system, watch);
}

/* ---- processes ----------------------------------------------------------------------------------- */

typedef struct subprocess {
  HCS_PROCESS process;
  HCS_PROCESS_INFORMATION information;
  watcher watch;
} subprocess;

#define PIPES "\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true,\"CreateStdErrPipe\":true,"

/* `parameters` is what stands before ConsoleSize, with a comma at its end. */
static inline HRESULT spawn(HCS_SYSTEM system, const char *parameters, subprocess *spawned) {
  char text[2000];
  WCHAR wide[2000];
  PWSTR result = NULL;
  (void)snprintf(text, sizeof text, "{%s\"ConsoleSize\":[0,0]}", parameters);
  widen(wide, 2000, text);
  HRESULT status =
      dll.HcsCreateProcess(system, wide, &spawned->information, &spawned->process, &result);
  return status_of(status, &result);
}

static inline void spawn_watched(HCS_SYSTEM system, const char *parameters, subprocess *spawned) {
  assert_int_equal(spawn(system, parameters, spawned), S_OK);
  watch_process(&spawned->watch, spawned->process);
}

/* Owned, as text. */
static inline char *process_properties(HCS_PROCESS process) {
  char *text = malloc(200);
  PWSTR document = NULL, result = NULL;
  HRESULT status = dll.HcsGetProcessProperties(process, &document, &result);
  (void)snprintf(text, 200, "%ls", document != NULL ? document : L"");
  CoTaskMemFree(document);
  assert_int_equal(status_of(status, &result), S_OK);
  return text;
}

static inline DWORD exit_code(subprocess *ended) {
  assert_int_equal(watch_wait(&ended->watch, PROCESS_EXITED), S_OK);
  char *text = process_properties(ended->process);
  json_t *document = json_loads(text, 0, NULL);
  free(text);
  assert_true(json_is_true(json_object_get(document, "Exited")));
  DWORD code = (DWORD)json_integer_value(json_object_get(document, "ExitCode"));
  json_decref(document);
  return code;
}

static inline void close_pipe(HANDLE *pipe) {
  if (*pipe != NULL) assert_true(CloseHandle(*pipe));
  *pipe = NULL;
}

static inline void close_child(subprocess *closed) {
  close_pipe(&closed->information.StdInput);
  close_pipe(&closed->information.StdOutput);
  close_pipe(&closed->information.StdError);
  assert_int_equal(dll.HcsUnregisterProcessCallback(closed->watch.handle), S_OK);
  assert_int_equal(dll.HcsCloseProcess(closed->process), S_OK);
}

/* One overlapped operation, waited for: works for plain handles, too. Bytes, or -1 with GetLastError(). */
static inline int transfer(HANDLE pipe, void *data, DWORD size, int is_write) {
  OVERLAPPED overlapped;
  DWORD done = 0;
  memset(&overlapped, 0, sizeof overlapped);
  overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  BOOL begun = is_write ? WriteFile(pipe, data, size, NULL, &overlapped)
                        : ReadFile(pipe, data, size, NULL, &overlapped);
  int failed = !begun && GetLastError() != ERROR_IO_PENDING;
  if (!failed) failed = !GetOverlappedResult(pipe, &overlapped, &done, TRUE);
  DWORD error = GetLastError();
  CloseHandle(overlapped.hEvent);
  SetLastError(error);
  return failed ? -1 : (int)done;
}

static inline void write_text(HANDLE pipe, const char *text) {
  assert_int_equal(transfer(pipe, (void *)(uintptr_t)text, (DWORD)strlen(text), 1), strlen(text));
}

/* Until the end, which is a broken pipe. Borrowed, until the next call. */
static inline const char *read_all(HANDLE pipe) {
  static _Thread_local char text[200000];
  size_t size = 0;
  int got;
  while ((got = transfer(pipe, text + size, (DWORD)(sizeof text - size - 1), 0)) > 0) {
    size += (size_t)got;
  }
  assert_int_equal(got, -1);
  assert_int_equal(GetLastError(), ERROR_BROKEN_PIPE);
  text[size] = '\0';
  return text;
}

#endif
