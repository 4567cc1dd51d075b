-- The host program is not disturbed: test/host_program.c is one with threads, children, a SIGCHLD handler and
-- a waitpid(-1) loop.
local busted = require "busted"
local hcs = require "hcs"
local support = require "spec.support.linux"

local program = (os.getenv "HCS_BUILD" or "build") .. "/test/host_program"

-- What the shell puts before the program.
local prefix = ""

-- Runs the program on a script; its output if it ends with 0.
local function host(mode, script, ...)
  local path = support.write_file(os.tmpname(), ([[
    local layer = %q
    local config = { Layers = { { Path = layer } }, TerminateOnLastHandleClosed = true }
  ]]):format(support.layer()) .. script)
  local ok, output = pcall(support.shell, prefix .. ("env LUA_PATH=%s LUA_CPATH=%s %s %s %s %s"):format(
    support.quote(package.path), support.quote(package.cpath), support.quote(program), mode, path,
    table.concat({ ... }, " ")))
  os.remove(path)
  assert(ok, output)
  return output
end

-- What is done to a container that runs; `c` and `layer` are there.
local changes = [[
  local function map(verb)
    return c:modify { ResourceType = "MappedDirectory", RequestType = verb,
      Settings = { HostPath = layer, ContainerPath = "/made/here", ReadOnly = true } }
  end
  local function update(resource, settings)
    return c:modify { ResourceType = resource, RequestType = "Update", Settings = settings }
  end
  local function console()
    local p <close>, err = c:create_process { "true", EmulateConsole = true }
    if not p then return nil, err end
    local ok, why = p:resize_console(100, 30)
    -- It may have ended.
    if not ok and why.code ~= 0x8037011F and why.code ~= 0x490 then return nil, why end
    ok, why = p:close_stdin()
    if not ok then return nil, why end
    ok, why = p:wait(60)
    if not ok then return nil, why end
    assert(ok == 0)
    return true
  end
  local changes = {
    function() return map "Add" end,
    function() return map "Remove" end,
    function() return update("Memory", { MemoryMaximumInMB = 128 }) end,
    function() return update("Processor", { ProcessorMaximum = 9000 }) end,
    function() return c:pause() end,
    function() return c:resume() end,
    function() return c:write_file("/made/file", "content", { user = "lab:daemon" }) end,
    function() return c:read_file "/made/file" end,
    function() return c:statistics() end,
    function() return c:process_list() end,
    console,
  }
]]

