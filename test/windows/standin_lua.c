/*
 * standin_lua.c - the stand-in's control for Lua: require "standin" (standin/standin.h says what can be told).
 *
 * tell(json) -> true, or nil and why; report() -> json; reset(). Each is nil, "…" when the vmcompute.dll in
 * system32 is not the stand-in.
 */
#include <stdint.h>

#include <windows.h>

#include <lauxlib.h>
#include <lua.h>

#include "test/windows/standin/standin.h"

/* Loads it if the library under test has not yet. */
static void *find(const char *name) {
  HMODULE library = LoadLibraryExW(L"vmcompute.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
  return library != NULL ? (void *)(uintptr_t)GetProcAddress(library, name) : NULL;
}

static int absent(lua_State *L) {
  luaL_pushfail(L);
  lua_pushliteral(L, "the vmcompute.dll of this machine is not the stand-in");
  return 2;
}

static int standin_tell(lua_State *L) {
  const char *json = luaL_checkstring(L, 1);
  __typeof__(StandinTell) *tell = (__typeof__(tell))(uintptr_t)find("StandinTell");
  if (tell == NULL) return absent(L);
  if (tell(json) != 0) {
    luaL_pushfail(L);
    lua_pushfstring(L, "the stand-in does not understand %s", json);
    return 2;
  }
  lua_pushboolean(L, 1);
  return 1;
}

static int standin_report(lua_State *L) {
  __typeof__(StandinReport) *report = (__typeof__(report))(uintptr_t)find("StandinReport");
  __typeof__(StandinFree) *release = (__typeof__(release))(uintptr_t)find("StandinFree");
  if (report == NULL || release == NULL) return absent(L);
  char *text = report();
  lua_pushstring(L, text);
  release(text);
  return 1;
}

static int standin_reset(lua_State *L) {
  __typeof__(StandinReset) *reset = (__typeof__(reset))(uintptr_t)find("StandinReset");
  if (reset == NULL) return absent(L);
  reset();
  lua_pushboolean(L, 1);
  return 1;
}

__declspec(dllexport) int luaopen_standin(lua_State *L);

int luaopen_standin(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"tell", standin_tell}, {"report", standin_report}, {"reset", standin_reset}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
