/*
 * lhcs.c - the Lua C module hcs.core: userdata, argument checks and primitives over hcs.h.
 *
 * What users call is made in lua/hcs/; this file hands out the method tables that it completes. The
 * rules here:
 *   - Box first: a userdata with its metatable exists before the C object that it will own, so that
 *     nothing leaks when Lua throws. That holds for errors and for owned strings, too.
 *   - C never calls back into Lua and never yields. A waiting primitive answers `false` when a signal
 *     interrupted it; the caller, in Lua, calls it again with the same deadline, and a debug hook
 *     such as the one behind Ctrl-C gets its turn in between.
 *   - Everything fallible gives its result or `nil, err`; only a wrong argument type raises.
 */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "hcs/hcs.h"

#if LUA_VERSION_NUM < 504
#error "hcs needs Lua 5.4 or later; these headers are of an older Lua"
#endif

#define CONTAINER "hcs.container"
#define PROCESS "hcs.process"
#define STREAM "hcs.stream"
#define ERROR "hcs.error"
#define TERMINAL "hcs.terminal"
#define TEXT "hcs.text"

/* NULL in a box: not acquired yet, or already collected (a finalizer may still reach it). */
typedef struct container_box {
  hcs_system *system;
} container_box;

typedef struct process_box {
  hcs_process *process;
  int opened; /* from open_process: another client has the pipes */
} process_box;

typedef struct stream_box {
  hcs_stream *stream;
} stream_box;

typedef struct terminal_box {
  hcs_terminal *terminal;
} terminal_box;

typedef struct error_box {
  hcs_error *error;
} error_box;

typedef struct text_box {
  char *text;
} text_box;

/* ---- errors ---------------------------------------------------------------------------------- */

/*
 * Every fallible call needs an error object before it starts and hardly any call fails, so one spare
 * error stands by in slot 1 of the table that all functions share as upvalue 1. Who uses it takes it
 * out: a finalizer that runs in the middle of the call makes its own.
 */
#define SPARE lua_upvalueindex(1)

static error_box *new_error(lua_State *L) /* [-0, +1] */
{
  error_box *box = lua_newuserdatauv(L, sizeof *box, 1); /* user value 1: further fields */
  box->error = NULL;
  luaL_setmetatable(L, ERROR);
  box->error = hcs_error_new();
  if (box->error == NULL) luaL_error(L, "not enough memory");
  return box;
}

/* [-0, +1] An empty error, as userdata on the stack. keep_error() or fail() ends its use. */
static hcs_error *push_error(lua_State *L) {
  luaL_checkstack(L, 4, NULL);
  if (lua_rawgeti(L, SPARE, 1) == LUA_TUSERDATA) {
    lua_pushboolean(L, 0);
    lua_rawseti(L, SPARE, 1);
    return ((error_box *)lua_touserdata(L, -1))->error;
  }
  lua_pop(L, 1);
  return new_error(L)->error;
}

/* [-1, +0] The error on top was not needed. */
static void keep_error(lua_State *L) { lua_rawseti(L, SPARE, 1); }

/* [-1, +2] nil and the error on top. */
static int fail(lua_State *L) {
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

/* [-1, +1 or 2] true; false when interrupted; nil and the error on top. */
static int push_status(lua_State *L, int status) {
  if (status < 0) return fail(L);
  keep_error(L);
  lua_pushboolean(L, status != HCS_INTERRUPTED);
  return 1;
}

/* [-1, +1 or 2] As push_status(), with a number in the place of true. */
static int push_number(lua_State *L, int status, lua_Integer number) {
  if (status != 0) return push_status(L, status);
  keep_error(L);
  lua_pushinteger(L, number);
  return 1;
}

static hcs_error *check_error(lua_State *L, int arg) {
  error_box *box = luaL_checkudata(L, arg, ERROR);
  luaL_argcheck(L, box->error != NULL, arg, "error has been collected");
  return box->error;
}

/* [-0, +1] A box for an owned string; the caller fills it, push_text() ends it. */
static text_box *new_text(lua_State *L) {
  text_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->text = NULL;
  luaL_setmetatable(L, TEXT);
  return box;
}

static int text__gc(lua_State *L) {
  text_box *box = luaL_checkudata(L, 1, TEXT);
  hcs_string_free(box->text);
  box->text = NULL;
  return 0;
}

/* [-0, +1] The boxed bytes as a Lua string; the box is empty at once, as they may be many. */
static void push_bytes(lua_State *L, text_box *box, size_t size) {
  lua_pushlstring(L, box->text, size);
  hcs_string_free(box->text);
  box->text = NULL;
}

/* [-0, +1] The boxed string as a Lua string; the box is empty afterwards. */
static void push_text(lua_State *L, text_box *box) { push_bytes(L, box, strlen(box->text)); }

/* [-0, +1] hcsshim's text of the error; its message alone when memory is short. */
static void push_error_text(lua_State *L, const hcs_error *err) {
  text_box *box = new_text(L);
  box->text = hcs_error_text(err);
  if (box->text != NULL)
    push_text(L, box);
  else
    lua_pushstring(L, hcs_error_message(err));
  lua_remove(L, -2);
}

static int error__gc(lua_State *L) {
  error_box *box = luaL_checkudata(L, 1, ERROR);
  hcs_error_free(box->error);
  box->error = NULL;
  return 0;
}

static int error__tostring(lua_State *L) {
  error_box *box = luaL_checkudata(L, 1, ERROR);
  if (box->error != NULL)
    push_error_text(L, box->error);
  else
    lua_pushliteral(L, ERROR ": (collected)");
  return 1;
}

static void push_operand(lua_State *L, int arg) {
  if (luaL_testudata(L, arg, ERROR) != NULL)
    push_error_text(L, check_error(L, arg));
  else if (lua_isstring(L, arg))
    lua_pushvalue(L, arg);
  else
    luaL_error(L, "attempt to concatenate a %s value", luaL_typename(L, arg));
}

static int error__concat(lua_State *L) {
  push_operand(L, 1);
  push_operand(L, 2);
  lua_concat(L, 2);
  return 1;
}

static int error__newindex(lua_State *L) { return luaL_error(L, "an " ERROR " is read-only"); }

static const struct {
  const char *name;
  const char *(*get)(const hcs_error *err);
} text_fields[] = {
    {"name", hcs_error_name}, {"message", hcs_error_message}, {"operation", hcs_error_operation},
    {"id", hcs_error_id},     {"errno", hcs_error_errno},
};

/* [-0, +1] The value of one of the core's own fields, or nil. */
static void push_field(lua_State *L, const hcs_error *err, const char *name) {
  for (size_t i = 0; i < sizeof text_fields / sizeof text_fields[0]; i++) {
    if (strcmp(name, text_fields[i].name) == 0) {
      lua_pushstring(L, text_fields[i].get(err)); /* nil for NULL */
      return;
    }
  }
  uint32_t number = 0;
  if (strcmp(name, "code") == 0) number = hcs_error_code(err);
  if (strcmp(name, "pid") == 0) number = hcs_error_pid(err);
  if (number != 0)
    lua_pushinteger(L, (lua_Integer)number);
  else
    lua_pushnil(L);
}

/* Fields that the Lua layer added come first; `events` is among them (lua/hcs/errors.lua). */
static int error__index(lua_State *L) {
  const hcs_error *err = check_error(L, 1);
  if (lua_getiuservalue(L, 1, 1) == LUA_TTABLE) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, -2) != LUA_TNIL) return 1;
  }
  if (lua_type(L, 2) == LUA_TSTRING)
    push_field(L, err, lua_tostring(L, 2));
  else
    lua_pushnil(L);
  return 1;
}

