/*
 * missing_test.c - a vmcompute.dll without some of its functions, and a machine without it.
 *
 * The library is found once in a program, so each case is a program of its own: this one again, with the
 * action to take as its argument, which exits with the code of the error.
 */
#include "service_fixture.h"

#define WRONG_MESSAGE 1000 /* the error does not say what is missing */
#define WAS_CREATED 1001   /* a container was made that nobody can watch */
#define NO_ERROR_AT_ALL 1002

/* ---- actions, in the program of their own ---------------------------------------------------------- */

static int create(hcs_system *system) {
  (void)system;
  return hcs_system_create("other", CONFIG, err) != NULL ? 0 : -1;
}

static int list(hcs_system *system) {
  (void)system;
  return hcs_enumerate(NULL, NULL, err) != NULL ? 0 : -1;
}

static int start(hcs_system *system) { return hcs_system_start(system, err); }
static int stop(hcs_system *system) { return hcs_system_shutdown(system, err); }
static int freeze(hcs_system *system) { return hcs_system_pause(system, err); }
static int thaw(hcs_system *system) { return hcs_system_resume(system, err); }

static int modify(hcs_system *system) {
  return hcs_system_modify(system, "{\"ResourceType\":\"Network\",\"RequestType\":\"Add\"}", err);
}

static hcs_process *spawn(hcs_system *system) {
  if (hcs_system_start(system, err) != 0) return NULL;
  return hcs_process_create(system,
                            "{\"CommandLine\":\"standin sleep 20\",\"EmulateConsole\":true}", err);
}

static int create_process(hcs_system *system) { return spawn(system) != NULL ? 0 : -1; }

static int open_process(hcs_system *system) {
  return hcs_system_start(system, err) == 0 && hcs_process_open(system, 4, err) != NULL ? 0 : -1;
}

static int kill_process(hcs_system *system) {
  hcs_process *process = spawn(system);

  return process != NULL ? hcs_process_kill(process, err) : -1;
}

static int signal_process(hcs_system *system) {
  hcs_process *process = spawn(system);

  return process != NULL ? hcs_process_signal(process, "INT", 0, err) : -1;
}

static int resize(hcs_system *system) {
  hcs_process *process = spawn(system);

  return process != NULL ? hcs_process_resize_console(process, 80, 25, err) : -1;
}

/* The notification does not say the code. */
static int wait_for_code(hcs_system *system) {
  hcs_process *process = spawn(system);
  hcs_process_exit exit;

  return process != NULL ? hcs_process_wait(process, in_ms(5000), &exit, err) : -1;
}

static const struct action {
  const char *name;
  int (*act)(hcs_system *system);
  int without_system; /* it is about having none */
} actions[] = {
    {"create", create, 1},         {"list", list, 1},
    {"start", start, 0},           {"stop", stop, 0},
    {"freeze", freeze, 0},         {"thaw", thaw, 0},
    {"modify", modify, 0},         {"spawn", create_process, 0},
    {"open", open_process, 0},     {"kill", kill_process, 0},
    {"signal", signal_process, 0}, {"resize", resize, 0},
    {"wait", wait_for_code, 0},
};

static int act(const struct action *action, const char *word) {
  hcs_system *system = NULL;

  err = hcs_error_new();
  if (!action->without_system) system = hcs_system_create("c1", CONFIG, err);
  if (!action->without_system && system == NULL) return NO_ERROR_AT_ALL;
  if (action->act(system) == 0) return NO_ERROR_AT_ALL;
  if (strstr(hcs_error_message(err), word) == NULL) {
    printf("# %s\n", hcs_error_message(err));
    return WRONG_MESSAGE;
  }
  if (action->without_system && GetModuleHandleW(L"vmcompute.dll") != NULL) {
    standin_find();
    if (systems() > 0) return WAS_CREATED;
  }
  return (int)hcs_error_code(err);
}

static int act_by_name(const char *name, const char *word) {
  for (size_t i = 0; i < COUNT(actions); i++) {
    if (strcmp(actions[i].name, name) != 0) continue;
    standin_find();
    standin.tell("{\"Set\":{\"ExitData\":false}}");
    return act(&actions[i], word);
  }
  return NO_ERROR_AT_ALL;
}

/* ---- the cases -------------------------------------------------------------------------------------- */

