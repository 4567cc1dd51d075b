/*
 * vmcompute.h - the Host Compute Service's own library, vmcompute.dll, found at run time.
 *
 * No SDK has a header or an import library for it; the signatures are those that hcsshim binds
 * (hcs-contract §4.1). computecore.dll exports the same names with other signatures: neither is ever
 * linked, both would have a table of their own. Types are computedefs.h's.
 *
 * Every PWSTR that a function gives out is freed with CoTaskMemFree(), also when it failed.
 */
#ifndef HCS_WINDOWS_VMCOMPUTE_H
#define HCS_WINDOWS_VMCOMPUTE_H

#include <windows.h>
/* behind windows.h */
#include <computedefs.h>

#include "../error.h"

/* FUNCTION(name, (parameters)) for each; a table of pointers and the names that are looked up are made of it. */
#define HCS_VMCOMPUTE_FUNCTIONS(FUNCTION)                                                          \
  FUNCTION(HcsEnumerateComputeSystems, (PCWSTR query, PWSTR * systems, PWSTR * result))            \
  FUNCTION(HcsCreateComputeSystem, (PCWSTR id, PCWSTR configuration, HANDLE identity,              \
                                    HCS_SYSTEM * system, PWSTR * result))                          \
  FUNCTION(HcsOpenComputeSystem, (PCWSTR id, HCS_SYSTEM * system, PWSTR * result))                 \
  FUNCTION(HcsCloseComputeSystem, (HCS_SYSTEM system))                                             \
  FUNCTION(HcsStartComputeSystem, (HCS_SYSTEM system, PCWSTR options, PWSTR * result))             \
  FUNCTION(HcsShutdownComputeSystem, (HCS_SYSTEM system, PCWSTR options, PWSTR * result))          \
  FUNCTION(HcsTerminateComputeSystem, (HCS_SYSTEM system, PCWSTR options, PWSTR * result))         \
  FUNCTION(HcsPauseComputeSystem, (HCS_SYSTEM system, PCWSTR options, PWSTR * result))             \
  FUNCTION(HcsResumeComputeSystem, (HCS_SYSTEM system, PCWSTR options, PWSTR * result))            \
  FUNCTION(HcsGetComputeSystemProperties,                                                          \
           (HCS_SYSTEM system, PCWSTR query, PWSTR * properties, PWSTR * result))                  \
  FUNCTION(HcsModifyComputeSystem, (HCS_SYSTEM system, PCWSTR configuration, PWSTR * result))      \
  FUNCTION(HcsRegisterComputeSystemCallback,                                                       \
           (HCS_SYSTEM system, HCS_NOTIFICATION_CALLBACK callback, void *context,                  \
            HCS_CALLBACK *handle))                                                                 \
  FUNCTION(HcsUnregisterComputeSystemCallback, (HCS_CALLBACK handle))                              \
  FUNCTION(HcsCreateProcess,                                                                       \
           (HCS_SYSTEM system, PCWSTR parameters, HCS_PROCESS_INFORMATION * information,           \
            HCS_PROCESS * process, PWSTR * result))                                                \
  FUNCTION(HcsOpenProcess, (HCS_SYSTEM system, DWORD pid, HCS_PROCESS * process, PWSTR * result))  \
  FUNCTION(HcsCloseProcess, (HCS_PROCESS process))                                                 \
  FUNCTION(HcsTerminateProcess, (HCS_PROCESS process, PWSTR * result))                             \
  FUNCTION(HcsSignalProcess, (HCS_PROCESS process, PCWSTR options, PWSTR * result))                \
  FUNCTION(HcsGetProcessProperties, (HCS_PROCESS process, PWSTR * properties, PWSTR * result))     \
  FUNCTION(HcsModifyProcess, (HCS_PROCESS process, PCWSTR settings, PWSTR * result))               \
  FUNCTION(HcsRegisterProcessCallback, (HCS_PROCESS process, HCS_NOTIFICATION_CALLBACK callback,   \
                                        void *context, HCS_CALLBACK *handle))                      \
  FUNCTION(HcsUnregisterProcessCallback, (HCS_CALLBACK handle))

typedef struct hcs_vmcompute {
#define HCS_VMCOMPUTE_POINTER(name, parameters) HRESULT(WINAPI *name) parameters;
  HCS_VMCOMPUTE_FUNCTIONS(HCS_VMCOMPUTE_POINTER)
#undef HCS_VMCOMPUTE_POINTER
} hcs_vmcompute;

/*
 * The library, loaded once; NULL where the machine has no Host Compute Service, and the error says what
 * to install. A function that this Windows does not export is NULL in the table: see HCS_VMCOMPUTE_HAS().
 */
const hcs_vmcompute *hcs_vmcompute_get(hcs_error *err);
/* ProcNotFound, by name; -1. */
int hcs_vmcompute_missing(const char *name, hcs_error *err);
/* Is the function there? Otherwise the error says which one is not. */
#define HCS_VMCOMPUTE_HAS(api, name, err)                                                          \
  ((api)->name != NULL || hcs_vmcompute_missing(#name, (err)) == 0)

#endif
