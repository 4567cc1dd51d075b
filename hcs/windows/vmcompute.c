/*
 * vmcompute.c - finding the Host Compute Service's library and what it exports.
 */
#include "vmcompute.h"

#include <stdatomic.h>
#include <string.h>

#include "result.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* In the order of the table's pointers: the same list makes both. */
static const char *const names[] = {
#define NAME(name, parameters) #name,
    HCS_VMCOMPUTE_FUNCTIONS(NAME)
#undef NAME
};

_Static_assert(sizeof(hcs_vmcompute) == COUNT(names) * sizeof(FARPROC),
               "a table of nothing but pointers to functions");

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static hcs_vmcompute functions;

/*
 * From the system's folder only: whatever else is called vmcompute.dll is not the service's. It stays
 * loaded: its threads may be about to return from a callback. On failure nothing is remembered, so that
 * a program which outlives the feature's installation finds it.
 */
static BOOL CALLBACK load(INIT_ONCE *self, void *error, void **unused) {
  HMODULE library = LoadLibraryExW(L"vmcompute.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);

  (void)self, (void)unused;
  if (library == NULL) {
    *(DWORD *)error = GetLastError();
    return FALSE;
  }
  for (size_t i = 0; i < COUNT(names); i++) {
    FARPROC function = GetProcAddress(library, names[i]);

    memcpy((char *)&functions + i * sizeof function, &function, sizeof function);
  }
  return TRUE;
}

static void fail_load(DWORD error, hcs_error *err) {
  if (error != ERROR_MOD_NOT_FOUND && error != ERROR_FILE_NOT_FOUND) {
    hcs_fail_windows(err, error, "cannot load vmcompute.dll, the Host Compute Service's library");
    return;
  }
  hcs_fail(err, HCS_E_NOT_SUPPORTED,
           "this machine has no Host Compute Service (no vmcompute.dll in System32): it comes with "
           "the Windows feature 'Containers' or 'Microsoft-Hyper-V' on Windows Server 2016 and "
           "later, and on Windows 10 1607 and later but for the Home editions; as an administrator "
           "run 'Enable-WindowsOptionalFeature -Online -FeatureName Containers' in PowerShell and "
           "restart");
}

const hcs_vmcompute *hcs_vmcompute_get(hcs_error *err) {
  DWORD error = 0;

  if (InitOnceExecuteOnce(&once, load, &error, NULL)) return &functions;
  fail_load(error, err);
  return NULL;
}

int hcs_vmcompute_missing(const char *name, hcs_error *err) {
  return hcs_fail(err, HCS_E_PROC_NOT_FOUND,
                  "this version of Windows does not have %s in its vmcompute.dll: it needs a newer "
                  "one (Windows Server 2019 and Windows 10 1809 have all that is used here)",
                  name);
}
