-- The cases of the contract's chapter 6 that need Linux' own means; spec/contract_spec.lua has the others.
local groups = require "spec.support.linux.groups"
local core = require "hcs.core"
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support.linux"

local failure = support.failure
local UNKNOWN, NOT_FOUND = 0xC037010E, 0x490
local PATIENCE = 20

-- A case, named by its number.
local function case(number, words, test)
  it(("%d. %s #once"):format(number, words), test)
end

-- Runs a Lua program with an environment variable more; its output.
local function with_environment(variable, script, ...)
  local path = support.write_file(os.tmpname(), script)
  local words = { variable, support.lua(), path }
  for _, argument in ipairs { ... } do words[#words + 1] = support.quote(tostring(argument)) end
  local ok, output = pcall(support.shell, table.concat(words, " "))
  os.remove(path)
  return assert(ok and output, output)
end

local function listed(id)
  return assert(hcs.get_containers { Ids = { id } })[1]
end

local function finish(c)
  assert(c:terminate())
  assert(c:wait(PATIENCE))
  assert(c:close())
end

describe("lifecycle:", function()
  case(2, "a start that fails leaves something that terminate and wait clean; the handle can be closed", function()
    local c = assert(hcs.create_container(nil, support.config { TerminateOnLastHandleClosed = false }))
    local guest = support.guest_of(c)
    -- A guest that does not answer: start gives up after a second.
    local output = with_environment("HCSSHIM_TIMEOUT_SYSTEMSTART=1", [[
      local hcs = require "hcs"
      local c = assert(hcs.open_container(arg[1]))
      os.execute("kill -STOP " .. arg[2])
      local started, err = c:start()
      print(started, hcs.is_timeout(err), err.operation)
      print(c:terminate(), c:wait(20), c:close())
    ]], c:id(), guest)
    assert.equal("nil\ttrue\thcs::System::Start\ntrue\ttrue\ttrue\n", output)
    assert.is_true(c:wait(PATIENCE))
    assert.is_nil(listed(c:id()))
    assert.is_true(c:close())
  end)

  case(6, "a second container over the same layers after the first was unmounted", function()
    local folder = support.temporary_folder()
    local config = support.config { LayerFolderPath = folder .. "/scratch" }
    local first = assert(hcs.create_container(nil, config))
    assert(first:start())
    assert(first:run({ "sh", "-c", "echo kept > /kept" }, { check = true }))
    failure("Busy", hcs.create_container(nil, config))
    finish(first)
    local second = assert(hcs.create_container(nil, config))
    assert(second:start())
    assert.equal("kept\n", second:read_file "/kept")
    finish(second)
    support.remove(folder)
  end)

  case(9, "stop with a grace period: who handles the signal for longer is killed only after it", function()
    for patience, expected in pairs { [1] = 137, [10] = 3 } do
      local c <close> = support.container()
      local p <close> = assert(c:create_process { "sh", "-c",
        "trap 'sleep 2; exit 3' TERM; echo; while :; do usleep 10000; done", CreateStdOutPipe = true })
      local output = assert(p:stdout())
      assert.equal("", output:read "l")
      local begin = core.clock()
      assert.is_true(c:stop(patience))
      local seconds = (core.clock() - begin) / 1e9
      assert.is_true(seconds >= 1 and seconds < 9, seconds .. " s")
      assert.equal(expected, p:wait(0))
      assert.equal("Stopped", c:state())
      output:close()
    end
  end)
end)

describe("processes:", function()
  local c

  setup(function() c = support.container { HostName = "contract" } end)
  teardown(function() finish(c) end)

  case(17, "quoting: a command line of a shell's words reaches the program unchanged", function()
    assert.equal([[a "quoted"  word|and 'more'|]],
      assert(c:run [[printf '%s|' "a \"quoted\"  word" "and 'more'"]]).stdout)
  end)

  case(18, "hostname is HostName, empty variables are passed", function()
    local result = assert(c:run { "sh", "-c", "pwd; echo $ONE,${TWO-unset},$(hostname)", WorkingDirectory = "/tmp",
      Environment = { ONE = "first value", TWO = "" } })
    assert.equal("/tmp\nfirst value,,contract\n", result.stdout)
  end)

  case(19, "mapped directories: read-only lists and refuses; read-write shows on both sides", function()
    local folder = support.temporary_folder()
    support.write_file(folder .. "/given", "given\n")
    local mapped <close> = support.container { MappedDirectories = {
      { HostPath = folder, ContainerPath = "/ro", ReadOnly = true }, { HostPath = folder, ContainerPath = "/rw" },
    } }
    assert.equal("given\n", assert(mapped:run { "ls", "/ro" }).stdout)
    assert.not_equal(0, assert(mapped:run { "rm", "/ro/given" }).exit_code)
    assert.not_equal(0, assert(mapped:run { "touch", "/ro/new" }).exit_code)
    assert.equal("given\n", support.read_file(folder .. "/given"))
    assert.equal(0, assert(mapped:run { "sh", "-c", "echo made > /rw/new; rm /rw/given" }).exit_code)
    assert.equal("made\n", support.read_file(folder .. "/new"))
    assert.is_nil(lfs.attributes(folder .. "/given"))
    support.write_file(folder .. "/late", "late\n")
    assert.equal("late\nmade\n", assert(mapped:run { "cat", "/ro/late", "/rw/new" }).stdout)
    mapped:close()
    support.remove(folder)
  end)

  case(20, "loss of the service: waits for the container and for its process both return", function()
    local lost = support.container()
    local p = assert(lost:create_process { "sleep", "1000" })
    local waiter = support.client([[
      local hcs = require "hcs"
      local c = assert(hcs.open_container(arg[1]))
      local p = assert(c:open_process(tonumber(arg[2])))
      print "open"
      print(select(2, p:wait(60)).name, select(2, c:wait(60)).name)
    ]], lost:id(), p:pid())
    assert.equal("open", waiter:line())
    support.shell("kill -KILL " .. support.guest_of(lost))
    failure("UnexpectedProcessAbort", p:wait(PATIENCE))
    failure("VmcomputeUnexpectedExit", lost:wait(PATIENCE))
    assert.same({ "UnexpectedProcessAbort\tVmcomputeUnexpectedExit\n", 0 }, { waiter:wait() })
    p:close()
    lost:close()
  end)

  case(21, "a reaped pid is 0x490", function()
    local daemon = assert(c:run { "sh", "-c", "sleep 1000 & echo $!" })
    local pid = math.tointeger(daemon.stdout)
    local p <close> = assert(c:open_process(pid))
    assert(p:kill())
    assert.is_true(p:wait(PATIENCE))
    p:close()
    failure(NOT_FOUND, c:open_process(pid))
  end)
end)

describe("errors:", function()
  local c

  setup(function() c = support.container() end)
  teardown(function() finish(c) end)

  case(24, "what is access denied is not already stopped", function()
    local denied = failure(5, c:create_process { "/etc/passwd" })
    assert.is_true(hcs.is_access_denied(denied))
    assert.is_false(hcs.is_already_stopped(denied))
  end)

  case(25, "a deadline of the watcher of system calls is a timeout", function()
    local stopped = support.container()
    local output = with_environment("HCSSHIM_TIMEOUT_SYSCALLWATCHER=1", [[
      local hcs = require "hcs"
      local c = assert(hcs.open_container(arg[1]))
      os.execute("kill -STOP " .. arg[2])
      local p, err = c:create_process { "true" }
      print(p, hcs.is_timeout(err))
    ]], stopped:id(), support.guest_of(stopped))
    assert.equal("nil\ttrue\n", output)
    finish(stopped)
  end)
end)

describe("resources:", function()
  -- The rates of the contract's table are Windows' job objects'; here they are a quota of processor time.
  case(28, "processor limits exclude each other; a count above the host's is the host's", function()
    local processors = tonumber(support.shell "nproc --all")
    failure("InvalidParameter", hcs.create_container(nil, support.config {
      ProcessorCount = 1, ProcessorMaximum = 5000, ProcessorWeight = 100 }))
    local function quota(config)
      local limited <close> = support.container(config)
      if groups.layout() == "v2" then
        local quota_us, period_us = groups.read(limited, "cpu", "cpu.max"):match "(%d+) (%d+)"
        return quota_us / period_us
      end
      return groups.read(limited, "cpu", "cpu.cfs_quota_us") / groups.read(limited, "cpu", "cpu.cfs_period_us")
    end
    assert.equal(1, quota { ProcessorCount = 1 })
    assert.equal(processors, quota { ProcessorCount = 4096 })
    assert.equal(processors, quota { ProcessorMaximum = 10000 })
    assert.equal(processors / 2, quota { ProcessorMaximum = 5000 })
  end)

  case(30, "all processes are counted, all are killed at once, and everybody hears of it", function()
    local job = support.container { MemoryMaximumInMB = 64 }
    local processes = {}
    for i = 1, 5 do
      processes[i] = assert(job:create_process { "sh", "-c", "sleep 1000 & sleep 1000 & wait" })
    end
    -- Five shells with two children each, some of which may not have been started yet.
    local count
    for _ = 1, 1000 do
      count = #assert(job:process_list())
      if count == 15 then break end
      hcs.poll({}, 0.01)
    end
    assert.equal(15, count)
    assert.equal(64 << 20, tonumber(groups.read(job, "memory",
      groups.layout() == "v2" and "memory.max" or "memory.limit_in_bytes")))
    local io = assert(job:statistics()).Storage
    assert.equal("integer", math.type(io.ReadCountNormalized))
    assert(job:terminate())
    for i = 1, 5 do assert.equal(137, processes[i]:wait(PATIENCE)) end
    assert.is_true(job:wait(PATIENCE))
    for i = 1, 5 do processes[i]:close() end
    job:close()
  end)
end)

describe("moby's usage:", function()
  it("a reaper waits, takes the exit code and closes, while others signal", function()
    local c = support.container()
    local p = assert(c:create_process { "sleep", "1000" })
    local reaper = support.client([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container(arg[1]))
      local p <close> = assert(c:open_process(tonumber(arg[2])))
      print "open"
      print(p:wait(60), p:exit_code(), p:close())
    ]], c:id(), p:pid())
    assert.equal("open", reaper:line())
    assert(p:signal "TERM")
    assert.same({ "143\t143\ttrue\n", 0 }, { reaper:wait() })
    p:close()
    finish(c)
  end)

  it("an orphan is opened, terminated and waited for", function()
    local maker = support.client [[
      local c = assert(require "hcs".create_container("contract-orphan", {
        Layers = { { Path = "/" } } }))
      assert(c:start())
      assert(c:create_process { "sleep", "1000" })
      os.exit(0, false)
    ]]
    assert.same({ "", 0 }, { maker:wait() })
    local c = assert(hcs.open_container "contract-orphan")
    assert.equal("Running", c:state())
    finish(c)
    failure(UNKNOWN, hcs.open_container "contract-orphan")
  end)
end)

support.nothing_left()
