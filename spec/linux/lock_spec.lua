-- The lock of a container: a client that holds it and does not come to its end (stopped by a signal, say) makes
-- the others wait, but not for ever.
local hcs = require "hcs"
local support = require "spec.support.linux"

local contains, failure = support.contains, support.failure

local TIMEOUT = "Timeout"

local function state_of(c)
  return support.residue.state_directory() .. "/" .. c:id()
end

-- What a client prints that does `body` with the container `c` under an environment in which everything has a
-- second; `script` stands for the client's Lua.
local function client_output(c, body)
  local script = support.write_file(os.tmpname(), [[
    local hcs = require "hcs"
    local c <close> = assert(hcs.open_container((...)))
    local function try(ok, err) print(ok, err and err.name, err and err.operation, err and err.message) end
  ]] .. body)
  local output = support.shell(("HCSSHIM_TIMEOUT_SYSTEMPAUSE=1 HCSSHIM_TIMEOUT_SYSTEMRESUME=1 " ..
    "HCSSHIM_TIMEOUT_SYSCALLWATCHER=1 timeout 60 env %s %s %s"):format(support.lua(), script, c:id()))
  os.remove(script)
  return output
end

-- Holds the lock while `work` runs, as a client does that was stopped at work.
local function with_lock(c, work)
  local holder = assert(io.popen(("flock %s sh -c 'echo $$; exec sleep 1000'"):format(state_of(c))))
  local pid = holder:read "l"
  local ok, err = pcall(work)
  support.shell("kill " .. pid)
  holder:close()
  assert(ok, err)
end

describe("a container whose lock another client keeps", function()
  local c
  before_each(function() c = support.container() end)
  after_each(function() assert(c:close()) end)

  for _, row in ipairs {
    { "pause", "Pause", "try(c:pause())" },
    { "resume", "Resume", "try(c:resume())", "Paused" },
    { "modify", "Modify", [[try(c:modify { ResourceType = "Memory", RequestType = "Update",
      Settings = { MemoryMaximumInMB = 64 } })]] },
  } do
    local name, operation, call, state = table.unpack(row)
    it("makes " .. name .. " a Timeout that says so, and leaves everything as it is", function()
      if state == "Paused" then assert(c:pause()) end
      with_lock(c, function()
        local output = client_output(c, call)
        contains(("nil\t%s\thcs::System::%s\t"):format(TIMEOUT, operation), output)
        contains("it holds the lock of " .. state_of(c) .. ", and lslocks or fuser tell who that is", output)
      end)
      assert.equal(state or "Running", c:state())
      if state == "Paused" then assert(c:resume()) end
      assert(c:pause())
      assert(c:resume())
    end)
  end

  it("is changed as soon as the lock is free", function()
    local client
    with_lock(c, function()
      client = support.client([[
        local hcs = require "hcs"
        local c <close> = assert(hcs.open_container(arg[1]))
        print "begin"
        print(c:pause())
      ]], c:id())
      assert.equal("begin", client:line())
    end)
    assert.equal("true", client:line())
    client:wait()
    assert(c:resume())
  end)

  it("answers what needs no lock, and can be terminated", function()
    with_lock(c, function()
      assert.equal("Running", c:state())
      assert.equal("ok\n", c:run("echo ok").stdout)
      assert(c:statistics())
      assert(hcs.gc())
      assert.is_true(c:terminate())
    end)
    assert.is_true(c:wait(10))
  end)

  -- Ten seconds even for who wants to wait less: mostly it is someone who is cleaning up.
  it("makes wait after the end a Timeout, and what is there is cleaned up later #once", function()
    with_lock(c, function()
      assert.is_true(c:terminate())
      local err = failure(TIMEOUT, c:wait(5))
      contains("it holds the lock of " .. state_of(c), err.message)
    end)
    assert.is_true(c:wait(10))
  end)
end)

support.nothing_left()
