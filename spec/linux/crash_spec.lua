-- A client that is killed at any system call of a creation, or of a container's end, leaves nothing that
-- gc, or the next creation of the same id, does not remove.
local busted = require "busted"
local hcs = require "hcs"
local kernel = require "spec.support.linux.kernel"
local killed = require "spec.support.linux.killed"
local moment = require "spec.support.moment"
local support = require "spec.support.linux"
local residue = support.residue

local id = "crash-" .. support.pid()
local layer = support.layer()
-- The create of the library as it stands makes 240 stops, a pause and a resume 110, the end on cgroup v2 alone 85.
-- The spec is to notice when it counts nothing.
local STOPS_AT_LEAST = 60

local create = [[
  local hcs = require "hcs"
  local id, layer, last = ...
  local config = { Layers = { { Path = layer } }, TerminateOnLastHandleClosed = last == "true",
    MappedDirectories = { { HostPath = layer, ContainerPath = "/data" } } }
  io.open "/hcs-spec/begin"
  local c = assert(hcs.create_container(id, config))
  io.open "/hcs-spec/end"
  assert(c:terminate() and c:wait())
]]

local killed_later = [[
  local hcs = require "hcs"
  local id, layer = ...
  assert(hcs.create_container(id, { Layers = { { Path = layer } } }))
  os.execute "kill -KILL $PPID"
]]

local finish = [[
  local hcs = require "hcs"
  local id, layer = ...
  local c = assert(hcs.create_container(id, { Layers = { { Path = layer } }, TerminateOnLastHandleClosed = true }))
  assert(c:start())
  assert(c:create_process { "sleep", "1000" })
  io.open "/hcs-spec/begin"
  assert(c:terminate())
  assert(c:wait())
  assert(c:close())
  io.open "/hcs-spec/end"
]]

local pause = [[
  local hcs = require "hcs"
  local c = assert(hcs.open_container((...)))
  io.open "/hcs-spec/begin"
  assert(c:pause())
  assert(c:resume())
  io.open "/hcs-spec/end"
]]

local start = [[
  local hcs = require "hcs"
  local c = assert(hcs.open_container(...))
  io.open "/hcs-spec/begin"
  assert(c:start())
  io.open "/hcs-spec/end"
]]

-- What is left, for at most five seconds: a guest without a client goes by itself, and gc leaves alone what
-- somebody is still at work on, such as a setup on its way out.
local function left(before)
  local new
  for _ = 1, 500 do
    collectgarbage()
    assert(hcs.gc())
    new = residue.living(before)
    if #new == 0 then break end
    busted.sleep(0.01)
  end
  return table.concat(new, "\n")
end

local function sweep(kills, script, check, ...)
  killed.sweep(kills, STOPS_AT_LEAST, script, check, ...)
end

describe("a client killed #once", function()
  local folder, create_script, killed_script, start_script, finish_script, before

  setup(function()
    folder = support.temporary_folder()
    create_script = support.write_file(folder .. "/create.lua", create)
    killed_script = support.write_file(folder .. "/killed.lua", killed_later)
    start_script = support.write_file(folder .. "/start.lua", start)
    finish_script = support.write_file(folder .. "/finish.lua", finish)
    -- The state directory and the groups' parent are there from now on.
    local c = assert(hcs.create_container(id, support.config()))
    assert(c:close())
    before = residue.snapshot()
  end)

  teardown(function() support.remove(folder) end)

  it("anywhere in a creation leaves nothing that gc does not remove", function()
    sweep(80, create_script, function()
      local cleaned = assert(hcs.gc())
      assert.is_true(cleaned == 0 or cleaned == 1)
      assert.equal("", left(before))
    end, id, layer, true)
  end)

  it("anywhere in a creation does not keep another client from creating the same id, without gc", function()
    sweep(40, create_script, function()
      -- One that was handed over to its guest just now ends by itself: until then the id is taken.
      local c, err
      for _ = 1, 500 do
        c, err = hcs.create_container(id, support.config())
        if c or not hcs.is_already_exists(err) then break end
        busted.sleep(0.01)
      end
      assert(c, err)
      assert(c:start())
      assert.equal("new\n", assert(c:run({ "echo", "new" }, { check = true })).stdout)
      assert(c:close())
      assert.equal("", left(before))
    end, id, layer, true)
  end)

  it("anywhere in a creation leaves a whole container or none, if it is to outlive its handles", function()
    local lived = 0
    local function check()
      local c, err = hcs.open_container(id)
      if not c then
        assert.is_true(hcs.is_not_exist(err), tostring(err))
      else
        lived = lived + 1
        assert(hcs.gc())
        assert.equal(1, #assert(hcs.get_containers { Ids = { id } }))
        assert(c:start())
        assert.equal("alive\n", assert(c:run({ "echo", "alive" }, { check = true })).stdout)
        assert(c:terminate())
        assert(c:wait())
        assert(c:close())
      end
      assert.equal("", left(before))
    end
    sweep(40, create_script, check, id, layer, false)
    -- The sweep's last stops do not come where a wait was shorter; killed right behind its creation, a client
    -- has made it.
    os.execute(("%s %s %s %s 2>/dev/null"):format(support.lua(), support.quote(killed_script), id,
      support.quote(layer)))
    check()
    assert.is_true(lived > 0)
  end)

  it("anywhere in pause and resume leaves a container that runs, or one that can be resumed", function()
    local c <close> = assert(hcs.create_container(id, support.config()))
    assert(c:start())
    local p <close> = assert(c:create_process { "cat", CreateStdInPipe = true, CreateStdOutPipe = true })
    local stdin, stdout = p:stdio()
    local states = {}
    sweep(60, support.write_file(folder .. "/pause.lua", pause), function()
      states[c:state()] = true
      if c:state() == "Paused" then assert(c:resume()) end
      assert.equal("Running", c:state())
      assert(stdin:write "still here\n")
      assert.equal("still here\n", assert(stdout:read_some(10)))
      assert.equal("new\n", assert(c:run { "echo", "new" }).stdout)
    end, id)
    assert.same({ Running = true, Paused = true }, states)
  end)

  -- The wish to start has been sent or not, and been followed or not: whoever asks later is told which.
  it("anywhere in start leaves a container that runs since then, or one that was not started", function()
    local seen = {}
    local function check(at)
      local c <close> = assert(hcs.create_container(id, support.config()))
      local earliest = kernel.now()
      local count = killed.run(start_script, at, id)
      local function listed() return assert(hcs.get_containers { Ids = { id } })[1].State end
      local state = at % 2 == 0 and listed() or c:state()
      assert.equal(c:state(), listed())
      assert.equal(state, c:state())
      seen[state] = true
      if state == "Created" then
        assert.equal("", assert(c:statistics()).ContainerStartTime)
        earliest = kernel.now()
        assert(c:start())
      end
      local started = moment(assert(c:statistics()).ContainerStartTime)
      assert.is_true(started >= earliest - 10000 and started <= kernel.now())
      assert(c:run({ "true" }, { check = true }))
      return count
    end
    local count = check(0)
    for at = 1, count do
      local ok, err = pcall(check, at)
      if not ok then error(("killed at stop %d of %d: %s"):format(at, count, tostring(err)), 0) end
    end
    assert.is_true(seen.Created and seen.Running)
  end)

  it("anywhere in terminate, wait and close leaves nothing that gc does not remove", function()
    sweep(40, finish_script, function()
      assert(hcs.gc())
      assert.equal("", left(before))
    end, id, layer)
  end)
end)

support.nothing_left()
