-- The test cases of the contract's chapter 6, each by its number and its words, on real containers. Where another spec
-- goes deeper the case is short here. What has no meaning on Linux is in the table `left_out`.
local groups = require "spec.support.linux.groups"
local core = require "hcs.core"
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support.linux"

local failure = support.failure
local STATE, STOPPED, UNKNOWN, EXISTS = 0xC0370105, 0xC0370110, 0xC037010E, 0xC037010F
local NOT_FOUND = 0x490
local PATIENCE = 20

-- Case → why nothing here has its number.
local left_out = {
  [29] = "schema 1 has no affinity to set between create and start",
}

local cases = {}

-- A case, named by its number; a case may have several.
local function case(number, words, test)
  cases[number] = true
  it(("%d. %s #once"):format(number, words), test)
end

-- Seconds that a call takes.
local function elapsed(call)
  local begin = core.clock()
  call()
  return (core.clock() - begin) / 1e9
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
  case(1, "create, start, run commands, shutdown, wait; terminate afterwards is harmless", function()
    local c = assert(hcs.create_container(nil, support.config()))
    assert.is_true(c:start())
    assert.equal("one\n", assert(c:run { "echo", "one" }).stdout)
    assert.equal("two\n", assert(c:run { "echo", "two" }).stdout)
    assert.is_true(c:shutdown())
    assert.is_true(c:wait(PATIENCE))
    assert.is_true(c:terminate())
    assert.is_true(c:wait(0))
    assert.is_true(c:close())
  end)

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

  case(3, "close right after create succeeds, and so does a second one", function()
    local c = assert(hcs.create_container(nil, support.config()))
    assert.is_true(c:close())
    assert.is_true(c:close())
    failure(UNKNOWN, hcs.open_container(c:id()))
  end)

  case(4, "wait on a created, never started container does not return: bounded, it reports a timeout", function()
    local c <close> = assert(hcs.create_container(nil, support.config()))
    assert.is_true(hcs.is_timeout(failure("Timeout", c:wait(0.2))))
    assert.equal("Created", c:state())
  end)

  for name, prepare in pairs {
    ["while it runs"] = function() end,
    ["after shutdown"] = function(c) assert(c:shutdown()) end,
    ["after terminate"] = function(c) assert(c:terminate()) end,
  } do
    case(5, "closing the last handle ends the container within 10 s, " .. name, function()
      local c = support.container()
      local p <close> = assert(c:create_process { "sh", "-c", "trap '' TERM; echo; while :; do sleep 1; done",
        CreateStdOutPipe = true })
      local output = assert(p:stdout())
      assert.equal("", output:read "l")
      prepare(c)
      assert.is_true(elapsed(function() assert(c:close()) end) < 10)
      failure(UNKNOWN, hcs.open_container(c:id()))
      assert.equal(137, p:wait(PATIENCE))
      output:close()
    end)
  end

  case(6, "the id passed in is the id reported; the same id twice exists already; two at once, many in a loop",
    function()
      local config = support.config()
      local first = assert(hcs.create_container("contract-6", config))
      assert.equal("contract-6", first:id())
      assert.equal("contract-6", listed("contract-6").Id)
      assert.is_true(hcs.is_already_exists(failure(EXISTS, hcs.create_container("contract-6", config))))
      local second <close> = assert(hcs.create_container("contract-6b", config))
      assert(first:start())
      assert(second:start())
      assert.equal("contract-6b\n", assert(second:run "hostname").stdout)
      finish(first)
      for _ = 1, support.rounds(20) do
        local again = assert(hcs.create_container("contract-6", config))
        assert(again:start())
        assert.equal(0, assert(again:run "true").exit_code)
        finish(again)
      end
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

  case(7, "an unknown id is not found; created and running ones are; calls that come too early are invalid state",
    function()
      assert.is_true(hcs.is_not_exist(failure(UNKNOWN, hcs.open_container "contract-7")))
      local c <close> = assert(hcs.create_container("contract-7", support.config()))
      local created <close> = assert(hcs.open_container "contract-7")
      assert.is_true(hcs.is_operation_invalid_state(failure(STATE, created:create_process { "true" })))
      failure(STATE, created:open_process(2))
      assert(c:start())
      local running <close> = assert(hcs.open_container "contract-7")
      assert.equal(0, assert(running:run "true").exit_code)
      failure(STATE, running:start())
    end)

  case(8, "it is listed as created, running, paused, and gone after stop", function()
    local c = assert(hcs.create_container(nil, support.config()))
    assert.equal("Created", listed(c:id()).State)
    assert(c:start())
    assert.equal("Running", listed(c:id()).State)
    assert(c:pause())
    assert.equal("Paused", listed(c:id()).State)
    assert(c:resume())
    assert.equal("Running", listed(c:id()).State)
    assert(c:stop())
    assert.is_nil(listed(c:id()))
    assert.equal("Stopped", c:state())
    assert(c:close())
  end)

  case(9, "stop with a grace period: who handles the signal for longer is killed only after it", function()
    for patience, expected in pairs { [1] = 137, [10] = 3 } do
      local c <close> = support.container()
      local p <close> = assert(c:create_process { "sh", "-c",
        "trap 'sleep 2; exit 3' TERM; echo; while :; do usleep 10000; done", CreateStdOutPipe = true })
      local output = assert(p:stdout())
      assert.equal("", output:read "l")
      local seconds = elapsed(function() assert.is_true(c:stop(patience)) end)
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

  case(10, "exit codes come back exactly; after wait, exit_code has no error", function()
    for _, code in ipairs { 0, 1, 64, 255 } do
      local p <close> = assert(c:create_process { "sh", "-c", "exit " .. code })
      assert.equal(code, p:wait(PATIENCE))
      assert.equal(code, p:exit_code())
    end
  end)

  case(11, "a process that exits before wait is called: wait still returns, the code is right", function()
    local p <close> = assert(c:create_process { "sh", "-c", "exit 11" })
    local ready = assert(hcs.poll({ p }, PATIENCE)) -- it has exited
    assert.same({ p }, ready)
    assert.equal(11, p:wait())
  end)

  case(12, "kill of a long runner is delivered; close after it, and of a running one, does not hang", function()
    local p = assert(c:create_process { "sleep", "1000" })
    assert.is_true(p:kill())
    assert.is_true(p:close())
    p = assert(c:create_process { "sleep", "1000" })
    assert.is_true(p:kill())
    assert.equal(137, p:wait(PATIENCE))
    assert.equal("KILL", p:exit_signal())
    p:close()
    p = assert(c:create_process { "sleep", "1000" })
    local again <close> = assert(c:open_process(p:pid()))
    assert.is_true(elapsed(function() assert.is_true(p:close()) end) < 5)
    assert.is_true(again:kill())
    assert.equal(137, again:wait(PATIENCE))
  end)

  case(13, "stdout exactly, also after wait, then the end; nothing from true; stdin comes back from cat", function()
    local p <close> = assert(c:create_process { "echo", "exactly this", CreateStdOutPipe = true })
    assert.equal(0, p:wait(PATIENCE))
    local stdout = assert(p:stdout())
    assert.equal("exactly this\n", stdout:read "a")
    assert.is_nil(stdout:read_some(0))
    stdout:close()
    local quiet = assert(c:run { "true" })
    assert.same({ "", "" }, { quiet.stdout, quiet.stderr })
    local cat <close> = assert(c:create_process { "tee", "/tee", CreateStdInPipe = true, CreateStdOutPipe = true })
    local stdin, output = cat:stdio()
    assert(stdin:write "one\ntwo\0three")
    assert.is_true(cat:close_stdin())
    assert.equal("one\ntwo\0three", output:read "a")
    assert.equal(0, cat:wait(PATIENCE))
    assert.equal("one\ntwo\0three", c:read_file "/tee")
    stdin:close()
    output:close()
  end)

  case(14, "a command that ends without reading stdin while the writer is blocked", function()
    local big = ("x"):rep(4 << 20)
    assert.equal(5, assert(c:run({ "sh", "-c", "exit 5" }, { input = big })).exit_code)
    local p <close> = assert(c:create_process { "sh", "-c", "usleep 100000; exit 5", CreateStdInPipe = true })
    local stdin = assert(p:stdin())
    local written, err = stdin:write(big)
    assert.equal("EPIPE", failure("GenFailure", written, err).errno)
    assert.equal(5, p:wait(PATIENCE))
    stdin:close()
  end)

  case(15, "an output that somebody else holds open after the exit hangs nobody", function()
    local seconds = elapsed(function()
      local result = assert(c:run { "sh", "-c", "sleep 1000 & echo $! > /sleeper; echo done" })
      assert.same({ 0, "done\n" }, { result.exit_code, result.stdout })
    end)
    assert.is_true(seconds < 10)
    assert(c:run({ "sh", "-c", "kill -9 $(cat /sleeper)" }, { check = true }))
  end)

  case(16, "several processes in one container, each with its own streams, independent of each other", function()
    local processes = {}
    for i = 1, 10 do
      processes[i] = assert(c:create_process { "sh", "-c", "read line; echo $line; echo err $line >&2; exit " .. i,
        CreateStdInPipe = true, CreateStdOutPipe = true, CreateStdErrPipe = true })
    end
    for i = 10, 1, -1 do
      local result = assert(processes[i]:communicate { input = "line " .. i .. "\n", timeout = PATIENCE })
      assert.same({ exit_code = i, stdout = "line " .. i .. "\n", stderr = "err line " .. i .. "\n" }, result)
      processes[i]:close()
    end
  end)

  case(17, "quoting: a command line with double quotes and spaces reaches the program unchanged", function()
    assert.equal([[a "quoted"  word|and 'more'|]],
      assert(c:run [[printf '%s|' "a \"quoted\"  word" "and 'more'"]]).stdout)
    assert.equal("a \"quoted\"  word|", assert(c:run { "printf", "%s|", 'a "quoted"  word' }).stdout)
  end)

  case(18, "the working directory is honoured, environment variables are visible, hostname is HostName", function()
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

  case(21, "an unknown or reaped pid is 0x490", function()
    failure(NOT_FOUND, c:open_process(99999))
    local daemon = assert(c:run { "sh", "-c", "sleep 1000 & echo $!" })
    local pid = math.tointeger(daemon.stdout)
    local p <close> = assert(c:open_process(pid))
    assert(p:kill())
    assert.is_true(p:wait(PATIENCE))
    p:close()
    failure(NOT_FOUND, c:open_process(pid))
  end)

  case(21, "resize_console without a console is an error, with one it is not", function()
    local plain <close> = assert(c:create_process { "sleep", "1000" })
    failure(NOT_FOUND, plain:resize_console(80, 25))
    local console <close> = assert(c:create_process { "sleep", "1000", EmulateConsole = true })
    assert.is_true(console:resize_console(80, 25))
    plain:kill()
    console:kill()
  end)

  case(22, "a console's process that is killed ends with 137; it has no stderr", function()
    local p <close> = assert(c:create_process { "sleep", "1000", EmulateConsole = true, CreateStdErrPipe = true })
    local stdin, stdout, stderr = p:stdio()
    assert.is_nil(stderr)
    assert(p:kill())
    assert.equal(137, p:wait(PATIENCE))
    stdin:close()
    stdout:close()
  end)
end)

describe("errors:", function()
  local c

  setup(function() c = support.container() end)
  teardown(function() finish(c) end)

  case(23, "what is raised is the error itself; is_timeout is true for every kind of timeout and for nothing else",
    function()
      local late = failure("Timeout", c:wait(0))
      -- Lua's own assert: busted has put another in its place.
      local ok, raised = pcall(function() package.loaded._G.assert(c:wait(0)) end)
      assert.is_false(ok)
      assert.equal("error", hcs.type(raised))
      assert.is_true(hcs.is_timeout(late) and hcs.is_timeout(raised))
      assert.is_true(hcs.is_timeout(select(2, c:run({ "sleep", "1000" }, { timeout = 0.05 }))))
      for _, other in ipairs { failure(NOT_FOUND, c:open_process(99999)), "Timeout", { name = "Timeout" }, 0x102 } do
        assert.is_false(hcs.is_timeout(other))
      end
      assert.is_false(hcs.is_timeout(nil))
    end)

  case(24, "is_already_stopped for 0xC0370110, 0x80370110, 0x8037011F and 0x490, not for 5", function()
    local ended = support.container()
    local p = assert(ended:create_process { "true" })
    assert(p:wait(PATIENCE))
    assert.is_true(hcs.is_already_stopped(failure(0x8037011F, p:kill())))
    assert(ended:terminate())
    assert(ended:wait(PATIENCE))
    assert.is_true(hcs.is_already_stopped(failure(STOPPED, ended:start())))
    assert.is_true(hcs.is_already_stopped(failure(NOT_FOUND, c:open_process(99999))))
    -- This code is Windows' alone.
    local twin = core.error_new "VmcomputeSystemAlreadyStopped"
    assert.equal(0x80370110, twin.code)
    assert.is_true(hcs.is_already_stopped(twin))
    local denied = failure(5, c:create_process { "/etc/passwd" })
    assert.is_true(hcs.is_access_denied(denied))
    assert.is_false(hcs.is_already_stopped(denied))
    p:close()
    ended:close()
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

describe("statistics and resources:", function()
  local c

  setup(function() c = support.container() end)
  teardown(function() finish(c) end)

  case(26, "a running container has used time and memory; a list has a row for each, with the same data", function()
    assert(c:run({ "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done" }, { check = true }))
    local p <close> = assert(c:create_process { "sleep", "1000" })
    local statistics = assert(c:statistics())
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT", statistics.Timestamp)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT", statistics.ContainerStartTime)
    assert.is_true(statistics.Uptime100ns > 0)
    assert.is_true(statistics.Processor.TotalRuntime100ns > 0)
    assert.is_true(statistics.Memory.MemoryUsagePrivateWorkingSetBytes > 0)
    local other <close> = support.container()
    local rows = assert(hcs.get_containers({ Ids = { c:id(), other:id() } }, { "Statistics" }))
    assert.equal(2, #rows)
    for _, row in ipairs(rows) do
      if row.Id == c:id() then
        assert.equal(statistics.ContainerStartTime, row.Statistics.ContainerStartTime)
        assert.is_true(row.Statistics.Processor.TotalRuntime100ns >= statistics.Processor.TotalRuntime100ns)
      end
    end
    assert(p:kill())
  end)

  case(27, "the list of processes has the pid, and no more after its exit", function()
    local p <close> = assert(c:create_process { "sleep", "1000" })
    local function has(pid)
      for _, item in ipairs(assert(c:process_list())) do
        if item.ProcessId == pid then return true end
      end
      return false
    end
    assert.is_true(has(p:pid()))
    assert(p:kill())
    assert(p:wait(PATIENCE))
    assert.is_false(has(p:pid()))
  end)

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

  it("a closer of stdin can tell what to ignore", function()
    local c = support.container()
    local p = assert(c:create_process { "true", CreateStdInPipe = true })
    assert(p:wait(PATIENCE))
    assert.is_true(p:close_stdin())
    assert.is_true(p:close_stdin())
    p:close()
    assert.is_true(hcs.is_already_closed(failure("AlreadyClosed", p:close_stdin())))
    finish(c)
  end)
end)

describe("the contract's cases", function()
  it("are all here, or say why they are not", function()
    for number = 1, 30 do
      assert.is_true((cases[number] ~= nil) ~= (left_out[number] ~= nil), "case " .. number)
    end
  end)
end)

support.nothing_left()
