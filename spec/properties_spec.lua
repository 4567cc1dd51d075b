-- properties and get_containers with types: what is asked for by name, and for whom there is nothing to tell.
local lfs = require "lfs"
local hcs = require "hcs"
local support = require "spec.support.linux"

local failure = support.failure

local ALL = { "Statistics", "ProcessList", "MappedVirtualDisk", "PendingUpdates", "GuestConnection" }

-- The containers with these ids, with the types.
local function listed(containers, types)
  local ids = {}
  for i, c in ipairs(containers) do ids[i] = c:id() end
  return assert(hcs.get_containers({ Ids = ids }, types))
end

local function descriptors()
  local count = 0
  collectgarbage()
  collectgarbage()
  for _ in lfs.dir "/proc/self/fd" do count = count + 1 end
  return count
end

local function eventually(condition)
  for _ = 1, 500 do
    if condition() then return end
    hcs.poll({}, 0.01)
  end
  error("it does not come", 2)
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
    assert(c:create_process { "sleep", "1000" })
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
    local p <close> = assert(c:create_process { "sleep", "60" })
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
    eventually(function() return c:state() == "Stopped" end)
    assert_nothing "Stopped"
    assert(c:wait())
    assert_nothing "Stopped"
    assert.equal("ForcedExit", assert(c:properties(ALL)).ExitType)
  end)

  it("never fail while the container ends", function()
    for _ = 1, support.rounds(30) do
      local c <close> = support.container()
      assert(c:create_process { "sleep", "1000" })
      local other <close> = assert(hcs.open_container(c:id()))
      local client = support.client([[
        local hcs = require "hcs"
        local c <close> = assert(hcs.open_container(arg[1]))
        print "ready"
        print(c:terminate() and c:wait())
      ]], c:id())
      assert.equal("ready", client:line())
      local properties
      repeat properties = assert(other:properties(ALL)) until properties.State == "Stopped"
      assert.equal("ForcedExit", properties.ExitType)
      assert.equal("true\n", (client:wait()))
    end
  end)
end)

describe("hcs.get_containers with types", function()
  -- Contract §6, case 26.
  it("has one row for each container, with the data that its own methods give", function()
    local c <close> = support.container()
    local other <close> = support.container()
    local created <close> = assert(hcs.create_container(nil, support.config()))
    assert(c:create_process { "sleep", "1000" })
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
    assert(c:create_process { "sleep", "1000" })
    local properties = listed { c }[1]
    assert.equal("", properties.Statistics.Timestamp)
    assert.same({}, properties.ProcessList)
    assert.same(properties, listed({ c }, {})[1])
  end)

  it("opens no handle", function()
    local c = support.container()
    local id, before = c:id(), descriptors()
    for _ = 1, 20 do assert.equal(1, #listed({ c }, ALL)) end
    assert.equal(before, descriptors())
    assert(c:close())
    failure("ComputeSystemDoesNotExist", hcs.open_container(id))
  end)

  it("leaves out whoever has lost its guest, started or not #once", function()
    local c <close> = support.container()
    local lost <close> = support.container()
    local created <close> = assert(hcs.create_container(nil, support.config()))
    for _, victim in ipairs { lost, created } do
      local guest = support.guest_of(victim)
      support.shell("kill -KILL " .. guest)
      eventually(function() return lfs.attributes("/proc/" .. guest) == nil end)
    end
    for _, types in ipairs { ALL, {} } do
      local list = listed({ c, lost, created }, types)
      assert.equal(1, #list)
      assert.equal(c:id(), list[1].Id)
    end
    failure(0xC0370106, lost:wait())
    failure(0xC0370106, created:wait())
  end)

  it("is broken by nothing that lies in the state directory", function()
    local c <close> = support.container()
    local root = support.residue.state_directory()
    local made = { "broken", "empty", "half", "file" }
    for i = 1, 3 do assert(lfs.mkdir(root .. "/" .. made[i])) end
    support.write_file(root .. "/broken/record", "{")
    support.write_file(root .. "/file", "x")
    support.shell(("cp %s/%s/record %s/half/record"):format(root, c:id(), root))
    local ok, err = pcall(function() assert.equal(1, #listed({ c }, ALL)) end)
    for _, name in ipairs(made) do support.shell(("rm -rf %s/%s"):format(root, name)) end
    assert(ok, err)
  end)

  it("leaves out nobody whom this program has no descriptors left to look at", function()
    local c <close> = support.container()
    local script = support.write_file(os.tmpname(), [[
      local hcs = require "hcs"
      local files, count = {}, 0
      repeat
        files[#files + 1] = io.open "/dev/null"
        count = count + 1
      until #files < count
      for free = 0, 12 do
        local list, err = hcs.get_containers({ Ids = { arg[1] } }, { "Statistics", "ProcessList" })
        print(list and #list or err.name, list and list[1] and list[1].Statistics.Timestamp ~= "")
        files[#files]:close()
        files[#files] = nil
      end
    ]])
    local output = support.shell(("ulimit -n 40; %s %s %s"):format(support.lua(), script, c:id()))
    os.remove(script)
    local refused, told = 0, 0
    for line in output:gmatch "[^\n]+" do
      if line == "TooManyOpenFiles\tnil" then refused = refused + 1 end
      if line == "1\ttrue" then told = told + 1 end
    end
    assert.equal(13, refused + told, output)
    assert.is_true(refused >= 2 and told >= 5, output)
  end)

  it("never fails while containers come and go", function()
    local c <close> = support.container()
    local client = support.client([[
      local hcs = require "hcs"
      print "ready"
      for _ = 1, tonumber(arg[2]) do
        local c <close> = assert(hcs.create_container(nil, {
          Layers = { { Path = arg[1] } }, TerminateOnLastHandleClosed = true,
        }))
        assert(c:start())
        assert(c:create_process { "sleep", "1000" })
      end
      print "done"
    ]], support.layer(), support.rounds(50))
    assert.equal("ready", client:line())
    for _ = 1, support.rounds(200) do
      local found = 0
      for _, properties in ipairs(assert(hcs.get_containers(nil, ALL))) do
        if properties.Id == c:id() then found = found + 1 end
      end
      assert.equal(1, found)
    end
    assert.equal("done\n", (client:wait()))
  end)
end)

support.nothing_left()
