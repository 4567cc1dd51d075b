/*
 * thread_pointer.h - a pointer of which every thread has its own, NULL at first: HCS_THREAD_POINTER(name)
 * makes name_get() and name_set().
 *
 * To the compilers for Windows _Thread_local means an index of the process that stays taken when the
 * module is unloaded, and abort() when they run out: here it is given back.
 */
#ifndef HCS_THREAD_POINTER_H
#define HCS_THREAD_POINTER_H

#if defined(_WIN32)

#include <windows.h>

/* Without an index, when a host has taken all, it stays NULL. */
#define HCS_THREAD_POINTER(name)                                                                   \
  static DWORD name##_index;                                                                       \
  __attribute__((constructor)) static void name##_begin(void) { name##_index = TlsAlloc(); }       \
  __attribute__((destructor)) static void name##_end(void) { TlsFree(name##_index); }              \
  static void name##_set(void *value) { TlsSetValue(name##_index, value); }                        \
  static void *name##_get(void) { return TlsGetValue(name##_index); }

#else

#define HCS_THREAD_POINTER(name)                                                                   \
  static _Thread_local void *name##_value;                                                         \
  static void name##_set(void *value) { name##_value = value; }                                    \
  static void *name##_get(void) { return name##_value; }

#endif

#endif
