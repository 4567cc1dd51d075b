/* vmcompute.h - the functions of vmcompute.dll (hcs-contract §4.1), as this DLL defines them. */
#ifndef STANDIN_VMCOMPUTE_H
#define STANDIN_VMCOMPUTE_H

#include <windows.h>
/* behind windows.h */
#include <computedefs.h>

HRESULT WINAPI HcsEnumerateComputeSystems(PCWSTR query, PWSTR *systems, PWSTR *result);
HRESULT WINAPI HcsCreateComputeSystem(PCWSTR id, PCWSTR configuration, HANDLE identity,
                                      HCS_SYSTEM *system, PWSTR *result);
HRESULT WINAPI HcsOpenComputeSystem(PCWSTR id, HCS_SYSTEM *system, PWSTR *result);
HRESULT WINAPI HcsCloseComputeSystem(HCS_SYSTEM system);
HRESULT WINAPI HcsStartComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result);
HRESULT WINAPI HcsShutdownComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result);
HRESULT WINAPI HcsTerminateComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result);
HRESULT WINAPI HcsPauseComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result);
HRESULT WINAPI HcsResumeComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result);
HRESULT WINAPI HcsSaveComputeSystem(HCS_SYSTEM system, PCWSTR options, PWSTR *result);
HRESULT WINAPI HcsGetComputeSystemProperties(HCS_SYSTEM system, PCWSTR query, PWSTR *properties,
                                             PWSTR *result);
HRESULT WINAPI HcsModifyComputeSystem(HCS_SYSTEM system, PCWSTR configuration, PWSTR *result);
HRESULT WINAPI HcsRegisterComputeSystemCallback(HCS_SYSTEM system,
                                                HCS_NOTIFICATION_CALLBACK callback, void *context,
                                                HCS_CALLBACK *handle);
HRESULT WINAPI HcsUnregisterComputeSystemCallback(HCS_CALLBACK handle);
HRESULT WINAPI HcsCreateProcess(HCS_SYSTEM system, PCWSTR parameters,
                                HCS_PROCESS_INFORMATION *information, HCS_PROCESS *process,
                                PWSTR *result);
HRESULT WINAPI HcsOpenProcess(HCS_SYSTEM system, DWORD pid, HCS_PROCESS *process, PWSTR *result);
HRESULT WINAPI HcsCloseProcess(HCS_PROCESS process);
HRESULT WINAPI HcsTerminateProcess(HCS_PROCESS process, PWSTR *result);
HRESULT WINAPI HcsSignalProcess(HCS_PROCESS process, PCWSTR options, PWSTR *result);
HRESULT WINAPI HcsGetProcessInfo(HCS_PROCESS process, HCS_PROCESS_INFORMATION *information,
                                 PWSTR *result);
HRESULT WINAPI HcsGetProcessProperties(HCS_PROCESS process, PWSTR *properties, PWSTR *result);
HRESULT WINAPI HcsModifyProcess(HCS_PROCESS process, PCWSTR settings, PWSTR *result);
HRESULT WINAPI HcsRegisterProcessCallback(HCS_PROCESS process, HCS_NOTIFICATION_CALLBACK callback,
                                          void *context, HCS_CALLBACK *handle);
HRESULT WINAPI HcsUnregisterProcessCallback(HCS_CALLBACK handle);
HRESULT WINAPI HcsGetServiceProperties(PCWSTR query, PWSTR *properties, PWSTR *result);

#endif
