-- properties and get_containers with types: what is asked for by name, and for whom there is nothing to tell.
local hcs = require "hcs"
local support = require "spec.support"

local failure, puppet = support.failure, support.puppet

local ALL = { "Statistics", "ProcessList", "MappedVirtualDisk", "PendingUpdates", "GuestConnection" }

-- The containers with these ids, with the types.
local function listed(containers, types)
  local ids = {}
  for i, c in ipairs(containers) do ids[i] = c:id() end
  return assert(hcs.get_containers({ Ids = ids }, types))
end

-- The two documents differ only in what a process uses up that has just begun.
local function assert_alike(expected, found)
  for _, properties in ipairs { expected, found } do
    for _, name in ipairs { "Timestamp", "Uptime100ns", "Memory", "Processor" } do properties.Statistics[name] = 0 end
    for i, row in ipairs(properties.ProcessList) do properties.ProcessList[i] = row.ProcessId end
  end
  assert.same(expected, found)
end

describe("properties", function()
  it("have what is asked for, and nothing else", function()
    local c <close> = support.container()
    assert(c:create_process(puppet("sleep", 1000)))
    local none = assert(c:properties())
    assert.equal("", none.Statistics.Timestamp)
    assert.same({}, none.ProcessList)
    assert.same(none, assert(c:properties {}))
    local statistics = assert(c:properties { "Statistics" })
    assert.not_equal("", statistics.Statistics.Timestamp)
    assert.same({}, statistics.ProcessList)
    local list = assert(c:properties { "ProcessList" })
    assert.equal("", list.Statistics.Timestamp)
    assert.equal(1, #list.ProcessList)
    local both = assert(c:properties { "ProcessList", "Statistics", "Statistics" })
    assert.not_equal("", both.Statistics.Timestamp)
    assert.equal(1, #both.ProcessList)
    assert.equal("Running", both.State)
  end)

  it("say that no update is pending, and that there is no guest connection", function()
    local c <close> = support.container()
    assert.same(assert(c:properties()), assert(c:properties { "PendingUpdates", "GuestConnection" }))
    local properties = assert(c:properties(ALL))
    assert.is_false(properties.AreUpdatesPending)
    assert.equal(0, properties.GuestConnectionInfo.ProtocolVersion)
    assert.same({}, properties.GuestConnectionInfo.SupportedSchemaVersions)
    assert.is_false(properties.GuestConnectionInfo.GuestDefinedCapabilities.SignalProcessSupported)
    assert.same({}, properties.MappedVirtualDiskControllers)
  end)

  it("are known by their names in any case, as elsewhere in documents", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process(puppet("sleep", 60)))
    local properties = assert(c:properties { "statistics", "PROCESSLIST" })
    assert.is_true(properties.Statistics.Uptime100ns > 0)
    assert.equal(p:pid(), properties.ProcessList[1].ProcessId)
  end)

  it("refuse types that there are not", function()
    local c <close> = support.container()
    local err = failure("InvalidParameter", c:properties { "Statistics", "Stats" })
    support.contains("query.PropertyTypes[2]: unknown value 'Stats'", err.message)
    failure("InvalidParameter", hcs.get_containers(nil, { "Memory" }))
  end)

  it("have what was used in Running and Paused, and zeros in the other states", function()
    local c <close> = assert(hcs.create_container(nil, support.config()))
    local function assert_nothing(state)
      local properties = assert(c:properties(ALL))
      assert.equal(state, properties.State)
      assert.equal("", properties.Statistics.Timestamp)
      assert.equal(0, properties.Statistics.Uptime100ns)
      assert.same({}, properties.ProcessList)
    end
    assert_nothing "Created"
    assert(c:start())
    assert.not_equal("", assert(c:properties(ALL)).Statistics.Timestamp)
    assert(c:pause())
    local properties = assert(c:properties(ALL))
    assert.equal("Paused", properties.State)
    assert.not_equal("", properties.Statistics.Timestamp)
    assert.equal("Paused", listed({ c }, ALL)[1].State)
    assert.not_equal("", listed({ c }, ALL)[1].Statistics.Timestamp)
    assert(c:terminate())
    assert.is_true(support.eventually(function() return c:state() == "Stopped" end))
    assert_nothing "Stopped"
    assert(c:wait())
    assert_nothing "Stopped"
    assert.equal("ForcedExit", assert(c:properties(ALL)).ExitType)
  end)
end)

describe("hcs.get_containers with types", function()
  -- Contract §6, case 26.
  it("has one row for each container, with the data that its own methods give", function()
    local c <close> = support.container()
    local other <close> = support.container()
    local created <close> = assert(hcs.create_container(nil, support.config()))
    assert(c:create_process(puppet("sleep", 1000)))
    local list = listed({ c, other, created }, ALL)
    assert.equal(3, #list)
    for _, container in ipairs { c, other, created } do
      local found
      for _, properties in ipairs(list) do
        if properties.Id == container:id() then found = properties end
      end
      assert_alike(assert(container:properties(ALL)), found)
    end
  end)

  it("has nothing but the basics without types", function()
    local c <close> = support.container()
    assert(c:create_process(puppet("sleep", 1000)))
    local properties = listed { c }[1]
    assert.equal("", properties.Statistics.Timestamp)
    assert.same({}, properties.ProcessList)
    assert.same(properties, listed({ c }, {})[1])
  end)

  it("opens no handle", function()
    local c = support.container()
    local id, before = c:id(), support.snapshot()
    for _ = 1, 20 do assert.equal(1, #listed({ c }, ALL)) end
    assert.same({}, support.difference(before))
    assert(c:close())
    failure("ComputeSystemDoesNotExist", hcs.open_container(id))
  end)
end)

support.nothing_left()
