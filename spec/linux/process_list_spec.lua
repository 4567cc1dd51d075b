-- process_list: the processes of a container, as the kernel sees them.
local hcs = require "hcs"
local kernel = require "spec.support.linux.kernel"
local moment = require "spec.support.moment"
local support = require "spec.support.linux"

local SECOND = 10000000
local MIB = 1 << 20

-- Calls `condition` until it is true, for a minute at most: some machines that this runs on are emulated.
local function eventually(condition)
  for _ = 1, 6000 do
    local result = condition()
    if result then return result end
    hcs.poll({}, 0.01)
  end
  error("it does not come", 2)
end

local function process_list(c)
  return assert(c:process_list())
end

-- The row of a pid, nil if it is not listed.
local function row_of(c, pid)
  for _, row in ipairs(process_list(c)) do
    if row.ProcessId == pid then return row end
  end
end

-- The names in the list, sorted.
local function names(c)
  local list = {}
  for i, row in ipairs(process_list(c)) do list[i] = row.ImageName end
  table.sort(list)
  return list
end

-- A shell process that runs `script` and has said "ready".
local function ready(c, script)
  local p = assert(c:create_process { "sh", "-c", script, CreateStdOutPipe = true })
  assert.equal("ready", assert(p:stdout()):read "l")
  return p
end