/* error_new(name [, message [, operation [, id [, pid [, errno]]]]]) → err */
static int core_error_new(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  const char *message = luaL_optstring(L, 2, NULL); /* NULL: what the name says */
  const char *operation = luaL_optstring(L, 3, NULL);
  const char *id = luaL_optstring(L, 4, NULL);
  lua_Integer pid = luaL_optinteger(L, 5, 0);
  const char *errno_name = luaL_optstring(L, 6, NULL);
  luaL_argcheck(L, pid >= 0 && pid <= UINT32_MAX, 5, "out of range");
  hcs_error_assign(push_error(L), name, message, operation, id, (uint32_t)pid, errno_name);
  return 1;
}

/* error_reword(err, message) → err, fresh and of a known name, with a message that tells more */
static int core_error_reword(lua_State *L) {
  hcs_error *err = check_error(L, 1);
  const char *message = luaL_checkstring(L, 2);
  hcs_error_assign(err, hcs_error_name(err), message, hcs_error_operation(err), hcs_error_id(err),
                   hcs_error_pid(err), hcs_error_errno(err));
  lua_settop(L, 1);
  return 1;
}

/* error_fields(err [, table]) → the table of further fields, or nil; with a table, sets it. */
static int core_error_fields(lua_State *L) {
  check_error(L, 1);
  if (!lua_isnoneornil(L, 2)) {
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_setiuservalue(L, 1, 1);
  }
  lua_getiuservalue(L, 1, 1);
  return 1;
}

/* error_events(err) → JSON text of the events, or nil */
static int core_error_events(lua_State *L) {
  lua_pushstring(L, hcs_error_events(check_error(L, 1)));
  return 1;
}

static const struct {
  const char *name;
  hcs_error_class class_;
} classifiers[] = {
    {"is_not_exist", HCS_IS_NOT_EXIST},
    {"is_already_exists", HCS_IS_ALREADY_EXISTS},
    {"is_already_closed", HCS_IS_ALREADY_CLOSED},
    {"is_pending", HCS_IS_PENDING},
    {"is_timeout", HCS_IS_TIMEOUT},
    {"is_already_stopped", HCS_IS_ALREADY_STOPPED},
    {"is_not_supported", HCS_IS_NOT_SUPPORTED},
    {"is_operation_invalid_state", HCS_IS_OPERATION_INVALID_STATE},
    {"is_access_denied", HCS_IS_ACCESS_DENIED},
};

static int classify(lua_State *L) {
  error_box *box = luaL_testudata(L, 1, ERROR);
  hcs_error_class class_ = (hcs_error_class)lua_tointeger(L, lua_upvalueindex(1));
  lua_pushboolean(L, box != NULL && box->error != NULL && hcs_error_is(box->error, class_));
  return 1;
}

/* ---- arguments --------------------------------------------------------------------------------- */

/* The box of class `name` at `arg`; anything else raises, and argument 1 is what a method is called on. */
static void *check_box(lua_State *L, int arg, const char *name) {
  void *box = luaL_testudata(L, arg, name);
  if (box != NULL) return box;
  const char *got = luaL_getmetafield(L, arg, "__name") == LUA_TSTRING ? lua_tostring(L, -1)
                                                                       : luaL_typename(L, arg);
  const char *advice = arg == 1 ? "; call it with a colon" : "";
  luaL_argerror(L, arg, lua_pushfstring(L, "%s expected, got %s%s", name, got, advice));
  return NULL;
}

/*
 * Has a signal handler of the stand-alone `lua` left its hook, which raises "interrupted!" at the next
 * instruction? It sets all kinds with a count of 1; no other hook makes a wait come back.
 */
static int hook_is_due(void *state) {
  lua_State *L = state;
  const int all = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;
  return lua_gethookmask(L) == all && lua_gethookcount(L) == 1;
}

/* Around each call that may sleep; nothing in between may raise, as the check holds L. */
static void wait_begin(lua_State *L) { hcs_interrupt_check(hook_is_due, L); }
static int wait_end(int status) {
  hcs_interrupt_check(NULL, NULL);
  return status;
}

static int64_t check_deadline(lua_State *L, int arg) { return (int64_t)luaL_checkinteger(L, arg); }

/* Where a bad argument was found, for the error. */
typedef struct place {
  const char *operation, *id;
  uint32_t pid;
} place;

/*
 * A string that C can take whole: NULL and a filled error if it has a NUL byte in it. The caller has
 * looked at the type, before it pushed anything: an absent argument's place is taken then.
 */
static const char *check_text(lua_State *L, int arg, const char *what, place at, hcs_error *err) {
  size_t size;
  const char *text = lua_tolstring(L, arg, &size);
  if (strlen(text) == size) return text;
  lua_pushfstring(L, "%s: a NUL byte is not allowed in it", what);
  hcs_error_assign(err, "InvalidParameter", lua_tostring(L, -1), at.operation, at.id, at.pid, NULL);
  lua_pop(L, 1);
  return NULL;
}

/* An integer in [low, high], or 0 and a filled error: a number that is out of range is the system's
   business, not a wrong type. */
