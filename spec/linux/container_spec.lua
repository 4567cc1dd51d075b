-- Containers as Linux has them: signals at their end, other clients, a guest that is lost.
local hcs = require "hcs"
local support = require "spec.support.linux"

local INVALID_STATE, UNEXPECTED_EXIT = 0xC0370105, 0xC0370106

local failure = support.failure

-- What get_containers tells of an id, nil if it is not listed.
local function listed(id)
  return assert(hcs.get_containers { Ids = { id } })[1]
end

-- A shell process that says "ready" before it goes on with `script`.
local function ready_process(container, script, pipes)
  local config = { "sh", "-c", script, CreateStdOutPipe = true }
  for name, value in pairs(pipes or {}) do config[name] = value end
  local process = assert(container:create_process(config))
  local output = assert(process:stdout())
  assert.equal("ready", output:read "l")
  return process, output
end

-- Kills the container's guest from outside, as an administrator's mistake would.
local function lose_guest(id)
  local guest = support.shell(("grep -lF '/c-%s-' /proc/[0-9]*/cgroup 2>/dev/null || :"):format(id))
  for pid in guest:gmatch "/proc/(%d+)/cgroup" do
    local status = support.read_file("/proc/" .. pid .. "/status")
    if status:match "NSpid:%s+%d+%s+1\n" then support.shell("kill -KILL " .. pid) return end
  end
  error "no guest found"
end

describe("hcs.open_container", function()
  it("opens from any process", function()
    local c <close> = support.container()
    local client = support.client([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container((...)))
      print(c:state(), c:run { "echo", "from another process" }.stdout)
    ]], c:id())
    local output, code = client:wait()
    assert.equal("Running\tfrom another process\n\n", output)
    assert.equal(0, code)
    assert.equal("Running", c:state())
  end)
end)

describe("shutdown", function()
  it("sends SIGTERM to every process; the end is graceful", function()
    local c <close> = support.container()
    local script = "trap 'exit %d' TERM; echo ready; while :; do sleep 0.02; done"
    local first = ready_process(c, script:format(5))
    local second = ready_process(c, script:format(6))
    local plain = ready_process(c, "echo ready; exec sleep 1000")
    assert.is_true(c:shutdown())
    assert.is_true(c:wait(10))
    assert.equal(5, first:wait(0))
    assert.is_nil(first:exit_signal())
    assert.equal(6, second:wait(0))
    assert.equal(128 + 15, plain:wait(0))
    assert.equal("TERM", plain:exit_signal())
    assert.equal("Stopped", c:state())
    assert.equal("GracefulExit", c:properties().ExitType)
  end)

  it("sends it once", function()
    local c <close> = support.container()
    -- SIGWINCH has a higher number than SIGTERM: a second SIGTERM would have been delivered before it.
    local p, output = ready_process(c,
      "trap 'echo term' TERM; trap 'exit 0' WINCH; echo ready; while :; do sleep 0.02; done")
    assert.is_true(c:shutdown())
    assert.equal("term", output:read "l")
    assert.is_true(c:shutdown())
    assert.is_true(p:signal "WINCH")
    assert.equal("", output:read "a")
    assert.is_true(c:wait(10))
    assert.equal(0, p:wait(0))
  end)

  it("ends the container when the last process is gone, and refuses new ones meanwhile", function()
    local c <close> = support.container()
    local stubborn = ready_process(c, "trap '' TERM; echo ready; read x; exit 3", { CreateStdInPipe = true })
    local other <close> = assert(hcs.open_container(c:id()))
    assert.is_true(c:shutdown())
    for _, handle in ipairs { c, other } do
      local err = failure(INVALID_STATE, handle:create_process "true")
      assert.is_true(hcs.is_operation_invalid_state(err))
      failure(INVALID_STATE, handle:run "true")
    end
    failure("Timeout", c:wait(0.05))
    assert.equal("Running", c:state())
    assert(stubborn:stdin():write "\n")
    assert.is_true(c:wait(10))
    assert.equal(3, stubborn:wait(0))
    assert.equal("GracefulExit", c:properties().ExitType)
  end)

  it("waits for what processes have left behind, too", function()
    local c <close> = support.container()
    local pid = math.tointeger(assert(c:run { "sh", "-c",
      "trap '' TERM; sleep 1000 >/dev/null 2>&1 & echo $!" }).stdout)
    local daemon = assert(c:open_process(pid))
    assert.is_true(c:shutdown())
    failure("Timeout", c:wait(0.05))
    assert.is_true(daemon:kill())
    assert.is_true(c:wait(10))
  end)
end)

