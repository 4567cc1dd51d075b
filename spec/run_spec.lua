-- run and communicate (API.md: Container, and the call of the same kind on a process).
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
  it("returns the exit code and both outputs, and signal only if one ended the process", function()
    assert.same({ exit_code = 0, stdout = "out\n", stderr = "err\n" }, c:run(sh "echo out; echo err >&2"))
    assert.same({ exit_code = 3, stdout = "", stderr = "" }, c:run(sh "exit 3"))
    assert.same({ exit_code = 143, signal = "TERM", stdout = "", stderr = "" }, c:run(sh "kill $$"))
    assert.same({ exit_code = 137, stdout = "", stderr = "" }, c:run(sh "exit 137"))
  end)

  it("takes a CommandLine, or a ProcessConfig whose array part is its CommandArgs", function()
    assert.equal("a b\n", assert(c:run "echo a b").stdout)
    assert.equal("1000\n", assert(c:run { "id", "-u", User = "lab" }).stdout)
    assert.equal("x\n", assert(c:run { CommandArgs = { "echo", "x" } }).stdout)
    local config = { "echo", "x" }
    assert(c:run(config))
    assert.same({ "echo", "x" }, config) -- the caller's table is the caller's
  end)

  it("feeds the process its input; without it stdin is at its end", function()
    assert.equal("a\0b", assert(c:run("cat", { input = "a\0b" })).stdout)
    assert.equal("", assert(c:run("cat", { input = "" })).stdout)
    assert.equal("", assert(c:run "cat").stdout)
    assert.equal("/dev/null\n", assert(c:run "readlink /proc/self/fd/0").stdout)
  end)

  it("does not mind input that nobody reads", function()
    local input = ("x"):rep(1 << 20)
    assert.same({ exit_code = 4, stdout = "", stderr = "" }, c:run(sh "exit 4", { input = input }))
    assert.equal("x", assert(c:run("head -c 1", { input = input })).stdout)
    assert.equal(0, assert(c:run(sh "exec <&-; echo done", { input = input })).exit_code)
  end)

  it("sets the pipe flags itself", function()
    assert.equal("out\n", assert(c:run { "echo", "out", CreateStdOutPipe = false, CreateStdInPipe = true }).stdout)
  end)

  it("drains both outputs at once", function()
    local result = assert(c:run(sh "head -c 500000 /dev/zero; head -c 500000 /dev/zero >&2; head -c 500000 /dev/zero"))
    assert.equal(1000000, #result.stdout)
    assert.equal(500000, #result.stderr)
  end)

  it("fails as create_process does", function()
    local err = failure("FileNotFound", c:run "no-such-command")
    assert.equal("hcs::System::CreateProcess: no-such-command", err.operation)
    assert.is_nil(err.stdout)
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
  it("is as without for exit code 0", function()
    assert.same({ exit_code = 0, stdout = "x\n", stderr = "" }, c:run("echo x", { check = true }))
  end)

  it("makes a non-zero exit a ProcessFailed: exit_code, the command and the last line of stderr", function()
    local script = sh "echo out; echo first >&2; echo last words >&2; exit 9"
    local err = failure("ProcessFailed", c:run(script, { check = true }))
    assert.equal(9, err.exit_code)
    assert.is_nil(err.signal)
    assert.equal("out\n", err.stdout)
    assert.equal("first\nlast words\n", err.stderr)
    contains("exit 9", err.message)
    contains("last words", err.message)
    assert.is_nil(err.message:find("first\n", 1, true))
    assert.equal(c:id(), err.id)
    assert.equal("integer", math.type(err.pid))
    contains(err.message, tostring(err))
    for _, class in ipairs { "is_not_exist", "is_timeout", "is_already_stopped", "is_not_supported",
      "is_operation_invalid_state", "is_access_denied" } do
      assert.is_false(hcs[class](err))
    end
  end)

  it("writes control characters and what is not UTF-8 as escapes, and cuts a long line", function()
    local function message(words)
      return failure("ProcessFailed", c:run(sh("printf '" .. words .. "' >&2; exit 9"), { check = true })).message
    end
    contains(": exited with code 9: b\\27[31m\\9é \\255x\\194\\133", message [[a\nb\033[31m\té \377x\302\205\r\n]])
    local long = message(("é"):rep(149) .. "ab€" .. ("x"):rep(99))
    assert.equal("éab", long:match "éab.*$") -- the sign is longer than what is left of 300 bytes
    assert.truthy(utf8.len(long))
  end)

  it("says the command and the code also when stderr is empty", function()
    local err = failure("ProcessFailed", c:run("ls -l /dev/null/x", { check = true }))
    contains("ls -l /dev/null/x", err.message)
    err = failure("ProcessFailed", c:run("false", { check = true }))
    contains("false", err.message)
    contains("1", err.message)
  end)

  it("makes an end by a signal one, too", function()
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

  it("is a Timeout that carries what was written", function()
    local err = failure("Timeout", c:run(sh "echo out; echo err >&2; exec sleep 1000", { timeout = 1 }))
    assert.is_true(hcs.is_timeout(err))
    assert.equal("out\n", err.stdout)
    assert.equal("err\n", err.stderr)
    contains("sleep 1000", err.message)
  end)

  it("kills the process group: every process is a session of its own", function()
    local err = failure("Timeout", c:run(sh "trap '' TERM; sleep 1000 & echo $!; echo $$; wait; sleep 1000",
      { timeout = 1 }))
    local child, parent = err.stdout:match "^(%d+)\n(%d+)\n$"
    wait_for_end(math.tointeger(child))
    assert.equal(137, assert(c:open_process(math.tointeger(parent))):wait(10))
    assert.equal("", (c:run { "sh", "-c", ("kill -0 %s 2>/dev/null && echo alive"):format(child) }).stdout)
  end)

  it("of 0 does not wait", function()
    failure("Timeout", c:run("sleep 1000", { timeout = 0 }))
  end)

  it("that is not reached changes nothing", function()
    assert.same({ exit_code = 0, stdout = "x\n", stderr = "" }, c:run("echo x", { timeout = 30 }))
    assert.same({ exit_code = 0, stdout = "x\n", stderr = "" }, c:run("echo x", { timeout = math.huge }))
  end)
end)

describe("run with max_output", function()
  it("kills a process that writes more, with EFBIG and what was read", function()
    local err = failure("GenFailure", c:run("yes", { max_output = 1000 }))
    assert.equal("EFBIG", err.errno)
    assert.equal(("y\n"):rep(500), err.stdout)
    assert.equal("", err.stderr)
    contains("1000", err.message)
    contains("stdout", err.message)
    assert.equal(137, assert(c:open_process(err.pid)):wait(10))
  end)

  it("counts each stream", function()
    local script = sh "printf 12345678; printf 12345678 >&2"
    assert.equal("12345678", assert(c:run(script, { max_output = 8 })).stderr)
    assert.equal("EFBIG", select(2, c:run(script, { max_output = 7 })).errno)
    local err = select(2, c:run(sh "printf 123; printf 12345678 >&2", { max_output = 7 }))
    contains("stderr", err.message)
    assert.equal("1234567", err.stderr)
  end)

  it("of 0 allows none", function()
    assert.equal(0, assert(c:run("true", { max_output = 0 })).exit_code)
    assert.equal("EFBIG", select(2, c:run("echo x", { max_output = 0 })).errno)
  end)
end)

describe("a daemon that still holds the pipes", function()
  it("does not delay run", function()
    local result = assert(c:run(sh "echo before; sleep 1000 & echo $!", { timeout = 30 }))
    local pid = math.tointeger(result.stdout:match "^before\n(%d+)\n$")
    local daemon <close> = assert(c:open_process(pid))
    failure("Timeout", daemon:wait(0))
    assert.is_true(daemon:kill())
    assert.is_true(daemon:wait(10))
  end)

  it("does not delay it either when it goes on writing", function()
    local result = assert(c:run(sh "yes & echo $! >&2", { timeout = 30 }))
    wait_for_end(math.tointeger(result.stderr:match "%d+")) -- SIGPIPE: run has closed its end
  end)

  it("does not delay communicate", function()
    local config = sh "sleep 1000 & echo $!"
    config.CreateStdOutPipe = true
    local p <close> = assert(c:create_process(config))
    local result = assert(p:communicate { timeout = 30 })
    local daemon <close> = assert(c:open_process(math.tointeger(result.stdout:match "%d+")))
    failure("Timeout", daemon:wait(0))
    assert.is_true(daemon:kill())
    assert.is_true(daemon:wait(10))
  end)
end)

describe("communicate", function()
  local function process(script, pipes)
    local config = sh(script)
    config.CreateStdInPipe, config.CreateStdOutPipe, config.CreateStdErrPipe = true, true, true
    for name, value in pairs(pipes or {}) do config[name] = value end
    return assert(c:create_process(config))
  end

  it("does as run does", function()
    local p <close> = process "cat; echo err >&2; exit 5"
    assert.same({ exit_code = 5, stdout = "in", stderr = "err\n" }, p:communicate { input = "in" })
    assert.equal(5, p:exit_code())
  end)

  it("without input ends the input", function()
    local p <close> = process "cat; echo end"
    assert.same({ exit_code = 0, stdout = "end\n", stderr = "" }, p:communicate())
  end)

  it("tells the signal", function()
    local p <close> = process "kill -KILL $$"
    assert.same({ exit_code = 137, signal = "KILL", stdout = "", stderr = "" }, p:communicate())
  end)

  it("reads what other calls have left", function()
    local p <close> = process "echo one; echo two; cat"
    assert.equal("one", p:stdout():read "l")
    assert(p:stdin():write "three\n")
    assert.same({ exit_code = 0, stdout = "two\nthree\nfour", stderr = "" }, p:communicate { input = "four" })
  end)

  it("works without pipes, and after the end", function()
    local p <close> = process("exit 6", { CreateStdInPipe = false, CreateStdOutPipe = false, CreateStdErrPipe = false })
    assert.same({ exit_code = 6, stdout = "", stderr = "" }, p:communicate())
    local q <close> = process "echo x"
    assert.equal(0, q:wait(10))
    assert.same({ exit_code = 0, stdout = "x\n", stderr = "" }, q:communicate { input = "unread" })
    assert.same({ exit_code = 0, stdout = "", stderr = "" }, q:communicate())
  end)

  it("with input needs the stdin pipe", function()
    local p <close> = process("cat", { CreateStdInPipe = false })
    contains("CreateStdInPipe", failure("ElementNotFound", p:communicate { input = "x" }).message)
    assert.equal(0, p:wait(10))
  end)

  it("with a timeout kills the process and carries the outputs", function()
    local p <close> = process "echo out; exec sleep 1000"
    assert.equal(1, #hcs.poll({ (p:stdout()) }, 10))
    local err = failure("Timeout", p:communicate { timeout = 0.05 })
    assert.equal("out\n", err.stdout)
    assert.equal("", err.stderr)
    assert.equal(p:pid(), err.pid)
    assert.equal(137, p:wait(10))
  end)

  it("has no other options", function()
    local p <close> = process "cat"
    assert.has_error(function() p:communicate { check = true } end)
    assert.has_error(function() p:communicate { inputs = "x" } end,
      "unknown option 'inputs' to 'communicate' (did you mean 'input'?)")
    assert.same({ exit_code = 0, stdout = "", stderr = "" }, p:communicate())
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