static int check_range(lua_State *L, int arg, lua_Integer low, lua_Integer high, const char *what,
                       lua_Integer *value, place at, hcs_error *err) {
  int exact;
  *value = lua_tointegerx(L, arg, &exact);
  if (exact && *value >= low && *value <= high) return 1;
  lua_pushvalue(L, arg); /* lua_tostring would change the argument in place */
  lua_pushfstring(L, "%s: %I to %I expected, got %s", what, (LUAI_UACINT)low, (LUAI_UACINT)high,
                  lua_tostring(L, -1));
  hcs_error_assign(err, "InvalidParameter", lua_tostring(L, -1), at.operation, at.id, at.pid, NULL);
  lua_pop(L, 2);
  return 0;
}

/* ---- containers -------------------------------------------------------------------------------- */

static hcs_system *check_system(lua_State *L, int arg) {
  container_box *box = check_box(L, arg, CONTAINER);
  luaL_argcheck(L, box->system != NULL, arg, "container has been collected");
  return box->system;
}

static container_box *new_container(lua_State *L) /* [-0, +1] */
{
  container_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->system = NULL;
  luaL_setmetatable(L, CONTAINER);
  return box;
}

/* [-1, +1 or 2] With the error on top and the new box below it: the box, or nil and the error. */
static int push_new(lua_State *L, const void *acquired) {
  if (acquired == NULL) return fail(L);
  keep_error(L);
  return 1;
}

/* container_create(id or nil, config) */
static int core_container_create(lua_State *L) {
  if (!lua_isnil(L, 1)) luaL_checktype(L, 1, LUA_TSTRING);
  const char *config = luaL_checkstring(L, 2);
  container_box *box = new_container(L);
  hcs_error *err = push_error(L);
  const char *id = NULL;
  place at = {"hcs::CreateComputeSystem", lua_tostring(L, 1), 0};
  if (!lua_isnil(L, 1) && (id = check_text(L, 1, "id", at, err)) == NULL) return fail(L);
  box->system = hcs_system_create(id, config, err);
  return push_new(L, box->system);
}

/* container_open(id) */
static int core_container_open(lua_State *L) {
  luaL_checktype(L, 1, LUA_TSTRING);
  container_box *box = new_container(L);
  hcs_error *err = push_error(L);
  place at = {"hcs::OpenComputeSystem", lua_tostring(L, 1), 0};
  const char *id = check_text(L, 1, "id", at, err);
  if (id == NULL) return fail(L);
  box->system = hcs_system_open(id, err);
  return push_new(L, box->system);
}

/* Ends the handle now and, if that ends the container, waits for it: close() and __close. */
static int container_close(lua_State *L) {
  container_box *box = check_box(L, 1, CONTAINER);
  hcs_error *err = push_error(L);
  int status = box->system != NULL ? hcs_system_close(box->system, 1, err) : 0;
  return push_status(L, status < 0 ? status : 0);
}

/* A finalizer does not wait; free closes. */
static int container__gc(lua_State *L) {
  container_box *box = check_box(L, 1, CONTAINER);
  hcs_system *system = box->system;
  box->system = NULL;
  hcs_system_free(system);
  return 0;
}

static int container__tostring(lua_State *L) {
  container_box *box = check_box(L, 1, CONTAINER);
  if (box->system == NULL) {
    lua_pushliteral(L, CONTAINER ": (closed)");
    return 1;
  }
  const char *state = "closed";
  if (!hcs_system_closed(box->system)) {
    state = hcs_system_state(box->system, push_error(L)); /* left on the stack, for the collector */
    if (state == NULL) state = "unknown";
  }
  lua_pushfstring(L, CONTAINER ": %s (%s)", hcs_system_id(box->system), state);
  return 1;
}

static int container_id(lua_State *L) {
  lua_pushstring(L, hcs_system_id(check_system(L, 1)));
  return 1;
}

static int container_state(lua_State *L) {
  hcs_system *system = check_system(L, 1);
  const char *state = hcs_system_state(system, push_error(L));
  if (state == NULL) return fail(L);
  keep_error(L);
  lua_pushstring(L, state);
  return 1;
}

static int container_do(lua_State *L, int (*operation)(hcs_system *system, hcs_error *err)) {
  hcs_system *system = check_system(L, 1);
  return push_status(L, operation(system, push_error(L)));
}

static int container_start(lua_State *L) { return container_do(L, hcs_system_start); }

static int container_shutdown(lua_State *L) { return container_do(L, hcs_system_shutdown); }

static int container_terminate(lua_State *L) { return container_do(L, hcs_system_terminate); }

static int container_pause(lua_State *L) { return container_do(L, hcs_system_pause); }

static int container_resume(lua_State *L) { return container_do(L, hcs_system_resume); }

/* hcsshim's constant: HCS has no such query any more. */
static int container_has_pending_updates(lua_State *L) {
  check_box(L, 1, CONTAINER);
  lua_pushboolean(L, 0);
  return 1;
}

/* container_modify(container, request) */
static int core_container_modify(lua_State *L) {
  hcs_system *system = check_system(L, 1);
  const char *request = luaL_checkstring(L, 2);
  return push_status(L, hcs_system_modify(system, request, push_error(L)));
}

/* container_wait(container, deadline) */
static int core_container_wait(lua_State *L) {
  hcs_system *system = check_system(L, 1);
  int64_t deadline = check_deadline(L, 2);
  hcs_error *err = push_error(L);
  wait_begin(L);
  return push_status(L, wait_end(hcs_system_wait(system, deadline, err)));
}

/* container:read_file(path) → the file's bytes */
static int container_read_file(lua_State *L) {
  hcs_system *system = check_system(L, 1);
  luaL_checktype(L, 2, LUA_TSTRING);
  text_box *box = new_text(L);
  hcs_error *err = push_error(L);
  place at = {"hcs::System::ReadFile", hcs_system_id(system), 0};
  const char *path = check_text(L, 2, "path", at, err);
  size_t size = 0;
  if (path != NULL) box->text = hcs_system_read_file(system, path, &size, err);
  if (box->text == NULL) return fail(L);
  keep_error(L);
  push_bytes(L, box, size);
  return 1;
}

