-- run and communicate where they are about what Linux has: signals, process groups, users, daemons that write.
local hcs = require "hcs"
local support = require "spec.support.linux"
local groups = require "spec.support.linux.groups"

local failure, contains = support.failure, support.contains

-- All processes of this file run in it.
local c

setup(function() c = support.container() end)

local function sh(script)
  return { "sh", "-c", script }
end

-- Waits until a process that is not a child of ours has gone.
local function wait_for_end(pid)
  local process <close> = c:open_process(pid)
  if process then assert.is_true(process:wait(10)) end
end

describe("run", function()
  it("returns signal if one ended the process, and only then", function()
    assert.same({ exit_code = 143, signal = "TERM", stdout = "", stderr = "" }, c:run(sh "kill $$"))
    assert.same({ exit_code = 137, stdout = "", stderr = "" }, c:run(sh "exit 137"))
  end)

  it("takes a CommandLine, or a ProcessConfig", function()
    assert.equal("a b\n", assert(c:run "echo a b").stdout)
    assert.equal("1000\n", assert(c:run { "id", "-u", User = "lab" }).stdout)
  end)

  it("gives /dev/null without input", function()
    assert.equal("/dev/null\n", assert(c:run "readlink /proc/self/fd/0").stdout)
  end)

  it("refuses what a shell would do", function()
    failure("InvalidParameter", c:run "a | b")
  end)

  it("leaves no descriptor behind, whatever happens", function()
    collectgarbage()
    collectgarbage()
    local before = support.residue.snapshot()
    collectgarbage "stop"
    c:run("cat", { input = "x" })
    c:run("sleep 1000", { timeout = 0 })
    c:run("no-such-command")
    c:run(sh "exit 1", { check = true })
    c:run("yes", { max_output = 10 })
    collectgarbage "restart"
    local left = {}
    for _, text in ipairs(support.residue.difference(before)) do
      if text:find "^descriptor" then left[#left + 1] = text end
    end
    assert.same({}, left)
  end)
end)

describe("run with check = true", function()
  it("makes an end by a signal a ProcessFailed, too", function()
    local err = failure("ProcessFailed", c:run(sh "kill -HUP $$", { check = true }))
    assert.equal(129, err.exit_code)
    contains("HUP", err.message)
  end)
end)

describe("run with timeout", function()
  it("is not held up by a process that does not come to start, nor does that start later", function()
    local own <close> = support.container()
    groups.freeze(own, true)
    local err = failure("Timeout", own:run(sh "echo late >/late", { timeout = 0.2 }))
    contains("not started within 0.2 s", err.message)
    groups.freeze(own, false)
    assert.equal(1, assert(own:run("test -e /late")).exit_code)
  end)

  it("kills the process group: every process is a session of its own", function()
    local err = failure("Timeout", c:run(sh "trap '' TERM; sleep 1000 & echo $!; echo $$; wait; sleep 1000",
      { timeout = 1 }))
    local child, parent = err.stdout:match "^(%d+)\n(%d+)\n$"
    wait_for_end(math.tointeger(child))
    assert.equal(137, assert(c:open_process(math.tointeger(parent))):wait(10))
    assert.equal("", (c:run { "sh", "-c", ("kill -0 %s 2>/dev/null && echo alive"):format(child) }).stdout)
  end)
end)

describe("a daemon that still holds the pipes", function()
  it("does not delay run when it goes on writing", function()
    local result = assert(c:run(sh "yes & echo $! >&2", { timeout = 30 }))
    wait_for_end(math.tointeger(result.stderr:match "%d+")) -- SIGPIPE: run has closed its end
  end)
end)

describe("communicate", function()
  it("tells the signal", function()
    local p <close> = assert(c:create_process(sh "kill -KILL $$"))
    assert.same({ exit_code = 137, signal = "KILL", stdout = "", stderr = "" }, p:communicate())
  end)
end)

describe("the end of the container", function()
  it("during run is the end of the process: 137 and KILL, and what it wrote", function()
    local own <close> = support.container()
    local client = support.client([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container((...)))
      print "running"
      local result = assert(c:run { "sh", "-c", "echo out; touch /started; exec sleep 1000" })
      print(result.exit_code, result.signal, result.stdout)
    ]], own:id())
    assert.equal("running", client:line())
    for _ = 1, 1000 do
      if own:run("ls /started").exit_code == 0 then break end
      hcs.poll({}, 0.01)
    end
    assert(own:terminate())
    assert(own:wait(10))
    assert.equal("137\tKILL\tout\n\n", client:wait())
  end)
end)

it("what still runs goes with the last handle of its container", function()
  assert.is_true(c:close())
  c = nil
end)

support.nothing_left()
