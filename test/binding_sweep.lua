-- What test/binding_sweep.c runs again and again, each time with another allocation failing: everything the binding
-- can do, on the in-memory platform. Nothing is closed where a program would not close it, and any error may be
-- raised anywhere; the C program then looks for what was left.
local interrupt, counted = ... -- counted: begins to count allocations

local hcs = require "hcs"
hcs.document("ContainerConfig", {}) -- the field tables are fetched: that is the loading sweep's business
counted()

local layers = { { Path = "/layer" } }
local container <close> = assert(hcs.create_container("sweep", { Layers = layers, TerminateOnLastHandleClosed = true }))
assert(tostring(container):find "Created")
assert(container:start())
assert(hcs.open_container "sweep"):close()
assert(hcs.get_containers { Ids = { "sweep" } }[1].State == "Running")
assert(#container:process_list() == 0)
assert(container:statistics().Memory)
assert(container:modify { ResourceType = "Network", Settings = { list = { 1, 2.5, true } } })
assert(container:write_file("/file", "one\0two", { mode = tonumber("600", 8), user = "root" }))
assert(container:read_file "/file" == "one\0two")
assert(select(2, container:read_file "/file\0").name == "InvalidParameter")
assert(select(2, container:read_file "/nothing").name == "FileNotFound")
assert(select(2, container:write_file("/file", "", { user = "no\0body" })).name == "InvalidParameter")
assert(select(2, container:write_file("/file", "", { user = "nobody" })).name == "NoSuchUser")
assert(not pcall(container.write_file, container, "/file", "", { mode = -1 }))

-- Errors of the core, of the binding and of the Lua layer.
local _, err = hcs.open_container "nobody"
assert(hcs.is_not_exist(err) and err.name and err.code and err.foo == nil and #err.events == 0)
assert(("" .. err):find "nobody" and (err .. "!"):find "!$")
_, err = container:open_process(-1)
assert(err.name == "InvalidParameter")
_, err = container:run { "exit", 1, function() end }
assert(tostring(err):find "function expected" or err.name == "InvalidParameter")
_, err = container:run({ "exit", "3" }, { check = true })
assert(err.exit_code == 3 and err.stdout == "")
assert(not pcall(container.wait, container, "soon"))

-- Streams.
local process <close> = assert(container:create_process {
  "cat", CreateStdInPipe = true, CreateStdOutPipe = true, Environment = { A = "1" },
})
assert(tostring(process):find "running")
local stdin, stdout = process:stdio()
assert(stdin:write("12 line\n", 5, "\nrest", 1.5))
interrupt "stream_read"
assert(stdout:read "n" == 12)
assert(stdout:read("l", "L") == " line")
assert(hcs.poll({ process, stdout, stdin }, 1)[1] == stdout)
assert(stdout:read(2) == "re" and stdout:timeout() == 0)
assert(stdout:read_some() == "st1.5")
_, err = stdout:read_some(0)
assert(hcs.is_timeout(err))
assert(stdin:close())
assert(stdout:read "a" == "" and not stdout:read "l")
assert(process:wait() == 0 and process:exit_code() == 0)

local opened = assert(container:open_process(process:pid()))
assert(select(4, opened:stdio()))
opened = nil -- left to the collector

-- A console, left to the collector.
do
  local session = assert(container:create_process { "echo", "said", "by", "it", EmulateConsole = true })
  assert(not session:stderr())
  interrupt "terminal_write"
  assert(session:interact() == 0)
  assert(select(2, process:interact()).code == 0x490)
end

-- Everything at once.
interrupt "poll"
assert(container:run({ "cat" }, { input = ("x"):rep(100000) }).stdout:find "^x+$")
assert(hcs.is_timeout(select(2, container:run({ "sleep" }, { timeout = 0.001 }))))
assert(hcs.poll({}, 0))
collectgarbage()
interrupt "system_wait"
assert(container:stop() and container:state() == "Stopped" and opened == nil)
