-- process_list: the processes of a container.
local hcs = require "hcs"
local moment = require "spec.support.moment"
local support = require "spec.support"

local failure, puppet = support.failure, support.puppet

local SECOND = 10000000

local function process_list(c)
  return assert(c:process_list())
end

-- The row of a pid, nil if it is not listed.
local function row_of(c, pid)
  for _, row in ipairs(process_list(c)) do
    if row.ProcessId == pid then return row end
  end
end

describe("process_list", function()
  it("is empty for a container that was only created, and for one without processes", function()
    local c <close> = assert(hcs.create_container(nil, support.config()))
    assert.same({}, process_list(c))
    assert(c:start())
    assert.same({}, process_list(c))
  end)

  -- Contract §6, case 27.
  it("contains a started pid; after its end it is gone", function()
    local c <close> = support.container()
    local p = assert(c:create_process(puppet("sleep", 1000)))
    local row = assert(row_of(c, p:pid()))
    assert.equal(1, #process_list(c))
    assert(p:kill())
    assert(p:wait())
    assert.is_nil(row_of(c, row.ProcessId))
    assert.same({}, process_list(c))
  end)

  it("has complete rows", function()
    local c <close> = support.container()
    assert(c:create_process(puppet("sleep", 1000)))
    local row = process_list(c)[1]
    support.contains("puppet", row.ImageName)
    assert.is_true(math.abs(moment(row.CreateTimestamp) - os.time() * SECOND) < 60 * SECOND)
    for name, kind in pairs {
      CreateTimestamp = "string", ImageName = "string", KernelTime100ns = "integer", UserTime100ns = "integer",
      MemoryCommitBytes = "integer", MemoryWorkingSetPrivateBytes = "integer",
      MemoryWorkingSetSharedBytes = "integer", ProcessId = "integer",
    } do
      assert.equal(kind, math.type(row[name]) or type(row[name]), name)
      row[name] = nil
    end
    assert.is_nil(next(row))
  end)

  it("has the pids that open_process takes, of processes that nobody opened too", function()
    local c <close> = support.container()
    local p <close>, _, output = support.piped(c, "hold", 1000, "cat")
    local child = output:read "n"
    assert.is_true(support.eventually(function() return row_of(c, child) end) ~= nil)
    for _, row in ipairs(process_list(c)) do
      assert(row.ProcessId == p:pid() or row.ProcessId == child)
      local process <close> = assert(c:open_process(row.ProcessId))
      assert(process:kill())
      assert(process:wait(10))
    end
    assert.same({}, process_list(c))
  end)

  it("is the container's own, the same through every handle, and while it is paused", function()
    local c <close> = support.container()
    local neighbour <close> = support.container()
    local p = assert(c:create_process(puppet("sleep", 1000)))
    assert(neighbour:create_process(puppet("sleep", 1000)))
    local other <close> = assert(hcs.open_container(c:id()))
    local own, others = process_list(c), process_list(other)
    assert.equal(1, #own)
    assert.equal(1, #others)
    for _, name in ipairs { "ProcessId", "CreateTimestamp" } do assert.equal(own[1][name], others[1][name]) end
    assert(c:pause())
    assert(row_of(c, p:pid()))
    assert(c:resume())
  end)

  it("is 0xC0370110 after the end, and empty in properties", function()
    local c <close> = support.container()
    assert(c:create_process(puppet("sleep", 1000)))
    assert(c:terminate())
    assert(c:wait())
    local err = failure(0xC0370110, c:process_list())
    assert.equal(c:id(), err.id)
    assert.same({}, assert(c:properties { "ProcessList" }).ProcessList)
  end)
end)

support.nothing_left()
