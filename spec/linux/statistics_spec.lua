-- statistics: what the processes of a container have used, held against what the kernel says and against loads
-- of known size.
local groups = require "spec.support.linux.groups"
local hcs = require "hcs"
local kernel = require "spec.support.linux.kernel"
local moment = require "spec.support.moment"
local support = require "spec.support.linux"

local failure = support.failure

local MILLISECOND, SECOND = 10000, 10000000
local MIB = 1 << 20

-- What a running container has used so far; the document is complete.
local function statistics(c)
  return assert(c:statistics())
end

-- Calls `condition` until it is true, for a minute at most: some machines that this runs on are emulated.
local function eventually(condition)
  for _ = 1, 6000 do
    local result = condition()
    if result then return result end
    hcs.poll({}, 0.01)
  end
  error("it does not come", 2)
end

-- A process that burns about a second of processor time and is ended by its limit, however long that takes. The
-- limit looks at ticks, which are coarse where many share a processor.
local function burn_a_second(c)
  local result = assert(c:run { "sh", "-c", "ulimit -t 1; while :; do :; done" })
  assert.not_equal(0, result.exit_code)
end

-- A process that has written to `mib` MiB of memory, and holds them until its stdin is closed.
local function hold(c, mib)
  local p = assert(c:create_process { "dd", "bs=" .. mib + 8 .. "M", "count=1", "iflag=fullblock", "of=/dev/null",
    CreateStdInPipe = true })
  local stdin = assert(p:stdin())
  local chunk = ("x"):rep(MIB)
  for _ = 1, mib do assert(stdin:write(chunk)) end
  return p, stdin
end

describe("statistics", function()
  -- Contract §6, case 26.
  it("of a running container have times, processor time and a working set", function()
    local c <close> = support.container()
    local p = hold(c, 1)
    eventually(function() return statistics(c).Processor.TotalRuntime100ns > 0 end)
    local s = statistics(c)
    assert.is_true(moment(s.Timestamp) > 0)
    assert.is_true(moment(s.ContainerStartTime) > 0)
    assert.is_true(s.Uptime100ns > 0)
    assert.is_true(s.Memory.MemoryUsageCommitBytes > 0)
    assert.is_true(s.Memory.MemoryUsagePrivateWorkingSetBytes > 0)
    assert(p:kill())
  end)

  it("are there while it is paused", function()
    local c <close> = support.container()
    local p = hold(c, 4)
    assert(c:pause())
    assert.is_true(statistics(c).Memory.MemoryUsageCommitBytes >= 3 * MIB)
    assert(c:resume())
    assert(p:kill())
  end)

  it("are those of the container, whatever handle and client asks", function()
    local c <close> = support.container()
    burn_a_second(c)
    local client = support.client([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container(arg[1]))
      local s = assert(c:statistics())
      print(s.Processor.TotalRuntime100ns, s.ContainerStartTime)
    ]], c:id())
    local s = statistics(c)
    assert.equal(("%d\t%s\n"):format(s.Processor.TotalRuntime100ns, s.ContainerStartTime), (client:wait()))
  end)
end)

describe("the times", function()
  it("are in UTC with seven digits, and lie between before and after", function()
    local before = kernel.now()
    local c <close> = assert(hcs.create_container(nil, support.config()))
    local created = kernel.now()
    assert(c:start())
    local started = kernel.now()
    local s = statistics(c)
    local after = kernel.now()
    -- The start is kept in whole milliseconds of the time of day.
    local start, now = moment(s.ContainerStartTime), moment(s.Timestamp)
    assert.is_true(before <= created and created - MILLISECOND <= start and start <= started)
    assert.is_true(started <= now and now <= after)
    assert.is_true(math.abs(now - start - s.Uptime100ns) <= 2 * MILLISECOND)
  end)

  it("stay: the start is the same each time, and for a client that comes later", function()
    local c <close> = support.container()
    local start = statistics(c).ContainerStartTime
    failure(0xC0370105, c:start())
    for _ = 1, 20 do
      local other <close> = assert(hcs.open_container(c:id()))
      failure(0xC0370105, other:start())
      assert.equal(start, statistics(other).ContainerStartTime)
      assert.equal(start, assert(hcs.get_containers({ Ids = { c:id() } }, { "Statistics" }))[1].Statistics
        .ContainerStartTime)
    end
  end)

  it("are those of the start, whoever did it", function()
    local c <close> = assert(hcs.create_container(nil, support.config()))
    local before = kernel.now()
    local client = support.client([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container(arg[1]))
      print(c:start())
    ]], c:id())
    assert.equal("true\n", (client:wait()))
    local start = moment(statistics(c).ContainerStartTime)
    assert.is_true(before - MILLISECOND <= start and start <= kernel.now())
  end)
