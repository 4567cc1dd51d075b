-- Limits of memory, processors and storage: what the kernel was told, read back from its files, and what is felt
-- of it inside; at create and by modify. None of them takes the compute service.
local busted = require "busted"
local disk = require "spec.support.linux.disk"
local groups = require "spec.support.linux.groups"
local clock = require "hcs.core".clock
local hcs = require "hcs"
local support = require "spec.support.linux"

local contains, failure = support.contains, support.failure

local MB = 1 << 20
local NOT_SUPPORTED = 0x32
local is_v2 = groups.layout() == "v2"
local processors = math.tointeger(support.shell "getconf _NPROCESSORS_ONLN")

-- ---- what the kernel says ------------------------------------------------------------------------------------------

-- The limit in bytes, nil for none; swap must be part of it.
local function memory_limit(c)
  if is_v2 then
    local limit = math.tointeger(groups.read(c, "memory", "memory.max"))
    local found, swap = pcall(groups.read, c, "memory", "memory.swap.max")
    if found then assert.equal(limit and "0" or "max", swap) end
    return limit
  end
  local limit = groups.read(c, "memory", "memory.limit_in_bytes")
  local found, with_swap = pcall(groups.read, c, "memory", "memory.memsw.limit_in_bytes")
  if found then assert.equal(limit, with_swap) end
  limit = math.tointeger(limit)
  return limit < 1 << 62 and limit or nil
end

-- Processors' worth of time, nil for no quota.
local function quota(c)
  local used, period
  if is_v2 then
    used, period = groups.read(c, "cpu", "cpu.max"):match "^(%S+) (%d+)$"
  else
    used, period = groups.read(c, "cpu", "cpu.cfs_quota_us"), groups.read(c, "cpu", "cpu.cfs_period_us")
  end
  if used == "max" or used == "-1" then return nil end
  return used / period
end

-- The container's weight among the others, 100 is everybody's.
local function weight(c)
  if is_v2 then return math.tointeger(groups.read(c, "cpu", "cpu.weight", "")) end
  return math.floor(groups.read(c, "cpu", "cpu.shares", "") * 100 / 1024 + 0.5)
end

-- { rbps=, wbps=, riops=, wiops= } of a device; what is not limited is nil.
local function throttle(c, device)
  local limits = {}
  if is_v2 then
    local line = ("\n" .. groups.read(c, "io", "io.max")):match("\n" .. device .. " ([^\n]+)") or ""
    for key, value in line:gmatch "(%a+)=(%d+)" do limits[key] = math.tointeger(value) end
    return limits
  end
  for key, file in pairs { rbps = "read_bps", wbps = "write_bps", riops = "read_iops", wiops = "write_iops" } do
    local text = "\n" .. groups.read(c, "blkio", "blkio.throttle." .. file .. "_device")
    limits[key] = math.tointeger(text:match("\n" .. device .. " (%d+)"))
  end
  return limits
end

local function update(c, resource, settings)
  return c:modify { ResourceType = resource, RequestType = "Update", Settings = settings }
end

local function is_served(c)
  assert.equal("Running", c:state())
  assert.equal("served\n", assert(c:run({ "echo", "served" }, { timeout = 60 })).stdout)
end

-- ---- memory --------------------------------------------------------------------------------------------------------

-- Doubles a text for ever.
local hog = { "sh", "-c", "x=x; while :; do x=$x$x$x$x; done" }