-- All that a thread can do in one go: every kind of descriptor, pipe and end.
local work = [[
  local hcs = require "hcs"
  local c <close> = assert(hcs.create_container(nil, config))
  assert(c:start())
  for code = 0, 2 do assert(assert(c:run { "sh", "-c", "exit " .. code }).exit_code == code) end
  local r = assert(c:run({ "sh", "-c", "cat; echo err >&2" }, { input = ("x"):rep(100000) }))
  assert(#r.stdout == 100000 and r.stderr == "err\n")

]] .. changes .. [[
  for _, change in ipairs(changes) do assert(change()) end

  -- A reader that is gone is a result, not a signal. (While another thread forks, a copy of the reader's
  -- descriptor lives on for a moment.)
  local p <close> = assert(c:create_process { "true", CreateStdInPipe = true })
  assert(p:wait(60) == 0)
  local written, err
  for _ = 1, 5000 do
    written, err = p:stdin():write "x"
    if not written then break end
    hcs.poll({}, 0.001)
  end
  assert(not written and err.errno == "EPIPE", tostring(err))

  local other <close> = assert(hcs.open_container(c:id()))
  local sleeping <close> = assert(other:create_process {
    "sleep", "1000", CreateStdOutPipe = true, CreateStdErrPipe = true,
  })
  assert(#assert(hcs.poll({ c, sleeping }, 0)) == 0)
  assert(hcs.get_containers())
  assert(hcs.gc())
  -- Failures have their own ways.
  assert(not c:create_process { "/is/not/there" })
  assert(not hcs.create_container(c:id(), config))
  assert(not hcs.create_container(nil, { Layers = { { Path = "/is/not/there" } } }))
  assert(inheritable() == 0)
  assert(sleeping:kill())
  assert(sleeping:wait(60) == 137)
  assert(c:terminate())
  assert(c:wait(60))
]]

-- Setup has programs of its own make and grow the image.
local scratch = [[
  local hcs = require "hcs"
  -- os.tmpname() would open a file that is not close-on-exec.
  local folder = ("/tmp/hcs-host-%p"):format(config)
  config.LayerFolderPath = folder
  for _, mib in ipairs { 16, 40 } do
    config.StorageSandboxSize = mib << 20
    local c <close> = assert(hcs.create_container(nil, config))
  end
  for _, name in ipairs { "/disk", "/lock", "" } do assert(os.remove(folder .. name)) end
]]

describe("a host program with threads", function()
  local ROUNDS = math.max(2, support.rounds(5))

  it("sees its own children only, no SIGCHLD of ours, and everything of its own as it was", function()
    assert.equal("ok\n", host("threads", work, ROUNDS))
  end)

  it("sees nothing of the programs that make a scratch image #once", function()
    assert.equal("ok\n", host("threads", scratch, support.rounds(5)))
    assert.equal("ok\n", host("threads", scratch, support.rounds(5), "ignore"))
  end)

  it("may ignore SIGCHLD", function()
    assert.equal("ok\n", host("threads", work, ROUNDS, "ignore"))
  end)
end)

describe("a host program whose /dev/urandom is a FIFO", function()
  -- jansson's own seed would come from there, by a descriptor that other programs inherit for a moment.
  it("does not have it opened", function()
    local folder = support.temporary_folder()
    finally(function() support.remove(folder) end)
    support.write_file(folder .. "/lua", ([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.create_container(nil, {
        Layers = { { Path = %q } }, TerminateOnLastHandleClosed = true,
      }))
      assert(c:start())
      assert(c:run "true")
      assert(c:properties())
    ]]):format(support.layer()))
    support.shell(("cd %s && mkfifo fifo && unshare -m sh -c 'mount --bind fifo /dev/urandom && exec \"$@\"' sh \z
      timeout 30 env %s lua"):format(folder, support.lua()))
  end)
end)

describe("a host program that may write small files only", function()
  -- The signal of a write beyond the limit would end it. Blocks of 512 bytes, in this shell.
  it("gets an error where that does not do", function()
    local path = support.write_file(os.tmpname(), [[
      local hcs = require "hcs"
      local c, err = hcs.create_container(nil, { Layers = { { Path = arg[1] } }, TerminateOnLastHandleClosed = true })
      print(c and "made" or err.errno, c and "" or err.message)
      if c then assert(c:start() and c:run({ "true" }, { check = true }) and c:close()) end
    ]])
    local function limited(blocks)
      return support.shell(("(ulimit -f %d; exec env %s %s %s)"):format(blocks, support.lua(), path, support.layer()))
    end
    for _, blocks in ipairs { 0, 1, 8 } do
      local output = limited(blocks)
      assert.matches("^EFBIG\t", output)
      support.contains("ulimit -f", output)
    end
    assert.equal("made\t\n", limited(2048))
    os.remove(path)
  end)
end)

describe("HCS_CGROUP_PARENT", function()
  it("is made, but not what is above it: the error says what to do", function()
    local path = support.write_file(os.tmpname(), [[
      print(require "hcs".create_container(nil, { Layers = { { Path = arg[1] } } }))
    ]])
    local output = support.shell(("HCS_CGROUP_PARENT=/hcs-spec/not-there %s %s %s"):format(
      support.lua(), path, support.layer()))
    os.remove(path)
    support.contains("HCS_CGROUP_PARENT: '/hcs-spec/not-there': the group above it is missing", output)
    support.contains("make the one above first", output)
  end)
end)

describe("a host program whose system calls are interrupted", function()
  it("sees none of that, whatever it does with a container", function()
    assert.equal("ok\n", host("alarmed", ([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.create_container(nil, config))
      assert(c:start())
    ]] .. changes .. [[
      for _ = 1, %d do
        for number, change in ipairs(changes) do
          local ok, err = change()
          assert(ok, ("%%d: %%s"):format(number, err))
        end
      end
    ]]):format(support.rounds(200))))
  end)
end)

