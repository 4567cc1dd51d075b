-- Ctrl-C in the stand-alone `lua` raises "interrupted!" out of every waiting call, and `<close>` variables run
-- (API.md, Conventions). Each spec is a Lua program of its own that gets SIGINT while it waits.
local hcs = require "hcs"
local support = require "spec.support.linux"

-- What every program begins with: a container, a process that never ends by itself, and its streams.
local PROLOGUE = [[
  local hcs = require "hcs"
  local c <close> = assert(hcs.create_container("interrupted", {
    Layers = { { Path = (...) } }, TerminateOnLastHandleClosed = true }))
  assert(c:start())
  local p <close> = assert(c:create_process { "sh", "-c", "echo partial; exec sleep 1000",
    CreateStdInPipe = true, CreateStdOutPipe = true })
  local stdin, stdout = p:stdio()
  local done <close> = setmetatable({}, { __close = function() print "closing" end })
  assert(#hcs.poll({ stdout }, 30) == 1)
]]

-- Waits until `condition` is true, ten seconds at most.
local function eventually(condition)
  for _ = 1, 1000 do
    if condition() then return true end
    hcs.poll({}, 0.01)
  end
  return condition()
end

-- The state of a process: "S" when it sleeps, which is when it waits.
local function state(pid)
  return support.read_file(("/proc/%d/stat"):format(pid)):match "^.*%) (%a)"
end

-- Runs the program until it has said that it waits, and does; sends SIGINT. The rest of its output, its exit code.
local function interrupt(program)
  local client = support.client(PROLOGUE .. program, support.layer())
  local first = client:line()
  if first ~= "waiting" then error(tostring(first) .. "\n" .. client:wait(), 2) end
  assert.is_true(eventually(function() return state(client.pid) == "S" end))
  client:kill "INT"
  return client:wait()
end

-- The program was ended by Ctrl-C, closed its variables on the way out, and its container is gone.
local function assert_interrupted(output, code)
  assert.equal(1, code, output)
  assert(output:find("^closing\n"), output)
  assert(output:find("interrupted!", 1, true), output)
  assert.same({}, hcs.get_containers { Ids = { "interrupted" } })
end

describe("Ctrl-C raises interrupted! out of", function()
  local programs = {
    ["wait of a container"] = "print 'waiting' c:wait()",
    ["wait of a container, with a timeout"] = "print 'waiting' c:wait(1000)",
    ["wait of a process"] = "print 'waiting' p:wait()",
    ["stop"] = "local q = c:create_process { 'sh', '-c', \"trap '' TERM; echo; while :; do sleep 1000; done\", " ..
      "CreateStdOutPipe = true } q:stdout():read 'l' print 'waiting' c:stop(1000)",
    ["hcs.poll"] = "stdout:read 'l' print 'waiting' hcs.poll { c, p, stdout }",
    ["hcs.poll of nothing"] = "print 'waiting' hcs.poll({}, 1000)",
    ["run"] = "print 'waiting' c:run 'sleep 1000'",
    ["run, with a timeout"] = "print 'waiting' c:run('sleep 1000', { timeout = 1000 })",
    ["run, with input"] = "print 'waiting' c:run('sleep 1000', { input = ('x'):rep(1 << 20) })",
    ["read 'a'"] = "print 'waiting' stdout:read 'a'",
    ["read 'l'"] = "stdout:read 'l' print 'waiting' stdout:read 'l'",
    ["read 'n'"] = "stdout:read 'l' print 'waiting' stdout:read 'n'",
    ["read of a number of bytes"] = "print 'waiting' stdout:read(100)",
    ["lines"] = "for line in stdout:lines() do print 'waiting' end",
    ["read_some"] = "stdout:read 'l' print 'waiting' stdout:read_some()",
    ["write"] = "print 'waiting' stdin:write(('x'):rep(1 << 20))",
    ["write_some"] = "while stdin:write_some(('x'):rep(1 << 16), 0) do end print 'waiting' stdin:write_some('x')",
    ["communicate"] = "print 'waiting' p:communicate()",
    ["communicate, with input"] = "print 'waiting' p:communicate { input = ('x'):rep(1 << 20) }",
  }

  local names = {}
  for name in pairs(programs) do names[#names + 1] = name end
  table.sort(names)

  for _, name in ipairs(names) do
    it(name, function() assert_interrupted(interrupt(programs[name])) end)
  end
end)

describe("what was interrupted", function()
  for _, format in ipairs { '"a"', "100" } do
    it("may be called again, nothing is lost: read " .. format, function()
      local output, code = interrupt(([[
        print "waiting"
        local ok, err = pcall(stdout.read, stdout, %s)
        assert(not ok and tostring(err):find "interrupted!")
        print(stdout:read_some(0))
      ]]):format(format))
      assert.equal("partial\n\nclosing\n", output)
      assert.equal(0, code)
    end)
  end

  it("kills the process of run", function()
    local container <close> = support.container()
    local client = support.client([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container((...)))
      print "waiting"
      c:run { "sh", "-c", "echo $$ > /pid; exec sleep 1000" }
    ]], container:id())
    assert.equal("waiting", client:line())
    local pid
    assert.is_true(eventually(function()
      pid = math.tointeger(tonumber(container:run("cat /pid").stdout))
      return pid
    end))
    client:kill "INT"
    local output, code = client:wait()
    assert.equal(1, code)
    assert.matches("interrupted!", output, 1, true)
    local process <close> = assert(container:open_process(pid))
    assert.equal(137, process:wait(10))
  end)

  it("goes on after a signal that the program handles in another way", function()
    local client = support.client([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.create_container(nil, {
        Layers = { { Path = (...) } }, TerminateOnLastHandleClosed = true }))
      assert(c:start())
      print "waiting"
      print(c:run("sleep 1000", { timeout = 1 }))
    ]], support.layer())
    assert.equal("waiting", client:line())
    -- Stopping and continuing interrupts system calls.
    for _ = 1, 3 do
      client:kill "STOP"
      client:kill "CONT"
    end
    local output, code = client:wait()
    assert.equal(0, code)
    assert.matches("no end within 1 s", output, 1, true)
  end)
end)

support.nothing_left()
