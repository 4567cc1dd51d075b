/*
 * interrupt_test.c - Ctrl-C raises "interrupted!" out of every waiting call (API.md, Conventions).
 *
 * On Windows the stand-alone lua's handler runs on a thread of its own, and leaves a hook for the one that
 * waits. What comes of Ctrl-C itself needs a console; the hook is left here as lua.c leaves it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include <cmocka.h>
#include <lauxlib.h>
#include <lualib.h>

#define WAIT_MS 400     /* until it certainly waits */
#define LONGEST_MS 5000 /* and how long it may take to come back */

/* What every program begins with: processes that never end by themselves, and one of them never reads. */
static const char prologue[] =
    "local folder, layer = ...\n"
    "package.path = folder .. [[\\lua\\?.lua;]] .. folder .. [[\\lua\\?\\init.lua]]\n"
    "package.cpath = folder .. [[\\?.dll]]\n"
    "hcs = require 'hcs'\n"
    "c = assert(hcs.create_container(nil, { SystemType = 'Container', HvPartition = true,\n"
    "  Layers = { { ID = '18955d65-d45a-557b-bf1c-49d6dfefc526', Path = layer } },\n"
    "  TerminateOnLastHandleClosed = true }))\n"
    "assert(c:start())\n"
    "p = assert(c:create_process { CommandLine = 'standin out partial hang',\n"
    "  CreateStdInPipe = true, CreateStdOutPipe = true })\n"
    "stdin, stdout = p:stdio()\n"
    "assert(#hcs.poll({ stdout }, 30) == 1)\n";

static const char *const programs[] = {
    "c:wait()",
    "c:wait(1000)",
    "p:wait()",
    "stdout:read 'l' hcs.poll { c, p, stdout }",
    "hcs.poll({}, 1000)",
    "c:run 'standin hang'",
    "c:run('standin hang', { timeout = 1000 })",
    "c:run('standin hang', { input = ('x'):rep(1 << 20) })",
    "stdout:read 'a'",
    "stdout:read 'l' stdout:read 'l'",
    "stdout:read(100)",
    "for _ in stdout:lines() do end",
    "stdout:read 'l' stdout:read_some()",
    "stdin:write(('x'):rep(1 << 20))",
    "while stdin:write_some(('x'):rep(1 << 16), 0.1) do end stdin:write_some 'x'",
    "p:communicate()",
    "p:communicate { input = ('x'):rep(1 << 20) }",
};

/* ---- as lua.c ------------------------------------------------------------------------------------------ */

static void stop(lua_State *L, lua_Debug *unused) {
  (void)unused;
  lua_sethook(L, NULL, 0, 0);
  luaL_error(L, "interrupted!");
}

static DWORD WINAPI press(void *context) {
  Sleep(WAIT_MS);
  lua_sethook(context, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
  return 0;
}

/* ---- programs ------------------------------------------------------------------------------------------- */

/* The folder of lua54.dll, which has what the program needs. */
static void folder_get(char folder[MAX_PATH]) {
  DWORD size = GetModuleFileNameA(GetModuleHandleA("lua54.dll"), folder, MAX_PATH);

  assert_in_range(size, 1, MAX_PATH - 1);
  *strrchr(folder, '\\') = '\0';
}

static void begin(lua_State *L) {
  char folder[MAX_PATH];

  luaL_openlibs(L);
  folder_get(folder);
  assert_int_equal(luaL_loadstring(L, prologue), LUA_OK);
  lua_pushstring(L, folder);
  lua_pushfstring(L, "%s\\test\\layer", folder);
  if (lua_pcall(L, 2, 0, 0) != LUA_OK) fail_msg("%s", lua_tostring(L, -1));
}

static void is_interrupted(void **state) {
  const char *program = *state;
  lua_State *L = luaL_newstate();
  ULONGLONG before;
  HANDLE thread;

  assert_non_null(L);
  begin(L);
  assert_int_equal(luaL_loadstring(L, program), LUA_OK);
  before = GetTickCount64();
  thread = CreateThread(NULL, 0, press, L, 0, NULL);
  assert_non_null(thread);
  assert_int_equal(lua_pcall(L, 0, 0, 0), LUA_ERRRUN);
  assert_in_range(GetTickCount64() - before, WAIT_MS - 20, LONGEST_MS);
  if (strstr(luaL_tolstring(L, -1, NULL), "interrupted!") == NULL)
    fail_msg("%s", lua_tostring(L, -1));
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
  lua_close(L);
}

int main(void) {
  enum { COUNT = sizeof programs / sizeof programs[0] };
  struct CMUnitTest tests[COUNT];

  for (size_t i = 0; i < COUNT; i++)
    tests[i] = (struct CMUnitTest){.name = programs[i],
                                   .test_func = is_interrupted,
                                   .initial_state = (void *)(uintptr_t)programs[i]};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
