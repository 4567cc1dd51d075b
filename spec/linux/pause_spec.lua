-- pause and resume: every process of a container stands still and goes on, whoever asks for it, and whatever
-- becomes of who asked.
local busted = require "busted"
local disk = require "spec.support.linux.disk"
local groups = require "spec.support.linux.groups"
local hcs = require "hcs"
local support = require "spec.support.linux"

local contains, failure = support.contains, support.failure

local INVALID_STATE = 0xC0370105
-- Long enough for a loop that runs to be heard of, on a slow machine too.
local QUIET_SECONDS = 0.3

local ticker = { "sh", "-c", "while :; do echo tick; sleep 0.01; done", CreateStdOutPipe = true }

-- What the kernel says of the container's processes.
local function is_frozen(c)
  if groups.layout() == "v1" then return groups.read(c, "freezer", "freezer.state") == "FROZEN" end
  return groups.read(c, "unified", "cgroup.events"):find "frozen 1" ~= nil
end

-- A process that writes as long as it runs, and the stream it writes to.
local function tick(c)
  local p = assert(c:create_process(ticker))
  local out = assert(p:stdout())
  assert.equal("tick", assert(out:read "l"))
  return p, out
end

local function drain(out)
  repeat local more = out:read_some(0) until not more
end

local function stands_still(out)
  drain(out)
  assert.is_true(hcs.is_timeout(select(2, out:read_some(QUIET_SECONDS))))
end

local function goes_on(out)
  drain(out)
  assert(out:read_some(30))
end

-- Pauses the container in another process, which is gone then.
local function paused_elsewhere(c)
  local client = support.client([[
    local hcs = require "hcs"
    local c <close> = assert(hcs.open_container(arg[1]))
    print(c:pause())
  ]], c:id())
  assert.equal("true\n", (client:wait()))
end

describe("pause", function()
  it("stops every process, children and threads too; resume lets them go on", function()
    local c <close> = support.container()
    local p, out = tick(c)
    local grandchild = assert(c:create_process {
      "sh", "-c", "(while :; do echo tick; sleep 0.01; done) & exit 0", CreateStdOutPipe = true })
    local more = assert(grandchild:stdout())
    assert.equal(0, grandchild:wait(10))
    for _ = 1, 3 do
      assert.is_true(c:pause())
      assert.is_true(is_frozen(c))
      stands_still(out)
      stands_still(more)
      assert.is_true(c:resume())
      assert.is_false(is_frozen(c))
      goes_on(out)
      goes_on(more)
    end
    assert.is_true(p:kill())
  end)

  it("is refused while the container shuts down", function()
    local c <close> = support.container()
    local p = assert(c:create_process { "sh", "-c", "trap '' TERM; echo ready; sleep 1000 & wait; wait",
      CreateStdOutPipe = true })
    assert.equal("ready", assert(p:stdout()):read "l")
    assert(c:shutdown())
    contains("shutting down", failure(INVALID_STATE, c:pause()).message)
    assert.equal("Running", c:state())
    assert.is_false(is_frozen(c))
    assert(c:terminate())
    assert(c:wait(10))
  end)
end)

describe("the state Paused", function()
  it("is that of every client", function()
    local c <close> = support.container()
    local function elsewhere()
      local client = support.client([[
        local hcs = require "hcs"
        local c <close> = assert(hcs.open_container(arg[1]))
        print(c:state())
      ]], c:id())
      return (client:wait():gsub("\n", ""))
    end
    assert(c:pause())
    assert.equal("Paused", elsewhere())
    assert(c:resume())
    assert.equal("Running", elsewhere())
  end)
end)

