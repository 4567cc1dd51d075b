-- Containers where the service has a word of its own: how they end, how they start, what it is slow with.
local hcs = require "hcs"
local standin = require "spec.support.windows.standin"
local support = require "spec.support.windows"

local failure, puppet = support.failure, support.puppet

describe("a container's end #standin", function()
  standin.watch()

  -- What a container tells that has ended in one of the service's ways.
  local function ended(how, rule)
    local c <close> = support.container()
    if rule then standin.tell(rule) end
    how(c)
    local result, err = c:wait(10)
    return result or err.code, c:properties().ExitType
  end

  local function crash(c) standin.tell { Do = "Crash", Id = c:id() } end
  local function exit(c) standin.tell { Do = "Exit", Id = c:id() } end
  local function terminate(c) assert(c:terminate()) end
  local function shutdown(c) assert(c:shutdown()) end

  it("is what the service's document says", function()
    assert.same({ 0xC0370106, "UnexpectedExit" }, { ended(crash) })
    assert.same({ true, "GracefulExit" }, { ended(exit) })
    assert.same({ true, "GracefulExit" }, { ended(shutdown) })
    assert.same({ true, "ForcedExit" }, { ended(terminate) })
  end)

  it("is told by its status where there is no document, and by what was asked for", function()
    local silent = { On = "SystemExited", ExitData = false, Times = 1 }
    assert.same({ 0xC0370106, "UnexpectedExit" }, { ended(crash, silent) })
    assert.same({ true, "GracefulExit" }, { ended(exit, silent) })
    assert.same({ true, "GracefulExit" }, { ended(shutdown, silent) })
    assert.same({ true, "ForcedExit" }, { ended(terminate, silent) })
  end)

  it("is a clean one if it says that it is not running: what some releases call a stop", function()
    for _, status in ipairs { "0xC0370110", "0x80370110" } do
      local rule = { On = "SystemExited", ExitData = false, NotifyStatus = status, Times = 1 }
      assert.same({ true, "GracefulExit" }, { ended(shutdown, rule) })
    end
  end)

  it("is an unexpected one in the newer words, too", function()
    assert.same({ 0xC0370106, "UnexpectedExit" },
      { ended(crash, { On = "SystemExited", ExitData = false, NotifyStatus = "0x80370106", Times = 1 }) })
  end)

  it("ends its processes, and releases who waits for one that is not told", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process(puppet("sleep", 1000)))
    local lost <close> = assert(c:create_process(puppet("sleep", 1000)))
    standin.tell { On = "ProcessExited", Notify = "never", Times = 1 }
    standin.tell { Do = "ExitProcess", Id = c:id(), ProcessId = lost:pid(), ExitCode = 5 }
    support.eventually(function() return #standin.report().Systems[1].Processes == 1 end)
    crash(c)
    assert.equal(0xC0370106, failure("VmcomputeUnexpectedExit", c:wait(10)).code)
    assert(p:wait(10))
    failure("UnexpectedProcessAbort", lost:wait(10))
  end)

  it("is known although start has heard of it first", function()
    local c <close> = assert(hcs.create_container(nil, support.config()))
    standin.tell { On = "HcsStartComputeSystem", Exit = "instead" }
    failure("UnexpectedContainerExit", c:start())
    for _ = 1, 2 do failure("VmcomputeUnexpectedExit", c:wait(10)) end
    assert.equal("Stopped", c:state())
  end)

  it("comes by force when its time is over", function()
    local c <close> = support.container()
    standin.tell { On = "HcsShutdownComputeSystem", ShutdownMs = 60000 }
    assert.is_true(c:stop(0.1))
    assert.equal("ForcedExit", c:properties().ExitType)
  end)

  it("is what both shutdown and terminate wanted, whatever the service answers then", function()
    for _, status in ipairs { "0xC0370110", "0x80370110", "0xC037010E", "0xC0370103" } do
      local c <close> = support.container()
      for _, name in ipairs { "Shutdown", "Terminate" } do
        standin.tell { On = ("Hcs%sComputeSystem"):format(name), Status = status, Times = 1 }
        assert.is_true(c[name:lower()](c))
      end
      assert(c:terminate())
      assert.is_true(c:wait(10))
    end
  end)
end)

describe("a call of the service #standin", function()
  standin.watch()

  it("may be done when it returns, and nothing is told", function()
    standin.tell { Set = { Synchronous = true } }
    local c <close> = support.container()
    assert(c:pause())
    assert(c:resume())
    assert.equal(7, assert(c:run(puppet("exit", 7))).exit_code)
    assert.is_true(c:terminate())
    assert.is_true(c:wait(10))
  end)

  it("may be told twice, and late", function()
    standin.tell { Set = { Notify = "twice", NotifyDelayMs = 50 } }
    local c <close> = support.container()
    assert(c:pause())
    assert(c:resume())
    local p <close> = assert(c:create_process(puppet("exit", 3)))
    assert.equal(3, p:wait(10))
    assert.is_true(c:terminate())
    assert.is_true(c:wait(10))
  end)

  it("has results on success that are nobody's business", function()
    standin.tell { Set = { Result = "no JSON" } }
    local c <close> = support.container()
    assert.equal(0, assert(c:run(puppet())).exit_code)
    assert(hcs.get_containers())
  end)

  it("says the state of a created container in three ways", function()
    for _, blank in ipairs { "absent", "empty", "Created" } do
      standin.tell { Set = { BlankState = blank } }
      local c <close> = assert(hcs.create_container(nil, support.config()))
      assert.equal("Created", c:state())
      assert.equal("Created", hcs.get_containers { Ids = { c:id() } }[1].State)
    end
  end)

  it("is refused for a container in process isolation that is to be paused", function()
    local c <close> = support.container { HvPartition = false }
    local result, err = c:pause()
    assert.is_nil(result)
    assert.equal("hcs::System::Pause", err.operation)
    assert.equal("Running", c:state())
  end)
end)

describe("the last handle #standin", function()
  standin.watch()

  it("ends nothing that another program holds", function()
    local c = support.container()
    local id = c:id()
    standin.tell { Do = "Hold", Id = id }
    local other = assert(hcs.open_container(id))
    assert.is_true(c:close())
    assert.equal("Running", other:state())
    standin.tell { Do = "Drop", Id = id }
    assert.is_true(other:close())
    failure("ComputeSystemDoesNotExist", hcs.open_container(id))
  end)
end)

support.nothing_left()