/* container_write_file(container, path, data, mode or nil, user or nil) */
static int core_container_write_file(lua_State *L) {
  hcs_system *system = check_system(L, 1);
  luaL_checktype(L, 2, LUA_TSTRING);
  size_t size;
  const char *data = luaL_checklstring(L, 3, &size);
  hcs_file_options options = {.mode = (int)luaL_optinteger(L, 4, -1), .user = NULL};
  lua_settop(L, 5);
  hcs_error *err = push_error(L);
  place at = {"hcs::System::WriteFile", hcs_system_id(system), 0};
  const char *path = check_text(L, 2, "path", at, err);
  if (path == NULL) return fail(L);
  if (!lua_isnil(L, 5) && (options.user = check_text(L, 5, "user", at, err)) == NULL)
    return fail(L);
  return push_status(L, hcs_system_write_file(system, path, data, size, &options, err));
}

/* [-1, +1 or 2] With the error on top of the box: the boxed text, or nil and the error. */
static int push_document(lua_State *L, text_box *box) {
  if (box->text == NULL) return fail(L);
  keep_error(L);
  push_text(L, box);
  return 1;
}

/* container_properties(container, query or nil) → JSON */
static int core_container_properties(lua_State *L) {
  hcs_system *system = check_system(L, 1);
  const char *query = luaL_optstring(L, 2, NULL);
  text_box *box = new_text(L);
  box->text = hcs_system_properties(system, query, push_error(L));
  return push_document(L, box);
}

static int container_pollfd(lua_State *L) {
  hcs_system *system = check_system(L, 1);
  intptr_t descriptor = -1;
  int status = hcs_system_pollfd(system, &descriptor, push_error(L));
  return push_number(L, status, (lua_Integer)descriptor);
}

/* ---- processes --------------------------------------------------------------------------------- */

static process_box *check_process_box(lua_State *L, int arg) {
  process_box *box = check_box(L, arg, PROCESS);
  luaL_argcheck(L, box->process != NULL, arg, "process has been collected");
  return box;
}

static hcs_process *check_process(lua_State *L, int arg) {
  return check_process_box(L, arg)->process;
}

/* [-0, +1] User value 1 is the container at `container`: it is not collected before the process. */
static process_box *new_process(lua_State *L, int container) {
  process_box *box = lua_newuserdatauv(L, sizeof *box, 1);
  box->process = NULL;
  box->opened = 0;
  luaL_setmetatable(L, PROCESS);
  lua_pushvalue(L, container);
  lua_setiuservalue(L, -2, 1);
  return box;
}

/* process_create(container, config, deadline) */
static int core_process_create(lua_State *L) {
  hcs_system *system = check_system(L, 1);
  const char *config = luaL_checkstring(L, 2);
  int64_t deadline = check_deadline(L, 3);
  process_box *box = new_process(L, 1);
  box->process = hcs_process_create_until(system, config, deadline, push_error(L));
  return push_new(L, box->process);
}

static int container_open_process(lua_State *L) {
  hcs_system *system = check_system(L, 1);
  luaL_checktype(L, 2, LUA_TNUMBER);
  process_box *box = new_process(L, 1);
  hcs_error *err = push_error(L);
  lua_Integer pid;
  place at = {"hcs::System::OpenProcess", hcs_system_id(system), 0};
  if (!check_range(L, 2, 1, UINT32_MAX, "pid", &pid, at, err)) return fail(L);
  box->opened = 1;
  box->process = hcs_process_open(system, (uint32_t)pid, err);
  return push_new(L, box->process);
}

static int process_close(lua_State *L) {
  process_box *box = check_box(L, 1, PROCESS);
  hcs_error *err = push_error(L);
  return push_status(L, box->process != NULL ? hcs_process_close(box->process, err) : 0);
}

static int process__gc(lua_State *L) {
  process_box *box = check_box(L, 1, PROCESS);
  hcs_process *process = box->process;
  box->process = NULL;
  hcs_process_free(process);
  return 0;
}

static int process__tostring(lua_State *L) {
  process_box *box = check_box(L, 1, PROCESS);
  if (box->process == NULL) {
    lua_pushliteral(L, PROCESS ": (closed)");
    return 1;
  }
  const char *state = "closed";
  if (!hcs_process_closed(box->process)) {
    hcs_process_exit exit;
    int status = hcs_process_wait(box->process, 0, &exit, push_error(L));
    state = status == 0 ? "exited" : "running";
  }
  lua_pushfstring(L, PROCESS ": %I in %s (%s)", (LUAI_UACINT)hcs_process_pid(box->process),
                  hcs_process_system_id(box->process), state);
  return 1;
}

static int process_pid(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)hcs_process_pid(check_process(L, 1)));
  return 1;
}

/* process_system_id(process) → the id of its container */
static int core_process_system_id(lua_State *L) {
  lua_pushstring(L, hcs_process_system_id(check_process(L, 1)));
  return 1;
}

static int process_kill(lua_State *L) {
  hcs_process *process = check_process(L, 1);
  return push_status(L, hcs_process_kill(process, push_error(L)));
}

static place place_of(const hcs_process *process, const char *operation) {
  place at = {operation, hcs_process_system_id(process), hcs_process_pid(process)};
  return at;
}

/* [-0, +1] "TERM" as it is, 15 as "15". */
static const char *push_signal(lua_State *L, int arg, place at, hcs_error *err) {
  int exact;
  lua_Integer number = lua_tointegerx(L, arg, &exact);
  if (lua_type(L, arg) == LUA_TNUMBER && exact)
    lua_pushfstring(L, "%I", (LUAI_UACINT)number);
  else
    lua_pushvalue(L, arg);
  lua_tostring(L, -1);
  return check_text(L, -1, "signal", at, err);
}

/* process_signal(process, signal, group) */
static int signal_process(lua_State *L, int group) {
  hcs_process *process = check_process(L, 1);
  if (lua_type(L, 2) != LUA_TNUMBER) luaL_checktype(L, 2, LUA_TSTRING);
  hcs_error *err = push_error(L);
  const char *signal = push_signal(L, 2, place_of(process, "hcs::Process::Signal"), err);
  lua_insert(L, -2); /* the error on top */
  if (signal == NULL) return fail(L);
  return push_status(L, hcs_process_signal(process, signal, group, err));
}

static int process_signal(lua_State *L) { return signal_process(L, 0); }

/* process_signal_group(process, signal) */
static int core_process_signal_group(lua_State *L) { return signal_process(L, 1); }

