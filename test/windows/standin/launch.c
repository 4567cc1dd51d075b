/* launch.c - a real process: its program, its standard handles, and no other handle of this program. */
#include <stdlib.h>
#include <string.h>

#include "documents.h"
#include "environment.h"
#include "processes.h"
#include "program.h"

/* The users that every Windows image has; in a Linux container /etc/passwd is the guest's. */
static int is_user(const svc_container *container, const char *name) {
  static const char *const users[] = {"", "ContainerUser", "ContainerAdministrator", "SYSTEM"};
  if (container->is_linux) return 1;
  for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
    if (_stricmp(users[i], name) == 0) return 1;
  }
  return 0;
}

typedef struct svc_parts {
  WCHAR *program, *directory, *command_line, *environment;
} svc_parts;

static void parts_free(svc_parts *parts) {
  free(parts->program);
  free(parts->directory);
  free(parts->command_line);
  free(parts->environment);
}

static HRESULT find_parts(const svc_launch *launch, svc_parts *parts, const char **why) {
  parts->directory = program_directory(launch->container, launch->config);
  if (parts->directory == NULL) {
    *why = "The directory name is invalid.";
    return WINDOWS_ERROR(ERROR_DIRECTORY);
  }
  parts->program = program_find(launch->container, launch->config);
  parts->command_line = program_command_line(launch->config);
  if (parts->program == NULL || parts->command_line == NULL) {
    *why = "The system cannot find the file specified.";
    return WINDOWS_ERROR(ERROR_FILE_NOT_FOUND);
  }
  parts->environment =
      environment_new(launch->container, json_object_get(launch->config, "Environment"));
  return S_OK;
}

/* ---- standard handles ---------------------------------------------------------------------------- */

static HANDLE open_nul(int for_read) {
  SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, TRUE};
  return CreateFileW(L"NUL", for_read ? GENERIC_READ : GENERIC_WRITE,
                     FILE_SHARE_READ | FILE_SHARE_WRITE, &attributes, OPEN_EXISTING, 0, NULL);
}

/* What was not asked for is NUL. `opened` are those to be closed. */
static void complete_standard(const HANDLE given[3], HANDLE complete[3], HANDLE opened[3]) {
  for (int i = 0; i < 3; i++) {
    opened[i] = given[i] == NULL ? open_nul(i == 0) : NULL;
    complete[i] = given[i] != NULL ? given[i] : opened[i];
  }
}

static LPPROC_THREAD_ATTRIBUTE_LIST only_these(HANDLE handles[3]) {
  SIZE_T size = 0;
  (void)InitializeProcThreadAttributeList(NULL, 1, 0, &size);
  LPPROC_THREAD_ATTRIBUTE_LIST list = malloc(size);
  if (list == NULL) abort();
  (void)InitializeProcThreadAttributeList(list, 1, 0, &size);
  (void)UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles,
                                  3 * sizeof *handles, NULL, NULL);
  return list;
}

static BOOL create(const svc_parts *parts, HANDLE standard[3], PROCESS_INFORMATION *child) {
  STARTUPINFOEXW startup;
  memset(&startup, 0, sizeof startup);
  startup.StartupInfo.cb = sizeof startup;
  startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
  startup.StartupInfo.hStdInput = standard[0];
  startup.StartupInfo.hStdOutput = standard[1];
  startup.StartupInfo.hStdError = standard[2];
  startup.lpAttributeList = only_these(standard);
  /* Without a console: for one Wine would start a conhost.exe beside each. */
  DWORD flags = CREATE_SUSPENDED | DETACHED_PROCESS | CREATE_UNICODE_ENVIRONMENT |
                EXTENDED_STARTUPINFO_PRESENT;
  BOOL created = FALSE;
  DWORD error = ERROR_INTERNAL_ERROR;
  /* On a busy machine Wine sometimes says that: its loader has not come up, the next one does. */
  for (int i = 0; i < 3 && !created && error == ERROR_INTERNAL_ERROR; i++) {
    created = CreateProcessW(parts->program, parts->command_line, NULL, NULL, TRUE, flags,
                             parts->environment, parts->directory, &startup.StartupInfo, child);
    error = GetLastError();
  }
  DeleteProcThreadAttributeList(startup.lpAttributeList);
  free(startup.lpAttributeList);
  SetLastError(error);
  return created;
}

static HRESULT create_with_standard(const svc_launch *launch, const svc_parts *parts,
                                    PROCESS_INFORMATION *child) {
  HANDLE standard[3], opened[3];
  complete_standard(launch->standard, standard, opened);
  BOOL created = create(parts, standard, child);
  DWORD error = GetLastError();
  for (int i = 0; i < 3; i++) {
    if (opened[i] != NULL) (void)CloseHandle(opened[i]);
  }
  return created ? S_OK : HRESULT_FROM_WIN32(error);
}

HRESULT launch_child(const svc_launch *launch, PROCESS_INFORMATION *child, const char **why) {
  svc_parts parts = {NULL, NULL, NULL, NULL};
  if (!is_user(launch->container, document_text(launch->config, "User"))) {
    *why = "The specified account does not exist.";
    return WINDOWS_ERROR(ERROR_NO_SUCH_USER);
  }
  HRESULT status = find_parts(launch, &parts, why);
  if (status == S_OK) {
    status = create_with_standard(launch, &parts, child);
    if (status != S_OK) *why = "CreateProcess has failed.";
  }
  parts_free(&parts);
  return status;
}
