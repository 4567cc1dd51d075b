-- modify: which requests there are, and what is said of those that are none. What limits do is limits_spec's.
local groups = require "spec.support.linux.groups"
local hcs = require "hcs"
local support = require "spec.support.linux"

local contains, failure = support.contains, support.failure

local INVALID_PARAMETER = 0x57
local NOT_SUPPORTED = 0x32

local function update(resource, settings)
  return { ResourceType = resource, RequestType = "Update", Settings = settings }
end

describe("modify", function()
  local c
  setup(function() c = support.container() end)
  teardown(function() assert(c:close()) end)

  -- The message of a refusal, which names the field that is to blame.
  local function refused(request)
    local err = failure(INVALID_PARAMETER, c:modify(request))
    assert.equal("InvalidParameter", err.name)
    assert.equal("hcs::System::Modify", err.operation)
    assert.equal(c:id(), err.id)
    return err.message
  end

  it("is true, and is done when it returns", function()
    assert.is_true(c:modify(update("Processor", { ProcessorWeight = 200 })))
    local weight = groups.layout() == "v2" and groups.read(c, "cpu", "cpu.weight", "") or
      groups.read(c, "cpu", "cpu.shares", "")
    assert.equal(groups.layout() == "v2" and "200" or "2048", weight)
    assert(c:modify(update("Processor", { ProcessorWeight = 0 })))
  end)

  it("works through any handle, from any process", function()
    local other <close> = assert(hcs.open_container(c:id()))
    assert.is_true(other:modify(update("Memory", { MemoryMaximumInMB = 512 })))
    local client = support.client([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container(arg[1]))
      print(c:modify { ResourceType = "Memory", RequestType = "Update", Settings = { MemoryMaximumInMB = 0 } })
    ]], c:id())
    assert.equal("true\n", (client:wait()))
  end)

  it("finds the container's groups where they are, not where this client would make them", function()
    local script = support.write_file(os.tmpname(), [[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container((...)))
      assert(c:modify { ResourceType = "Memory", RequestType = "Update", Settings = { MemoryMaximumInMB = 333 } })
      assert(c:pause())
      assert(c:resume())
    ]])
    support.shell(("HCS_CGROUP_PARENT=/hcs-elsewhere %s %s %s"):format(support.lua(), script, c:id()))
    os.remove(script)
    local limit = groups.read(c, "memory", groups.layout() == "v2" and "memory.max" or "memory.limit_in_bytes")
    assert.equal(tostring(333 << 20), limit)
    assert(c:modify(update("Memory", { MemoryMaximumInMB = 0 })))
  end)

  for _, row in ipairs {
    { { ResourceType = "memory", RequestType = "Update", Settings = {} },
      "request.ResourceType: unknown value 'memory' (did you mean 'Memory'?); there is " },
    { { ResourceType = "MappedDir", RequestType = "Add", Settings = {} },
      "request.ResourceType: unknown value 'MappedDir' (did you mean 'MappedDirectory'?); there is " },
    { { ResourceType = "Fan", Settings = {} }, "request.ResourceType: unknown value 'Fan'; there is 'Memory', " },
    { { RequestType = "Update", Settings = {} }, "request.ResourceType: missing; there is 'Memory', " },
    { { ResourceType = "Memory", RequestType = "Updat", Settings = {} },
      "request.RequestType: unknown value 'Updat' (did you mean 'Update'?); there is 'Update'" },
    { { ResourceType = "Memory", Settings = { MemoryMaximumInMB = 1 } },
      "request.RequestType: missing; there is 'Update'" },
    { update("Memory"), "request.Settings: missing; there is 'MemoryMaximumInMB'" },
    { update("Memory", "64"), "request.Settings: a table with named fields expected, got a single value" },
    { update("Memory", { 64 }), "request.Settings: a table with named fields expected, got a list" },
    { update("Memory", {}), "request.Settings: missing; there is 'MemoryMaximumInMB'" },
    { update("Memory", { MemoryMaximum = 64 }), "request.Settings.MemoryMaximum: unknown field, did you mean " },
    { update("Memory", { MemoryMaximumInMB = "64" }),
      "request.Settings.MemoryMaximumInMB: number expected, got string" },
    { update("Memory", { MemoryMaximumInMB = -1 }), "request.Settings.MemoryMaximumInMB: -1 is out of range" },
    { update("Memory", { ProcessorCount = 1 }), "request.Settings.ProcessorCount: unknown field" },
    { update("Processor", { ProcessorCount = 1, ProcessorWeight = 5 }),
      "request.Settings: ProcessorCount, ProcessorMaximum and ProcessorWeight exclude each other" },
    { update("Processor", { ProcessorWeight = 10001 }), "request.Settings.ProcessorWeight: 10001 is out of range" },
    { update("Storage", { StorageIOPS = 1 }), "request.Settings.StorageIOPS: unknown field" },
    { { ResourceTyp = "Memory" }, "request.ResourceTyp: unknown field, did you mean 'ResourceType'?" },
  } do
    it("refuses what it does not know: " .. row[2], function()
      contains(row[2], refused(row[1]))
    end)
  end

  it("refuses Network, saying why: HNS endpoints exist on Windows only", function()
    local err = failure(NOT_SUPPORTED,
      c:modify { ResourceType = "Network", RequestType = "Add", Settings = "eef2649d-bb17-4d53-9937-295a8efe6f2c" })
    assert.is_true(hcs.is_not_supported(err))
    contains("request.ResourceType: 'Network' is not supported on Linux: ", err.message)
  end)

  it("is for running containers", function()
    local created <close> = assert(hcs.create_container(nil, support.config()))
    failure(0xC0370105, created:modify(update("Memory", { MemoryMaximumInMB = 64 })))
    assert(created:terminate())
    assert(created:wait())
    failure(0xC0370110, created:modify(update("Memory", { MemoryMaximumInMB = 64 })))
  end)

  -- Two clients that change the same thing, a hundred times each: what stands at the end is one's or the other's whole.
  it("is done by one client after the other", function()
    local chunk = [[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container(arg[1]))
      for i = 1, tonumber(arg[3]) do
        assert(c:modify { ResourceType = "Memory", RequestType = "Update",
          Settings = { MemoryMaximumInMB = i % 2 == 0 and tonumber(arg[2]) or 2048 } })
      end
    ]]
    local rounds = support.rounds(100)
    local one, other = support.client(chunk, c:id(), 300, rounds), support.client(chunk, c:id(), 700, rounds)
    assert.equal("", (one:wait()))
    assert.equal("", (other:wait()))
    local limit = groups.read(c, "memory", groups.layout() == "v2" and "memory.max" or "memory.limit_in_bytes")
    assert.is_true(limit == tostring(300 << 20) or limit == tostring(700 << 20), limit)
    if groups.layout() ~= "v2" then
      assert.equal(limit, groups.read(c, "memory", "memory.memsw.limit_in_bytes"))
    end
    assert(c:modify(update("Memory", { MemoryMaximumInMB = 0 })))
  end)
end)

support.nothing_left()