describe("a paused container", function()
  local c, p, out

  local function check_gates()
    local began = os.time()
    for _, call in ipairs {
      { "start" }, { "pause" }, { "create_process", "true" }, { "run", "true" },
      { "modify", { ResourceType = "Memory", RequestType = "Update", Settings = { MemoryMaximumInMB = 64 } } },
    } do
      local err = failure(INVALID_STATE, c[call[1]](c, call[2]))
      assert.is_true(hcs.is_operation_invalid_state(err), call[1])
    end
    assert.is_true(os.time() - began < 5)
    local again <close> = assert(c:open_process(p:pid()))
    assert.equal(p:pid(), again:pid())
    failure("InvalidProcessState", again:exit_code())
  end

  before_each(function()
    c = support.container()
    p, out = tick(c)
  end)
  after_each(function()
    assert(c:close())
    c, p, out = nil, nil, nil
  end)

  it("refuses at once what needs a running one", function()
    assert(c:pause())
    check_gates()
    assert(c:resume())
    goes_on(out)
  end)

  it("refuses it also when another client has paused it, and is resumed by anybody", function()
    paused_elsewhere(c)
    assert.equal("Paused", c:state())
    stands_still(out)
    check_gates()
    assert(c:resume())
    goes_on(out)
  end)

  it("is terminated, also when another client has paused it", function()
    paused_elsewhere(c)
    local began = require "hcs.core".clock()
    assert.is_true(c:terminate())
    assert.is_true(c:wait(10))
    assert.equal(137, p:wait(0))
    assert.equal("KILL", p:exit_signal())
    assert.equal("ForcedExit", c:properties().ExitType)
    -- The guest did it: nobody had to wait for it to be killed.
    assert.is_true(require "hcs.core".clock() - began < 2e9)
  end)

  it("keeps the signal of shutdown until it is resumed", function()
    assert(c:pause())
    assert.is_true(c:shutdown())
    assert.equal("Paused", c:state())
    failure("Timeout", c:wait(QUIET_SECONDS))
    failure("InvalidProcessState", p:exit_code())
    assert.is_true(c:resume())
    assert.is_true(c:wait(10))
    assert.equal("TERM", p:exit_signal())
    assert.equal("GracefulExit", c:properties().ExitType)
  end)

  it("without processes ends by shutdown at once", function()
    local empty <close> = support.container()
    assert(empty:pause())
    assert(empty:shutdown())
    assert(empty:wait(10))
    assert.equal("GracefulExit", empty:properties().ExitType)
  end)

  it("is stopped by stop", function()
    assert(c:pause())
    assert.is_true(c:stop(0.1))
    assert.equal("Stopped", c:state())
  end)

  it("ends with its last handle", function()
    local id = c:id()
    assert(c:pause())
    assert.is_true(c:close())
    failure(0xC037010E, hcs.open_container(id))
    assert.equal(137, p:wait(10))
  end)

  it("ends with its last client, also one that is killed", function()
    local client = support.client([[
      local hcs = require "hcs"
      local c = assert(hcs.create_container(nil, {
        Layers = { { Path = arg[1] } }, TerminateOnLastHandleClosed = true }))
      assert(c:start())
      local p = assert(c:create_process { "sleep", "1000" })
      assert(c:pause())
      print(c:id())
      hcs.poll({}, 600)
    ]], support.layer())
    local id = assert(client:line())
    local first
    do
      local other <close> = assert(hcs.open_container(id))
      first = assert(other:open_process(2))
      assert.equal("Paused", other:state())
    end
    failure("Timeout", first:wait(0))
    client:kill()
    client:wait()
    assert.equal(137, first:wait(10))
    assert(first:close())
    -- The guest is on its way out a moment longer.
    for _ = 1, 500 do
      if assert(hcs.gc()) == 1 then return end
      busted.sleep(0.01)
    end
    error "nothing to clean up"
  end)

  it("ends although its guest is killed", function()
    assert(c:pause())
    -- behind three 32-bit numbers of the status page
    local page = support.read_file(support.residue.state_directory() .. "/" .. c:id() .. "/status")
    support.shell("kill -KILL " .. string.unpack("<i4", page, 13))
    failure(0xC0370106, c:wait(30))
  end)

  it("lets a process be killed, at the latest when it is resumed", function()
    assert(c:pause())
    assert.is_true(p:kill())
    if groups.layout() ~= "v1" then assert.equal(137, p:wait(10)) end
    assert(c:resume())
    assert.equal(137, p:wait(10))
  end)

  it("uses no processor", function()
    assert(c:create_process { "sh", "-c", "while :; do :; done" })
    assert(c:pause())
    if groups.layout() == "v1" then return end
    local function used() return groups.read(c, "unified", "cpu.stat"):match "usage_usec (%d+)" end
    local before = used()
    busted.sleep(QUIET_SECONDS)
    assert.equal(before, used())
  end)
end)