static int process_resize_console(lua_State *L) {
  hcs_process *process = check_process(L, 1);
  luaL_checktype(L, 2, LUA_TNUMBER);
  luaL_checktype(L, 3, LUA_TNUMBER);
  hcs_error *err = push_error(L);
  lua_Integer width, height;
  place at = place_of(process, "hcs::Process::ResizeConsole");
  if (!check_range(L, 2, 0, UINT16_MAX, "width", &width, at, err) ||
      !check_range(L, 3, 0, UINT16_MAX, "height", &height, at, err))
    return fail(L);
  return push_status(L,
                     hcs_process_resize_console(process, (uint16_t)width, (uint16_t)height, err));
}

static int process_close_stdin(lua_State *L) {
  hcs_process *process = check_process(L, 1);
  return push_status(L, hcs_process_close_stdin(process, push_error(L)));
}

static int process_exit_code(lua_State *L) {
  hcs_process *process = check_process(L, 1);
  hcs_error *err = push_error(L);
  hcs_process_exit exit;
  if (hcs_process_exit_get(process, &exit, err) != 0) return fail(L);
  keep_error(L);
  lua_pushinteger(L, (lua_Integer)exit.code);
  return 1;
}

static int process_exit_signal(lua_State *L) {
  hcs_process *process = check_process(L, 1);
  hcs_error *err = push_error(L);
  hcs_process_exit exit;
  if (hcs_process_exit_get(process, &exit, err) != 0) return fail(L);
  keep_error(L);
  lua_pushstring(L, exit.signal); /* nil for NULL */
  return 1;
}

/* process_wait(process, deadline) → code; true when nobody knows the code */
static int core_process_wait(lua_State *L) {
  hcs_process *process = check_process(L, 1);
  int64_t deadline = check_deadline(L, 2);
  hcs_process_exit exit;
  memset(&exit, 0, sizeof exit);
  hcs_error *err = push_error(L);
  wait_begin(L);
  int status = wait_end(hcs_process_wait(process, deadline, &exit, err));
  if (!exit.tracked) return push_status(L, status);
  return push_number(L, status, (lua_Integer)exit.code);
}

static int process_pollfd(lua_State *L) {
  hcs_process *process = check_process(L, 1);
  intptr_t descriptor = -1;
  int status = hcs_process_pollfd(process, &descriptor, push_error(L));
  return push_number(L, status, (lua_Integer)descriptor);
}

/* process_opened(process) → true when it came from open_process */
static int core_process_opened(lua_State *L) {
  lua_pushboolean(L, check_process_box(L, 1)->opened);
  return 1;
}

/* ---- streams ----------------------------------------------------------------------------------- */

static const char *const stream_names[] = {"stdin", "stdout", "stderr"};

static hcs_stream *check_stream(lua_State *L, int arg) {
  stream_box *box = check_box(L, arg, STREAM);
  luaL_argcheck(L, box->stream != NULL, arg, "stream has been collected");
  return box->stream;
}

/* A stream holds neither process nor container: it has a share in the pipe itself. */
static int process_stream(lua_State *L, hcs_stdio which) {
  hcs_process *process = check_process(L, 1);
  stream_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->stream = NULL;
  luaL_setmetatable(L, STREAM);
  box->stream = hcs_process_stream(process, which, push_error(L));
  return push_new(L, box->stream);
}

static int process_stdin(lua_State *L) { return process_stream(L, HCS_STDIN); }

static int process_stdout(lua_State *L) { return process_stream(L, HCS_STDOUT); }

static int process_stderr(lua_State *L) { return process_stream(L, HCS_STDERR); }

static int stream_close(lua_State *L) {
  stream_box *box = check_box(L, 1, STREAM);
  hcs_error *err = push_error(L);
  return push_status(L, box->stream != NULL ? hcs_stream_close(box->stream, err) : 0);
}

static int stream__gc(lua_State *L) {
  stream_box *box = check_box(L, 1, STREAM);
  hcs_stream *stream = box->stream;
  box->stream = NULL;
  hcs_stream_free(stream);
  return 0;
}

static int stream__tostring(lua_State *L) {
  stream_box *box = check_box(L, 1, STREAM);
  if (box->stream == NULL)
    lua_pushliteral(L, STREAM ": (closed)");
  else
    lua_pushfstring(L, STREAM ": %s (%s)", stream_names[hcs_stream_which(box->stream)],
                    hcs_stream_closed(box->stream) ? "closed" : "open");
  return 1;
}

static int stream_pollfd(lua_State *L) {
  hcs_stream *stream = check_stream(L, 1);
  intptr_t descriptor = -1;
  int status = hcs_stream_pollfd(stream, &descriptor, push_error(L));
  return push_number(L, status, (lua_Integer)descriptor);
}

/* stream_name(stream) → "stdin", "stdout" or "stderr" */
static int core_stream_name(lua_State *L) {
  lua_pushstring(L, stream_names[hcs_stream_which(check_stream(L, 1))]);
  return 1;
}

/* stream_fill(stream, deadline) → number of new bytes behind the buffered ones, 0 at the end */
static int core_stream_fill(lua_State *L) {
  hcs_stream *stream = check_stream(L, 1);
  int64_t deadline = check_deadline(L, 2);
  size_t size = 0;
  hcs_error *err = push_error(L);
  wait_begin(L);
  int status = wait_end(hcs_stream_fill(stream, &size, deadline, err));
  return push_number(L, status, (lua_Integer)size);
}

/* stream_buffered(stream) → number of buffered bytes */
static int core_stream_buffered(lua_State *L) {
  size_t size = 0;
  hcs_stream_buffer(check_stream(L, 1), &size);
  lua_pushinteger(L, (lua_Integer)size);
  return 1;
}

/* stream_byte(stream, position) → the buffered byte there, or nil */
static int core_stream_byte(lua_State *L) {
  hcs_stream *stream = check_stream(L, 1);
  lua_Integer position = luaL_checkinteger(L, 2);
  size_t size = 0;
  const char *bytes = hcs_stream_buffer(stream, &size);
  if (position < 1 || (lua_Unsigned)position > size)
    lua_pushnil(L);
  else
    lua_pushinteger(L, (unsigned char)bytes[position - 1]);
  return 1;
}