describe("process_list", function()
  it("has the pids that open_process takes, of processes that nobody opened too; PID 1 is not among them", function()
    local c <close> = support.container()
    assert(c:run { "sh", "-c", "sleep 1000 >/dev/null 2>&1 & sleep 1000 >/dev/null 2>&1 &" })
    eventually(function() return table.concat(names(c), " ") == "sleep sleep" end)
    for _, row in ipairs(process_list(c)) do
      assert.is_true(row.ProcessId > 1)
      local p = assert(c:open_process(row.ProcessId))
      assert(p:kill())
      assert(p:wait())
    end
    assert.same({}, process_list(c))
  end)

  it("has the container's processes alone, and as many as the kernel", function()
    local c <close> = support.container()
    local other <close> = support.container()
    assert(other:create_process { "sleep", "1000" })
    local count = support.rounds(100)
    local script = ("i=0; while [ $i -lt %d ]; do sleep 1000 >/dev/null 2>&1 & i=$((i+1)); done"):format(count)
    assert(c:run({ "sh", "-c", script }, { check = true }))
    eventually(function() return #names(c) == count and names(c)[1] == "sleep" and names(c)[count] == "sleep" end)
    assert.equal(count, #kernel.pids(c))
    assert.equal(1, #process_list(other))
    local seen = {}
    for _, row in ipairs(process_list(c)) do
      assert.is_nil(seen[row.ProcessId])
      seen[row.ProcessId] = true
    end
  end)

  it("is the same through every handle and client, and while it is paused", function()
    local c <close> = support.container()
    local p = assert(c:create_process { "sleep", "1000" })
    local other <close> = assert(hcs.open_container(c:id()))
    local own, others = process_list(c), process_list(other)
    assert.equal(1, #others)
    for _, name in ipairs { "ProcessId", "CreateTimestamp" } do assert.equal(own[1][name], others[1][name]) end
    local client = support.client([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container(arg[1]))
      for _, row in ipairs(assert(c:process_list())) do print(row.ProcessId) end
    ]], c:id())
    assert.equal(p:pid() .. "\n", (client:wait()))
    assert(c:pause())
    assert(row_of(c, p:pid()))
    assert(c:resume())
  end)

  it("leaves out who has ended and is not waited for", function()
    local c <close> = support.container()
    -- The shell's child has become an orphan of a program that waits for nobody.
    local p = assert(c:create_process { "sh", "-c", "true & exec sleep 1000" })
    eventually(function()
      return assert(c:run({ "sh", "-c", "grep -c '^State:.Z' /proc/[0-9]*/status || :" })).stdout:find ":1\n"
    end)
    assert.same({ "sleep" }, names(c))
    assert.equal(p:pid(), process_list(c)[1].ProcessId)
  end)

  it("never fails while processes come and go", function()
    local c <close> = support.container()
    local p = assert(c:create_process { "sh", "-c", "while :; do true & true & true & wait; done" })
    for _ = 1, support.rounds(300) do
      local list = process_list(c)
      assert.is_true(#list >= 1)
    end
    assert(p:kill())
  end)

  it("has the pid in the container of a process that is in a namespace of its own below it", function()
    local c <close> = support.container()
    local p = assert(c:create_process {
      "unshare", "--user", "--map-root-user", "--pid", "--fork", "sh", "-c", "echo ready; sleep 1000",
      CreateStdOutPipe = true, CreateStdErrPipe = true,
    })
    if assert(p:stdout()):read "l" ~= "ready" then return pending(assert(p:stderr()):read "a") end
    local list = process_list(c)
    assert.is_true(#list >= 2)
    for _, row in ipairs(list) do
      assert.is_true(row.ProcessId > 1)
      assert(assert(c:open_process(row.ProcessId)):close())
    end
    assert(p:kill())
  end)
end)

describe("a process' row", function()
  it("has the name that ps shows, whatever that is", function()
    local c <close> = support.container()
    for given, shown in pairs {
      ["a) S 1 2 (b"] = "a) S 1 2 (b", ["new\\nline"] = "new\nline", ['"quo\\\\te"'] = '"quo\\te"', ["a b"] = "a b",
      ["caf\\303\\251"] = "café", ["caf\\351"] = "caf?", ["\\001\\177"] = "\1\127", ["a:b\\tc"] = "a:b\tc",
    } do
      local p = ready(c, ("printf '%s' > /proc/$$/comm; echo ready; while :; do sleep 1000; done"):format(given))
      assert.equal(shown, assert(row_of(c, p:pid())).ImageName)
      assert(p:kill())
    end
    local p = assert(c:create_process { "/bin/sleep", "1000" })
    eventually(function() return row_of(c, p:pid()).ImageName == "sleep" end)
  end)

  it("has its processor time, to the kernel's hundredth of a second", function()
    local c <close> = support.container()
    local p = assert(c:create_process { "sh", "-c", "while :; do :; done" })
    local row = eventually(function()
      local row = row_of(c, p:pid())
      return row.UserTime100ns + row.KernelTime100ns >= SECOND // 2 and row
    end)
    assert.is_true(row.UserTime100ns > row.KernelTime100ns)
    assert.equal(0, row.UserTime100ns % 100000)
    -- What the container has used is at least that, and not much more: there is nobody else.
    local total = assert(c:statistics()).Processor.TotalRuntime100ns
    assert.is_true(total >= row.UserTime100ns + row.KernelTime100ns - SECOND // 20)
    assert(p:kill())
  end)

  it("has when it was made: after the container's start, and the same each time", function()
    for _ = 1, 5 do
      local c <close> = support.container()
      local started = moment(assert(c:statistics()).ContainerStartTime)
      local p = assert(c:create_process { "sleep", "1000" })
      local after = kernel.now()
      local created = assert(row_of(c, p:pid())).CreateTimestamp
      assert.is_true(started <= moment(created) and moment(created) <= after, created)
      for _ = 1, 20 do assert.equal(created, row_of(c, p:pid()).CreateTimestamp) end
    end
  end)

  it("has its memory: what it may write, what it has written, and what it shares", function()
    local c <close> = support.container()
    local p = assert(c:create_process { "dd", "bs=40M", "count=1", "iflag=fullblock", "of=/dev/null",
      CreateStdInPipe = true })
    local stdin <close> = assert(p:stdin())
    for _ = 1, 32 do assert(stdin:write(("x"):rep(MIB))) end
    local row = eventually(function()
      local row = row_of(c, p:pid())
      return row.MemoryWorkingSetPrivateBytes >= 31 * MIB and row
    end)
    assert.is_true(row.MemoryWorkingSetPrivateBytes < 41 * MIB)
    assert.is_true(row.MemoryCommitBytes >= 40 * MIB and row.MemoryCommitBytes < 48 * MIB, row.MemoryCommitBytes)
    assert.is_true(row.MemoryWorkingSetSharedBytes > 0 and row.MemoryWorkingSetSharedBytes < 8 * MIB)
    -- The same, by the kernel's own words for one process.
    local status = support.read_file(("/proc/%d/status"):format(kernel.pids(c)[1]))
    local function kb(name) return math.tointeger(status:match(name .. ":%s*(%d+) kB")) * 1024 end
    assert.is_true(math.abs(row.MemoryWorkingSetPrivateBytes - kb "RssAnon") <= 2 * MIB) -- it may still have written
    assert.is_true(math.abs(row.MemoryWorkingSetSharedBytes - kb "RssFile" - kb "RssShmem") <= MIB)
    assert.is_true(math.abs(row.MemoryCommitBytes - kb "VmData" - kb "VmStk") <= MIB)
  end)
end)

describe("what it costs", function()
  local folder

  setup(function() folder = support.temporary_folder() end)
  teardown(function() support.remove(folder) end)

  -- The stops (two to a system call) that a method of a container makes.
  local function stops(c, method)
    local script = support.write_file(folder .. "/ask.lua", [[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container(arg[1]))
      assert(c[arg[2] ](c))
      collectgarbage "stop"
      io.open "/hcs-spec/begin"
      assert(c[arg[2] ](c))
      io.open "/hcs-spec/end"
      collectgarbage "restart"
    ]])
    -- The leak sanitizer does not work under ptrace.
    local output = support.shell(("ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 %s/test/kill_at_program 0 " ..
      "/hcs-spec/begin /hcs-spec/end env %s %s %s %s"):format(support.quote(os.getenv "HCS_BUILD" or "build"),
      support.lua(), support.quote(script), c:id(), method))
    return assert(math.tointeger(output:match "^(%d+) stops\n$"), output)
  end

  local function sleepers(c, count)
    local script = ("i=0; while [ $i -lt %d ]; do sleep 1000 >/dev/null 2>&1 & i=$((i+1)); done"):format(count)
    assert(c:run({ "sh", "-c", script }, { check = true }))
  end

  it("is the same for statistics, however many processes there are", function()
    local c <close> = support.container()
    local without = stops(c, "statistics")
    assert.is_true(without <= 100, without)
    sleepers(c, 20)
    assert.equal(without, stops(c, "statistics"))
  end)

  it("is six system calls a process for process_list, and none for processes of others", function()
    local c <close> = support.container()
    local other <close> = support.container()
    local without = stops(c, "process_list")
    assert.is_true(without <= 50, without)
    sleepers(other, 20)
    assert.equal(without, stops(c, "process_list"))
    sleepers(c, 20)
    -- More memory now and then is a call, too.
    local each = (stops(c, "process_list") - without) / 2 / 20
    assert.is_true(each >= 6 and each < 7, each)
  end)
end)

support.nothing_left()
