-- Processes in containers (API.md, Process).
local hcs = require "hcs"
local support = require "spec.support"

local NOT_FOUND, DIRECTORY, ELEMENT_NOT_FOUND = 0x2, 0x10B, 0x490

local contains, failure, puppet = support.contains, support.failure, support.puppet

-- Everything here, where nothing else is said, happens in this container.
local c

setup(function() c = support.container() end)

-- What a command prints; it must succeed.
local function output(command)
  return assert(c:run(command, { check = true })).stdout
end

-- A process that runs until its stdin ends or somebody ends it.
local function sleeper(container)
  return assert((container or c):create_process(puppet("cat", { CreateStdInPipe = true })))
end

describe("an exit code", function()
  it("is 0 to 255, as the process says", function()
    local processes, step = {}, 256 // support.rounds(support.on { linux = 256, windows = 32 })
    for code = 0, 255, step do
      processes[code] = assert(c:create_process(puppet("exit", code)))
      local earlier = code - 16 * step -- some at once, not all
      if earlier >= 0 then assert.equal(earlier, processes[earlier]:wait(10)) end
    end
    for code = 0, 255, step do
      assert.equal(code, processes[code]:wait(10))
      assert.equal(code, processes[code]:exit_code())
      assert.is_nil(processes[code]:exit_signal())
      assert(processes[code]:close())
    end
  end)

  it("137 without a signal has none", function()
    local p <close> = assert(c:create_process(puppet("exit", 137)))
    assert.equal(137, p:wait(10))
    assert.is_nil(p:exit_signal())
  end)

  it("before the end is InvalidProcessState", function()
    local p <close> = sleeper()
    failure("InvalidProcessState", p:exit_code())
    failure("Timeout", p:wait(0))
    failure("Timeout", p:wait(0.02))
    assert(p:close_stdin())
    assert.equal(0, p:wait(10))
    assert.equal(0, p:wait(0))
    assert.equal(0, p:wait())
    assert.equal(0, p:exit_code())
  end)
end)