describe("processes that are started while another client pauses and resumes", function()
  it("run, or are refused: no call hangs, none is lost", function()
    local c <close> = support.container()
    local rounds = support.rounds(100)
    local client = support.client([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container(arg[1]))
      for _ = 1, tonumber(arg[2]) do
        assert(c:pause())
        assert(c:resume())
      end
      print "done"
    ]], c:id(), rounds)
    local ran, refused = 0, 0
    repeat
      local result, err = c:run({ "echo", "x" }, { timeout = 30 })
      if result then
        assert.equal("x\n", result.stdout)
        ran = ran + 1
      else
        assert.equal(INVALID_STATE, err.code, tostring(err))
        refused = refused + 1
      end
    until ran + refused >= rounds
    assert.equal("done\n", (client:wait()))
    assert.equal("Running", c:state())
    assert.equal("x\n", c:run("echo x").stdout)
  end)
end)

describe("a pause that does not come to its end", function()
  local scratch, script

  setup(function()
    scratch = disk.new(16)
    script = support.write_file(scratch.home .. "/pause.lua", [[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container(arg[1]))
      local ok, err = c:pause()
      print(ok, hcs.is_timeout(err), err)
      print(c:state())
    ]])
  end)
  teardown(function() scratch:remove() end)

  -- No signal and no freezer reaches who waits for a disk, which here gives two bytes a second.
  local function with_writer(work)
    local c <close> = support.container { LayerFolderPath = scratch.folder, StorageBandwidthMaximum = 2 }
    local _, out = tick(c)
    local writer = assert(c:create_process { "sh", "-c",
      "echo begin; dd if=/dev/zero of=/file bs=64k count=1 oflag=direct && exit 3", CreateStdOutPipe = true })
    assert.equal("begin", assert(writer:stdout()):read "l")
    local stat = groups.path(c, groups.layout() == "v2" and "memory" or "pids") .. "/cgroup.procs"
    local function waits()
      for pid in support.read_file(stat):gmatch "%d+" do
        local file = io.open("/proc/" .. pid .. "/stat")
        local text = file and file:read "a" or ""
        if file then file:close() end
        if text:find "%(dd%) D " then return true end
      end
    end
    for _ = 1, 1000 do
      if waits() then break end
      busted.sleep(0.01)
    end
    assert.is_true(waits())
    work(c, out, writer)
  end

  it("is a Timeout, and the processes go on as before", function()
    with_writer(function(c, out, writer)
      local output = support.shell(("HCSSHIM_TIMEOUT_SYSTEMPAUSE=1 %s %s %s"):format(support.lua(), script, c:id()))
      contains("nil\ttrue\t", output)
      contains("cannot be stopped now", output)
      contains("\nRunning\n", output)
      assert.equal("Running", c:state())
      assert.is_false(is_frozen(c))
      goes_on(out)
      assert(c:modify { ResourceType = "Storage", RequestType = "Update", Settings = { StorageBandwidthMaximum = 0 } })
      assert.equal(3, writer:wait(30))
      assert.equal("ok\n", c:run("echo ok").stdout)
      assert(c:pause())
      assert(c:resume())
    end)
  end)

  it("keeps nobody from terminating the container", function()
    with_writer(function(c)
      local client = support.client([[
        local hcs = require "hcs"
        local c <close> = assert(hcs.open_container(arg[1]))
        print(c:pause())
      ]], c:id())
      assert.is_true(c:terminate())
      assert.is_true(c:wait(10))
      client:wait()
    end)
  end)
end)

support.nothing_left()
