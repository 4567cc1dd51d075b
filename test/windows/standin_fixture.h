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

/* The result document of the last call that was made through status_of(). */
static char last_result[1000];

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
  (void)swprintf(wide_id, 80, L"%hs", id);
  (void)swprintf(wide_config, 1000, L"%hs", config);
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

#endif
