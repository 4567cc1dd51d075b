/*
 * module_test.c - the module in a program that makes and closes Lua states: it is loaded and unloaded with
 * each of them, and leaves nothing in the process.
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

/* More than a process has indexes for its threads' values (1,088). */
enum { ROUNDS = 1200 };

/* The folder of lua54.dll, which the module's is below. */
static void lua_folder(char folder[MAX_PATH]) {
  DWORD size = GetModuleFileNameA(GetModuleHandleA("lua54.dll"), folder, MAX_PATH);

  assert_in_range(size, 1, MAX_PATH - 1);
  *strrchr(folder, '\\') = '\0';
}

static void run(const char *folder) {
  lua_State *L = luaL_newstate();

  assert_non_null(L);
  luaL_openlibs(L);
  lua_pushfstring(L, "package.cpath = [[%s\\?.dll]]", folder);
  assert_int_equal(luaL_dostring(L, lua_tostring(L, -1)), LUA_OK);
  if (luaL_dostring(L, "return assert(require 'hcs.core').BACKEND") != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
  lua_close(L);
}

static DWORD handles(void) {
  DWORD count = 0;

  assert_true(GetProcessHandleCount(GetCurrentProcess(), &count));
  return count;
}

static void test_unloaded(void **state) {
  char folder[MAX_PATH];
  (void)state;

  lua_folder(folder);
  run(folder);
  assert_null(GetModuleHandleA("core.dll"));

  DWORD before = handles();
  for (int round = 0; round < ROUNDS; round++) run(folder);
  assert_int_equal(handles(), before);
  assert_null(GetModuleHandleA("core.dll"));

  DWORD index = TlsAlloc();
  assert_int_not_equal(index, TLS_OUT_OF_INDEXES);
  TlsFree(index);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_unloaded)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