describe("a host program without room for more descriptors", function()
  it("is told that and nothing else, and everything stays as it was", function()
    assert.equal("ok\n", host("run", [[
      local hcs = require "hcs"
      local c <close> = assert(hcs.create_container(nil, config))
      assert(c:start())
    ]] .. changes .. [[
      local function mounts() return assert(c:run { "cat", "/proc/self/mountinfo" }).stdout end
      local before = mounts()
      local function create()
        config.NetworkSharedContainerName = c:id()
        local other, err = hcs.create_container(nil, config)
        if other then
          room() -- without any it may not even be possible to clean up
          assert(other:close())
        end
        return other and true, err
      end
      changes[#changes + 1] = create
      for left = 0, 60 do
        local worked = 0
        for number, change in ipairs(changes) do
          room(left)
          local ok, err = change()
          room()
          if ok then worked = worked + 1 end
          -- What undoes what could not be done.
          local is_due = hcs.is_operation_invalid_state(err) or err and err.code == 0x490 or err and err.code == 0x2
          assert(ok or is_due or err.name == "TooManyOpenFiles", ("%d, %d left: %s"):format(number, left, err))
        end
        if c:state() == "Paused" then assert(c:resume()) end
        assert(c:state() == "Running")
        map "Remove"
        if left == 60 then assert(worked == #changes, worked) end
      end
      assert(mounts() == before)
      assert(hcs.gc() == 0)
    ]]))
  end)
end)

-- What a forked child does with the parent's handles; `check` reports by its exit code.
local fork_head = [[
  local hcs = require "hcs"
  local c = assert(hcs.create_container(nil, config))
  assert(c:start())
  local cat = assert(c:create_process { "cat", CreateStdInPipe = true, CreateStdOutPipe = true })
  local exited = assert(c:create_process { "sh", "-c", "exit 6" })
  local stdin, stdout = cat:stdin(), cat:stdout()
  local parent = tonumber(io.open "/proc/self/stat":read "a":match "^%d+")

  -- Runs `body` in a forked child, which ends without closing anything of its own accord.
  local function in_child(body)
    local pid = fork()
    if pid == 0 then
      local ok, err = pcall(body)
      if not ok then io.stderr:write("in the child: ", tostring(err), "\n") end
      leave(ok and 0 or 1)
    end
    assert(wait_for(pid) == 0, "the child has failed")
  end

  local function refused(result, err)
    assert(result == nil, "a call in the child has worked")
    assert(hcs.is_operation_invalid_state(err), tostring(err))
    assert(tostring(err):find("belongs to process " .. parent, 1, true), tostring(err))
  end

  -- Everything of the parent's goes on.
  local function works()
    assert(stdin:write "a line\n")
    assert(stdout:read "l" == "a line")
    assert(c:state() == "Running")
    assert(assert(c:run { "sh", "-c", "exit 4" }).exit_code == 4)
    assert(exited:wait(60) == 6)
    local code, err = cat:wait(0)
    assert(not code and hcs.is_timeout(err))
    local ended, why = c:wait(0)
    assert(not ended and hcs.is_timeout(why))
    assert(#hcs.poll({ c, cat, stdout }, 0) == 0)
  end
]]

local fork_tail = [[
  works()
  assert(cat:close_stdin())
  assert(cat:wait(60) == 0)
  assert(c:close())
  assert(#hcs.get_containers { Ids = { c:id() } } == 0)
]]

describe("a host program that forks with open handles", function()
  it("has a child in which every call on them is refused", function()
    host("run", fork_head .. [[
      in_child(function()
        refused(c:start())
        refused(c:shutdown())
        refused(c:terminate())
        refused(c:wait(0))
        refused(c:state())
        refused(c:properties())
        refused(c:create_process { "true" })
        refused(c:open_process(cat:pid()))
        refused(c:run { "true" })
        refused(c:stop(0))
        refused(c:pollfd())
        refused(cat:wait(0))
        refused(cat:kill())
        refused(cat:signal "TERM")
        refused(cat:exit_code())
        refused(cat:close_stdin())
        refused(cat:pollfd())
        refused(stdin:write "x")
        refused(stdout:read_some(0))
        refused(hcs.poll({ c }, 0))
        assert(c:id() and cat:pid() and tostring(c) and tostring(cat) and tostring(stdin))
      end)
    ]] .. fork_tail)
  end)

  it("has a child that may close them, and collect them, without a trace in the parent", function()
    host("run", fork_head .. [[
      in_child(function()
        stdin:close()
        stdout:close()
        cat:close()
        exited:close()
        c:close()
        c, cat, exited, stdin, stdout = nil
        collectgarbage()
        collectgarbage()
      end)
      works()
      in_child(function()
        c, cat, exited, stdin, stdout = nil
        collectgarbage()
        collectgarbage()
      end)
    ]] .. fork_tail)
  end)

  it("has a child that may go on to close its Lua state", function()
    -- A forked child keeps the memory of handles that the parent may have been using (handle.c): no leak.
    prefix = "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 "
    finally(function() prefix = "" end)
    host("run", fork_head .. [[
      local pid = fork()
      -- The child leaves the script; the program closes its state then.
      if pid == 0 then os.exit(0, true) end
      assert(wait_for(pid) == 0)
    ]] .. fork_tail)
  end)

  it("has a child that opens the container again, and makes others", function()
    host("run", fork_head .. [[
      in_child(function()
        assert(hcs.gc() == 0)
        local again <close> = assert(hcs.open_container(c:id()))
        assert(assert(again:run { "echo", "child" }).stdout == "child\n")
        assert(assert(again:open_process(exited:pid())):wait(60) == 6)
        local own <close> = assert(hcs.create_container(nil, config))
        assert(own:start())
        assert(own:run { "true" })
      end)
    ]] .. fork_tail)
  end)

  it("may end the container while the child is still there", function()
    host("run", fork_head .. [[
      local pid = fork()
      if pid == 0 then
        -- Holds copies of every descriptor until the parent has finished.
        local go = io.open("/tmp/hcs-host-spec." .. parent, "r")
        while not go do
          hcs.poll({}, 0.01)
          go = io.open("/tmp/hcs-host-spec." .. parent, "r")
        end
        leave(0)
      end
      works()
      assert(c:close())
      assert(#hcs.get_containers { Ids = { c:id() } } == 0)
      io.open("/tmp/hcs-host-spec." .. parent, "w"):close()
      assert(wait_for(pid) == 0)
      os.remove("/tmp/hcs-host-spec." .. parent)
    ]])
  end)
end)

describe("a host program that loads and unloads Lua", function()
  it("does not grow", function()
    local script = [[
      local hcs = require "hcs"
      local c <close> = assert(hcs.create_container(nil, config))
      assert(c:start())
      assert(assert(c:run({ "cat" }, { input = "x" })).stdout == "x")
    ]]
    assert.equal("ok\n", host("reload", script, support.rounds(100)))
  end)

  it("may leave handles to the collector", function()
    assert.equal("ok\n", host("reload", [[
      local hcs = require "hcs"
      c = assert(hcs.create_container(nil, config))
      assert(c:start())
      p = assert(c:create_process { "cat", CreateStdInPipe = true, CreateStdOutPipe = true })
      s = p:stdout()
      assert(hcs.gc())
    ]], support.rounds(20)))
    -- The collector does not wait for the last one's end.
    local cleaned = 0
    for _ = 1, 1000 do
      cleaned = cleaned + assert(hcs.gc())
      if cleaned == 1 then break end
      busted.sleep(0.01)
    end
    assert.equal(1, cleaned)
  end)
end)

support.nothing_left()
