-- Containers: how they are made, found, waited for, ended and closed (API.md, Module and Container).
local hcs = require "hcs"
local support = require "spec.support"

local ALREADY_EXISTS, DOES_NOT_EXIST = 0xC037010F, 0xC037010E
local INVALID_STATE, ALREADY_STOPPED = 0xC0370105, 0xC0370110

local failure, puppet = support.failure, support.puppet

local function created(extra, id)
  return assert(hcs.create_container(id, support.config(extra)))
end

-- What get_containers tells of an id, nil if it is not listed.
local function listed(id)
  return assert(hcs.get_containers { Ids = { id } })[1]
end

-- The ids of a list of ContainerProperties, as a set that has only those in `known`.
local function ids(list, known)
  local found = {}
  for _, properties in ipairs(list) do
    for _, id in ipairs(known) do
      if properties.Id == id then found[#found + 1] = id end
    end
  end
  table.sort(found)
  return found
end

-- The methods that an ended container refuses, each with arguments that are right.
local refused_after_end = {
  start = {}, pause = {}, resume = {}, create_process = { puppet() }, run = { puppet() }, open_process = { 2 },
  modify = { { ResourceType = "Network", Settings = "x" } },
  statistics = {}, process_list = {}, mapped_virtual_disks = {},
}

describe("hcs.create_container", function()
  it("makes a created, not started container", function()
    local c <close> = created()
    assert.equal("Created", c:state())
    assert.equal("Created", c:properties().State)
    assert.equal("Created", listed(c:id()).State)
    local err = failure(INVALID_STATE, c:run(puppet()))
    assert.is_true(hcs.is_operation_invalid_state(err))
    failure(INVALID_STATE, c:open_process(2))
  end)

  it("makes a new unique id with nil as id", function()
    local a <close> = created()
    assert.not_equal("", a:id())
    assert.matches("^[%w][%w_.-]*$", a:id())
    assert.is_true(#a:id() <= 64)
    local other <close> = created()
    assert.not_equal(a:id(), other:id())
  end)

  it("takes ids of 1 to 64 characters of A-Z a-z 0-9 _ . -", function()
    for _, id in ipairs { "a", "Z", "0", "a_.-", "9" .. ("x"):rep(63), "A.b-C_d.." } do
      local c <close> = created(nil, id)
      assert.equal(id, c:id())
      assert.equal(id, listed(id).Id)
    end
  end)

  it("refuses any other id as InvalidParameter before anything is touched", function()
    local before = support.snapshot()
    for _, id in ipairs { "", ("x"):rep(65), ".a", "-a", "_a", "a/b", "a b", "ä", "a\0b", "a\n", "..", "a:b", "*" } do
      failure("InvalidParameter", hcs.create_container(id, support.config()))
      failure("InvalidParameter", hcs.open_container(id))
    end
    assert.same({}, support.difference(before))
  end)

  it("refuses a duplicate with 0xC037010F and leaves the first alone", function()
    local c <close> = support.container()
    local err = failure(ALREADY_EXISTS, hcs.create_container(c:id(), support.config()))
    assert.equal("AlreadyExists", err.name)
    assert.is_true(hcs.is_already_exists(err))
    assert.equal(c:id(), err.id)
    assert.equal("Running", c:state())
    assert.equal(0, assert(c:run(puppet())).exit_code)
  end)

  it("takes an id again once wait has reported the end", function()
    local id = "again"
    for _ = 1, support.rounds(10) do
      local c <close> = created(nil, id)
      assert(c:start())
      assert.is_true(c:terminate())
      assert.is_true(c:wait())
      assert.is_nil(listed(id))
      local new <close> = created(nil, id)
      assert.equal("Created", new:state())
      assert.equal("Stopped", c:state())
    end
  end)
end)

describe("hcs.open_container", function()
  it("gives another handle on an existing container", function()
    local c <close> = created()
    local other <close> = assert(hcs.open_container(c:id()))
    assert.equal(c:id(), other:id())
    assert.is_false(rawequal(c, other))
    assert.equal("Created", other:state())
    assert(other:start())
    assert.equal("Running", c:state())
    assert.equal("one\n", assert(c:run(puppet("print", "one\n"))).stdout)
    assert.equal("two\n", assert(other:run(puppet("print", "two\n"))).stdout)
  end)

  it("fails with 0xC037010E for an unknown id", function()
    local err = failure(DOES_NOT_EXIST, hcs.open_container "nobody-has-this")
    assert.equal("ComputeSystemDoesNotExist", err.name)
    assert.is_true(hcs.is_not_exist(err))
    assert.equal("nobody-has-this", err.id)
  end)

  it("fails so for a container that has ended", function()
    local c <close> = support.container()
    assert(c:terminate())
    assert(c:wait())
    failure(DOES_NOT_EXIST, hcs.open_container(c:id()))
  end)
end)

describe("hcs.get_containers", function()
  local a, b, c, known

  setup(function()
    a = created({ Name = "alpha", Owner = "lab" }, "list-a")
    b = created({ Name = "beta", Owner = "lab" }, "list-b")
    c = created({ Owner = "home" }, "list-c")
    assert(b:start())
    known = { "list-a", "list-b", "list-c" }
  end)

  teardown(function()
    for _, container in ipairs { a, b, c } do container:close() end
    a, b, c = nil, nil, nil -- descriptors go with the objects
  end)

  local function found(query)
    return ids(assert(hcs.get_containers(query)), known)
  end

  it("lists all without a query", function()
    assert.same(known, found(nil))
    assert.same(known, found {})
    assert.same(known, found { Ids = {} })
  end)

  it("finds by Ids, Names, Owners and Types: OR within a list", function()
    assert.same({ "list-a" }, found { Ids = { "list-a" } })
    assert.same({ "list-a", "list-c" }, found { Ids = { "list-c", "unknown", "list-a" } })
    assert.same({ "list-b" }, found { Names = { "beta" } })
    assert.same({ "list-a", "list-b" }, found { Names = { "alpha", "beta" } })
    assert.same(support.on { linux = { "list-c" }, windows = {} }, found { Names = { "list-c" } })
    assert.same({ "list-a", "list-b" }, found { Owners = { "lab" } })
    assert.same(known, found { Owners = { "lab", "home" } })
    assert.same(known, found { Types = { "Container" } })
    assert.same(known, found { Types = { "container" } }) -- in any case, as SystemType
    assert.same({}, found { Types = { "VirtualMachine" } })
    assert.same(known, found { Types = { "VirtualMachine", "Container" } })
  end)

  it("… AND between lists", function()
    assert.same({ "list-b" }, found { Names = { "beta", "alpha" }, Ids = { "list-b", "list-c" } })
    assert.same({}, found { Names = { "alpha" }, Owners = { "home" } })
    assert.same({ "list-a" }, found { Ids = known, Names = { "alpha" }, Owners = { "lab" }, Types = { "Container" } })
  end)

  it("is an empty array if nothing fits", function()
    assert.same({}, assert(hcs.get_containers { Ids = { "nobody" } }))
  end)

  it("gives ContainerProperties: complete documents", function()
    local properties = listed "list-b"
    assert.equal("list-b", properties.Id)
    assert.equal("beta", properties.Name)
    assert.equal("lab", properties.Owner)
    assert.equal("Running", properties.State)
    assert.equal("Container", properties.SystemType)
    assert.equal(support.on { linux = "Linux", windows = "Windows" }, properties.RuntimeOsType)
    assert.is_false(properties.Stopped)
    assert.is_false(properties.AreUpdatesPending)
    assert.equal("", properties.ExitType)
    assert.equal("", properties.SiloGuid)
    assert.same({}, properties.ProcessList)
    assert.same({}, properties.MappedVirtualDiskControllers)
    assert.equal(0, properties.Statistics.Memory.MemoryUsageCommitBytes)
    assert.same("integer", math.type(properties.Statistics.Uptime100ns))
    assert.same(b:properties(), properties)
    assert.equal("Created", listed "list-a".State)
  end)

  it("opens no handle", function()
    local d <close> = created(nil, "list-d")
    local before = support.snapshot()
    local list = assert(hcs.get_containers())
    assert.same({}, support.difference(before))
    assert.same({ "list-d" }, ids(list, { "list-d" }))
    d:close()
    assert.is_nil(listed "list-d")
  end)

  it("refuses an unknown field of the query", function()
    local err = failure("InvalidParameter", hcs.get_containers { Id = { "x" } })
    assert.matches("query.Id: unknown field, did you mean 'Ids'?", err.message, 1, true)
  end)

  it("refuses unknown property types", function()
    failure("InvalidParameter", hcs.get_containers({}, { "Weather" }))
  end)
end)

describe("start", function()
  it("makes the container run", function()
    local c <close> = created()
    assert.is_true(c:start())
    assert.equal("Running", c:state())
    assert.equal("Running", c:properties().State)
    assert.equal("Running", listed(c:id()).State)
  end)

  it("is refused the second time, on every handle", function()
    local c <close> = created()
    local other <close> = assert(hcs.open_container(c:id()))
    assert(c:start())
    for _, handle in ipairs { c, other } do
      local err = failure(INVALID_STATE, handle:start())
      assert.equal("VmcomputeOperationInvalidState", err.name)
      assert.is_true(hcs.is_operation_invalid_state(err))
      assert.equal("hcs::System::Start", err.operation)
      assert.matches("container " .. c:id() .. " encountered an error during hcs::System::Start: ", tostring(err), 1,
        true)
      assert.matches("(0xc0370105)", tostring(err), 1, true)
    end
    assert.equal("Running", c:state())
  end)
end)

describe("shutdown", function()
  it("ends a container without processes at once", function()
    local c <close> = support.container()
    assert.equal(0, c:run(puppet()).exit_code)
    assert.is_true(c:shutdown())
    assert.is_true(c:wait(10))
    assert.equal("GracefulExit", c:properties().ExitType)
  end)

  it("ends a created container at once", function()
    local c <close> = created()
    assert.is_true(c:shutdown())
    assert.is_true(c:wait(10))
    assert.equal("Stopped", c:state())
    assert.equal("GracefulExit", c:properties().ExitType)
    assert.is_nil(listed(c:id()))
  end)

  it("works through another handle", function()
    local c <close> = support.container()
    local other <close> = assert(hcs.open_container(c:id()))
    assert.is_true(other:shutdown())
    assert.is_true(c:wait(10))
    assert.is_true(other:wait(10))
    assert.equal("GracefulExit", c:properties().ExitType)
    assert.equal("GracefulExit", other:properties().ExitType)
  end)
end)

describe("terminate", function()
  it("ends a running container and its processes by force", function()
    local c <close> = support.container()
    local p, _, output = support.piped(c, "stubborn", "print", "ready\n", "sleep", 1000)
    assert.equal("ready", output:read "l")
    assert.is_true(c:terminate())
    assert.is_true(c:wait(10))
    assert.equal(support.KILLED, p:wait(0))
    assert.equal(support.KILL_SIGNAL, p:exit_signal())
    assert.equal("Stopped", c:state())
    assert.equal("ForcedExit", c:properties().ExitType)
  end)

  it("ends a created container", function()
    local c <close> = created()
    assert.is_true(c:terminate())
    assert.is_true(c:wait(10))
    assert.equal("Stopped", c:state())
    assert.equal("ForcedExit", c:properties().ExitType)
  end)

  it("may be repeated, on every handle, with shutdown in between", function()
    local c <close> = support.container()
    local other <close> = assert(hcs.open_container(c:id()))
    assert.is_true(c:terminate())
    assert.is_true(other:terminate())
    assert.is_true(c:shutdown())
    assert.is_true(c:terminate())
    assert.is_true(c:wait(10))
    assert.is_true(other:wait(10))
    assert.is_true(other:terminate())
    assert.is_true(other:shutdown())
  end)
end)

describe("wait", function()
  it("polls with 0 and gives up after its timeout", function()
    local c <close> = support.container()
    for _, timeout in ipairs { 0, 0.03 } do
      local err = failure("Timeout", c:wait(timeout))
      assert.is_true(hcs.is_timeout(err))
      assert.equal("hcsshim::ComputeSystem::Wait", err.operation)
    end
    assert.equal("Running", c:state())
  end)

  it("prefers the end to the timeout, and may be repeated", function()
    local c <close> = support.container()
    assert(c:terminate())
    assert.is_true(c:wait(math.huge))
    assert.is_true(c:wait(0))
    assert.is_true(c:wait())
    assert.is_true(c:wait(1e300))
  end)
end)

describe("stop", function()
  it("ends a running container, and is true when it is gone", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process(puppet("sleep", 1000)))
    assert.is_true(c:stop())
    assert.equal("Stopped", c:state())
    assert.is_nil(listed(c:id()))
    assert.not_equal(0, p:exit_code())
  end)

  it("ends a created container, and is true when it is gone", function()
    local c <close> = created()
    assert.is_true(c:stop())
    assert.equal("Stopped", c:state())
    assert.is_true(c:stop())
    assert.is_true(c:stop(0))
  end)
end)

describe("after the end", function()
  local c

  setup(function()
    c = support.container { Owner = "lab", Name = "ended" }
    assert(c:terminate())
    assert(c:wait(10))
  end)

  teardown(function()
    c:close()
    c = nil
  end)

  it("wait, state and id work", function()
    assert.is_true(c:wait())
    assert.equal("Stopped", c:state())
    assert.equal("string", type(c:id()))
  end)

  it("properties tell State, Stopped and ExitType", function()
    local properties = assert(c:properties())
    assert.equal(c:id(), properties.Id)
    assert.equal("Stopped", properties.State)
    assert.is_true(properties.Stopped)
    assert.equal("ForcedExit", properties.ExitType)
    assert.equal("ended", properties.Name)
    assert.equal("lab", properties.Owner)
    assert.equal("Container", properties.SystemType)
  end)

  it("shutdown, terminate and stop are true", function()
    assert.is_true(c:shutdown())
    assert.is_true(c:terminate())
    assert.is_true(c:stop())
  end)

  it("it is ready", function()
    assert.same({ c }, hcs.poll({ c }, 0))
  end)

  for name, arguments in pairs(refused_after_end) do
    it(name .. " is 0xC0370110", function()
      local err = failure(ALREADY_STOPPED, c[name](c, table.unpack(arguments)))
      assert.equal("VmcomputeAlreadyStopped", err.name)
      assert.is_true(hcs.is_already_stopped(err))
      assert.equal(c:id(), err.id)
    end)
  end
end)

describe("after close", function()
  local running, ended

  setup(function()
    running, ended = support.container(), support.container()
    assert(ended:terminate())
    assert(ended:wait(10))
    assert.is_true(running:close())
    assert.is_true(ended:close())
  end)

  teardown(function() running, ended = nil, nil end)

  it("close may be repeated", function()
    assert.is_true(running:close())
    assert.is_true(ended:close())
  end)

  it("id and tostring work", function()
    assert.matches("^%w[%w_.-]+$", running:id())
    assert.matches("hcs.container: " .. running:id(), tostring(running), 1, true)
    assert.matches("hcs.container: " .. ended:id(), tostring(ended), 1, true)
  end)

  it("wait gives the stored result if there was one", function()
    assert.is_true(ended:wait())
    assert.is_true(ended:wait(0))
    failure("AlreadyClosed", running:wait())
    failure("AlreadyClosed", running:wait(0))
  end)

  it("hcs.type is 'closed container'", function()
    assert.equal("closed container", hcs.type(running))
  end)

  local refused = { state = {}, properties = {}, shutdown = {}, terminate = {}, stop = {}, pollfd = {}, events = {},
    timeout = {} }
  for name, arguments in pairs(refused_after_end) do refused[name] = arguments end
  for name, arguments in pairs(refused) do
    it(name .. " is AlreadyClosed", function()
      for _, c in ipairs { running, ended } do
        local err = failure("AlreadyClosed", c[name](c, table.unpack(arguments)))
        assert.is_true(hcs.is_already_closed(err))
        assert.equal(c:id(), err.id)
      end
    end)
  end

  it("hcs.poll is AlreadyClosed", function()
    failure("AlreadyClosed", hcs.poll({ running }, 0))
  end)
end)

describe("close", function()
  it("stops nothing by itself", function()
    local c = support.container { TerminateOnLastHandleClosed = false }
    local p = assert(c:create_process(puppet("sleep", 1000)))
    local id, pid = c:id(), p:pid()
    p:close()
    assert.is_true(c:close())
    assert.equal("Running", listed(id).State)
    local again <close> = assert(hcs.open_container(id))
    assert.equal("Running", again:state())
    assert.equal(pid, assert(again:open_process(pid)):pid())
    assert(again:terminate())
    assert(again:wait(10))
  end)

  it("stops nothing if TerminateOnLastHandleClosed is not said", function()
    local config = support.config()
    config.TerminateOnLastHandleClosed = nil
    local c = assert(hcs.create_container(nil, config))
    local id = c:id()
    c:close()
    local again <close> = assert(hcs.open_container(id))
    assert.equal("Created", again:state())
    assert(again:stop())
  end)

  it("of the last handle ends a container with TerminateOnLastHandleClosed, done when it returns", function()
    local before = support.snapshot()
    for _ = 1, support.rounds(5) do
      local c = support.container()
      assert(c:create_process(puppet("sleep", 1000))):close()
      local id = c:id()
      assert.is_true(c:close())
      assert.is_nil(listed(id))
      local new <close> = created(nil, id)
      assert.equal("Created", new:state())
    end
    assert.same({}, support.living(before))
  end)

  it("of one of two handles ends nothing", function()
    local c = support.container()
    local other = assert(hcs.open_container(c:id()))
    assert.is_true(c:close())
    assert.equal("Running", other:state())
    assert.equal(0, assert(other:run(puppet())).exit_code)
    assert.is_true(other:close())
    assert.is_nil(listed(c:id()))
  end)

  it("of a created container's last handle ends it, too", function()
    local c = created()
    c:close()
    assert.is_nil(listed(c:id()))
  end)

  it("does not count process handles", function()
    local c = support.container()
    local p = assert(c:create_process(puppet("sleep", 1000)))
    c:close()
    assert.is_nil(listed(c:id()))
    assert.equal(support.KILLED, p:wait(10))
    assert.equal(support.KILL_SIGNAL, p:exit_signal())
  end)
end)

describe("<close>", function()
  it("is close, also when an error leaves the block", function()
    local id, object
    assert.has_error(function()
      local c <close> = support.container()
      id, object = c:id(), c
      error "enough"
    end, "enough")
    assert.equal("closed container", hcs.type(object))
    assert.is_nil(listed(id))
  end)
end)

describe("__gc", function()
  -- It does not wait for the end, so what is left is hcs.gc's.
  after_each(function() assert(hcs.gc()) end)

  it("is close", function()
    local id = support.container():id()
    assert.is_true(support.eventually(function()
      collectgarbage()
      return listed(id) == nil
    end))
  end)

  it("leaves a container that a process handle holds alone", function()
    local id, p
    do
      local c = support.container()
      id, p = c:id(), assert(c:create_process(puppet("sleep", 1000)))
    end
    for _ = 1, 3 do collectgarbage() end
    assert.equal("Running", listed(id).State)
    assert.is_true(p:kill())
    assert.equal(support.KILLED, p:wait(10))
    p = nil -- luacheck: ignore
    assert.is_true(support.eventually(function()
      collectgarbage()
      return listed(id) == nil
    end))
  end)
end)

describe("tostring", function()
  it("is 'hcs.container: id (State)'", function()
    local c <close> = created(nil, "web")
    assert.equal("hcs.container: web (Created)", tostring(c))
    assert(c:start())
    assert.equal("hcs.container: web (Running)", tostring(c))
    assert(c:terminate())
    assert(c:wait(10))
    assert.equal("hcs.container: web (Stopped)", tostring(c))
    c:close()
    assert.has_no_error(function() return tostring(c) end)
  end)
end)

describe("hcs.type", function()
  it("is 'container', and nil for what is not ours", function()
    local c <close> = created()
    assert.equal("container", hcs.type(c))
    for _, foreign in ipairs { 1, "container", {}, io.stdout, print, true } do assert.is_nil(hcs.type(foreign)) end
    assert.is_nil(hcs.type(nil))
  end)
end)

describe("has_pending_updates", function()
  it("is always false", function()
    local c <close> = created()
    assert.is_false(c:has_pending_updates())
    assert(c:start())
    assert.is_false(c:has_pending_updates())
    assert(c:stop())
    assert.is_false(c:has_pending_updates())
  end)
end)

support.nothing_left()
