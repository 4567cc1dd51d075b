-- Standard streams on whatever pipes the service makes, and when it tells what late or never.
local hcs = require "hcs"
local standin = require "spec.support.windows.standin"

local MUCH = ("0123456789abcdef"):rep(65536)
local ALL = { CreateStdInPipe = true, CreateStdOutPipe = true, CreateStdErrPipe = true }

local function started()
  local container = assert(hcs.create_container(nil, standin.config { HvPartition = true }))
  assert(container:start())
  return container
end

local function command(line)
  local config = { CommandLine = line }
  for field, value in pairs(ALL) do config[field] = value end
  return config
end

-- The error's name.
local function failure(result, err)
  assert.is_nil(result)
  return err.name
end

for _, kind in ipairs { "overlapped", "plain", "client" } do
  describe("streams on pipes of the kind " .. kind .. " #standin", function()
    standin.watch()
    before_each(function() standin.tell { Set = { Pipes = kind } } end)

    it("carry much both ways at once", function()
      local c <close> = started()
      local result = assert(c:run("puppet cat", { input = MUCH }))
      assert.is_true(result.stdout == MUCH)
      assert.equal(0, result.exit_code)
    end)

    it("keep timeouts, and what comes later", function()
      local c <close> = started()
      local p <close> = assert(c:create_process(command "puppet cat"))
      local stdin, stdout = p:stdio()
      assert.equal("Timeout", failure(stdout:read_some(0)))
      assert.equal("Timeout", failure(stdout:read_some(0.05)))
      assert.same({}, hcs.poll({ stdout, p }, 0.01))
      assert(stdin:write "a line\n")
      assert.is_true(rawequal(stdout, hcs.poll({ stdout, p }, 10)[1]))
      assert.equal("a line", stdout:read())
      assert.is_true(stdin:close())
      assert.is_nil(stdout:read_some(10))
      assert.equal(0, p:wait(10))
    end)

    it("bring what was on its way when they were closed, and the end behind it", function()
      local c <close> = started()
      local p <close> = assert(c:create_process(command "puppet sleep 0.5 cat"))
      local stdin, stdout = p:stdio()
      local put, count = 0, 0
      repeat
        put = put + count
        count = stdin:write_some(MUCH, 0.05)
      until not count
      assert.is_true(stdin:close())
      assert.is_true(stdout:read "a" == MUCH:sub(1, 65536):rep(put // 65536))
      assert.equal(0, p:wait(10))
    end)

    it("say when nobody reads", function()
      local c <close> = started()
      local p <close> = assert(c:create_process(command "puppet exit 3"))
      local stdin <close> = p:stdin()
      assert.equal(3, p:wait(10))
      local result, err = stdin:write(MUCH)
      assert.is_nil(result)
      assert.equal("EPIPE", err.errno)
      assert.equal(1, #hcs.poll({ stdin }, 0))
      assert.equal(3, assert(c:run("puppet exit 3", { input = MUCH })).exit_code)
    end)
  end)
end

describe("streams #standin", function()
  standin.watch()

  it("tell the service that stdin has ended, behind what was written", function()
    standin.tell { Set = { StdInByRequest = true } }
    local c <close> = started()
    assert.is_true(assert(c:run("puppet cat", { input = MUCH })).stdout == MUCH)
    assert.equal('{"Operation":"CloseHandle","CloseHandle":{"Handle":"StdIn"}}', standin.received "HcsModifyProcess")
  end)

  it("take a chunk that nobody reads, and then no more, until the process ends", function()
    standin.tell { Set = { NobodyReads = true } }
    local c <close> = started()
    local p <close> = assert(c:create_process(command "standin hang"))
    local stdin <close> = p:stdin()
    while stdin:write_some(MUCH, 0.1) do end
    assert.same({}, hcs.poll({ stdin }, 0))
    assert.equal("Timeout", failure(c:run("standin hang", { input = MUCH, timeout = 0.3 })))
    assert(p:kill())
    assert(p:wait(10))
    assert.equal(1, #hcs.poll({ stdin }, 10))
    assert.equal("EPIPE", select(2, stdin:write "x").errno)
  end)

  it("may end before their process", function()
    standin.tell { Set = { EarlyEofMs = 50 } }
    local c <close> = started()
    local result = assert(c:run "standin out early sleep 400 exit 7")
    assert.equal(7, result.exit_code)
  end)

  -- Behind Hyper-V somebody passes the output on.
  it("may bring what a process has written when its exit was told already", function()
    local c <close> = started()
    local p <close> = assert(c:create_process(command "standin out before sleep 100 out after hang"))
    standin.tell { Do = "Notify", Id = c:id(), ProcessId = p:pid(), Type = 0x10000, Status = 0,
      Data = [[{"ProcessId":0,"Exited":true,"ExitCode":3,"LastWaitResult":0}]] }
    assert.equal(3, p:wait(10))
    local result = assert(p:communicate())
    assert.same({ "before\nafter\n", 3 }, { result.stdout, result.exit_code })
    assert(c:terminate())
  end)
end)

describe("a process whose exit is not told #standin", function()
  standin.watch()

  it("is lost for poll and run, too, when its container has ended", function()
    standin.tell { On = "ProcessExited", Notify = "never" }
    local c <close> = started()
    local p <close> = assert(c:create_process(command "standin hang"))
    assert(c:terminate())
    assert.is_true(rawequal(p, hcs.poll({ p }, 10)[1]))
    assert.equal("UnexpectedProcessAbort", failure(p:communicate { timeout = 10 }))
  end)
end)
