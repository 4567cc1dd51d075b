-- pause and resume: what a container is and does meanwhile.
local hcs = require "hcs"
local support = require "spec.support"

local failure, puppet = support.failure, support.puppet

local ALREADY_STOPPED = 0xC0370110
local INVALID_STATE = 0xC0370105
-- Long enough for a process that runs to be heard of, on a slow machine too.
local QUIET_SECONDS = 0.3

describe("pause", function()
  it("stops a process; resume lets it go on", function()
    local c <close> = support.container()
    local p <close>, stdin, stdout = support.piped(c, "cat")
    assert(stdin:write "before")
    assert.equal("before", stdout:read(6))
    assert.is_true(c:pause())
    assert(stdin:write "after")
    assert.is_true(hcs.is_timeout(select(2, stdout:read_some(QUIET_SECONDS))))
    assert.is_true(c:resume())
    assert.equal("after", stdout:read(5))
    assert(p:close_stdin())
    assert.equal(0, p:wait(10))
  end)

  it("works without a process", function()
    local c <close> = support.container()
    assert.is_true(c:pause())
    assert.equal("Paused", c:state())
    assert.is_true(c:resume())
    assert.equal("ok\n", assert(c:run(puppet("print", "ok\n"))).stdout)
  end)

  it("makes the state Paused, for every handle, query and in tostring", function()
    local c <close> = support.container()
    local other <close> = assert(hcs.open_container(c:id()))
    local function states()
      local found = assert(hcs.get_containers { Ids = { c:id() } })
      return { c:state(), other:state(), c:properties().State, found[1].State, tostring(c):match "%((%a+)%)" }
    end
    local function all(state) return { state, state, state, state, state } end
    assert(c:pause())
    assert.same(all "Paused", states())
    assert(other:resume())
    assert.same(all "Running", states())
  end)

  it("is for running containers, resume for paused ones", function()
    local c <close> = assert(hcs.create_container(nil, support.config()))
    failure(INVALID_STATE, c:pause())
    failure(INVALID_STATE, c:resume())
    assert(c:start())
    failure(INVALID_STATE, c:resume())
    assert(c:pause())
    local err = failure(INVALID_STATE, c:pause())
    assert.is_true(hcs.is_operation_invalid_state(err))
    assert.equal("hcs::System::Pause", err.operation)
    assert(c:resume())
    assert(c:shutdown())
    assert(c:wait(10))
    failure(ALREADY_STOPPED, c:pause())
    failure(ALREADY_STOPPED, c:resume())
  end)
end)

describe("a paused container", function()
  local c, p

  before_each(function()
    c = support.container()
    p = assert(c:create_process(puppet("sleep", 1000)))
    assert(c:pause())
  end)
  after_each(function()
    assert(c:close())
    c, p = nil, nil
  end)

  it("is terminated", function()
    assert.is_true(c:terminate())
    assert.is_true(c:wait(10))
    assert.equal(support.KILLED, p:wait(0))
    assert.equal(support.KILL_SIGNAL, p:exit_signal())
    assert.equal("ForcedExit", c:properties().ExitType)
  end)

  it("is stopped by stop", function()
    assert.is_true(c:stop(0.1))
    assert.equal("Stopped", c:state())
  end)

  it("ends with its last handle", function()
    local id = c:id()
    assert.is_true(c:close())
    failure(0xC037010E, hcs.open_container(id))
    assert.equal(support.KILLED, p:wait(10))
  end)
end)

support.nothing_left()
