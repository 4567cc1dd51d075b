-- A container in ten lines: start it, feed a process, read it, get its exit code. `make demo` runs this.
local hcs = require "hcs"
local layer = os.getenv "HCS_BASE_LAYER" or "/var/lib/hcs/layers/busybox"

local c <close> = assert(hcs.create_container(nil, {
  Layers = { { Path = layer } }, HostName = "demo", TerminateOnLastHandleClosed = true,
}))
assert(c:start())
local p = assert(c:create_process { "sh", "-c", "sort; echo sorted by $(hostname); exit 7",
  CreateStdInPipe = true, CreateStdOutPipe = true })
local stdin, stdout = p:stdio()
assert(stdin:write("pear\napple\nfig\n"))
stdin:close()
for line in stdout:lines() do print(line) end
print("exit code", assert(p:wait()))
