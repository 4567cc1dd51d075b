-- Several client processes and one container: handles, exit codes and ends are the container's, not the
-- client's that made it.
local busted = require "busted"
local lfs = require "lfs"
local hcs = require "hcs"
local support = require "spec.support.linux"

local UNEXPECTED_EXIT = 0xC0370106
local layer = support.layer()

-- Starts another client that has hcs, the layer and its arguments, and speaks in lines.
local function client(chunk, ...)
  return support.client(([[
    local hcs = require "hcs"
    local layer = %q
    local function config(last)
      return { Layers = { { Path = layer } }, TerminateOnLastHandleClosed = last }
    end
    -- Until it is killed, or something ends it.
    local function stay() hcs.poll({}, 600) end
  ]]):format(layer) .. chunk, ...)
end

-- What the client prints, after its end by itself.
local function output_of(...)
  local output, code = client(...):wait()
  assert.equal(0, code, output)
  return output
end

-- Waits until `condition` gives something, for at most ten seconds; for what no descriptor tells.
local function eventually(condition, what)
  for _ = 1, 1000 do
    local result = condition()
    if result then return result end
    busted.sleep(0.01)
  end
  error("did not happen within 10 s: " .. what, 2)
end

local function exists(id)
  return #assert(hcs.get_containers { Ids = { id } }) == 1
end

local guest_of = support.guest_of

local function signal(name, pid) support.shell(("kill -%s %d"):format(name, pid)) end

describe("a second client", function()
  it("gets the exit code of a process that the first one started, while it runs", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process { "sh", "-c", "read line; exit 42", CreateStdInPipe = true })
    local other = client([[
      local c <close> = assert(hcs.open_container(arg[1]))
      local p <close> = assert(c:open_process(tonumber(arg[2])))
      assert(not p:exit_code())
      print "open"
      print(p:wait(), p:exit_code(), p:exit_signal())
    ]], c:id(), p:pid())
    assert.equal("open", other:line())
    assert(p:stdin()):write "go\n"
    assert.equal(42, p:wait(10))
    assert.same({ "42\t42\tnil\n", 0 }, { other:wait() })
  end)

  it("gets it after the end, and for the signal that ended it", function()
    local c <close> = support.container()
    local exited <close> = assert(c:create_process { "sh", "-c", "exit 7" })
    local killed <close> = assert(c:create_process { "sleep", "1000" })
    assert(killed:kill())
    assert.equal(7, exited:wait(10))
    assert.equal(137, killed:wait(10))
    assert.equal("7\tnil\t137\tKILL\n", output_of([[
      local c <close> = assert(hcs.open_container(arg[1]))
      local exited <close> = assert(c:open_process(tonumber(arg[2])))
      local killed <close> = assert(c:open_process(tonumber(arg[3])))
      print(exited:exit_code(), exited:exit_signal(), killed:wait(0), killed:exit_signal())
    ]], c:id(), exited:pid(), killed:pid()))
  end)

  it("gets it also when every other handle on the process is closed", function()
    local c <close> = support.container()
    local p = assert(c:create_process { "sh", "-c", "exit 9" })
    local pid = p:pid()
    assert.equal(9, p:wait(10))
    assert(p:close())
    assert.equal("9\n", output_of([[
      local c <close> = assert(hcs.open_container(arg[1]))
      print(assert(c:open_process(tonumber(arg[2]))):exit_code())
    ]], c:id(), pid))
  end)

  it("lists and describes the container as the first one does", function()
    local c <close> = support.container { Name = "listed", Owner = "client_spec " .. support.pid() }
    local properties = assert(c:properties())
    assert.equal(("%s\tlisted\tRunning\t%s\n"):format(c:id(), properties.RuntimeID or properties.RuntimeId),
      output_of([[
        local all = assert(hcs.get_containers { Owners = { arg[1] } })
        assert(#all == 1)
        print(all[1].Id, all[1].Name, all[1].State, all[1].RuntimeID or all[1].RuntimeId)
      ]], properties.Owner))
  end)

  it("starts processes, and signals those of the first", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process { "sleep", "1000" })
    assert.equal("from the second\n0\n", output_of([[
      local c <close> = assert(hcs.open_container(arg[1]))
      io.write(assert(c:run { "echo", "from the second" }).stdout)
      local p = assert(c:open_process(tonumber(arg[2])))
      assert(p:signal "TERM")
      assert(p:wait(10) == 143)
      print(c:run { "true" }.exit_code)
    ]], c:id(), p:pid()))
    assert.equal(143, p:wait(10))
    assert.equal("TERM", p:exit_signal())
  end)

  it("ends the container for both", function()
    local c <close> = support.container()
    assert.equal("true\n", output_of([[
      local c <close> = assert(hcs.open_container(arg[1]))
      assert(c:terminate())
      print(c:wait(10))
    ]], c:id()))
    assert.is_true(c:wait(10))
    assert.equal("Stopped", c:state())
    assert.is_false(exists(c:id()))
  end)

  it("keeps the container alive when the first one has closed its handle, and ends it with its own", function()
    local c = support.container()
    local id = c:id()
    local other = client([[
      local c <close> = assert(hcs.open_container(arg[1]))
      print "open"
      stay()
    ]], id)
    assert.equal("open", other:line())
    assert(c:close())
    assert.is_true(exists(id))
    other:kill()
    other:wait()
    eventually(function() return not exists(id) end, "the end with the last handle")
    eventually(function() return assert(hcs.gc()) == 1 end, "something for gc to clean")
  end)
