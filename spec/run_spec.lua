-- run and communicate (API.md: Container, and the call of the same kind on a process).
local hcs = require "hcs"
local support = require "spec.support"

local contains, failure, puppet = support.contains, support.failure, support.puppet

-- All processes of this file run in it.
local c

setup(function() c = support.container() end)

-- A process that was killed is gone, or soon, and whoever can still ask for its code is told that.
local function assert_killed(pid)
  local process <close> = c:open_process(pid)
  assert(process or support.is_windows, "the codes of processes that have ended are kept")
  if process then assert.equal(support.KILLED, process:wait(10)) end
end

describe("run", function()
  it("returns the exit code and both outputs, and signal only if one ended the process", function()
    local both = puppet("print", "out\n", "error", "err\n")
    assert.same({ exit_code = 0, stdout = "out\n", stderr = "err\n" }, c:run(both))
    assert.same({ exit_code = 3, stdout = "", stderr = "" }, c:run(puppet("exit", 3)))
    assert.same({ exit_code = 137, stdout = "", stderr = "" }, c:run(puppet("exit", 137)))
  end)

  it("takes a CommandLine, or a ProcessConfig whose array part is its CommandArgs", function()
    assert.equal("[a][b]", assert(c:run(puppet()[1] .. " args a b")).stdout)
    assert.equal("[x]", assert(c:run { CommandArgs = puppet("args", "x") }).stdout)
    local config = puppet("args", "x")
    assert(c:run(config))
    assert.same(puppet("args", "x"), config) -- the caller's table is the caller's
  end)

  it("feeds the process its input; without it stdin is at its end", function()
    assert.equal("a\0b", assert(c:run(puppet "cat", { input = "a\0b" })).stdout)
    assert.equal("", assert(c:run(puppet "cat", { input = "" })).stdout)
    assert.equal("", assert(c:run(puppet "cat")).stdout)
  end)

  it("does not mind input that nobody reads", function()
    local input = ("x"):rep(1 << 20)
    assert.same({ exit_code = 4, stdout = "", stderr = "" }, c:run(puppet("exit", 4), { input = input }))
    assert.equal("some", assert(c:run(puppet("skip", 1, "print", "some"), { input = input })).stdout)
    assert.equal(0, assert(c:run(puppet("close", 0, "print", "done\n"), { input = input })).exit_code)
  end)

  it("sets the pipe flags itself", function()
    local command = puppet("print", "out", { CreateStdOutPipe = false, CreateStdInPipe = true })
    assert.equal("out", assert(c:run(command)).stdout)
  end)

  it("drains both outputs at once", function()
    local result = assert(c:run(puppet("bytes", 500000, "error-bytes", 500000, "bytes", 500000)))
    assert.equal(1000000, #result.stdout)
    assert.equal(500000, #result.stderr)
  end)

  it("fails as create_process does", function()
    local err = failure("FileNotFound", c:run "no-such-command")
    assert.equal("hcs::System::CreateProcess: no-such-command", err.operation)
    assert.is_nil(err.stdout)
  end)
end)

describe("run with check = true", function()
  it("is as without for exit code 0", function()
    assert.same({ exit_code = 0, stdout = "x\n", stderr = "" }, c:run(puppet("print", "x\n"), { check = true }))
  end)

  it("makes a non-zero exit a ProcessFailed: exit_code, the command and the last line of stderr", function()
    local command = puppet("print", "out\n", "error", "first\n", "error", "last words\n", "exit", 9)
    local err = failure("ProcessFailed", c:run(command, { check = true }))
    assert.equal(9, err.exit_code)
    assert.is_nil(err.signal)
    assert.equal("out\n", err.stdout)
    assert.equal("first\nlast words\n", err.stderr)
    contains("exit 9", err.message)
    contains(": last words", err.message)
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
      return failure("ProcessFailed", c:run(puppet("tee", "exit", 9), { check = true, input = words })).message
    end
    contains(": exited with code 9: b\\27[31m\\9é \\255x\\194\\133", message "a\nb\27[31m\té \xffx\xc2\x85\r\n")
    assert.is_nil(message "first\nlast":find("first", 1, true))
    local long = message(("é"):rep(149) .. "ab€" .. ("x"):rep(99))
    assert.equal("éab", long:match "éab.*$") -- the sign is longer than what is left of 300 bytes
    assert.truthy(utf8.len(long))
  end)

  it("says the command and the code also when stderr is empty", function()
    local err = failure("ProcessFailed", c:run(puppet("exit", 41), { check = true }))
    contains("exit 41", err.message)
    contains("code 41", err.message)
  end)
end)

describe("run with timeout", function()
  it("is a Timeout that carries what was written", function()
    local err = failure("Timeout", c:run(puppet("print", "out\n", "error", "err\n", "sleep", 1000), { timeout = 1 }))
    assert.is_true(hcs.is_timeout(err))
    assert.equal("out\n", err.stdout)
    assert.equal("err\n", err.stderr)
    contains("sleep 1000", err.message)
    assert_killed(err.pid)
  end)

  it("of 0 does not wait", function()
    failure("Timeout", c:run(puppet("sleep", 1000), { timeout = 0 }))
  end)

  it("that is not reached changes nothing", function()
    for _, timeout in ipairs { 30, math.huge } do
      assert.same({ exit_code = 0, stdout = "x\n", stderr = "" }, c:run(puppet("print", "x\n"), { timeout = timeout }))
    end
  end)
end)

describe("run with max_output", function()
  it("kills a process that writes more, with EFBIG and what was read", function()
    local err = failure("GenFailure", c:run(puppet "flood", { max_output = 1000 }))
    assert.equal("EFBIG", err.errno)
    assert.equal(("y\n"):rep(500), err.stdout)
    assert.equal("", err.stderr)
    contains("1000", err.message)
    contains("stdout", err.message)
    assert_killed(err.pid)
  end)

  it("counts each stream", function()
    local command = puppet("print", 12345678, "error", 12345678)
    assert.equal("12345678", assert(c:run(command, { max_output = 8 })).stderr)
    assert.equal("EFBIG", select(2, c:run(command, { max_output = 7 })).errno)
    local err = select(2, c:run(puppet("print", 123, "error", 12345678), { max_output = 7 }))
    contains("stderr", err.message)
    assert.equal("1234567", err.stderr)
  end)

  it("of 0 allows none", function()
    assert.equal(0, assert(c:run(puppet(), { max_output = 0 })).exit_code)
    assert.equal("EFBIG", select(2, c:run(puppet("print", "x"), { max_output = 0 })).errno)
  end)
end)

describe("a daemon that still holds the pipes", function()
  local function end_of(daemon)
    local process <close> = assert(c:open_process(daemon))
    failure("Timeout", process:wait(0))
    assert.is_true(process:kill())
    assert(process:wait(10))
  end

  it("does not delay run", function()
    local result = assert(c:run(puppet("print", "before\n", "hold", 1000), { timeout = 30 }))
    end_of(math.tointeger(result.stdout:match "^before\n(%d+)\n$"))
  end)

  it("does not delay communicate", function()
    local p <close> = assert(c:create_process(puppet("hold", 1000, { CreateStdOutPipe = true })))
    local result = assert(p:communicate { timeout = 30 })
    end_of(math.tointeger(result.stdout:match "%d+"))
  end)
end)

describe("communicate", function()
  it("does as run does", function()
    local p <close> = support.piped(c, "cat", "error", "err\n", "exit", 5)
    assert.same({ exit_code = 5, stdout = "in", stderr = "err\n" }, p:communicate { input = "in" })
    assert.equal(5, p:exit_code())
  end)

  it("without input ends the input", function()
    local p <close> = support.piped(c, "cat", "print", "end\n")
    assert.same({ exit_code = 0, stdout = "end\n", stderr = "" }, p:communicate())
  end)

  it("reads what other calls have left", function()
    local p <close> = support.piped(c, "print", "one\n", "print", "two\n", "cat")
    assert.equal("one", p:stdout():read "l")
    assert(p:stdin():write "three\n")
    assert.same({ exit_code = 0, stdout = "two\nthree\nfour", stderr = "" }, p:communicate { input = "four" })
  end)

  it("works without pipes, and after the end", function()
    local p <close> = assert(c:create_process(puppet("exit", 6)))
    assert.same({ exit_code = 6, stdout = "", stderr = "" }, p:communicate())
    local q <close> = support.piped(c, "print", "x\n")
    assert.equal(0, q:wait(10))
    assert.same({ exit_code = 0, stdout = "x\n", stderr = "" }, q:communicate { input = "unread" })
    assert.same({ exit_code = 0, stdout = "", stderr = "" }, q:communicate())
  end)

  it("with input needs the stdin pipe", function()
    local p <close> = assert(c:create_process(puppet("cat", { CreateStdOutPipe = true, CreateStdErrPipe = true })))
    contains("CreateStdInPipe", failure("ElementNotFound", p:communicate { input = "x" }).message)
    assert.equal(0, p:wait(10))
  end)

  it("with a timeout kills the process and carries the outputs", function()
    local p <close> = support.piped(c, "print", "out\n", "sleep", 1000)
    assert.equal(1, #hcs.poll({ (p:stdout()) }, 10))
    local err = failure("Timeout", p:communicate { timeout = 0.05 })
    assert.equal("out\n", err.stdout)
    assert.equal("", err.stderr)
    assert.equal(p:pid(), err.pid)
    assert.equal(support.KILLED, p:wait(10))
  end)

  it("has no other options", function()
    local p <close> = support.piped(c, "cat")
    assert.has_error(function() p:communicate { check = true } end)
    assert.has_error(function() p:communicate { inputs = "x" } end,
      "unknown option 'inputs' to 'communicate' (did you mean 'input'?)")
    assert.same({ exit_code = 0, stdout = "", stderr = "" }, p:communicate())
  end)
end)

it("what still runs goes with the last handle of its container", function()
  assert.is_true(c:close())
  c = nil
end)

support.nothing_left()
