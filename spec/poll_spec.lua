-- hcs.poll (API.md, Module): containers, processes and streams.
local hcs = require "hcs"
local support = require "spec.support"

local assert_ready, failure, puppet = support.assert_ready, support.failure, support.puppet

-- All processes of this file run in it, where no other is made.
local c

setup(function() c = support.container() end)

local function cat()
  local p = assert(c:create_process(puppet("cat", { CreateStdInPipe = true, CreateStdOutPipe = true })))
  return p, p:stdio()
end

describe("hcs.poll", function()
  it("returns the ready ones: the very objects passed, in their order", function()
    local p <close>, stdin, stdout = cat()
    local ended <close> = assert(c:create_process(puppet()))
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
    local p <close> = assert(c:create_process(puppet()))
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
    local other <close> = assert(c:create_process(puppet("read", { CreateStdInPipe = true })))
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
    assert_ready({ b }, hcs.poll({ b }, 30)) -- each handle is told on its own
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
    local p <close> = assert(c:create_process(puppet("sleep", 1000, { CreateStdInPipe = true })))
    local stdin = p:stdin()
    assert_ready({ stdin }, hcs.poll({ stdin }, 0))
    repeat local taken = stdin:write_some(("x"):rep(65536), support.on { linux = 0, windows = 0.1 }) until not taken
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
  it("may have no descriptor, only a timeout", function()
    local object = { pollfd = function() return nil end, timeout = function() return 0.01 end }
    assert_ready({ object }, hcs.poll({ c, object }, 30))
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
        local p = assert(containers[i]:create_process(
          puppet("count", number .. ":", LINES, "exit", number, { CreateStdOutPipe = true })))
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
