-- Twenty processes in one container, under luv (libuv): a callback for each output and each end.
-- Debian's package is lua-luv.
local hcs = require "hcs"
local uv = require "luv"
local layer = os.getenv "HCS_BASE_LAYER" or "/var/lib/hcs/layers/busybox"

local c <close> = assert(hcs.create_container(nil, {
  Layers = { { Path = layer } }, TerminateOnLastHandleClosed = true,
}))
assert(c:start())

-- Calls `ready` whenever the object is, until it returns true. luv has to let go of the descriptor before the handle
-- is closed.
local function watch(object, ready)
  local poll = assert(uv.new_poll(assert(object:pollfd())))
  assert(poll:start(object:events(), function(err)
    assert(not err, err)
    if ready() then poll:close() end
  end))
end

local script = "for line in 1 2 3; do echo $0 says $line; usleep 20000; done; exit $0"
local results = {}
local running = 20

local function work(number)
  local process = assert(c:create_process { "sh", "-c", script, tostring(number), CreateStdOutPipe = true })
  local output = assert(process:stdout())
  local result = { text = "" }
  results[number] = result
  watch(output, function()
    local bytes, err = output:read_some(0)
    assert(bytes or not err or hcs.is_timeout(err), err)
    result.text = result.text .. (bytes or "")
    return not bytes and not err
  end)
  watch(process, function()
    result.code = assert(process:wait(0))
    running = running - 1
    if running == 0 then assert(c:shutdown()) end
    return true
  end)
end

for number = 1, running do work(number) end
watch(c, function()
  assert(c:wait(0))
  print("container", c:state())
  return true
end)
uv.run()

for number, result in ipairs(results) do
  local _, lines = result.text:gsub("\n", "")
  print(("process %d: %d lines, the last is '%s', exit code %d"):format(
    number, lines, result.text:match "([^\n]*)\n$", result.code))
end
