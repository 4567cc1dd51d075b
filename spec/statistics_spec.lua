-- statistics: what the processes of a container have used.
local hcs = require "hcs"
local moment = require "spec.support.moment"
local support = require "spec.support"

local failure, puppet = support.failure, support.puppet

local SECOND = 10000000
local MIB = 1 << 20

-- What a running container has used so far; the document is complete.
local function statistics(c)
  return assert(c:statistics())
end

-- Every number of a document that only grows, by its path.
local function counters(document, path, all)
  all = all or {}
  for name, value in pairs(document) do
    local here = (path and path .. "." or "") .. name
    if type(value) == "table" then
      if name ~= "Memory" then counters(value, here, all) end
    elseif math.type(value) == "integer" then
      all[here] = value
    end
  end
  return all
end

local nothing_used = {
  Timestamp = "", ContainerStartTime = "", Uptime100ns = 0,
  Memory = { MemoryUsageCommitBytes = 0, MemoryUsageCommitPeakBytes = 0, MemoryUsagePrivateWorkingSetBytes = 0 },
  Processor = { TotalRuntime100ns = 0, RuntimeUser100ns = 0, RuntimeKernel100ns = 0 },
  Storage = { ReadCountNormalized = 0, ReadSizeBytes = 0, WriteCountNormalized = 0, WriteSizeBytes = 0 },
  Network = {},
}

describe("statistics", function()
  it("are zero for a container that was only created", function()
    local c <close> = assert(hcs.create_container(nil, support.config()))
    assert.same(nothing_used, statistics(c))
    local other <close> = assert(hcs.open_container(c:id()))
    assert.same(nothing_used, statistics(other))
  end)

  it("of a running container tell its memory, also while it is paused", function()
    local c <close> = support.container()
    local p <close>, _, output = support.piped(c, "memory", 4, "print", "ready\n", "sleep", 1000)
    assert.equal("ready", output:read "l")
    assert.is_true(statistics(c).Memory.MemoryUsagePrivateWorkingSetBytes > 3 * MIB)
    assert(c:pause())
    local memory = statistics(c).Memory
    assert.is_true(memory.MemoryUsageCommitBytes >= 3 * MIB)
    assert.is_true(memory.MemoryUsageCommitPeakBytes >= memory.MemoryUsageCommitBytes)
    assert(c:resume())
    assert(p:kill())
  end)

  it("of a running container tell its processor time, which stays when the process has ended", function()
    local c <close> = support.container()
    assert.equal(0, assert(c:run(puppet("spin", 0.2))).exit_code)
    local processor = statistics(c).Processor
    assert.is_true(processor.TotalRuntime100ns >= SECOND // 10)
    assert.is_true(processor.TotalRuntime100ns < 60 * SECOND)
    assert.is_true(processor.RuntimeUser100ns + processor.RuntimeKernel100ns <= processor.TotalRuntime100ns + SECOND)
  end)

  it("are 0xC0370110 after the end, and zero in properties", function()
    local c <close> = support.container()
    assert(c:run(puppet()))
    assert(c:terminate())
    assert(c:wait())
    local err = failure(0xC0370110, c:statistics())
    assert.equal(c:id(), err.id)
    assert.same(nothing_used, assert(c:properties { "Statistics" }).Statistics)
  end)

  it("never go back", function()
    local c <close> = support.container()
    local p = assert(c:create_process(puppet("spin", 1000)))
    local last, last_time = counters(statistics(c)), ""
    for _ = 1, support.rounds(200) do
      local s = statistics(c)
      local now = counters(s)
      for name, value in pairs(last) do
        assert.is_true(now[name] >= value, ("%s: %d after %d"):format(name, now[name] or -1, value))
      end
      assert.is_true(s.Timestamp >= last_time)
      last, last_time = now, s.Timestamp
    end
    assert(p:kill())
  end)
end)

describe("the times", function()
  it("are in UTC with seven digits, and go with each other", function()
    local before = os.time() * SECOND
    local c <close> = support.container()
    local s = statistics(c)
    local start, now = moment(s.ContainerStartTime), moment(s.Timestamp)
    assert.is_true(before - SECOND <= start and start <= now and now <= (os.time() + 1) * SECOND)
    assert.is_true(math.abs(now - start - s.Uptime100ns) <= SECOND // 10)
  end)

  it("stay: the start is the same each time", function()
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
end)

support.nothing_left()
