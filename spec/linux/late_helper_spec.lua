-- The helper that maps something into a running container, and takes it out, when it does not come to its end:
-- what it does later must not meet what others do then.
local busted = require "busted"
local cjson = require "cjson"
local lfs = require "lfs"
local support = require "spec.support.linux"

local contains = support.contains

local build = os.getenv "HCS_BUILD" or "build"

describe("a helper that does not come to its end", function()
  local folder, c, script

  before_each(function()
    folder = support.temporary_folder()
    script = support.write_file(folder .. "/client.lua", [[
      local hcs = require "hcs"
      local id, verb, folder, said = table.unpack(arg)
      local c <close> = assert(hcs.open_container(id))
      local ok, err = c:modify { ResourceType = "MappedDirectory", RequestType = verb,
        Settings = { HostPath = verb == "Add" and folder or nil, ContainerPath = "/data" } }
      local file = assert(io.open(said .. ".new", "w"))
      file:write(tostring(ok), " ", tostring(err and err.name), " ", tostring(err and err.message))
      file:close()
      os.rename(said .. ".new", said)
    ]])
    c = support.container()
  end)
  after_each(function()
    assert(c:close())
    support.remove(folder)
  end)

  local function said()
    for _ = 1, 2000 do
      if lfs.attributes(folder .. "/said") then break end
      busted.sleep(0.01)
    end
    local text = support.read_file(folder .. "/said")
    os.remove(folder .. "/said")
    return text
  end

  -- The command of a client that has a second for its request.
  local function client(verb, program)
    return table.concat({ "HCSSHIM_TIMEOUT_SYSCALLWATCHER=1", program or "", "env", support.lua(), script, c:id(),
      verb, folder, folder .. "/said" }, " ")
  end

  -- One whose helper is held at a system call: it can be killed there, but for the time that `stuck` is there.
  local function held(verb, call, stuck)
    -- The leak sanitizer does not work under ptrace.
    return "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 " .. client(verb, table.concat({ support.quote(build) ..
      "/test/hold_at_program hcs-helper", call, stuck or folder .. "/not-there" }, " "))
  end

  local LATE = "nil Timeout the helper that works in the container does not come to an end"

  local function modify(verb)
    support.shell(client(verb))
    assert.equal("true nil nil", said())
  end

  -- What is recorded, and what is there.
  local function assert_mapped(is_mapped)
    local text = support.read_file(support.residue.state_directory() .. "/" .. c:id() .. "/record")
    assert.equal(is_mapped and 1 or 0, #((cjson.decode(text).mapped or {}).MappedDirectories or {}))
    assert.equal(is_mapped and "client.lua\n" or "", c:run("ls /data").stdout)
  end

  it("is killed: nothing was added, and it can be", function()
    support.shell(held("Add", "move_mount"))
    assert.equal(LATE, said())
    assert_mapped(false)
    modify "Add"
    assert_mapped(true)
  end)

  it("is killed: nothing was removed, and it can be", function()
    modify "Add"
    support.shell(held("Remove", "umount2"))
    assert.equal(LATE, said())
    assert_mapped(true)
    modify "Remove"
    assert_mapped(false)
  end)

  it("keeps the lock if it cannot be killed, as long as it lives", function()
    local stuck = support.write_file(folder .. "/stuck", "")
    local pipe = assert(io.popen(held("Add", "move_mount", stuck)))
    assert.equal(LATE, said())
    support.shell(client "Add")
    contains("nil Timeout another client is at work on the container", said())
    os.remove(stuck)
    pipe:close()
    modify "Add"
    assert_mapped(true)
  end)
end)

support.nothing_left()