describe("terminate", function()
  it("ends a container that is shutting down", function()
    local c <close> = support.container()
    local p = ready_process(c, "trap '' TERM; echo ready; while :; do sleep 1000; done")
    assert.is_true(c:shutdown())
    failure("Timeout", c:wait(0))
    assert.is_true(c:terminate())
    assert.is_true(c:wait(10))
    assert.equal(137, p:wait(0))
    assert.equal("ForcedExit", c:properties().ExitType)
  end)
end)

describe("wait", function()
  it("may begin before the end: two waiters on two handles", function()
    local c <close> = assert(hcs.create_container(nil, support.config()))
    local waiters = {}
    for i = 1, 2 do
      waiters[i] = support.client([[
        local hcs = require "hcs"
        local c <close> = assert(hcs.open_container((...)))
        print "waiting"
        print(c:wait())
        print(c:state(), c:properties().ExitType)
      ]], c:id())
    end
    for _, waiter in ipairs(waiters) do assert.equal("waiting", waiter:line()) end
    assert(c:start())
    assert(c:terminate())
    for _, waiter in ipairs(waiters) do assert.equal("true\nStopped\tForcedExit\n", waiter:wait()) end
    assert.is_true(c:wait(10))
  end)

  it("reports an end when nothing of the container is there any more", function()
    local before = support.residue.snapshot()
    local c <close> = support.container()
    local id, descriptor = c:id(), c:pollfd()
    assert(c:create_process "sleep 1000"):close()
    assert(c:terminate())
    assert.is_true(c:wait(10))
    assert.is_nil(listed(id))
    assert.equal("r", c:events())
    assert.equal(descriptor, c:pollfd())
    for _, text in ipairs(support.residue.living(before)) do
      assert.matches("^descriptor ", text) -- the open handle's own
    end
  end)

  it("is 0xC0370106 after an unexpected end", function()
    local c <close> = support.container()
    local p = assert(c:create_process "sleep 1000")
    lose_guest(c:id())
    local err = failure(UNEXPECTED_EXIT, c:wait(10))
    assert.equal("VmcomputeUnexpectedExit", err.name)
    failure(UNEXPECTED_EXIT, c:wait(0))
    failure("UnexpectedProcessAbort", p:wait(10))
    assert.equal("Stopped", c:state())
    assert.equal("UnexpectedExit", c:properties().ExitType)
    assert.is_nil(listed(c:id()))
    assert.is_true(c:terminate())
    assert.is_true(c:shutdown())
    assert.is_true(c:stop())
  end)
end)

describe("stop", function()
  it("is graceful if it can be", function()
    local c <close> = support.container()
    local p = ready_process(c, "trap 'exit 4' TERM; echo ready; while :; do sleep 0.02; done")
    assert.is_true(c:stop())
    assert.equal("Stopped", c:state())
    assert.equal(4, p:exit_code())
    assert.equal("GracefulExit", c:properties().ExitType)
    assert.is_nil(listed(c:id()))
  end)

  it("uses force after its timeout", function()
    local c <close> = support.container()
    local p = ready_process(c, "trap '' TERM; echo ready; while :; do sleep 1000; done")
    assert.is_true(c:stop(0.05))
    assert.equal(137, p:exit_code())
    assert.equal("ForcedExit", c:properties().ExitType)
    assert.is_nil(listed(c:id()))
  end)
end)

describe("after the end", function()
  it("its descriptor is valid and ready until close", function()
    local c <close> = support.container()
    local descriptor = assert(c:pollfd())
    assert(c:terminate())
    assert(c:wait(10))
    assert.equal("integer", math.type(c:pollfd()))
    assert.equal(descriptor, c:pollfd())
    assert.same({ c }, hcs.poll({ c }, 0))
  end)
end)

support.nothing_left()
