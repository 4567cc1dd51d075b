/*
 * binding_sweep.c - fails every allocation of the binding once.
 *
 * A Lua script runs over the binding on the in-memory platform, first with the first allocation
 * failing, then with the second, and so on until it gets to its end undisturbed. After each run the
 * state is closed, and then the platform must have no objects left; the address sanitizer looks after
 * the rest. What loads the module is swept the same way, in a sweep of its own.
 *
 *   binding_sweep [script]     (from the top of the checkout)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "memory_platform.h"

int luaopen_hcs_core(lua_State *L);

typedef struct allocator {
  long count; /* allocations since counting began, -1 while it has not */
  long failing;
  int failed;
} allocator;

/* When one fails Lua collects garbage and tries once more; that one has to fail as well. */
static int fails(allocator *a) {
  if (a->count < 0) return 0;
  a->count++;
  if (a->count != a->failing && a->count != a->failing + 1) return 0;
  a->failed = 1;
  return 1;
}

static void *allocate(void *ud, void *block, size_t old_size, size_t size) {
  if (size == 0) {
    free(block);
    return NULL;
  }
  if ((block == NULL || size > old_size) && fails(ud)) return NULL;
  return realloc(block, size);
}

/* ---- what the script gets ----------------------------------------------------------------------- */

static allocator *allocator_of(lua_State *L) {
  void *ud;
  lua_getallocf(L, &ud);
  return ud;
}

static int begin_counting(lua_State *L) {
  allocator_of(L)->count = 0;
  return 0;
}

static int interrupt(lua_State *L) {
  static const char *const operations[] = {"poll", "stream_read", "terminal_write", "system_wait",
                                           NULL};
  memory_platform_interrupt(operations[luaL_checkoption(L, 1, NULL, operations)]);
  return 0;
}

/* ---- one run ------------------------------------------------------------------------------------ */

typedef struct sweep {
  const char *name;
  const char *script; /* a file, or */
  const char *chunk;  /* the code itself */
} sweep;

static void prepare(lua_State *L) {
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_hcs_core);
  lua_setfield(L, -2, "hcs.core");
  lua_pop(L, 1);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "path");
  lua_pushfstring(L, "lua/?.lua;lua/?/init.lua;%s", lua_tostring(L, -1));
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

/* Loads the sweep's code and runs it; LUA_OK, or an error with its message on the stack. */
static int run(lua_State *L, const sweep *s) {
  int status = s->script != NULL ? luaL_loadfile(L, s->script) : luaL_loadstring(L, s->chunk);
  if (status != LUA_OK) return status;
  lua_pushcfunction(L, interrupt);
  lua_pushcfunction(L, begin_counting);
  return lua_pcall(L, 2, 0, 0);
}

/* Whether an error can come from the allocation that failed: every other one is a mistake. */
static int expected(int status, const char *message) {
  if (status == LUA_ERRMEM) return 1;
  return message != NULL && strstr(message, "not enough memory") != NULL;
}

typedef enum outcome { SURVIVED, FAILED_CLEANLY, WRONG } outcome;

static outcome attempt(const sweep *s, long failing) {
  allocator a = {.count = -1, .failing = failing};
  lua_State *L = lua_newstate(allocate, &a);
  if (L == NULL) return WRONG;
  prepare(L);
  int status = run(L, s);
  a.count = -1;
  outcome result = a.failed ? FAILED_CLEANLY : SURVIVED;
  if (status != LUA_OK && !expected(status, lua_tostring(L, -1))) {
    fprintf(stderr, "%s, allocation %ld: %s\n", s->name, failing, luaL_tolstring(L, -1, NULL));
    result = WRONG;
  }
  lua_close(L);
  if (memory_platform_objects() != 0) {
    fprintf(stderr, "%s, allocation %ld: %d objects are left\n", s->name, failing,
            memory_platform_objects());
    result = WRONG;
  }
  return result;
}

static int run_sweep(const sweep *s) {
  long failing = 1;
  outcome result;
  while ((result = attempt(s, failing)) == FAILED_CLEANLY) failing++;
  if (result == WRONG) return -1;
  printf("%s: %ld allocations failed one by one, nothing is left\n", s->name, failing - 1);
  return failing > 1 ? 0 : -1;
}

/*
 * lua-cjson forgets a buffer when memory runs out while it decodes. The leak checker can tell its
 * leaks from ours as long as it stays loaded, for which one state is never closed.
 */
static lua_State *keeper;

__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void) { return "leak:cjson"; }

static int keep_cjson(void) {
  keeper = luaL_newstate();
  if (keeper == NULL) return -1;
  luaL_openlibs(keeper);
  return luaL_dostring(keeper, "require 'cjson'") == LUA_OK ? 0 : -1;
}

int main(int argc, char **argv) {
  const sweep sweeps[] = {
      {.name = "loading",
       .chunk =
           "require 'cjson' ; (select(2, ...))() ; require 'hcs'.document('ContainerConfig', {})"},
      {.name = "using", .script = argc > 1 ? argv[1] : "test/binding_sweep.lua"},
  };
  if (keep_cjson() != 0) return EXIT_FAILURE;
  for (size_t i = 0; i < sizeof sweeps / sizeof sweeps[0]; i++) {
    if (run_sweep(&sweeps[i]) != 0) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
