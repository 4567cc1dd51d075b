rockspec_format = "3.0"
package = "hcs"
version = "scm-1"
-- Not published yet: for `luarocks make` in a checkout.
source = { url = "file://." }
description = {
  summary = "Containers with the API of Windows' Host Compute Service",
  detailed = [[
    Creates, runs and observes containers in the terms of the Host Compute Service (schema 1), as
    hcsshim does for Go. On Linux it talks to the kernel itself: no daemon, no helper program.]],
  license = "MIT",
  labels = { "container", "linux", "windows" },
}
supported_platforms = { "unix" }
dependencies = { "lua >= 5.4", "lua-cjson >= 2.1" }
external_dependencies = {
  JANSSON = { header = "jansson.h", library = "jansson" },
}
build = {
  type = "make",
  build_variables = {
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    JANSSON_INCDIR = "$(JANSSON_INCDIR)",
    JANSSON_LIBDIR = "$(JANSSON_LIBDIR)",
  },
  install_variables = {
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    JANSSON_INCDIR = "$(JANSSON_INCDIR)",
    JANSSON_LIBDIR = "$(JANSSON_LIBDIR)",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
  },
  copy_directories = { "docs", "examples", "types" },
}
