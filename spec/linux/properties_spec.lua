-- properties and get_containers with types while containers end, are lost, come and go.
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

local function eventually(condition)
  for _ = 1, 500 do
    if condition() then return end
    hcs.poll({}, 0.01)
  end
  error("it does not come", 2)
end

describe("properties", function()
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