end)

describe("all waits of all clients on one process", function()
  it("give the same answer", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process { "sh", "-c", "read line; exit 77", CreateStdInPipe = true })
    local again <close> = assert(c:open_process(p:pid()))
    local others = {}
    for i = 1, 5 do
      others[i] = client([[
        local c <close> = assert(hcs.open_container(arg[1]))
        local a <close> = assert(c:open_process(tonumber(arg[2])))
        local b <close> = assert(c:open_process(tonumber(arg[2])))
        print "open"
        print(a:wait(), b:wait(), a:exit_code())
      ]], c:id(), p:pid())
    end
    for _, other in ipairs(others) do assert.equal("open", other:line()) end
    assert(p:close_stdin())
    assert.equal(77, p:wait(10))
    assert.equal(77, again:wait(10))
    for _, other in ipairs(others) do assert.same({ "77\t77\t77\n", 0 }, { other:wait() }) end
  end)

  it("give different processes their own codes", function()
    local c <close> = support.container()
    local pids = {}
    for i = 1, 20 do
      local p <close> = assert(c:create_process { "sh", "-c", "exit " .. i })
      pids[i] = p:pid()
    end
    local codes = output_of([[
      local c <close> = assert(hcs.open_container(arg[1]))
      for i = 2, #arg do print(assert(c:open_process(tonumber(arg[i]))):wait(10)) end
    ]], c:id(), table.unpack(pids))
    local i = 0
    for code in codes:gmatch "%d+" do
      i = i + 1
      assert.equal(i, tonumber(code))
    end
    assert.equal(20, i)
  end)
end)

