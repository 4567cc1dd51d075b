rockspec_format = "3.0"
package = "hcs"
version = "scm-1"
-- Not published yet: for `luarocks make` in a checkout.
source = { url = "file://." }
description = {
  summary = "Containers with the API of Windows' Host Compute Service",
  detailed = [[
    Creates, runs and observes containers in the terms of the Host Compute Service (schema 1), as
    hcsshim does for Go. On Windows it is that service's own API (vmcompute.dll); on Linux it talks to the
    kernel itself: no daemon, no helper program.]],
  license = "MIT",
  labels = { "container", "linux", "windows" },
}
supported_platforms = { "unix", "windows" }
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
  platforms = {
    -- luarocks' own builder, with mingw-w64's gcc.
    windows = {
      type = "builtin",
      modules = {
        ["hcs.core"] = {
          sources = {
            "hcs/document.c", "hcs/error.c", "hcs/error_codes.c", "hcs/files.c", "hcs/handle.c", "hcs/library.c",
            "hcs/marshal.c", "hcs/nearest.c", "hcs/path.c", "hcs/poll.c", "hcs/process.c", "hcs/schema.c",
            "hcs/stream.c", "hcs/system.c", "hcs/terminal.c", "hcs/text.c", "hcs/validate.c",
            "hcs/windows/command_line.c", "hcs/windows/enumerate.c", "hcs/windows/environment.c",
            "hcs/windows/kill.c", "hcs/windows/latch.c", "hcs/windows/open_handles.c", "hcs/windows/pipe_io.c",
            "hcs/windows/pipe_thread.c", "hcs/windows/platform.c", "hcs/windows/poll.c", "hcs/windows/process.c",
            "hcs/windows/process_config.c", "hcs/windows/process_handle.c", "hcs/windows/process_wait.c",
            "hcs/windows/properties.c", "hcs/windows/refused.c", "hcs/windows/requests.c", "hcs/windows/result.c",
            "hcs/windows/signal.c", "hcs/windows/state.c", "hcs/windows/stream.c", "hcs/windows/system.c",
            "hcs/windows/system_close.c", "hcs/windows/system_wait.c", "hcs/windows/unregister.c",
            "hcs/windows/vmcompute.c", "hcs/windows/wait.c", "hcs/windows/wide.c", "lhcs.c",
          },
          defines = { "WINVER=0x0A00", "_WIN32_WINNT=0x0A00", "__USE_MINGW_ANSI_STDIO=1" },
          incdirs = { "$(JANSSON_INCDIR)" },
          libdirs = { "$(JANSSON_LIBDIR)" },
          libraries = { "jansson", "ole32", "bcrypt" },
        },
        ["hcs.arguments"] = "lua/hcs/arguments.lua",
        ["hcs.command"] = "lua/hcs/command.lua",
        ["hcs.container"] = "lua/hcs/container.lua",
        ["hcs.deadline"] = "lua/hcs/deadline.lua",
        ["hcs.document"] = "lua/hcs/document.lua",
        ["hcs.errors"] = "lua/hcs/errors.lua",
        ["hcs"] = "lua/hcs/init.lua",
        ["hcs.interact"] = "lua/hcs/interact.lua",
        ["hcs.json"] = "lua/hcs/json.lua",
        ["hcs.options"] = "lua/hcs/options.lua",
        ["hcs.poll"] = "lua/hcs/poll.lua",
        ["hcs.process"] = "lua/hcs/process.lua",
        ["hcs.reading"] = "lua/hcs/reading.lua",
        ["hcs.run"] = "lua/hcs/run.lua",
        ["hcs.stdio"] = "lua/hcs/stdio.lua",
        ["hcs.stream"] = "lua/hcs/stream.lua",
        ["hcs.waitable"] = "lua/hcs/waitable.lua",
      },
    },
  },
  copy_directories = { "docs", "examples", "types" },
}
