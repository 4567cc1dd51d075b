/*
 * windows.c - the puppet's Windows.
 */
#include "puppet.h"

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

/* The arguments are taken as they are: no names of files for a '*'. */
int _CRT_glob = 0;

static HANDLE standard(int number) {
  static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};

  return GetStdHandle(names[number]);
}

/* What has no stream is written to nobody, as to the null device. */
static int is_there(HANDLE handle) { return handle != NULL && handle != INVALID_HANDLE_VALUE; }

int put(int output, const char *bytes, size_t size) {
  while (is_there(standard(output)) && size > 0) {
    DWORD written;

    if (!WriteFile(standard(output), bytes, (DWORD)size, &written, NULL)) return -1;
    bytes += written;
    size -= written;
  }
  return 0;
}

size_t get(char *bytes, size_t capacity) {
  DWORD size;

  if (!is_there(standard(0))) return 0;
  return ReadFile(standard(0), bytes, (DWORD)capacity, &size, NULL) ? size : 0;
}

void shut(int number) {
  static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};

  CloseHandle(standard(number));
  SetStdHandle(names[number], NULL);
}

static BOOL WINAPI ignore(DWORD event) {
  (void)event;
  return TRUE;
}

void ignore_requests(void) { SetConsoleCtrlHandler(ignore, TRUE); }

void sleep_ms(unsigned milliseconds) { Sleep(milliseconds); }

unsigned long used_ms(void) {
  FILETIME created, ended, kernel, user;
  ULARGE_INTEGER sum;

  GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user);
  sum.LowPart = user.dwLowDateTime;
  sum.HighPart = user.dwHighDateTime;
  return (unsigned long)(sum.QuadPart / 10000);
}

unsigned long own_pid(void) { return GetCurrentProcessId(); }

unsigned long start_sleeper(unsigned seconds) {
  STARTUPINFOW startup = {.cb = sizeof(startup)};
  PROCESS_INFORMATION started;
  WCHAR program[MAX_PATH], command[64];

  GetModuleFileNameW(NULL, program, MAX_PATH);
  swprintf(command, sizeof(command) / sizeof(command[0]), L"puppet sleep %u", seconds);
  /* Not a console program's console: where this one has none, Wine would start a conhost.exe for it. */
  if (!CreateProcessW(program, command, NULL, NULL, TRUE, DETACHED_PROCESS, NULL, NULL, &startup,
                      &started))
    return 0;
  CloseHandle(started.hThread);
  CloseHandle(started.hProcess);
  return started.dwProcessId;
}

static char *narrow(const WCHAR *wide) {
  int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
  char *text = malloc((size_t)size);

  if (text != NULL) WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
  return text;
}

char *variable(const char *name) {
  static WCHAR value[32768];
  WCHAR wide[256];

  MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, 256);
  SetLastError(0);
  if (GetEnvironmentVariableW(wide, value, 32768) == 0 && GetLastError() != 0) return NULL;
  return narrow(value);
}

char *working_directory(void) {
  static WCHAR directory[32768];

  GetCurrentDirectoryW(32768, directory);
  return narrow(directory);
}

/* Linked with -municode. */
int wmain(int count, WCHAR **wide);

int wmain(int count, WCHAR **wide) {
  char **words = calloc((size_t)count + 1, sizeof(*words));

  if (words == NULL) return 1;
  for (int i = 0; i < count; i++) words[i] = narrow(wide[i]);
  return perform(count, words);
}