describe("a client killed with SIGKILL", function()
  it("takes a container with it that ends with its last handle; gc cleans up", function()
    local other = client [[
      local c = assert(hcs.create_container(nil, config(true)))
      assert(c:start())
      local p = assert(c:create_process { "sleep", "1000" })
      print(c:id())
      stay()
    ]]
    local id = other:line()
    assert.is_true(exists(id))
    local c = assert(hcs.open_container(id))
    local guest = guest_of(c)
    assert(c:close())
    other:kill()
    local _, code, by = other:wait()
    assert.same({ nil, 9 }, { code, by })
    eventually(function() return not exists(id) end, "the end with the last handle")
    local opened, err = hcs.open_container(id)
    assert.is_nil(opened)
    assert.is_true(hcs.is_not_exist(err))
    eventually(function() return assert(hcs.gc()) == 1 end, "something for gc to clean")
    assert.equal(0, hcs.gc())
    -- The host's init has to see it, then its pid is free.
    eventually(function() return lfs.attributes("/proc/" .. guest) == nil end, "the guest's end")
    assert.is_nil(lfs.attributes(support.residue.state_directory() .. "/" .. id))
  end)

  it("leaves a container alone that does not; it can be opened, used and ended", function()
    local other = client [[
      local c = assert(hcs.create_container(nil, config(false)))
      assert(c:start())
      local p = assert(c:create_process { "sh", "-c", "trap 'exit 5' USR1; while :; do sleep 0.01; done" })
      print(c:id(), p:pid())
      stay()
    ]]
    local id, pid = other:line():match "(%S+)\t(%d+)"
    other:kill()
    other:wait()
    assert.equal(0, hcs.gc())
    assert.is_true(exists(id))
    local c <close> = assert(hcs.open_container(id))
    assert.equal("Running", c:state())
    local p <close> = assert(c:open_process(math.tointeger(pid)))
    local code, err = p:wait(0)
    assert.is_nil(code)
    assert.is_true(hcs.is_timeout(err))
    -- The shell may not have come to its trap yet; then the signal ends it.
    assert(p:signal "USR1")
    code = p:wait(10)
    assert.is_true(code == 5 or code == 128 + 10)
    assert.equal("used\n", assert(c:run { "echo", "used" }).stdout)
    assert(c:terminate())
    assert.is_true(c:wait(10))
    assert.is_false(exists(id))
  end)

  it("leaves its processes at the end of their input", function()
    local c <close> = support.container()
    local other = client([[
      local c = assert(hcs.open_container(arg[1]))
      local p = assert(c:create_process { "sh", "-c", "cat; exit 21", CreateStdInPipe = true })
      print(p:pid())
      stay()
    ]], c:id())
    local p <close> = assert(c:open_process(math.tointeger(other:line())))
    local code, err = p:wait(0)
    assert.is_nil(code)
    assert.is_true(hcs.is_timeout(err))
    other:kill()
    other:wait()
    assert.equal(21, p:wait(10))
  end)

  it("gives those that write SIGPIPE", function()
    local c <close> = support.container()
    local other = client([[
      local c = assert(hcs.open_container(arg[1]))
      local p = assert(c:create_process { "yes", CreateStdOutPipe = true })
      assert(p:stdout():read "l" == "y")
      print(p:pid())
      stay()
    ]], c:id())
    local p <close> = assert(c:open_process(math.tointeger(other:line())))
    other:kill()
    other:wait()
    assert.equal(128 + 13, p:wait(10))
    assert.equal("PIPE", p:exit_signal())
  end)

  it("does not disturb processes without pipes", function()
    local c <close> = support.container()
    local other = client([[
      local c = assert(hcs.open_container(arg[1]))
      print(assert(c:create_process { "sh", "-c", "while [ ! -e /go ]; do sleep 0.01; done; exit 3" }):pid())
      stay()
    ]], c:id())
    local p <close> = assert(c:open_process(math.tointeger(other:line())))
    other:kill()
    other:wait()
    assert(c:run({ "touch", "/go" }, { check = true }))
    assert.equal(3, p:wait(10))
  end)
end)

