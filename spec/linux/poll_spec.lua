-- hcs.poll of anything with a pollfd method (API.md, Module), besides containers, processes and streams.
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support.linux"

local assert_ready = support.assert_ready

-- All processes of this file run in it, where no other is made.
local c

setup(function() c = support.container() end)

local function cat()
  local p = assert(c:create_process { "cat", CreateStdInPipe = true, CreateStdOutPipe = true })
  return p, p:stdio()
end

-- The open pipes of this program, by their descriptors.
local function pipes()
  local names, set = {}, {}
  for name in lfs.dir "/proc/self/fd" do names[#names + 1] = name end
  for _, name in ipairs(names) do
    if lfs.attributes("/proc/self/fd/" .. name, "mode") == "named pipe" then set[math.tointeger(name)] = true end
  end
  return set
end

-- A foreign object around a pipe with the output of a command. Lua does not tell a file's descriptor: it is the one
-- that was not there before.
local function foreign_pipe(command)
  collectgarbage()
  collectgarbage()
  local before = pipes()
  local file = assert(io.popen(command, "r"))
  local object = { file = file }
  for descriptor in pairs(pipes()) do
    if not before[descriptor] then object.descriptor = descriptor end
  end
  assert.is_number(object.descriptor)
  function object:pollfd() return self.descriptor end
  function object.events() return "r" end
  function object.timeout() return nil end
  return object
end

describe("hcs.poll of an object with a pollfd method", function()
  it("waits for its descriptor, between ours", function()
    local fifo = support.temporary_folder() .. "/fifo"
    support.shell("mkfifo " .. fifo)
    finally(function() support.remove(fifo:match "^(.*)/") end)
    local object = foreign_pipe("cat " .. fifo)
    local p <close>, stdin, stdout = cat()
    assert_ready({}, hcs.poll({ p, object, stdout }, 0))
    support.shell("echo from outside > " .. fifo)
    assert_ready({ object }, hcs.poll({ p, object, stdout }, 30))
    assert(stdin:write "x")
    assert_ready({ stdout }, hcs.poll({ stdout }, 30))
    assert_ready({ stdout, object }, hcs.poll({ stdout, object, p }, 30))
    assert.equal("from outside\n", object.file:read "a")
    assert_ready({ object }, hcs.poll({ object }, 0)) -- the end
    object.file:close()
  end)

  it("obeys its timeout", function()
    local object = foreign_pipe "sleep 1000 & echo $!; wait"
    finally(function() object.file:close() end)
    local pid = object.file:read "l"
    finally(function()
      support.shell("kill " .. pid)
      object.file:close()
    end)
    assert_ready({}, hcs.poll({ object }, 0.01))
    object.timeout = function() return 0.01 end
    assert_ready({ object }, hcs.poll({ c, object }, 30))
    assert_ready({}, hcs.poll({ c, object }, 0))
    object.timeout = function() return 0 end
    assert_ready({ object }, hcs.poll({ c, object }))
  end)

  it("may want to write", function()
    local p <close>, stdin = cat()
    local events = "w"
    local object = { pollfd = function() return stdin:pollfd() end, events = function() return events end }
    assert_ready({ object }, hcs.poll({ object }, 30))
    events = "r"
    assert_ready({}, hcs.poll({ object, p }, 0))
    events = "rw"
    assert_ready({ object }, hcs.poll({ object, p }, 30))
  end)

  it("may be a process, a container or a stream in other clothes", function()
    local p <close>, stdin, stdout = cat()
    local objects = {}
    for i, object in ipairs { p, stdout, c } do
      objects[i] = setmetatable({}, { __index = {
        pollfd = function() return object:pollfd() end,
        events = function() return object:events() end,
        timeout = function() return object:timeout() end,
      } })
    end
    assert_ready({}, hcs.poll(objects, 0))
    assert(stdin:write "x\ny")
    assert_ready({ objects[2] }, hcs.poll(objects, 30))
    assert.equal("x", stdout:read "l")
    assert_ready({ objects[2] }, hcs.poll(objects, 30)) -- by its timeout: the bytes are in the buffer
    assert(stdin:close())
    assert_ready({ objects[1] }, hcs.poll({ objects[1], objects[3] }, 30))
  end)
end)

it("what still runs goes with the last handle of its container", function()
  assert.is_true(c:close())
  c = nil
end)

support.nothing_left()
