-- Any number of waiters, in any number of processes and threads, before and after the end, get the same answer
-- (contract §1.2, §1.3): graceful, forced and unexpected ends of containers, and the ends of processes.
local hcs = require "hcs"
local support = require "spec.support.linux"

local build = os.getenv "HCS_BUILD" or "build"

-- What a waiter says, in one line: exit code and signal, or the error; `true`, or the error; the ExitType.
local ask = [[
  local function ask(c, p, process_patience, container_patience)
    local code, err = p:wait(process_patience)
    local signal = p:exit_signal()
    local ended, why = c:wait(container_patience)
    return ("%s %s %s %s"):format(code or err.name, signal, ended or why.name, c:properties().ExitType)
  end
]]
local ask_here = assert(load(ask .. " return ask"))()

-- Another program with handles of its own; it begins to wait at once or, with "after", once all has ended.
local waiter = ask .. [[
  local hcs = require "hcs"
  local id, pid, patience, when = table.unpack(arg)
  local c <close> = assert(hcs.open_container(id))
  local p <close> = assert(c:open_process(tonumber(pid)))
  assert(hcs.is_timeout(select(2, p:wait(0))) and hcs.is_timeout(select(2, c:wait(0))))
  print "open"
  if when == "after" then
    hcs.poll({ p }, 60)
    hcs.poll({ c }, tonumber(patience))
    patience = 0
  end
  local answer = ask(c, p, when == "after" and 0 or 60, tonumber(patience))
  assert(answer == ask(c, p, 0, 0))
  print(answer)
]]

-- The lines of a program that waits in several threads, on the same two handles.
local function threads(id, pid, patience, count)
  local pipe = assert(io.popen(("exec %s/test/wait_program %s/hcs/core.so %s %d %d %d 2>&1"):format(
    build, build, id, pid, patience, count)))
  return {
    line = function() return pipe:read "l" end,
    wait = function() return pipe:read "a", select(3, pipe:close()) end,
  }
end

local THREADS, PROGRAMS, CLIENTS = 4, 3, 6

-- Brings a container with a process to its end while twenty wait for it. `patience`: seconds for the container's.
local function check(answer, patience, finish)
  local c = support.container()
  local p = assert(c:create_process { "sh", "-c", "read line; exit 42", CreateStdInPipe = true })
  local others = {}
  for i = 1, PROGRAMS do others[i] = threads(c:id(), p:pid(), patience, THREADS) end
  for i = 1, CLIENTS do
    others[PROGRAMS + i] = support.client(waiter, c:id(), p:pid(), patience, i % 2 == 0 and "after" or "before")
  end
  for _, other in ipairs(others) do assert.equal("open", other:line()) end
  local again <close> = assert(hcs.open_container(c:id()))
  local process <close> = assert(again:open_process(p:pid()))

  finish(c, p)

  assert.equal(answer, ask_here(c, p, 60, patience))
  assert.equal(answer, ask_here(again, process, 60, patience))
  for i, other in ipairs(others) do
    local lines = i <= PROGRAMS and THREADS or 1
    assert.same({ (answer .. "\n"):rep(lines), 0 }, { other:wait() })
  end
  -- And for as long as there is a handle, also a closed one.
  assert.equal(answer, ask_here(c, p, 0, 0))
  return c, p
end

local function check_and_close(...)
  local c, p = check(...)
  p:close()
  c:close()
  return c, p
end

describe("twenty waiters in ten programs", function()
  it("learn of a graceful end", function()
    local c, p = check_and_close("143 TERM true GracefulExit", 60, function(c) assert(c:shutdown()) end)
    assert.is_true(c:wait())
    assert.equal(143, p:wait())
  end)

  it("learn of a forced end", function()
    local c, p = check_and_close("137 KILL true ForcedExit", 60, function(c) assert(c:terminate()) end)
    assert.is_true(c:wait())
    assert.equal(137, p:wait())
  end)

  it("learn of a forced end that follows a graceful one's beginning", function()
    check_and_close("42 nil true ForcedExit", 60, function(c, p)
      local stubborn = assert(c:create_process { "sh", "-c", "trap '' TERM; echo; while :; do sleep 1000; done",
        CreateStdOutPipe = true })
      local output = assert(stubborn:stdout())
      assert.equal("", output:read "l")
      assert(p:close_stdin())
      assert(p:wait(60))
      assert(c:shutdown())
      assert.is_true(hcs.is_timeout(select(2, c:wait(0))))
      assert(c:terminate())
      assert.equal(137, stubborn:wait(60))
      output:close()
      stubborn:close()
    end)
  end)

  it("learn of an unexpected end", function()
    local c, p = check_and_close("UnexpectedProcessAbort nil VmcomputeUnexpectedExit UnexpectedExit", 60, function(c)
      support.shell("kill -KILL " .. support.guest_of(c))
    end)
    assert.equal(0xC0370106, select(2, c:wait()).code)
    -- Of a process there is no answer that could be stored.
    assert.is_nil((p:wait()))
  end)

  it("learn of a process' end while its container runs", function()
    local c, p = check("42 nil Timeout ", 0, function(_, p) assert(p:close_stdin()) end)
    assert.equal("Running", c:state())
    local late <close> = assert(c:open_process(p:pid()))
    assert.equal(42, late:wait(0))
    p:close()
    assert.equal(42, p:wait(0))
    assert(c:terminate())
    assert(c:wait(60))
    assert.equal(42, late:wait(0))
    c:close()
  end)

  it("learn which signal ended a process", function()
    local c, p = check("138 USR1 Timeout ", 0, function(_, p) assert(p:signal "USR1") end)
    p:close()
    c:close()
  end)
end)

support.nothing_left()