describe("MemoryMaximumInMB", function()
  it("is a hard limit of the processes, swap included", function()
    local c <close> = support.container { MemoryMaximumInMB = 64 }
    assert.equal(64 * MB, memory_limit(c))
    local without <close> = support.container()
    assert.is_nil(memory_limit(without))
  end)

  it("kills a hog, and the container lives", function()
    local c <close> = support.container { MemoryMaximumInMB = 32 }
    local other <close> = assert(c:create_process { "cat", CreateStdInPipe = true, CreateStdOutPipe = true })
    local stdin, stdout = other:stdio()
    local result = assert(c:run(hog, { timeout = 60 }))
    assert.equal(137, result.exit_code)
    assert.equal("KILL", result.signal)
    assert(stdin:write "alive\n")
    assert.equal("alive\n", assert(stdout:read_some(10)))
    is_served(c)
  end)

  it("holds for what is written to a scratch in memory, which has the same size, and to /dev/shm", function()
    local c <close> = support.container { MemoryMaximumInMB = 64 }
    local size = math.tointeger(c:run("df -m /").stdout:match "\n%S+%s+(%d+)")
    assert.is_true(size >= 64 and size <= 66, tostring(size))
    for _, file in ipairs { "/fill", "/dev/shm/fill" } do
      local result = assert(c:run({ "sh", "-c", ("dd if=/dev/zero of=%s bs=1M count=100"):format(file) },
        { timeout = 60 }))
      assert.not_equal(0, result.exit_code)
      is_served(c)
      assert(c:run { "rm", "-f", file })
    end
  end)

  it("takes more than any machine has", function()
    local c <close> = support.container { MemoryMaximumInMB = math.maxinteger, StorageSandboxSize = 16 * MB }
    is_served(c)
  end)

  it("is raised, lowered and taken away by modify, for processes that run already", function()
    local c <close> = support.container { MemoryMaximumInMB = 48 }
    local p <close> = assert(c:create_process { "sh", "-c",
      "while read size; do dd if=/dev/zero of=/dev/null bs=$size count=1 2>/dev/null; echo $?; done",
      CreateStdInPipe = true, CreateStdOutPipe = true })
    local stdin, stdout = p:stdio()
    local function takes(size)
      assert(stdin:write(size .. "\n"))
      return assert(stdout:read "l") == "0"
    end
    assert.is_false(takes "100M")
    assert(update(c, "Memory", { MemoryMaximumInMB = 200 }))
    assert.equal(200 * MB, memory_limit(c))
    assert.is_true(takes "100M")
    assert(update(c, "Memory", { MemoryMaximumInMB = 40 }))
    assert.equal(40 * MB, memory_limit(c))
    assert.is_false(takes "100M")
    assert(update(c, "Memory", { MemoryMaximumInMB = 0 }))
    assert.is_nil(memory_limit(c))
    assert.is_true(takes "100M")
  end)

  it("is not lowered below what is in use: Busy, nobody is killed, and what was there stays", function()
    for _, before in ipairs { 0, 128 } do
      local c <close> = support.container { MemoryMaximumInMB = before, StorageSandboxSize = 128 * MB }
      assert.equal(0, c:run("dd if=/dev/zero of=/dev/shm/used bs=1M count=40").exit_code)
      local p <close> = assert(c:create_process { "sleep", "1000" })
      local err = failure("Busy", update(c, "Memory", { MemoryMaximumInMB = 16 }))
      assert.equal(0xAA, err.code)
      contains("request.Settings.MemoryMaximumInMB: cannot lower the limit to 16 MB: ", err.message)
      assert.equal(before > 0 and before * MB or nil, memory_limit(c))
      if is_v2 then assert.equal("max", groups.read(c, "memory", "memory.high")) end
      failure("InvalidProcessState", p:exit_code())
      assert.same({}, c:properties().Events)
      assert(c:run "rm /dev/shm/used")
      assert(update(c, "Memory", { MemoryMaximumInMB = 16 }))
      assert.equal(16 * MB, memory_limit(c))
      is_served(c)
    end
  end)

  it("is lowered to below what can be given back: the page cache goes", function()
    local scratch = disk.new(100)
    do
      local c <close> = support.container { LayerFolderPath = scratch.folder }
      assert.equal(0, c:run("dd if=/dev/zero of=/cached bs=1M count=48 conv=fsync").exit_code)
      assert(update(c, "Memory", { MemoryMaximumInMB = 16 }))
      assert.equal(16 * MB, memory_limit(c))
      assert.equal(48 * MB, math.tointeger(c:run("stat -c %s /cached").stdout))
    end
    scratch:remove()
  end)
end)

