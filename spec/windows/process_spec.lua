-- Processes in Windows containers: exit codes of 32 bits, console events for signals, kills that the service refuses.
local hcs = require "hcs"
local standin = require "spec.support.windows.standin"
local support = require "spec.support.windows"

local contains, failure, puppet = support.contains, support.failure, support.puppet

local CONTROL_C_EXIT = 0xC000013A -- STATUS_CONTROL_C_EXIT

describe("an exit code #standin", function()
  standin.watch()

  it("has 32 bits and no sign", function()
    local c <close> = support.container()
    for _, code in ipairs { 256, 0x7FFFFFFF, 0x80000000, CONTROL_C_EXIT, 0xFFFFFFFF } do
      local p <close> = assert(c:create_process(puppet("exit", code)))
      assert.equal(code, p:wait(10))
      assert.equal(code, p:exit_code())
      assert.is_nil(p:exit_signal())
    end
  end)

  it("that the service has not learned is none", function()
    local c <close> = support.container()
    standin.tell { Set = { LastWaitResult = 1 } }
    local p <close> = assert(c:create_process(puppet("exit", 3)))
    assert.is_true(p:wait(10))
    failure("InvalidProcessState", p:exit_code())
  end)

  it("comes from the notification, or is asked for", function()
    local c <close> = support.container()
    for _, told in ipairs { true, false } do
      standin.tell { On = "ProcessExited", ExitData = told, Times = 1 }
      local p <close> = assert(c:create_process(puppet("exit", 9)))
      assert.equal(9, p:wait(10))
    end
  end)
end)

describe("a command", function()
  it("as CommandLine goes to the service as it is", function()
    local c <close> = support.container()
    local line = puppet()[1] .. [[ args a|b 'c d' "e ""f" %PATH% \"g\"]]
    assert.equal([=[[a|b]['c][d'][e "f][%PATH%]["g"]]=], assert(c:run(line)).stdout)
  end)

  it("can have another file executed: ApplicationName", function()
    local c <close> = support.container()
    local name = puppet()[1]
    assert.equal("[a]", assert(c:run { CommandLine = "whatever args a", ApplicationName = name }).stdout)
    failure("FileNotFound", c:create_process { CommandLine = "whatever", ApplicationName = "no-such-program" })
  end)
end)

describe("a user #standin", function()
  standin.watch()

  it("is one of the image's", function()
    local c <close> = support.container()
    assert.equal(0, assert(c:run(puppet { User = "ContainerUser" })).exit_code)
    failure("NoSuchUser", c:create_process(puppet { User = "nobody-knows" }))
  end)
end)

describe("a signal #standin", function()
  standin.watch()

  it("is a console event for a Windows process", function()
    local c <close> = support.container()
    for _, row in ipairs {
      { "INT", "CtrlC" }, { "SIGINT", "CtrlC" }, { 2, "CtrlC" }, { "TERM", "CtrlShutdown" }, { 15, "CtrlShutdown" },
      { "CtrlBreak", "CtrlBreak" }, { "CtrlClose", "CtrlClose" }, { "CtrlLogOff", "CtrlLogOff" },
    } do
      local p <close> = assert(c:create_process(puppet("sleep", 1000)))
      assert.is_true(p:signal(row[1]))
      assert.equal(('{"Signal":"%s"}'):format(row[2]), standin.received "HcsSignalProcess")
      assert.equal(CONTROL_C_EXIT, p:wait(10))
      assert.is_nil(p:exit_signal())
    end
  end)

  it("that Windows does not have is NotSupported, and says what there is", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process(puppet("sleep", 1000)))
    for _, signal in ipairs { "HUP", "SIGUSR1", 12, "CONT" } do
      local err = failure("NotSupported", p:signal(signal))
      assert.is_true(hcs.is_not_supported(err))
      contains("KILL, INT (CtrlC), TERM (CtrlShutdown), CtrlBreak", err.message)
    end
    failure("Timeout", p:wait(0))
  end)

  it("has its number in a Linux container, and is the process' exit", function()
    local c <close> = support.linux_container()
    for signal, code in pairs { TERM = 143, USR1 = 138, SIGHUP = 129, KILL = 137, [10] = 138 } do
      local p <close> = assert(c:create_process(puppet("sleep", 1000)))
      assert.is_true(p:signal(signal))
      assert.equal(code, p:wait(10))
    end
  end)
end)

describe("kill #standin", function()
  standin.watch()

  it("is delivered, whoever was quicker", function()
    for _, status in ipairs { "0x80070005", "0x8037011F", "0xC0370110", "0x80370110" } do
      local c <close> = support.container()
      local p <close> = assert(c:create_process(puppet("exit", 4)))
      standin.tell { On = "HcsTerminateProcess", Id = c:id(), Status = status, Times = 1 }
      local killed, err = p:kill()
      assert(killed or err.name == "ProcessAlreadyStopped", tostring(err))
      assert.equal(4, p:wait(10))
    end
  end)

  it("that is not delivered is 0x490, with the reason", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process(puppet("sleep", 1000)))
    standin.tell { On = "HcsTerminateProcess", Status = "0x80004005", Times = 1 }
    local err = failure(0x490, p:kill())
    contains("0x80004005", err.message)
    failure("Timeout", p:wait(0))
    assert.is_true(p:kill())
    assert.equal(1067, p:wait(10))
  end)
end)

describe("a console #standin", function()
  standin.watch()

  it("is told its size, and always has an input", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process(puppet("cat", { EmulateConsole = true, ConsoleSize = { 30, 100 } })))
    local function size()
      return standin.report().Systems[1].Processes[1].Console
    end
    assert.same({ 30, 100 }, size())
    assert.is_true(p:resize_console(120, 40))
    assert.same({ 40, 120 }, size())
    assert.equal("stream", hcs.type((p:stdin())))
    assert(p:close_stdin())
    assert.equal(0, p:wait(10))
  end)
end)

describe("the end of an input #standin", function()
  standin.watch()

  it("is told the service, too", function()
    standin.tell { Set = { StdInByRequest = true } }
    local c <close> = support.container()
    local p <close>, stdin, stdout = support.piped(c, "cat")
    assert(stdin:write "x")
    assert(stdin:close())
    assert.equal("x", stdout:read "a")
    assert.equal(0, p:wait(10))
    assert.equal("ab", assert(c:run(puppet "cat", { input = "ab", timeout = 10 })).stdout)
  end)
end)

support.nothing_left()