describe("two clients that create the same id at once", function()
  it("come to exactly one container", function()
    local folder = support.temporary_folder()
    local ROUNDS = support.rounds(50)
    -- Each says that it is ready, and begins when the file of the round is there; the winner removes its
    -- container when the other has tried too.
    local chunk = [[
      local folder, rounds, me, other = arg[1], tonumber(arg[2]), arg[3], arg[4]
      local function there(name)
        local file = io.open(folder .. "/" .. name)
        if file then file:close() end
        return file ~= nil
      end
      local function say(name) assert(io.open(folder .. "/" .. name, "w")):close() end
      for round = 1, rounds do
        say("ready." .. round .. me)
        repeat until there("ready." .. round .. other)
        local c, err = hcs.create_container("contested", config(true))
        print(c and "won" or hcs.is_already_exists(err) and "lost" or tostring(err))
        say("tried." .. round .. me)
        repeat until there("tried." .. round .. other)
        if c then assert(c:close()) end
        say("done." .. round .. me)
        repeat until there("done." .. round .. other)
      end
    ]]
    local a, b = client(chunk, folder, ROUNDS, "a", "b"), client(chunk, folder, ROUNDS, "b", "a")
    local problems = {}
    for round = 1, ROUNDS do
      local results = { a:line(), b:line() }
      table.sort(results)
      if table.concat(results, " ") ~= "lost won" then
        problems[#problems + 1] = round .. ": " .. table.concat(results, " ")
        if #results < 2 then break end
      end
    end
    if #problems > 0 then
      a:kill()
      b:kill()
    end
    local rest, code = a:wait()
    assert.same({}, problems)
    assert.same({ "", 0, "", 0 }, { rest, code, b:wait() })
    support.remove(folder)
  end)
end)

describe("a guest that is lost", function()
  it("makes the container's end unexpected, for every client, and leaves nothing", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process { "sleep", "1000" })
    local other = client([[
      local c <close> = assert(hcs.open_container(arg[1]))
      local p <close> = assert(c:open_process(tonumber(arg[2])))
      print "open"
      local code, err = p:wait()
      print(code, err.name)
      local ended, why = c:wait()
      print(ended, ("0x%X"):format(why.code))
      print(c:properties().ExitType)
    ]], c:id(), p:pid())
    assert.equal("open", other:line())
    signal("KILL", guest_of(c))

    local code, err = p:wait(10)
    assert.is_nil(code)
    assert.equal("UnexpectedProcessAbort", err.name)
    local ended
    ended, err = c:wait(10)
    assert.is_nil(ended)
    assert.equal(UNEXPECTED_EXIT, err.code)
    assert.equal("UnexpectedExit", assert(c:properties()).ExitType)
    assert.equal("Stopped", c:state())
    assert.same({ "nil\tUnexpectedProcessAbort\nnil\t0xC0370106\nUnexpectedExit\n", 0 }, { other:wait() })

    assert.is_false(exists(c:id()))
    assert.is_nil(lfs.attributes(support.residue.state_directory() .. "/" .. c:id()))
    assert.equal(0, hcs.gc())
    -- The answer stays, and the id is free.
    ended, err = c:wait()
    assert.same({ nil, UNEXPECTED_EXIT }, { ended, err.code })
    local successor <close> = assert(hcs.create_container(c:id(), support.config()))
    assert.equal("Created", successor:state())
  end)

  it("does not take what is called afterwards by surprise", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process { "sleep", "1000" })
    local guest = guest_of(c)
    signal("KILL", guest)
    eventually(function() return lfs.attributes("/proc/" .. guest) == nil end, "the guest's end")
    assert.is_true(c:terminate())
    local process, err = c:create_process { "true" }
    assert.is_nil(process)
    assert.equal(0xC0370110, err.code)
    local killed
    killed, err = p:kill()
    assert.is_nil(killed)
    assert.equal("string", type(err.message))
    c:wait(10)
  end)

  it("is cleaned up by gc when no client waits for it", function()
    local c = support.container { TerminateOnLastHandleClosed = false }
    local id, guest = c:id(), guest_of(c)
    signal("KILL", guest)
    eventually(function() return not exists(id) end, "the guest's end")
    assert.equal(1, hcs.gc())
    assert.is_nil(lfs.attributes(support.residue.state_directory() .. "/" .. id))
    -- gc does not take the answer away from an open handle.
    local ended, err = c:wait(10)
    assert.same({ nil, UNEXPECTED_EXIT }, { ended, err.code })
    assert(c:close())
  end)