describe("an out-of-memory kill", function()
  local function kills(c)
    local events = c:properties().Events
    if #events == 0 then return nil end
    assert.equal(1, #events)
    assert.equal(1, events[1].EventId)
    assert.equal("hcs", events[1].Source)
    return events[1].Message
  end

  it("is an event in properties, while the container runs and after its end, on every handle", function()
    local c <close> = support.container { MemoryMaximumInMB = 32 }
    local other <close> = assert(hcs.open_container(c:id()))
    assert.is_nil(kills(c))
    assert.equal(137, c:run(hog).exit_code)
    assert.equal("1 process was killed: out of memory (limit 32 MB)", kills(c))
    assert.equal(137, c:run(hog).exit_code)
    assert.equal("2 processes were killed: out of memory (limit 32 MB)", kills(other))
    assert.equal(1, #hcs.get_containers({ Ids = { c:id() } })[1].Events)
    assert(c:terminate())
    assert(c:wait(10))
    assert.equal("Stopped", c:state())
    assert.equal("2 processes were killed: out of memory (limit 32 MB)", kills(c))
    assert.equal(kills(c), kills(other))
  end)

  it("is an event after the end, also if nobody has looked before", function()
    local c <close> = support.container { MemoryMaximumInMB = 32 }
    assert.equal(137, c:run(hog).exit_code)
    assert(c:terminate())
    assert(c:wait(10))
    assert.equal("1 process was killed: out of memory (limit 32 MB)", kills(c))
  end)

  it("is told by run with check, in the message and in err.events", function()
    local c <close> = support.container { MemoryMaximumInMB = 32 }
    for count = 1, 2 do
      local err = failure("ProcessFailed", c:run(hog, { check = true }))
      assert.equal(137, err.exit_code)
      assert.equal("KILL", err.signal)
      contains("ended by SIGKILL, out of memory (limit 32 MB)", err.message)
      assert.equal(1, #err.events)
      contains(count .. " process", err.events[1].Message)
    end
    -- of a child, whose shell says no more than a number
    local err = failure("ProcessFailed", c:run({ "sh", "-c", "sh -c \"$1\"; exit $?", "sh", hog[3] }, { check = true }))
    assert.is_nil(err.signal)
    contains("exited with code 137, out of memory", err.message)
  end)

  it("is not what another KILL is taken for, nor another failure", function()
    local c <close> = support.container { MemoryMaximumInMB = 32 }
    assert.equal(137, c:run(hog).exit_code)
    for _, command in ipairs { "kill -KILL $$", "exit 137", "exit 1" } do
      local err = failure("ProcessFailed", c:run({ "sh", "-c", command }, { check = true }))
      assert.same({}, err.events)
      assert.is_nil(err.message:find("out of memory", 1, true))
    end
  end)

  it("is not left behind for the container's successor", function()
    local id
    do
      local c <close> = support.container { MemoryMaximumInMB = 32 }
      id = c:id()
      assert.equal(137, c:run(hog).exit_code)
    end
    local c <close> = assert(hcs.create_container(id, support.config()))
    assert.is_nil(kills(c))
  end)
end)

-- ---- processors ----------------------------------------------------------------------------------------------------

local loop = { "sh", "-c", "while :; do :; done" }

-- Processors' worth of time that the container gets in a while.
local function share_of(c)
  local function look() return c:statistics().Processor.TotalRuntime100ns, clock() end
  local used, at = look()
  busted.sleep(3)
  local later, now = look()
  return (later - used) * 100 / (now - at)
end

-- On a machine that has other things to do a loop may get less than it is allowed to: so it has some attempts.
local function gets(expected, c)
  local share
  for _ = 1, 8 do
    share = share_of(c)
    if math.abs(share / expected - 1) < 0.15 then return end
  end
  error(("%.3f of %.3f"):format(share, expected), 2)
end

describe("ProcessorMaximum", function()
  it("is a share of the whole host, in 1/100 %", function()
    for _, maximum in ipairs { 10000, 5000, 1500, 123 } do
      local c <close> = support.container { ProcessorMaximum = maximum }
      assert.is_true(math.abs(quota(c) - maximum / 10000 * processors) < 0.0001)
      assert.equal(100, weight(c))
    end
  end)

  it("gives a busy loop its share, within 15 %; modify changes it under the loop #once", function()
    local c <close> = support.container { ProcessorMaximum = 1500 // processors }
    for _ = 1, processors do assert(c:create_process(loop)) end
    gets(quota(c), c)
    assert(update(c, "Processor", { ProcessorMaximum = 3000 // processors }))
    gets(quota(c), c)
    assert.is_true(quota(c) > 0.29)
  end)

  it("is refused where it is less than the kernel can do", function()
    local err = failure(NOT_SUPPORTED, hcs.create_container(nil, support.config { ProcessorMaximum = 1 }))
    contains("config.ProcessorMaximum: 1 is too little on ", err.message)
    local least = math.tointeger(err.message:match "take (%d+) or more")
    local c <close> = support.container { ProcessorMaximum = least }
    assert.is_true(quota(c) >= 0.001)
    failure(NOT_SUPPORTED, update(c, "Processor", { ProcessorMaximum = least - 1 }))
    assert.is_true(quota(c) >= 0.001)
  end)
end)

describe("ProcessorCount", function()
  it("is that many processors' time; more than there are is all", function()
    for _, row in ipairs { { 1, 1 }, { processors, processors }, { processors + 1, processors },
      { 4294967295, processors } } do
      local c <close> = support.container { ProcessorCount = row[1] }
      assert.equal(row[2] + 0.0, quota(c))
    end
  end)
end)

describe("ProcessorWeight", function()
  it("is the container's weight among the others, 1 to 10000", function()
    for _, value in ipairs { 1, 100, 250, 10000 } do
      local c <close> = support.container { ProcessorWeight = value }
      assert.equal(value, weight(c))
      assert.is_nil(quota(c))
    end
  end)

  it("divides processors that all want #once", function()
    local light <close> = support.container { ProcessorWeight = 100 }
    local heavy <close> = support.container { ProcessorWeight = 400 }
    for _ = 1, 2 * processors do
      assert(light:create_process(loop))
      assert(heavy:create_process(loop))
    end
    local function used(c) return c:statistics().Processor.TotalRuntime100ns end
    local before = { used(light), used(heavy) }
    busted.sleep(3)
    local ratio = (used(heavy) - before[2]) / (used(light) - before[1])
    assert.is_true(ratio > 2 and ratio < 8, tostring(ratio))
  end)
end)

describe("the processor limits", function()
  it("exclude each other, and the error names them", function()
    local err = failure("InvalidParameter", hcs.create_container(nil,
      support.config { ProcessorCount = 1, ProcessorWeight = 5 }))
    contains("config: ProcessorCount, ProcessorMaximum and ProcessorWeight exclude each other", err.message)
  end)

  it("are replaced by each other in modify, and all taken away by a 0", function()
    local c <close> = support.container { ProcessorCount = 1 }
    assert(update(c, "Processor", { ProcessorWeight = 300 }))
    assert.same({ 300 }, { weight(c), quota(c) })
    assert(update(c, "Processor", { ProcessorMaximum = 5000 }))
    assert.same({ 100, processors / 2 }, { weight(c), quota(c) })
    assert(update(c, "Processor", { ProcessorCount = 0 }))
    assert.same({ 100 }, { weight(c), quota(c) })
  end)
end)

-- ---- storage -------------------------------------------------------------------------------------------------------

describe("StorageBandwidthMaximum and StorageIOPSMaximum", function()
  local scratch
  local folders = 0
  setup(function() scratch = disk.new(100) end)
  teardown(function() scratch:remove() end)

  -- A container whose scratch is a new folder on the disk.
  local function container(extra)
    folders = folders + 1
    extra.LayerFolderPath = scratch.folder .. "/" .. folders
    return support.container(extra)
  end

  -- The seconds that a command takes.
  local function seconds(c, command)
    local began = clock()
    local result = assert(c:run({ "sh", "-c", command }, { check = true, timeout = 120 }))
    return (clock() - began) / 1e9, result
  end

  it("limit reads and writes each on the disk that holds the scratch folder", function()
    local c <close> = container { StorageBandwidthMaximum = 2 * MB, StorageIOPSMaximum = 300 }
    assert.same({ rbps = 2 * MB, wbps = 2 * MB, riops = 300, wiops = 300 }, throttle(c, scratch.device))
    local without <close> = container {}
    assert.same({}, throttle(without, scratch.device))
  end)

  it("slow a direct writer and reader down #once", function()
    local free <close> = container {}
    local write, read = "dd if=/dev/zero of=/f bs=128k count=32 oflag=direct",
      "dd if=/f of=/dev/null bs=128k iflag=direct"
    local quick = seconds(free, write)
    local c <close> = container { StorageBandwidthMaximum = 2 * MB }
    for _, command in ipairs { write, read } do
      local slow = seconds(c, command)
      -- 4 MB, of which the kernel lets the first slice of time through
      assert.is_true(slow > 1.2 and slow < 10 + quick, ("%s: %.2f s, without %.2f s"):format(command, slow, quick))
    end
    assert.equal(4 * MB, math.tointeger(c:run("stat -c %s /f").stdout))
  end)

  it("count operations #once", function()
    local c <close> = container { StorageIOPSMaximum = 20 }
    assert.is_true(seconds(c, "dd if=/dev/zero of=/f bs=4k count=40 oflag=direct") > 1)
  end)

  it("hold for the page cache on v2; on v1 properties says that they do not", function()
    local c <close> = container { StorageBandwidthMaximum = 2 * MB }
    local events = c:properties().Events
    if is_v2 then
      assert.same({}, events)
      assert.is_true(seconds(c, "dd if=/dev/zero of=/f bs=128k count=48 conv=fsync") > 1.2)
    else
      assert.equal(1, #events)
      assert.equal(2, events[1].EventId)
      assert.equal("StorageBandwidthMaximum: only direct and synchronous I/O is limited here; what is written to " ..
        "the page cache goes to the disk without a limit", events[1].Message)
      assert(update(c, "Storage", { StorageIOPSMaximum = 1000 }))
      contains("StorageBandwidthMaximum, StorageIOPSMaximum: only", c:properties().Events[1].Message)
      assert(update(c, "Storage", { StorageIOPSMaximum = 0, StorageBandwidthMaximum = 0 }))
      assert.same({}, c:properties().Events)
    end
  end)

  it("are changed by modify, each by itself, for who writes already", function()
    local c <close> = container { StorageBandwidthMaximum = 64, StorageIOPSMaximum = 1000 }
    local p <close> = assert(c:create_process { "dd", "if=/dev/zero", "of=/f", "bs=64k", "count=1", "oflag=direct" })
    failure("Timeout", p:wait(1))
    assert(update(c, "Storage", { StorageBandwidthMaximum = 100 * MB }))
    assert.same({ rbps = 100 * MB, wbps = 100 * MB, riops = 1000, wiops = 1000 }, throttle(c, scratch.device))
    assert.equal(0, p:wait(30))
    assert(update(c, "Storage", { StorageIOPSMaximum = 0 }))
    assert.same({ rbps = 100 * MB, wbps = 100 * MB }, throttle(c, scratch.device))
    assert(update(c, "Storage", { StorageBandwidthMaximum = 0 }))
    assert.same({}, throttle(c, scratch.device))
  end)

  it("do not keep a container from its end #once", function()
    for _, finish in ipairs { "terminate", "close" } do
      local c = container { StorageBandwidthMaximum = 64 }
      local p <close> = assert(c:create_process { "sh", "-c",
        "echo begin; exec dd if=/dev/zero of=/f bs=64k count=1 oflag=direct", CreateStdOutPipe = true })
      assert.equal("begin", assert(p:stdout()):read "l")
      failure("Timeout", p:wait(0.5))
      local began = clock()
      assert(c[finish](c))
      if finish == "terminate" then assert(c:wait(10)) end
      assert.is_true(clock() - began < 5e9)
      assert(c:close())
      assert.is_not_nil(p:wait(10))
    end
  end)

  it("limit the disk under a VolumePath, and the device of a scratch's image #once", function()
    local volume = scratch.folder .. "/volume"
    support.shell(("mkdir %s && cp -a %s/. %s"):format(volume, support.layer(), volume))
    do
      local c <close> = assert(hcs.create_container(nil, { VolumePath = volume, StorageIOPSMaximum = 50,
        TerminateOnLastHandleClosed = true }))
      assert.same({ riops = 50, wiops = 50 }, throttle(c, scratch.device))
    end
    local c <close> = container { StorageIOPSMaximum = 20, StorageSandboxSize = 16 * MB }
    assert.same({}, throttle(c, scratch.device))
    assert.is_true(seconds(c, "dd if=/dev/zero of=/f bs=4k count=40 oflag=direct") > 1)
  end)

  it("are 2 at least on version 2 of control groups, and 1 at least on version 1", function()
    for _, field in ipairs { "StorageBandwidthMaximum", "StorageIOPSMaximum" } do
      local created, err = hcs.create_container(nil, support.config {
        LayerFolderPath = scratch.folder .. "/little", [field] = 1 })
      if is_v2 then
        contains("config." .. field .. ": 1 is too little", failure(NOT_SUPPORTED, created, err).message)
      else
        assert(assert(created, err):terminate() and created:close())
      end
      local c <close> = container { [field] = 2 }
      local before = throttle(c, scratch.device)
      local updated
      updated, err = update(c, "Storage", { [field] = 1 })
      if is_v2 then
        contains(field .. ": 1 is too little", failure(NOT_SUPPORTED, updated, err).message)
        assert.same(before, throttle(c, scratch.device))
      else
        assert(updated, err)
      end
    end
  end)

  it("are refused where they cannot be enforced, naming the field and the reason", function()
    local memory = support.temporary_folder "/dev/shm/hcs-spec.XXXXXX"
    local function refused(config, reason)
      for _, field in ipairs { "StorageBandwidthMaximum", "StorageIOPSMaximum" } do
        config[field] = 1000
        local err = failure(NOT_SUPPORTED, hcs.create_container(nil, support.config(config)))
        assert.equal("NotSupported", err.name)
        contains(("config.%s: cannot be enforced: %s"):format(field, reason), err.message)
        config[field] = nil
      end
      -- what cannot be had at the beginning is not to be had later
      local c <close> = support.container(config)
      contains("request.Settings.StorageIOPSMaximum: cannot be enforced: " .. reason,
        failure(NOT_SUPPORTED, update(c, "Storage", { StorageIOPSMaximum = 1000 })).message)
      assert.same({}, c:properties().Events)
    end
    refused({}, "the scratch is a tmpfs: give a LayerFolderPath on a disk")
    refused({ LayerFolderPath = memory }, "the scratch folder is on no block device of its own ")
    refused({ LayerFolderPath = scratch.folder .. "/volatile", IgnoreFlushesDuringBoot = true },
      "nothing waits for the disk with IgnoreFlushesDuringBoot")
    support.shell("rm -r " .. memory)
  end)
end)

-- ---- the whole -----------------------------------------------------------------------------------------------------

describe("limits", function()
  it("hold from the first process on, all at once", function()
    local c <close> = support.container { MemoryMaximumInMB = 100, ProcessorCount = 1 }
    assert.same({ 100 * MB, 1.0 }, { memory_limit(c), quota(c) })
    is_served(c)
  end)

  it("leave nothing of a container that could not get one", function()
    local before = support.residue.snapshot()
    failure(NOT_SUPPORTED, hcs.create_container("unlimited", support.config { ProcessorMaximum = 1 }))
    failure(0xC037010E, hcs.open_container "unlimited")
    for _, left in ipairs(support.residue.difference(before)) do
      assert.matches(" zombie, ", left) -- the host's init has not buried the guest yet
    end
  end)

  it("of a fork bomb never take the compute service", function()
    local c <close> = support.container()
    -- A smaller bomb does: it is for the guest to stay outside, not for the machine to be busy.
    groups.write(c, "pids", "pids.max", "64")
    local bomb <close> = assert(c:create_process { "sh", "-c", "while sleep 1000 & do :; done 2>/dev/null" })
    assert.not_equal(0, bomb:wait(60)) -- it could not fork any more
    assert(c:create_process { "sleep", "1000" })
    assert.equal(64, tonumber(groups.read(c, "pids", "pids.current")))
    -- v1 limits who forks, not who joins a full group
    if is_v2 then
      assert.equal("EAGAIN", select(2, c:run({ "true" }, { timeout = 10 })).errno)
    else
      is_served(c)
    end
    assert.equal(bomb:pid(), assert(c:open_process(bomb:pid())):pid())
    assert.equal("Running", c:properties().State)
    assert(c:terminate())
    assert(c:wait(10))
  end)

  -- A controller that this machine does not have: seen from a mount namespace without its hierarchy.
  if groups.layout() == "hybrid" then
    it("that the kernel does not do are refused, with the command that would help", function()
      local script = support.write_file(os.tmpname(), ([[
        local hcs = require "hcs"
        local config = { Layers = { { Path = %q } }, TerminateOnLastHandleClosed = true }
        local c = assert(hcs.create_container(nil, config))
        assert(c:start())
        print(select(2, c:modify {
          ResourceType = "Processor", RequestType = "Update", Settings = { ProcessorCount = 1 } }))
        assert(c:close())
        config.ProcessorWeight = 5
        print(select(2, hcs.create_container(nil, config)))
      ]]):format(support.layer()))
      local output = support.shell(("unshare -m sh -c 'umount /sys/fs/cgroup/cpu; exec \"$@\"' sh env %s %s"):format(
        support.lua(), script))
      os.remove(script)
      contains("request.Settings.ProcessorCount: the container is in no control group of /sys/fs/cgroup/cpu: " ..
        "mount -t cgroup -o cpu cpu /sys/fs/cgroup/cpu, and make the container anew", output)
      contains("config.ProcessorWeight: the container is in no control group of /sys/fs/cgroup/cpu: ", output)
    end)
  end
end)

support.nothing_left()