end)

describe("the processor's time", function()
  it("is what the kernel counts, and stays when the process has ended", function()
    local c <close> = support.container()
    burn_a_second(c)
    local before = kernel.runtime(c)
    local processor = statistics(c).Processor
    local after = kernel.runtime(c)
    local total, sum = processor.TotalRuntime100ns, processor.RuntimeUser100ns + processor.RuntimeKernel100ns
    -- User and kernel are rounded for themselves.
    assert.is_true(before - 20 <= total and total <= after, ("%d, %d, %d"):format(before, total, after))
    assert.is_true(total >= SECOND // 2 and total <= 3 * SECOND, total)
    assert.is_true(processor.RuntimeUser100ns > SECOND // 4)
    if groups.layout() == "v1" then
      assert.is_true(sum <= total and total - sum <= 20 * MILLISECOND)
    else
      assert.equal(total, sum)
    end
  end)

  it("is the container's own, not its neighbours' #once", function()
    local c <close> = support.container()
    local neighbour <close> = support.container()
    burn_a_second(neighbour)
    assert.is_true(statistics(c).Processor.TotalRuntime100ns < SECOND // 10)
  end)
end)

describe("the memory", function()
  it("is what the kernel charges; what was written to counts as private", function()
    local c <close> = support.container()
    local p, stdin = hold(c, 32)
    eventually(function() return statistics(c).Memory.MemoryUsagePrivateWorkingSetBytes >= 31 * MIB end)
    local memory = statistics(c).Memory
    assert.is_true(memory.MemoryUsagePrivateWorkingSetBytes < 48 * MIB)
    assert.is_true(memory.MemoryUsageCommitBytes >= 31 * MIB)
    assert.is_true(math.abs(memory.MemoryUsageCommitBytes - kernel.memory(c)) <= 2 * MIB)
    -- Linux 5.19 counts the peak on v2.
    local peak = memory.MemoryUsageCommitPeakBytes
    assert.is_true(peak >= memory.MemoryUsageCommitBytes or (peak == 0 and groups.layout() == "v2"))
    assert(stdin:close())
    assert.equal(0, assert(p:wait()))
    eventually(function() return statistics(c).Memory.MemoryUsagePrivateWorkingSetBytes < 8 * MIB end)
    assert.is_true(statistics(c).Memory.MemoryUsageCommitPeakBytes >= peak)
  end)

  it("of files counts as used, not as private", function()
    local c <close> = support.container()
    assert(c:run({ "dd", "if=/dev/zero", "of=/tmp-file", "bs=1M", "count=16" }, { check = true }))
    local memory = eventually(function()
      local memory = statistics(c).Memory
      return memory.MemoryUsageCommitBytes >= 15 * MIB and memory
    end)
    assert.is_true(memory.MemoryUsagePrivateWorkingSetBytes < 8 * MIB)
  end)
end)

describe("the storage", function()
  local folder

  before_each(function() folder = support.temporary_folder() end)
  after_each(function() support.remove(folder) end)

  -- The counters after a command, less those before it.
  local function difference(c, command)
    local before = statistics(c).Storage
    assert(c:run({ "sh", "-c", command }, { check = true }))
    local after = statistics(c).Storage
    for name, value in pairs(before) do after[name] = after[name] - value end
    return after
  end

  it("counts what is written to the scratch folder and read from it", function()
    if not kernel.is_on_disk(folder) then return pending(folder .. " is on no disk") end
    local c <close> = support.container { LayerFolderPath = folder }
    local written = difference(c, "dd if=/dev/zero of=/f bs=1M count=8 conv=fsync")
    assert.is_true(written.WriteSizeBytes >= 8 * MIB and written.WriteSizeBytes < 16 * MIB, written.WriteSizeBytes)
    assert.is_true(written.WriteCountNormalized > 0)
    local direct = difference(c, "dd if=/dev/zero of=/f bs=1M count=8 conv=notrunc oflag=direct")
    assert.is_true(direct.WriteSizeBytes >= 8 * MIB and direct.WriteSizeBytes < 16 * MIB, direct.WriteSizeBytes)
    local read = difference(c, "dd if=/f of=/dev/null bs=1M iflag=direct")
    assert.is_true(read.ReadSizeBytes >= 8 * MIB and read.ReadSizeBytes < 16 * MIB, read.ReadSizeBytes)
    assert.is_true(read.ReadCountNormalized > 0)
  end)

  it("counts once what goes through the loop device of a scratch image", function()
    if not kernel.is_on_disk(folder) then return pending(folder .. " is on no disk") end
    local c <close> = support.container { LayerFolderPath = folder, StorageSandboxSize = 64 * MIB }
    assert(c:run({ "dd", "if=/dev/zero", "of=/f", "bs=1M", "count=8", "conv=fsync" }, { check = true }))
    local written = difference(c, "dd if=/dev/zero of=/f bs=1M count=8 conv=notrunc,fsync")
    assert.is_true(written.WriteSizeBytes >= 8 * MIB and written.WriteSizeBytes < 12 * MIB, written.WriteSizeBytes)
  end)

  it("counts once what goes to a mapped disk, also one that is mapped later", function()
    if not kernel.is_on_disk(folder) then return pending(folder .. " is on no disk") end
    local disks = {}
    for i = 1, 2 do
      local image = ("%s/disk%d"):format(folder, i)
      support.shell(("truncate -s 64M %s && mke2fs -q -t ext4 %s"):format(image, image))
      disks[i] = { HostPath = image, ContainerPath = "/disk" .. i }
    end
    local c <close> = support.container { MappedVirtualDisks = { disks[1] } }
    assert(c:modify { ResourceType = "MappedVirtualDisk", RequestType = "Add", Settings = disks[2] })
    for i = 1, 2 do
      assert(c:run({ "dd", "if=/dev/zero", ("of=/disk%d/f"):format(i), "bs=1M", "count=8", "conv=fsync" },
        { check = true }))
      local written = difference(c, ("dd if=/dev/zero of=/disk%d/f bs=1M count=8 conv=notrunc,fsync"):format(i))
      assert.is_true(written.WriteSizeBytes >= 8 * MIB and written.WriteSizeBytes < 12 * MIB,
        written.WriteSizeBytes)
    end
  end)

  it("counts a volume and mapped directories, also those that are mapped later", function()
    if not kernel.is_on_disk(folder) then return pending(folder .. " is on no disk") end
    support.shell(("cp -a %s/. %s/volume && mkdir %s/one %s/two && chmod 777 %s/one %s/two"):format(
      support.layer(), folder, folder, folder, folder, folder))
    local function writes_to(c, path)
      local written = difference(c, ("dd if=/dev/zero of=%s/f bs=1M count=4 conv=fsync"):format(path))
      assert.is_true(written.WriteSizeBytes >= 4 * MIB, path .. ": " .. written.WriteSizeBytes)
    end
    do
      local config = { VolumePath = folder .. "/volume", TerminateOnLastHandleClosed = true }
      local c <close> = assert(hcs.create_container(nil, config))
      assert(c:start())
      writes_to(c, "")
    end
    local c <close> = support.container {
      MappedDirectories = { { HostPath = folder .. "/one", ContainerPath = "/one" } },
    }
    writes_to(c, "/one")
    assert(c:modify { ResourceType = "MappedDirectory", RequestType = "Add",
      Settings = { HostPath = folder .. "/two", ContainerPath = "/two" } })
    writes_to(c, "/two")
  end)

  it("leaves the container's limits as they are when a directory is mapped", function()
    if not kernel.is_on_disk(folder) then return pending(folder .. " is on no disk") end
    local c <close> = support.container { LayerFolderPath = folder, StorageBandwidthMaximum = 12345678 }
    local file = groups.layout() == "v2" and "io.max" or "blkio.throttle.read_bps_device"
    local before = groups.read(c, "blkio", file)
    support.contains("12345678", before)
    support.shell(("mkdir %s/one"):format(folder))
    assert(c:modify { ResourceType = "MappedDirectory", RequestType = "Add",
      Settings = { HostPath = folder .. "/one", ContainerPath = "/one" } })
    assert.equal(before, groups.read(c, "blkio", file))
  end)

  it("does not count a scratch that is in memory", function()
    local c <close> = support.container()
    assert.equal(0, difference(c, "dd if=/dev/zero of=/f bs=1M count=8 conv=fsync").WriteSizeBytes)
  end)
end)

describe("the network", function()
  -- Joins the containers' network namespaces with a veth pair: `near` in the one, `far` in the other.
  local function join(one, near, other, far)
    local inside = "nsenter -t %d -n ip link "
    local ok, output = pcall(support.shell, (inside .. "add %s type veth peer name %s netns %d"):format(
      support.guest_of(one), near, far, support.guest_of(other)))
    if not ok then return nil, output end
    support.shell((inside .. "set %s up"):format(support.guest_of(one), near))
    support.shell((inside .. "set %s up"):format(support.guest_of(other), far))
    support.shell(("nsenter -t %d -n ip address add 10.99.0.1/24 dev %s"):format(support.guest_of(one), near))
    support.shell(("nsenter -t %d -n ip address add 10.99.0.2/24 dev %s"):format(support.guest_of(other), far))
    return true
  end

  it("has no row for loopback, which is no endpoint", function()
    local c <close> = support.container()
    assert(c:run({ "sh", "-c", "echo x | nc -u -w 1 127.0.0.1 9 || :" }, { check = true }))
    assert.same({}, statistics(c).Network)
  end)

  it("counts what each interface receives and sends", function()
    local c <close> = support.container()
    local other <close> = support.container()
    local joined, why = join(c, "eth0", other, "far0")
    if not joined then return pending("no veth pair: " .. why) end
    local echo = assert(other:create_process { "nc", "-l", "-p", "7", "-e", "/bin/cat" })
    local before = statistics(c).Network
    assert.equal(1, #before)
    assert.equal("eth0", before[1].EndpointId)
    assert.equal("", before[1].InstanceId)
    -- Tried again until the other side listens.
    assert(c:run({ "sh", "-c", "until nc 10.99.0.2 7 < /bin/busybox > /back && cmp /back /bin/busybox; do :; done" },
      { check = true, timeout = 60 }))
    assert.equal(0, assert(echo:wait(60)))
    local size = math.tointeger(assert(c:run("stat -c %s /bin/busybox", { check = true })).stdout)
    local here, there = statistics(c).Network[1], statistics(other).Network[1]
    assert.equal("far0", there.EndpointId)
    for _, name in ipairs { "BytesSent", "BytesReceived" } do
      assert.is_true(here[name] - before[1][name] >= size, ("%s: %d"):format(name, here[name]))
      assert.is_true(there[name] >= size, ("%s: %d"):format(name, there[name]))
    end
    assert.is_true(here.PacketsSent > before[1].PacketsSent and here.PacketsReceived > before[1].PacketsReceived)
    -- What /proc says: bytes, packets, errors, dropped, … received, then the same sent.
    local text = support.read_file(("/proc/%d/net/dev"):format(support.guest_of(c)))
    local columns = {}
    for number in text:match "eth0:([^\n]+)":gmatch "%d+" do columns[#columns + 1] = math.tointeger(number) end
    local row = statistics(c).Network[1]
    assert.is_true(row.BytesReceived >= columns[1] and row.PacketsReceived >= columns[2])
    assert.is_true(row.BytesSent >= columns[9] and row.PacketsSent >= columns[10])
    assert.equal(columns[4], row.DroppedPacketsIncoming)
    assert.equal(columns[12], row.DroppedPacketsOutgoing)
  end)
end)

support.nothing_left()