end)

describe("a guest that is stopped", function()
  local function elapsed(call)
    local begin = support.read_file "/proc/uptime":match "%S+"
    call()
    return support.read_file "/proc/uptime":match "%S+" - begin
  end

  it("is ended by terminate all the same, as forced, within three seconds", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process { "sleep", "1000" })
    signal("STOP", guest_of(c))
    local seconds = elapsed(function()
      assert.is_true(c:terminate())
      assert.is_true(c:wait(10))
    end)
    assert.is_true(seconds < 3.5, seconds .. " s")
    assert.equal("ForcedExit", assert(c:properties()).ExitType)
    assert.equal(137, p:wait(0))
    assert.equal("KILL", p:exit_signal())
    assert.is_false(exists(c:id()))
  end)

  it("holds up neither the list nor the state", function()
    local c <close> = support.container()
    local guest = guest_of(c)
    signal("STOP", guest)
    local seconds = elapsed(function()
      assert.is_true(exists(c:id()))
      assert.equal("Running", c:state())
      assert.equal("Running", assert(c:properties()).State)
      assert.equal(0, hcs.gc())
      local ended, err = c:wait(0)
      assert.is_nil(ended)
      assert.is_true(hcs.is_timeout(err))
    end)
    signal("CONT", guest)
    assert.is_true(seconds < 1, seconds .. " s")
    assert.equal(0, assert(c:run { "true" }).exit_code)
  end)
end)

describe("gc", function()
  it("does nothing when nothing is dead", function()
    assert.equal(0, hcs.gc())
    local created <close> = assert(hcs.create_container(nil, support.config()))
    local running <close> = support.container()
    assert.equal(0, hcs.gc())
    assert.equal("Created", created:state())
    assert.equal(0, assert(running:run { "true" }).exit_code)
  end)

  it("cleans up several at once, and leaves the living", function()
    local living <close> = support.container()
    local others = {}
    local ids = {}
    for i = 1, 5 do
      others[i] = client [[
        local c = assert(hcs.create_container(nil, config(true)))
        assert(c:start())
        print(c:id())
        stay()
      ]]
    end
    for i, other in ipairs(others) do ids[i] = other:line() end
    for _, other in ipairs(others) do other:kill() end
    for _, other in ipairs(others) do other:wait() end
    eventually(function() return #assert(hcs.get_containers { Ids = ids }) == 0 end, "the end of all five")
    assert.equal(5, hcs.gc())
    assert.equal(0, hcs.gc())
    assert.equal(0, assert(living:run { "true" }).exit_code)
  end)

  it("says what it cannot read, leaves it alone, and cleans up the rest", function()
    local folder = support.residue.state_directory()
    local other = client [[
      local c = assert(hcs.create_container(nil, config(true)))
      print(c:id())
      stay()
    ]]
    local id = other:line()
    assert(lfs.mkdir(folder .. "/rubbish"))
    support.write_file(folder .. "/rubbish/record", "{")
    support.write_file(folder .. "/file", "")
    other:kill()
    other:wait()
    eventually(function() return not exists(id) end, "the end with the last handle")
    local cleaned, err = hcs.gc()
    local listed, problem = hcs.get_containers()
    local kept = support.read_file(folder .. "/rubbish/record")
    os.remove(folder .. "/rubbish/record")
    lfs.rmdir(folder .. "/rubbish")
    os.remove(folder .. "/file")
    assert.is_nil(cleaned)
    assert.matches("container 'rubbish': a container's record", err.message, 1, true)
    assert.equal("{", kept)
    assert.same({}, assert(listed, problem))
    assert.is_nil(lfs.attributes(folder .. "/" .. id))
    assert.equal(0, hcs.gc())
  end)
end)

support.nothing_left()
