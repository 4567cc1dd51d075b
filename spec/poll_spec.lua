-- hcs.poll (API.md, Module): containers, processes, streams, and anything with a pollfd method.
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support.linux"

local failure = support.failure

-- The very objects, in this order.
local function assert_ready(expected, list, err)
  assert.is_nil(err)
  assert.equal(#expected, #list)
  for i, object in ipairs(expected) do assert.is_true(rawequal(object, list[i])) end
end

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

describe("hcs.poll", function()
  it("returns the ready ones: the very objects passed, in their order", function()
    local p <close>, stdin, stdout = cat()
    local ended <close> = assert(c:create_process "true")
    assert.equal(0, ended:wait(10))
    assert(stdin:write "x")
    assert_ready({ stdout }, hcs.poll({ stdout }, 10))
    assert_ready({ stdin, ended, stdout }, hcs.poll { c, stdin, p, ended, stdout })
    assert_ready({ stdout, ended, stdin }, hcs.poll { stdout, p, ended, c, stdin })
    assert_ready({ ended, ended }, hcs.poll { ended, p, ended })
  end)

  it("returns {} on timeout", function()
    local p <close>, _, stdout = cat()
    assert_ready({}, hcs.poll({ c, p, stdout }, 0))
    assert_ready({}, hcs.poll({ c, p, stdout }, 0.02))
  end)

  it("prefers what is ready to the timeout", function()
    local p <close> = assert(c:create_process "true")
    assert.equal(0, p:wait(10))
    assert_ready({ p }, hcs.poll({ p }, 0))
    assert_ready({ p }, hcs.poll({ p }, math.huge))
  end)

  it("of an empty list with a timeout sleeps, without one it raises", function()
    assert_ready({}, hcs.poll({}, 0))
    assert_ready({}, hcs.poll({}, 0.01))
    assert.has_error(function() hcs.poll {} end, "bad argument #1 to 'poll' (an empty list needs a timeout)")
    assert.has_error(function() hcs.poll({}, math.huge) end)
  end)

  it("waits until something is ready", function()
    local p <close>, stdin, stdout = cat()
    local other <close> = assert(c:create_process { "sh", "-c", "read x; exit 0", CreateStdInPipe = true })
    assert(other:stdin():write "\n")
    assert_ready({ other }, hcs.poll({ p, other, stdout }, 30))
    assert(stdin:write "x")
    assert_ready({ stdout }, hcs.poll({ p, stdout }, 30))
    assert(stdin:close())
    assert_ready({ p }, hcs.poll({ p, c }, 30))
  end)

  it("of a container: it has stopped", function()
    local a <close>, b = support.container(), support.container()
    local other <close> = b
    assert_ready({}, hcs.poll({ a, other }, 0))
    assert(a:terminate())
    assert_ready({ a }, hcs.poll({ other, a }, 30))
    assert.is_true(a:wait(0))
    assert_ready({ a }, hcs.poll({ other, a }, 0)) -- what has ended stays ready
  end)

  it("of a container that has been ended through another handle", function()
    local a <close> = support.container()
    local b <close> = assert(hcs.open_container(a:id()))
    assert(b:terminate())
    assert_ready({ a }, hcs.poll({ a }, 30))
    assert_ready({ a, b }, hcs.poll({ a, b }, 30))
  end)

  it("of an output: bytes or the end to read", function()
    local p <close>, stdin, stdout = cat()
    assert_ready({}, hcs.poll({ stdout }, 0))
    assert(stdin:write "line\nrest")
    assert_ready({ stdout }, hcs.poll({ stdout }, 30))
    assert.equal("line", stdout:read "l")
    assert_ready({ stdout }, hcs.poll({ stdout }, 0)) -- the rest is in the buffer
    assert.equal("rest", stdout:read(4))
    assert_ready({}, hcs.poll({ stdout }, 0))
    assert(stdin:close())
    assert_ready({ stdout }, hcs.poll({ stdout }, 30))
    assert.is_nil(stdout:read_some(0))
    assert_ready({ stdout }, hcs.poll({ stdout }, 0))
    assert.equal(0, p:wait(10))
  end)

  it("of an input: it takes bytes, or its reader is gone", function()
    local p <close> = assert(c:create_process { "sleep", "1000", CreateStdInPipe = true })
    local stdin = p:stdin()
    assert_ready({ stdin }, hcs.poll({ stdin }, 0))
    repeat local taken = stdin:write_some(("x"):rep(65536), 0) until not taken
    assert_ready({}, hcs.poll({ stdin }, 0))
    assert(p:kill())
    assert_ready({ stdin }, hcs.poll({ stdin }, 30))
    assert.equal("EPIPE", select(2, stdin:write "x").errno)
  end)

  it("of a closed object is AlreadyClosed", function()
    local a = support.container()
    local p, stdin, stdout = cat()
    local open <close>, _, open_stdout = cat()
    a:close()
    p:close()
    stdin:close()
    stdout:close()
    for _, object in ipairs { a, p, stdin, stdout } do
      local err = failure("AlreadyClosed", hcs.poll({ object }, 0))
      assert.is_true(hcs.is_already_closed(err))
      failure("AlreadyClosed", hcs.poll({ open_stdout, object, open }))
    end
  end)

  it("raises for what it cannot wait for", function()
    for _, value in ipairs { 1, "x", true, io.stdout, {}, { pollfd = 5 }, print } do
      assert.has_error(function() hcs.poll({ c, value }, 0) end)
    end
    assert.has_error(function() hcs.poll({ { pollfd = function() return "x" end } }, 0) end)
    assert.has_error(function() hcs.poll(c, 0) end)
    assert.has_error(function() hcs.poll({ c }, -1) end)
  end)
end)

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

  it("may have no descriptor, only a timeout", function()
    local object = { pollfd = function() return nil end, timeout = function() return 0.01 end }
    assert_ready({ object }, hcs.poll({ c, object }, 30))
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

describe("the output of twenty processes in ten containers", function()
  it("is read by one hcs.poll loop", function()
    local LINES = support.rounds(500)
    local containers, open, texts, codes = {}, {}, {}, {}
    for i = 1, 10 do
      containers[i] = support.container()
      for j = 1, 2 do
        local number = (i - 1) * 2 + j
        local script = ("i=0; while [ $i -lt %d ]; do i=$((i+1)); echo %d:$i; done; exit %d")
        local p = assert(containers[i]:create_process {
          "sh", "-c", script:format(LINES, number, number), CreateStdOutPipe = true })
        open[p], texts[number] = number, {}
        open[p:stdout()] = number
      end
    end
    while next(open) do
      local list = {}
      for object in pairs(open) do list[#list + 1] = object end
      local ready = assert(hcs.poll(list, 60))
      assert.is_true(#ready > 0)
      for _, object in ipairs(ready) do
        local number = open[object]
        if hcs.type(object) == "process" then
          codes[number] = object:wait(0)
          open[object] = nil
        else
          local bytes, err = object:read_some(0)
          assert.is_nil(err)
          if bytes then table.insert(texts[number], bytes) else open[object] = nil end
        end
      end
    end
    for number = 1, 20 do
      assert.equal(number, codes[number])
      local lines = {}
      for i = 1, LINES do lines[i] = number .. ":" .. i .. "\n" end
      assert.equal(table.concat(lines), table.concat(texts[number]))
    end
    for _, container in ipairs(containers) do assert(container:terminate()) end
    local running = #containers
    while running > 0 do
      local ready = assert(hcs.poll(containers, 30))
      running = #containers - #ready
      assert.is_true(#ready > 0)
      if running > 0 then hcs.poll({}, 0.001) end
    end
    for _, container in ipairs(containers) do
      assert.is_true(container:wait(0))
      container:close()
    end
  end)
end)

it("what still runs goes with the last handle of its container", function()
  assert.is_true(c:close())
  c = nil
end)

support.nothing_left()