/* stream_take(stream, count [, drop]) → that many bytes (or what is there); then drops some more */
static int core_stream_take(lua_State *L) {
  hcs_stream *stream = check_stream(L, 1);
  lua_Integer count = luaL_checkinteger(L, 2);
  lua_Integer drop = luaL_optinteger(L, 3, 0);
  luaL_argcheck(L, count >= 0, 2, "out of range");
  luaL_argcheck(L, drop >= 0, 3, "out of range");
  size_t size = 0;
  const char *bytes = hcs_stream_buffer(stream, &size);
  size_t taken = (lua_Unsigned)count < size ? (size_t)count : size;
  size_t dropped = (lua_Unsigned)drop < size - taken ? (size_t)drop : size - taken;
  if (taken > 0)
    lua_pushlstring(L, bytes, taken); /* if this throws nothing is lost */
  else
    lua_pushliteral(L, "");
  hcs_stream_consume(stream, taken + dropped);
  return 1;
}

/*
 * stream_take_line(stream, keep, searched) → the first buffered line, with its newline if `keep`; nil if
 * there is no newline behind the first `searched` bytes
 */
static int core_stream_take_line(lua_State *L) {
  hcs_stream *stream = check_stream(L, 1);
  int keep = lua_toboolean(L, 2);
  lua_Integer searched = luaL_checkinteger(L, 3);
  size_t size = 0;
  const char *bytes = hcs_stream_buffer(stream, &size);
  if (searched < 0 || (lua_Unsigned)searched >= size) return 0;
  const char *newline = memchr(bytes + searched, '\n', size - (size_t)searched);
  if (newline == NULL) return 0;
  size_t length = (size_t)(newline - bytes);
  lua_pushlstring(L, bytes, keep ? length + 1 : length); /* if this throws nothing is lost */
  hcs_stream_consume(stream, length + 1);
  return 1;
}

static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static int is_hexadecimal(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A place in the buffered bytes. */
typedef struct scanner {
  const char *at, *end;
} scanner;

static int accept(scanner *s, char a, char b) {
  if (s->at == s->end || (*s->at != a && *s->at != b)) return 0;
  s->at++;
  return 1;
}

static size_t accept_all(scanner *s, int (*belongs)(char c)) {
  const char *start = s->at;
  while (s->at < s->end && belongs(*s->at)) s->at++;
  return (size_t)(s->at - start);
}

/* Goes past what liolib takes for a numeral: the longest run that could begin one. */
static void accept_numeral(scanner *s) {
  int (*belongs)(char c) = is_digit;
  size_t count = 0;
  (void)accept(s, '+', '-');
  if (accept(s, '0', '0')) {
    if (accept(s, 'x', 'X'))
      belongs = is_hexadecimal;
    else
      count = 1;
  }
  count += accept_all(s, belongs);
  if (accept(s, '.', '.')) count += accept_all(s, belongs);
  if (count == 0 || !(belongs == is_digit ? accept(s, 'e', 'E') : accept(s, 'p', 'P'))) return;
  (void)accept(s, '+', '-');
  (void)accept_all(s, is_digit);
}

#define NUMERAL_MAX 200 /* liolib's */

/*
 * stream_take_number(stream) → the number that the buffer begins with; nil, and nothing is taken, if there
 * is none or it may go on behind the buffered bytes (lua/hcs/reading.lua reads it then)
 */
static int core_stream_take_number(lua_State *L) {
  hcs_stream *stream = check_stream(L, 1);
  size_t size = 0;
  const char *bytes = hcs_stream_buffer(stream, &size);
  if (size == 0) return 0;
  scanner s = {bytes, bytes + size};
  (void)accept_all(&s, is_space);
  const char *start = s.at;
  accept_numeral(&s);
  size_t length = (size_t)(s.at - start);
  if (s.at == s.end || length > NUMERAL_MAX) return 0;
  char numeral[NUMERAL_MAX + 1];
  memcpy(numeral, start, length);
  numeral[length] = '\0';
  if (lua_stringtonumber(L, numeral) == 0) return 0;
  hcs_stream_consume(stream, (size_t)(s.at - bytes));
  return 1;
}

/* The string at `arg` and where the argument behind it says that it begins; `size` is the whole. */
static const char *check_rest(lua_State *L, int arg, size_t *skip, size_t *size) {
  const char *data = luaL_checklstring(L, arg, size);
  lua_Integer from = luaL_checkinteger(L, arg + 1);
  luaL_argcheck(L, from >= 1 && (lua_Unsigned)from <= (lua_Unsigned)*size + 1, arg + 1,
                "out of range");
  *skip = (size_t)from - 1;
  return data;
}

/* stream_write(stream, data, from, deadline) → number of bytes taken, beginning at `from` */
static int core_stream_write(lua_State *L) {
  hcs_stream *stream = check_stream(L, 1);
  size_t skip, size, written = 0;
  const char *data = check_rest(L, 2, &skip, &size);
  int64_t deadline = check_deadline(L, 4);
  hcs_error *err = push_error(L);
  wait_begin(L);
  int status =
      wait_end(hcs_stream_write(stream, data + skip, size - skip, &written, deadline, err));
  return push_number(L, status, (lua_Integer)written);
}

/* ---- the caller's terminal ---------------------------------------------------------------------- */

/* Only lua/hcs/interact.lua sees one: in a variable that closes it, whatever happens. */
static hcs_terminal *check_terminal(lua_State *L, int arg) {
  terminal_box *box = check_box(L, arg, TERMINAL);
  luaL_argcheck(L, box->terminal != NULL, arg, "terminal has been left");
  return box->terminal;
}

/* terminal_enter(process) → the terminal, in raw mode until it is closed */
static int core_terminal_enter(lua_State *L) {
  hcs_process *process = check_process(L, 1);
  terminal_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->terminal = NULL;
  luaL_setmetatable(L, TERMINAL);
  box->terminal = hcs_terminal_enter(process, push_error(L));
  return push_new(L, box->terminal);
}

/* terminal_leave(terminal): the first time counts */
static int core_terminal_leave(lua_State *L) {
  terminal_box *box = check_box(L, 1, TERMINAL);
  hcs_terminal *terminal = box->terminal;
  box->terminal = NULL;
  hcs_terminal_leave(terminal);
  return 0;
}

/* terminal_size(terminal) → width, height */
static int core_terminal_size(lua_State *L) {
  hcs_terminal *terminal = check_terminal(L, 1);
  uint16_t width = 0, height = 0;
  if (hcs_terminal_size(terminal, &width, &height, push_error(L)) != 0) return fail(L);
  keep_error(L);
  lua_pushinteger(L, width);
  lua_pushinteger(L, height);
  return 2;
}

#define KEYS_BYTES 4096 /* what a terminal holds of what is typed (Linux, N_TTY_BUF_SIZE) */

/* terminal_read(terminal) → what has been typed, "" if nothing */
static int core_terminal_read(lua_State *L) {
  hcs_terminal *terminal = check_terminal(L, 1);
  char keys[KEYS_BYTES];
  size_t size = 0;
  if (hcs_terminal_read(terminal, keys, sizeof keys, &size, push_error(L)) != 0) return fail(L);
  keep_error(L);
  lua_pushlstring(L, keys, size);
  return 1;
}

/* terminal_write(terminal, data, from) → number of bytes taken, beginning at `from` */
static int core_terminal_write(lua_State *L) {
  hcs_terminal *terminal = check_terminal(L, 1);
  size_t skip, size, written = 0;
  const char *data = check_rest(L, 2, &skip, &size);
  hcs_error *err = push_error(L);
  wait_begin(L);
  int status = wait_end(hcs_terminal_write(terminal, data + skip, size - skip, &written, err));
  return push_number(L, status, (lua_Integer)written);
}

/* ---- any handle -------------------------------------------------------------------------------- */

static int container_closed(const void *box) {
  const hcs_system *system = ((const container_box *)box)->system;
  return system == NULL || hcs_system_closed(system);
}

static int process_closed(const void *box) {
  const hcs_process *process = ((const process_box *)box)->process;
  return process == NULL || hcs_process_closed(process);
}

static int stream_closed(const void *box) {
  const hcs_stream *stream = ((const stream_box *)box)->stream;
  return stream == NULL || hcs_stream_closed(stream);
}

static int error_closed(const void *box) {
  (void)box;
  return 0;
}

static const struct {
  const char *metatable;
  const char *open, *closed;
  int (*is_closed)(const void *box);
} classes[] = {
    {CONTAINER, "container", "closed container", container_closed},
    {PROCESS, "process", "closed process", process_closed},
    {STREAM, "stream", "closed stream", stream_closed},
    {ERROR, "error", "closed error", error_closed},
};

/* type(value) → "container", "closed container", … or nil; what hcs.type is */
static int core_type(lua_State *L) {
  luaL_checkany(L, 1);
  for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
    const void *box = luaL_testudata(L, 1, classes[i].metatable);
    if (box == NULL) continue;
    lua_pushstring(L, classes[i].is_closed(box) ? classes[i].closed : classes[i].open);
    return 1;
  }
  lua_pushnil(L);
  return 1;
}