describe("a command", function()
  it("as CommandArgs is the argument vector", function()
    local arguments = { "", " ", "a b", "'", '"', "\\", "$HOME", "*", "|", "ö", "-n", "a\nb", [[a\\"b\]], [[ends\\]],
      '""', "\t", "%PATH%", "^&<>", "\u{1F600}" }
    assert.equal("[" .. table.concat(arguments, "][") .. "]", output(puppet("args", table.unpack(arguments))))
    assert.equal("[x]", output { CommandArgs = puppet("args", "x") })
  end)

  it("as CommandLine is split", function()
    assert.equal("[a][b c][]", output(puppet()[1] .. ' args  a "b c" ""'))
    assert.equal("[x]", output { CommandLine = puppet()[1] .. " args x" })
  end)

  it("is one of the two, not both and not neither", function()
    for _, config in ipairs {
      { CommandLine = "true", CommandArgs = { "true" } }, { "true", CommandLine = "true" },
      { "true", CommandArgs = { "true" } }, {}, { CommandArgs = {} }, { CommandLine = "" },
    } do
      failure("InvalidParameter", c:create_process(config))
      failure("InvalidParameter", c:run(config))
    end
    failure("InvalidParameter", c:create_process "")
  end)
end)

describe("a process that cannot be started", function()
  for _, row in ipairs {
    { "a command that is not there", NOT_FOUND, "FileNotFound", { "no-such-command" } },
    { "a path that is not there", NOT_FOUND, "FileNotFound", { "/no/such/command" } },
    { "a bad directory", DIRECTORY, "Directory", puppet { WorkingDirectory = "/no/such" } },
  } do
    local what, code, name, config = table.unpack(row)
    it(("is %s: 0x%X"):format(what, code), function()
      local err = failure(code, c:create_process(config))
      assert.equal(name, err.name)
      contains("hcs::System::CreateProcess: " .. config[1], err.operation)
      assert.equal(c:id(), err.id)
      failure(code, c:run(config))
    end)
  end

  it("does not harm the container", function()
    assert.equal("Running", c:state())
    assert.equal("ok\n", output(puppet("print", "ok\n")))
  end)
end)

describe("Environment", function()
  it("is added to what there is", function()
    local environment = { A = "1", SPACES = " x  y=z", UTF8 = "\u{e9}" }
    assert.equal("1\n x  y=z\n(unset)\n\u{e9}\n",
      output(puppet("env", "A", "env", "SPACES", "env", "NONE", "env", "UTF8", { Environment = environment })))
  end)
end)

describe("pid", function()
  it("is the pid inside the container", function()
    local p <close>, _, stdout = support.piped(c, "pid", "cat")
    assert.equal("integer", math.type(p:pid()))
    assert.equal(p:pid(), stdout:read "n")
    assert.is_true(p:pid() > 1)
  end)
end)

describe("kill", function()
  it("ends the process, whatever it minds", function()
    local p <close>, _, stdout = support.piped(c, "stubborn", "print", "ready\n", "sleep", 1000)
    assert.equal("ready", stdout:read "l")
    assert.is_true(p:kill())
    assert.equal(support.KILLED, p:wait(10))
    assert.equal(support.KILL_SIGNAL, p:exit_signal())
  end)

  it("may be repeated until the end is known, then it is ProcessAlreadyStopped", function()
    local p <close> = sleeper()
    assert.is_true(p:kill())
    local _, err = p:kill()
    assert(err == nil or err.name == "ProcessAlreadyStopped", tostring(err))
    assert.equal(support.KILLED, p:wait(10))
    err = failure("ProcessAlreadyStopped", p:kill())
    assert.equal(0x8037011F, err.code)
    assert.is_true(hcs.is_already_stopped(err))
    assert.equal(p:pid(), err.pid)
  end)

  it("kills one process, not what it has started", function()
    local p <close>, _, stdout = support.piped(c, "hold", 1000, "cat")
    local child <close> = assert(c:open_process(stdout:read "n"))
    assert.is_true(p:kill())
    assert.equal(support.KILLED, p:wait(10))
    failure("Timeout", child:wait(0))
    assert.is_true(child:kill())
    assert(child:wait(10))
  end)
end)

describe("signal", function()
  it("KILL is kill", function()
    for _, name in ipairs { "KILL", "SIGKILL", 9 } do
      local p <close> = sleeper()
      assert.is_true(p:signal(name))
      assert.equal(support.KILLED, p:wait(10))
    end
  end)

  it("refuses what is no signal", function()
    local p <close> = sleeper()
    for _, signal in ipairs { "NOPE", "", "SIG", "SIGSIGTERM", "KILL ", 0, -1, 65, 1 << 40 } do
      failure("InvalidParameter", p:signal(signal))
    end
    failure("Timeout", p:wait(0))
  end)

  it("after the end is ProcessAlreadyStopped", function()
    local p <close> = assert(c:create_process(puppet()))
    assert.equal(0, p:wait(10))
    failure("ProcessAlreadyStopped", p:signal "TERM")
  end)
end)

describe("open_process", function()
  it("gives another handle on a running process", function()
    local p <close> = sleeper()
    local other <close> = assert(c:open_process(p:pid()))
    assert.equal(p:pid(), other:pid())
    failure("InvalidProcessState", other:exit_code())
    failure("Timeout", other:wait(0))
    assert.is_true(other:kill())
    for _, handle in ipairs { other, p } do
      assert.equal(support.KILLED, handle:wait(10))
      assert.equal(support.KILLED, handle:exit_code())
      assert.equal(support.KILL_SIGNAL, handle:exit_signal())
    end
  end)

  it("is 0x490 for a pid that is none", function()
    for _, pid in ipairs { 999999, 0, -1, 1 << 31, 1 << 32, (1 << 32) + 2, math.maxinteger, math.mininteger } do
      local _, err = c:open_process(pid)
      assert.equal("error", hcs.type(err))
      assert(err.name == "ElementNotFound" or err.name == "InvalidParameter", tostring(err))
    end
    local err = failure(ELEMENT_NOT_FOUND, c:open_process(999999))
    assert.equal("ElementNotFound", err.name)
    assert.is_true(hcs.is_not_exist(err))
  end)

  it("gives no streams", function()
    local p <close> = sleeper()
    local other <close> = assert(c:open_process(p:pid()))
    for _, name in ipairs { "stdin", "stdout", "stderr", "close_stdin" } do
      failure(ELEMENT_NOT_FOUND, other[name](other))
    end
    local stdin, stdout, stderr, err = other:stdio()
    assert.same({}, { stdin, stdout, stderr })
    assert.equal(ELEMENT_NOT_FOUND, err.code)
  end)
end)

describe("exit codes are kept", function()
  it("by a handle for good", function()
    local own = support.container()
    local p = assert(own:create_process(puppet("exit", 7)))
    assert.equal(7, p:wait(10))
    local q = assert(own:create_process(puppet("exit", 8)))
    assert.same({ q }, hcs.poll({ q }, 10))
    assert(own:terminate())
    assert(own:wait(10))
    own:close()
    assert.equal(7, p:exit_code())
    assert.equal(8, q:exit_code())
    p:close()
    assert.equal(7, p:wait(0))
    assert.equal(7, p:exit_code())
  end)
end)

describe("the end of the container", function()
  it("is that of a process that was running; its wait returns no later", function()
    local own <close> = support.container()
    local p <close> = sleeper(own)
    local q <close> = assert(own:open_process(p:pid()))
    local ended <close> = assert(own:create_process(puppet("exit", 3)))
    assert.equal(3, ended:wait(10))
    assert(own:terminate())
    assert(own:wait(10))
    for _, process in ipairs { p, q } do
      assert.equal(support.KILLED, process:wait(0))
      assert.equal(support.KILLED, process:exit_code())
      assert.equal(support.KILL_SIGNAL, process:exit_signal())
      failure("ProcessAlreadyStopped", process:kill())
    end
    assert.equal(3, ended:exit_code())
  end)

  it("closes the pipes, whose last bytes are still read", function()
    local own <close> = support.container()
    local p <close>, stdin, stdout = support.piped(own, "print", "last\n", "sleep", 1000)
    assert.same({ stdout }, hcs.poll({ stdout }, 10))
    assert(own:terminate())
    assert(own:wait(10))
    assert.equal("last\n", stdout:read "a")
    assert.equal(support.KILLED, p:wait(0))
    assert.equal("EPIPE", support.broken(stdin).errno)
  end)
end)

describe("a process handle", function()
  it("works on after its container handle is closed", function()
    local other = assert(hcs.open_container(c:id()))
    local p <close> = support.piped(other, "read", "print", "%s\n", "exit", 9)
    local q <close> = sleeper(other)
    assert(other:close())
    failure("Timeout", p:wait(0))
    assert(p:stdin():write "hello\n")
    assert.equal("hello\n", p:stdout():read "a")
    assert.equal(9, p:wait(10))
    assert.is_true(q:kill())
    assert.equal(support.KILLED, q:wait(10))
  end)

  it("is closed by close, which may be repeated and ends nothing", function()
    local p = assert(c:create_process(puppet("sleep", 1000)))
    local pid = p:pid()
    assert.equal("process", hcs.type(p))
    assert.is_true(p:close())
    assert.is_true(p:close())
    assert.equal("closed process", hcs.type(p))
    assert.equal(pid, p:pid())
    for _, name in ipairs { "kill", "exit_code", "stdin", "stdout", "stderr", "close_stdin", "pollfd", "events",
      "timeout", "communicate" } do
      assert.is_true(hcs.is_already_closed(failure("AlreadyClosed", p[name](p))))
    end
    failure("AlreadyClosed", p:wait())
    failure("AlreadyClosed", p:signal "TERM")
    local _, _, _, err = p:stdio()
    assert.equal("AlreadyClosed", err.name)
    local other <close> = assert(c:open_process(pid))
    failure("Timeout", other:wait(0))
    assert.is_true(other:kill())
    assert.equal(support.KILLED, other:wait(10))
  end)

  it("has a text that never raises", function()
    local p = sleeper()
    contains("hcs.process: ", tostring(p))
    contains(tostring(p:pid()), tostring(p))
    p:close()
    contains("hcs.process: ", tostring(p))
  end)

  it("is ready at the end, and stays so", function()
    local p <close> = sleeper()
    assert.equal("r", p:events())
    assert.is_nil(p:timeout())
    assert.same({}, hcs.poll({ p }, 0))
    assert(p:close_stdin())
    assert.same({ p }, hcs.poll({ p }, 10))
    assert.equal(0, p:wait(0))
    assert.same({ p }, hcs.poll({ p }, 0))
  end)
end)

describe("a process", function()
  it("is one of two hundred that run at once", function()
    local own <close> = support.container()
    local processes, number = {}, support.rounds(support.on { linux = 200, windows = 30 })
    for i = 1, number do
      processes[i] = assert(own:create_process(puppet("read", "exit", "%s", { CreateStdInPipe = true })))
    end
    assert.same({}, hcs.poll(processes, 0))
    for i, p in ipairs(processes) do assert(p:stdin():write(i % 256 .. "\n")) end
    for i, p in ipairs(processes) do assert.equal(i % 256, p:wait(30)) end
    assert.equal(number, #hcs.poll(processes, 0))
    for _, p in ipairs(processes) do p:close() end
  end)
end)

it("what still runs goes with the last handle of its container", function()
  assert.is_true(c:close())
  c = nil
end)

support.nothing_left()
