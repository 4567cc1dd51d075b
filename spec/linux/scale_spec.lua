-- Many containers at once, and many one after the other: nothing grows.
local lfs = require "lfs"
local hcs = require "hcs"
local support = require "spec.support.linux"

local function count_entries(path)
  local count = 0
  for _ in lfs.dir(path) do count = count + 1 end
  return count
end

-- The sanitizers keep what is freed.
local MAY_GROW = os.getenv "HCS_TEST_VARIANT" == "asan"

local function resident_kb()
  return math.tointeger(support.read_file "/proc/self/status":match "VmRSS:%s*(%d+)")
end

-- What must be the same before and after, apart from memory.
local function sizes()
  collectgarbage()
  collectgarbage()
  local mounts = support.read_file "/proc/self/mountinfo"
  local groups = {}
  for point in mounts:gmatch "\n%d+ %d+ %S+ %S+ (%S+)[^\n]+ %- cgroup2? " do
    local parent = point .. support.residue.cgroup_parent()
    if lfs.attributes(parent) then groups[#groups + 1] = parent .. " " .. count_entries(parent) end
  end
  return {
    descriptors = count_entries "/proc/self/fd",
    threads = count_entries "/proc/self/task",
    mounts = select(2, mounts:gsub("\n", "\n")),
    groups = table.concat(groups, ", "),
    state = count_entries(support.residue.state_directory()),
    loops = count_entries "/sys/block",
  }
end

local function cycle()
  local c = assert(hcs.create_container(nil, support.config()))
  assert(c:close())
end

describe("a hundred containers", function()
  local COUNT = support.rounds(100)
  local containers

  teardown(function()
    for _, c in ipairs(containers) do c:close() end
    containers = nil
  end)

  it("live at once, each with a process of its own", function()
    cycle()
    local before = sizes()
    containers = {}
    for i = 1, COUNT do
      local c = assert(hcs.create_container(nil, support.config { Owner = "scale", HostName = "host-" .. i }))
      containers[i] = c
      assert(c:start())
    end
    for i, c in ipairs(containers) do
      local result = assert(c:run({ "sh", "-c", "hostname; exit " .. i % 256 }))
      assert.equal("host-" .. i .. "\n", result.stdout)
      assert.equal(i % 256, result.exit_code)
    end

    local listed = {}
    for _, properties in ipairs(assert(hcs.get_containers { Owners = { "scale" } })) do
      assert.equal("Running", properties.State)
      listed[properties.Id] = true
    end
    for _, c in ipairs(containers) do
      assert.is_true(listed[c:id()], c:id() .. " is not listed")
      listed[c:id()] = nil
    end
    assert.is_nil(next(listed))

    -- Ended at once by one client, waited for by one poll loop.
    local waiting = {}
    for i, c in ipairs(containers) do
      assert(c:terminate())
      waiting[i] = c
    end
    while #waiting > 0 do
      for _, ended in ipairs(assert(hcs.poll(waiting, 30))) do
        assert.is_true(assert(ended:wait(0)))
        for i, c in ipairs(waiting) do
          if c == ended then
            table.remove(waiting, i)
            break
          end
        end
      end
    end
    assert.same({}, assert(hcs.get_containers { Owners = { "scale" } }))
    for _, c in ipairs(containers) do assert(c:close()) end
    assert.same(before, sizes())
  end)
end)

describe("five hundred creations and ends", function()
  it("leave descriptors, memory, mounts, groups and the state directory as they were", function()
    -- Memory that is taken once (buffers, the allocator's own) is taken by then.
    for _ = 1, support.rounds(50) do cycle() end
    local before = sizes()
    local resident = resident_kb()
    for round = 1, support.rounds(500) do
      cycle()
      if round % 100 == 0 then assert.same(before, sizes()) end
    end
    assert.same(before, sizes())
    -- A leak of only 4 KB in each of them would be 2 MB.
    local grown = resident_kb() - resident
    assert.is_true(MAY_GROW or grown < 1024, ("%d KB more"):format(grown))
  end)

  it("do so with processes and streams as well", function()
    local function full_cycle(i)
      local c = support.container()
      local result = assert(c:run({ "sh", "-c", "cat; exit 3" }, { input = "round " .. i }))
      assert.equal("round " .. i, result.stdout)
      assert.equal(3, result.exit_code)
      assert(c:terminate())
      assert(c:wait())
      assert(c:close())
    end
    for i = 1, support.rounds(50) do full_cycle(i) end
    local before = sizes()
    local resident = resident_kb()
    for i = 1, support.rounds(100) do full_cycle(i) end
    assert.same(before, sizes())
    local grown = resident_kb() - resident
    assert.is_true(MAY_GROW or grown < 512, ("%d KB more"):format(grown))
  end)
end)

support.nothing_left()