/* class(value) → "container", "process", "stream", "error" or nil, open or closed */
static int core_class(lua_State *L) {
  for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
    if (luaL_testudata(L, 1, classes[i].metatable) == NULL) continue;
    lua_pushstring(L, classes[i].open);
    return 1;
  }
  lua_pushnil(L);
  return 1;
}

/* ---- waiting for many -------------------------------------------------------------------------- */

static void set_poll_item(lua_State *L, hcs_poll_item *item, lua_Integer index) {
  memset(item, 0, sizeof *item);
  item->descriptor = -1;
  lua_rawgeti(L, 1, index);
  if (luaL_testudata(L, -1, CONTAINER) != NULL)
    item->system = check_system(L, -1);
  else if (luaL_testudata(L, -1, PROCESS) != NULL)
    item->process = check_process(L, -1);
  else if (luaL_testudata(L, -1, STREAM) != NULL)
    item->stream = check_stream(L, -1);
  else if (luaL_testudata(L, -1, TERMINAL) != NULL)
    item->terminal = check_terminal(L, -1);
  else
    item->descriptor = (intptr_t)luaL_checkinteger(L, -1);
  lua_rawgeti(L, 2, index);
  item->for_write = lua_toboolean(L, -1);
  lua_pop(L, 2);
}

/*
 * poll(targets, for_write, deadline) → array of booleans, one for each target. A target is a handle
 * or a descriptor; `for_write[i]` counts for descriptors.
 */
static int core_poll(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TTABLE);
  int64_t deadline = check_deadline(L, 3);
  lua_Unsigned count = lua_rawlen(L, 1);
  luaL_argcheck(L, count < INT_MAX / sizeof(hcs_poll_item), 1, "too many objects");
  hcs_poll_item *items = lua_newuserdatauv(L, (size_t)count * sizeof *items, 0);
  for (lua_Unsigned i = 0; i < count; i++) set_poll_item(L, &items[i], (lua_Integer)i + 1);
  hcs_error *err = push_error(L);
  wait_begin(L);
  int status = wait_end(hcs_poll(items, (size_t)count, deadline, err));
  if (status != 0) return push_status(L, status);
  keep_error(L);
  lua_createtable(L, (int)count, 0);
  for (lua_Unsigned i = 0; i < count; i++) {
    lua_pushboolean(L, items[i].ready);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* ---- library ----------------------------------------------------------------------------------- */

/* clock() → now in ns, on the clock of deadlines */
static int core_clock(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)hcs_clock_ns());
  return 1;
}

/* describe() → the field tables as JSON */
static int core_describe(lua_State *L) {
  text_box *box = new_text(L);
  box->text = hcs_schema_describe(push_error(L));
  return push_document(L, box);
}

/* marshal(type, json) → the text that HCS receives */
static int core_marshal(lua_State *L) {
  const char *type = luaL_checkstring(L, 1);
  const char *json = luaL_checkstring(L, 2);
  text_box *box = new_text(L);
  box->text = hcs_document_marshal(type, json, push_error(L));
  return push_document(L, box);
}

/* enumerate(query, property_query or nil) → JSON */
static int core_enumerate(lua_State *L) {
  const char *query = luaL_checkstring(L, 1);
  const char *property_query = luaL_optstring(L, 2, NULL);
  text_box *box = new_text(L);
  box->text = hcs_enumerate(query, property_query, push_error(L));
  return push_document(L, box);
}

/* gc() → number of containers cleaned */
static int core_gc(lua_State *L) {
  int cleaned = 0;
  if (hcs_gc(&cleaned, push_error(L)) != 0) return fail(L);
  keep_error(L);
  lua_pushinteger(L, cleaned);
  return 1;
}

/* ---- tables ------------------------------------------------------------------------------------ */

