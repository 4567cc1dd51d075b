-- Twenty processes in one container, under cqueues: a coroutine each reads the output and waits for the end.
-- Debian's package is lua-cqueues.
local cqueues = require "cqueues"
local hcs = require "hcs"
local layer = os.getenv "HCS_BASE_LAYER" or "/var/lib/hcs/layers/busybox"

local c <close> = assert(hcs.create_container(nil, {
  Layers = { { Path = layer } }, TerminateOnLastHandleClosed = true,
}))
assert(c:start())

-- cqueues.poll takes containers, processes and streams as they are. What it has waited for it must forget before
-- the handle is closed.
local function close(object)
  cqueues.cancel(object:pollfd())
  object:close()
end

-- What the stream brings until its end. Only this coroutine waits. What poll returns does not matter: at the end of a
-- stream it names nothing.
local function read_all(stream)
  local parts = {}
  repeat
    cqueues.poll(stream)
    local bytes, err = stream:read_some(0)
    assert(bytes or not err or hcs.is_timeout(err), err)
    parts[#parts + 1] = bytes
  until not bytes and not err
  return table.concat(parts)
end

local script = "for line in 1 2 3; do echo $0 says $line; usleep 20000; done; exit $0"
local results = {}

local function work(number)
  local process = assert(c:create_process { "sh", "-c", script, tostring(number), CreateStdOutPipe = true })
  local output = assert(process:stdout())
  local text = read_all(output)
  cqueues.poll(process)
  results[number] = { text = text, code = assert(process:wait(0)) }
  close(output)
  close(process)
end

local loop = cqueues.new()
local running = 20
for number = 1, running do
  loop:wrap(function()
    work(number)
    running = running - 1
    if running == 0 then assert(c:shutdown()) end
  end)
end
loop:wrap(function()
  cqueues.poll(c)
  assert(c:wait(0))
  print("container", c:state())
  cqueues.cancel(c:pollfd())
end)
assert(loop:loop())

for number, result in ipairs(results) do
  local _, lines = result.text:gsub("\n", "")
  print(("process %d: %d lines, the last is '%s', exit code %d"):format(
    number, lines, result.text:match "([^\n]*)\n$", result.code))
end