static DWORD run_self(const char *action, const char *word) {
  char path[MAX_PATH], line[2 * MAX_PATH];
  STARTUPINFOA startup = {.cb = sizeof startup};
  PROCESS_INFORMATION process;
  DWORD code = 0;

  assert_in_range(GetModuleFileNameA(NULL, path, sizeof path), 1, sizeof path - 1);
  snprintf(line, sizeof line, "\"%s\" %s %s", path, action, word);
  assert_true(CreateProcessA(path, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
  assert_int_equal(WaitForSingleObject(process.hProcess, 60000), WAIT_OBJECT_0);
  assert_true(GetExitCodeProcess(process.hProcess, &code));
  CloseHandle(process.hThread);
  CloseHandle(process.hProcess);
  return code;
}

static const struct {
  const char *missing, *action;
  unsigned code;
} cases[] = {
    {"HcsCreateComputeSystem", "create", HCS_E_PROC_NOT_FOUND},
    {"HcsOpenComputeSystem", "create", HCS_E_PROC_NOT_FOUND},
    {"HcsCloseComputeSystem", "create", HCS_E_PROC_NOT_FOUND},
    {"HcsTerminateComputeSystem", "create", HCS_E_PROC_NOT_FOUND},
    {"HcsGetComputeSystemProperties", "create", HCS_E_PROC_NOT_FOUND},
    {"HcsRegisterComputeSystemCallback", "create", HCS_E_PROC_NOT_FOUND},
    {"HcsUnregisterComputeSystemCallback", "create", HCS_E_PROC_NOT_FOUND},
    {"HcsEnumerateComputeSystems", "list", HCS_E_PROC_NOT_FOUND},
    {"HcsStartComputeSystem", "start", HCS_E_PROC_NOT_FOUND},
    {"HcsShutdownComputeSystem", "stop", HCS_E_PROC_NOT_FOUND},
    {"HcsPauseComputeSystem", "freeze", HCS_E_PROC_NOT_FOUND},
    {"HcsResumeComputeSystem", "thaw", HCS_E_PROC_NOT_FOUND},
    {"HcsModifyComputeSystem", "modify", HCS_E_PROC_NOT_FOUND},
    {"HcsCreateProcess", "spawn", HCS_E_PROC_NOT_FOUND},
    {"HcsCloseProcess", "spawn", HCS_E_PROC_NOT_FOUND},
    {"HcsRegisterProcessCallback", "spawn", HCS_E_PROC_NOT_FOUND},
    {"HcsUnregisterProcessCallback", "open", HCS_E_PROC_NOT_FOUND},
    {"HcsOpenProcess", "open", HCS_E_PROC_NOT_FOUND},
    {"HcsOpenProcess", "kill", HCS_E_PROC_NOT_FOUND},
    {"HcsTerminateProcess", "kill", HCS_E_PROC_NOT_FOUND},
    {"HcsModifyProcess", "resize", HCS_E_PROC_NOT_FOUND},
    {"HcsGetProcessProperties", "wait", HCS_E_PROC_NOT_FOUND},
};

static void test_missing(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    DWORD code;

    assert_true(SetEnvironmentVariableA("STANDIN_MISSING", cases[i].missing));
    code = run_self(cases[i].action, cases[i].missing);
    assert_true(SetEnvironmentVariableA("STANDIN_MISSING", NULL));
    if (code != cases[i].code)
      fail_msg("without %s %s ends with %lu", cases[i].missing, cases[i].action, code);
  }
}

/* Signals came later than the rest: that is not asked for on an older Windows. */
static void test_no_signals(void **state) {
  DWORD code;

  (void)state;
  assert_true(SetEnvironmentVariableA("STANDIN_MISSING", "HcsSignalProcess"));
  code = run_self("signal", "1809");
  assert_true(SetEnvironmentVariableA("STANDIN_MISSING", NULL));
  assert_int_equal(code, HCS_E_NOT_SUPPORTED);
}

/* Wine's own means to take a library away from programs of that name that are started from now on. */
#define OVERRIDES L"Software\\Wine\\AppDefaults\\missing_test.exe\\DllOverrides"

/* The features are named that bring the service. */
static void test_no_service(void **state) {
  HKEY overrides;
  DWORD code;

  (void)state;
  assert_int_equal(RegCreateKeyExW(HKEY_CURRENT_USER, OVERRIDES, 0, NULL, REG_OPTION_VOLATILE,
                                   KEY_ALL_ACCESS, NULL, &overrides, NULL),
                   ERROR_SUCCESS);
  assert_int_equal(
      RegSetValueExW(overrides, L"vmcompute", 0, REG_SZ, (const BYTE *)L"", sizeof(wchar_t)),
      ERROR_SUCCESS);
  code = run_self("nothing", "Containers");
  RegDeleteValueW(overrides, L"vmcompute");
  RegCloseKey(overrides);
  assert_int_equal(code, HCS_E_NOT_SUPPORTED);
}

int main(int count, char **arguments) {
  static const struct action without = {"nothing", create, 1};
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_missing),
      cmocka_unit_test(test_no_signals),
      cmocka_unit_test(test_no_service),
  };

  if (count == 3 && strcmp(arguments[1], without.name) == 0) return act(&without, arguments[2]);
  if (count == 3) return act_by_name(arguments[1], arguments[2]);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