static const luaL_Reg container_methods[] = {
    {"close", container_close},
    {"has_pending_updates", container_has_pending_updates},
    {"id", container_id},
    {"open_process", container_open_process},
    {"pause", container_pause},
    {"pollfd", container_pollfd},
    {"read_file", container_read_file},
    {"resume", container_resume},
    {"shutdown", container_shutdown},
    {"start", container_start},
    {"state", container_state},
    {"terminate", container_terminate},
    {NULL, NULL},
};

static const luaL_Reg container_metamethods[] = {
    {"__close", container_close},
    {"__gc", container__gc},
    {"__tostring", container__tostring},
    {NULL, NULL},
};

static const luaL_Reg process_methods[] = {
    {"close", process_close},
    {"close_stdin", process_close_stdin},
    {"exit_code", process_exit_code},
    {"exit_signal", process_exit_signal},
    {"kill", process_kill},
    {"pid", process_pid},
    {"pollfd", process_pollfd},
    {"resize_console", process_resize_console},
    {"signal", process_signal},
    {"stderr", process_stderr},
    {"stdin", process_stdin},
    {"stdout", process_stdout},
    {NULL, NULL},
};

static const luaL_Reg process_metamethods[] = {
    {"__close", process_close},
    {"__gc", process__gc},
    {"__tostring", process__tostring},
    {NULL, NULL},
};

static const luaL_Reg stream_methods[] = {
    {"close", stream_close},
    {"pollfd", stream_pollfd},
    {NULL, NULL},
};

static const luaL_Reg stream_metamethods[] = {
    {"__close", stream_close},
    {"__gc", stream__gc},
    {"__tostring", stream__tostring},
    {NULL, NULL},
};

static const luaL_Reg terminal_metamethods[] = {
    {"__close", core_terminal_leave},
    {"__gc", core_terminal_leave},
    {NULL, NULL},
};

static const luaL_Reg error_metamethods[] = {
    {"__concat", error__concat},     {"__gc", error__gc},
    {"__index", error__index},       {"__newindex", error__newindex},
    {"__tostring", error__tostring}, {NULL, NULL},
};

static const luaL_Reg text_metamethods[] = {
    {"__gc", text__gc},
    {NULL, NULL},
};

static const luaL_Reg core_functions[] = {
    {"class", core_class},
    {"clock", core_clock},
    {"container_create", core_container_create},
    {"container_modify", core_container_modify},
    {"container_open", core_container_open},
    {"container_properties", core_container_properties},
    {"container_wait", core_container_wait},
    {"container_write_file", core_container_write_file},
    {"describe", core_describe},
    {"enumerate", core_enumerate},
    {"error_events", core_error_events},
    {"error_fields", core_error_fields},
    {"error_new", core_error_new},
    {"error_reword", core_error_reword},
    {"gc", core_gc},
    {"marshal", core_marshal},
    {"poll", core_poll},
    {"process_create", core_process_create},
    {"process_opened", core_process_opened},
    {"process_signal_group", core_process_signal_group},
    {"process_system_id", core_process_system_id},
    {"process_wait", core_process_wait},
    {"stream_buffered", core_stream_buffered},
    {"stream_byte", core_stream_byte},
    {"stream_fill", core_stream_fill},
    {"stream_name", core_stream_name},
    {"stream_take", core_stream_take},
    {"stream_take_line", core_stream_take_line},
    {"stream_take_number", core_stream_take_number},
    {"stream_write", core_stream_write},
    {"terminal_enter", core_terminal_enter},
    {"terminal_leave", core_terminal_leave},
    {"terminal_read", core_terminal_read},
    {"terminal_size", core_terminal_size},
    {"terminal_write", core_terminal_write},
    {"type", core_type},
    {NULL, NULL},
};

/* [-0, +1] Makes the class; pushes its method table. The spare's table is at index `spare`. */
static void new_class(lua_State *L, const char *name, const luaL_Reg *metamethods,
                      const luaL_Reg *methods, int spare) {
  luaL_newmetatable(L, name);
  lua_pushvalue(L, spare);
  luaL_setfuncs(L, metamethods, 1);
  lua_newtable(L);
  if (methods != NULL) {
    lua_pushvalue(L, spare);
    luaL_setfuncs(L, methods, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__index");
  }
  lua_remove(L, -2);
}

/* In hcs.core: container, process, stream are the classes' method tables, error is a metatable. */
static void set_classes(lua_State *L, int core, int spare) {
  new_class(L, CONTAINER, container_metamethods, container_methods, spare);
  lua_setfield(L, core, "container");
  new_class(L, PROCESS, process_metamethods, process_methods, spare);
  lua_setfield(L, core, "process");
  new_class(L, STREAM, stream_metamethods, stream_methods, spare);
  lua_setfield(L, core, "stream");
  new_class(L, ERROR, error_metamethods, NULL, spare);
  new_class(L, TERMINAL, terminal_metamethods, NULL, spare);
  new_class(L, TEXT, text_metamethods, NULL, spare);
  lua_pop(L, 3);
  luaL_getmetatable(L, ERROR);
  lua_setfield(L, core, "error");
}

static void set_classifiers(lua_State *L, int core) {
  for (size_t i = 0; i < sizeof classifiers / sizeof classifiers[0]; i++) {
    lua_pushinteger(L, classifiers[i].class_);
    lua_pushcclosure(L, classify, 1);
    lua_setfield(L, core, classifiers[i].name);
  }
}

HCS_API int luaopen_hcs_core(lua_State *L);

HCS_API int luaopen_hcs_core(lua_State *L) {
  lua_settop(L, 0);
  lua_createtable(L, 1, 0); /* 1: the spare error's table */
  lua_pushboolean(L, 0);
  lua_rawseti(L, 1, 1);
  lua_createtable(L, 0, 48); /* 2: the module */
  lua_pushvalue(L, 1);
  luaL_setfuncs(L, core_functions, 1);
  set_classes(L, 2, 1);
  set_classifiers(L, 2);
  lua_pushliteral(L, HCS_VERSION);
  lua_setfield(L, 2, "VERSION");
  lua_pushstring(L, hcs_backend());
  lua_setfield(L, 2, "BACKEND");
  lua_pushinteger(L, HCS_FOREVER);
  lua_setfield(L, 2, "FOREVER");
  lua_pushinteger(L, (lua_Integer)hcs_output_delay_ns());
  lua_setfield(L, 2, "OUTPUT_DELAY");
  return 1;
}
