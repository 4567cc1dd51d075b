/* main.c - loading: which exports there are, and what a complaint does. */
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "complaints.h"

static int is_listed(const char *list, const char *name) {
  size_t length = strlen(name);
  for (const char *at = strstr(list, name); at != NULL; at = strstr(at + 1, name)) {
    int begins = at == list || at[-1] == ',', ends = at[length] == '\0' || at[length] == ',';
    if (begins && ends) return 1;
  }
  return 0;
}

/* An export without address is none for GetProcAddress(). */
static void take_away(char *base, const char *list) {
  const IMAGE_NT_HEADERS *headers =
      (const void *)(base + ((const IMAGE_DOS_HEADER *)(void *)base)->e_lfanew);
  const IMAGE_DATA_DIRECTORY *directory =
      &headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT];
  const IMAGE_EXPORT_DIRECTORY *exports = (const void *)(base + directory->VirtualAddress);
  DWORD *functions = (DWORD *)(void *)(base + exports->AddressOfFunctions), before;
  const DWORD *names = (const DWORD *)(void *)(base + exports->AddressOfNames);
  const WORD *ordinals = (const WORD *)(void *)(base + exports->AddressOfNameOrdinals);
  (void)VirtualProtect(functions, exports->NumberOfFunctions * sizeof *functions, PAGE_READWRITE,
                       &before);
  for (DWORD i = 0; i < exports->NumberOfNames; i++) {
    if (is_listed(list, base + names[i])) functions[ordinals[i]] = 0;
  }
}

static void obey_environment(HINSTANCE self) {
  char list[1024];
  DWORD length = GetEnvironmentVariableA("STANDIN_MISSING", list, sizeof list);
  if (length > 0 && length < sizeof list) take_away((char *)self, list);
  complaints_abort(GetEnvironmentVariableA("STANDIN_ABORT", list, sizeof list) > 0);
}

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *reserved) {
  (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) obey_environment(self);
  return TRUE;
}
