-- What a wrong argument raises, for every function: the message names function, position, expectation and type, and
-- the place is the caller's. What is inside documents, ids, pids and signal names does not raise; it is `nil, err`.
local hcs = require "hcs"
local support = require "spec.support"

local NAN = 0 / 0

-- The error of a call that must raise.
local function raised(call, ...)
  local ok, message = pcall(call, ...)
  assert.is_false(ok)
  assert.equal("string", type(message))
  return message
end

local function expect_raised(expected, call, ...)
  local message = raised(call, ...)
  assert(message:find(expected, 1, true), ("'%s' expected, got '%s'"):format(expected, message))
end

local function bad(position, name, problem)
  return ("bad argument #%d to '%s' (%s)"):format(position, name, problem)
end

-- Wrong timeouts of a function that takes one as argument `position`, after the arguments given.
local function timeout_rows(rows, name, position, ...)
  local before = { ... }
  local function add(value, problem)
    local row = { name, bad(position, name, problem), table.unpack(before, 1, position - 1) }
    row[position + 2] = value
    rows[#rows + 1] = row
  end
  add("1", "number expected, got string")
  add(true, "number expected, got boolean")
  add({}, "number expected, got table")
  add(-1, "timeout must not be negative or NaN")
  add(-math.huge, "timeout must not be negative or NaN")
  add(NAN, "timeout must not be negative or NaN")
end

-- Each row: function, message, arguments.
local function check_rows(rows, call)
  for _, row in ipairs(rows) do
    local width = 0
    for i in pairs(row) do width = math.max(width, i) end
    expect_raised(row[2], call, row[1], table.unpack(row, 3, width))
  end
end

describe("a wrong argument of the module's functions raises:", function()
  local function call(name, ...)
    return hcs[name](...)
  end

  it("create_container", function()
    check_rows({
      { "create_container", bad(1, "create_container", "string expected, got number"), 5, {} },
      { "create_container", bad(1, "create_container", "string expected, got table"), {} },
      { "create_container", bad(2, "create_container", "table expected, got nil"), "web" },
      { "create_container", bad(2, "create_container", "table expected, got nil") },
      { "create_container", bad(2, "create_container", "table expected, got string"), nil, "{}" },
    }, call)
  end)

  it("open_container", function()
    check_rows({
      { "open_container", bad(1, "open_container", "string expected, got nil") },
      { "open_container", bad(1, "open_container", "string expected, got number"), 5 },
    }, call)
  end)

  it("get_containers", function()
    check_rows({
      { "get_containers", bad(1, "get_containers", "table expected, got string"), "web" },
      { "get_containers", bad(2, "get_containers", "table expected, got string"), {}, "Statistics" },
    }, call)
  end)

  it("document", function()
    local unknown = "unknown document type '%s'; there are ComputeSystemQuery, ContainerConfig, ProcessConfig, " ..
      "PropertyQuery, ResourceModificationRequestResponse"
    check_rows({
      { "document", bad(1, "document", "string expected, got nil") },
      { "document", bad(1, "document", "string expected, got table"), {}, {} },
      { "document", bad(2, "document", "table expected, got nil"), "ContainerConfig" },
      { "document", bad(2, "document", "table expected, got string"), "ContainerConfig", "{}" },
      { "document", bad(1, "document", unknown:format "containerconfig"), "containerconfig", {} },
      { "document", bad(1, "document", unknown:format "ContainerProperties"), "ContainerProperties", {} },
      { "document", bad(1, "document", unknown:format "Container"), "Container" },
    }, call)
  end)

  it("poll", function()
    local expected = "container, process, stream or object with a pollfd method expected, got "
    local rows = {
      { "poll", bad(1, "poll", "table expected, got nil") },
      { "poll", bad(1, "poll", "an empty list needs a timeout"), {} },
      { "poll", bad(1, "poll", "an empty list needs a timeout"), {}, math.huge },
      { "poll", bad(1, "poll", "a list expected, got a table with named fields"), { a = io.stdout }, 0 },
      { "poll", bad(1, "poll", "a list expected, got a table with named fields"), { a = io.stdout } },
      { "poll", bad(1, "poll", "a list expected, got a table with holes"), { [2] = io.stdout }, 0 },
      { "poll", bad(1, "poll", "objects[1]: " .. expected .. "number"), { 1 }, 0 },
      { "poll", bad(1, "poll", "objects[1]: " .. expected .. "table"), { {} }, 0 },
      { "poll", bad(1, "poll", "objects[1]: " .. expected .. "userdata"), { io.stdout }, 0 },
      { "poll", bad(1, "poll", "objects[1]: its pollfd is string, not a descriptor"),
        { { pollfd = function() return "0" end } }, 0 },
      { "poll", bad(1, "poll", "objects[1]: its events are number, not a string"),
        { { pollfd = function() return 0 end, events = function() return 1 end } }, 0 },
      { "poll", bad(1, "poll", "objects[1]: its timeout is string, not a number"),
        { { pollfd = function() end, timeout = function() return "0" end } }, 0 },
    }
    timeout_rows(rows, "poll", 2, {})
    check_rows(rows, call)
  end)

  it("type, which needs an argument", function()
    expect_raised("bad argument #1 to", hcs.type)
    assert.is_nil(hcs.type(nil))
  end)

  it("with the place of the caller", function()
    local message = raised(function() hcs.open_container(5) end)
    assert.equal(debug.getinfo(1, "S").short_src, message:match "^(.-):%d+: ")
  end)
end)

describe("a wrong argument of a method raises:", function()
  local container, process, stdin, stdout

  setup(function()
    container = support.container()
    process = assert(container:create_process(support.puppet("sleep", 1000,
      { CreateStdInPipe = true, CreateStdOutPipe = true })))
    stdin, stdout = process:stdio()
  end)

  teardown(function()
    container:terminate()
    container:wait(10)
    stdin:close()
    stdout:close()
    process:close()
    container:close()
    container, process, stdin, stdout = nil, nil, nil, nil
  end)

  it("containers", function()
    local rows = {
      { "properties", bad(1, "properties", "table expected, got string"), "Statistics" },
      { "modify", bad(1, "modify", "table expected, got nil") },
      { "modify", bad(1, "modify", "table expected, got string"), "{}" },
      { "create_process", bad(1, "create_process", "string or table expected, got nil") },
      { "create_process", bad(1, "create_process", "string or table expected, got number"), 5 },
      { "create_process", bad(1, "create_process", "string or table expected, got function"), print },
      { "create_process", bad(2, "create_process", "nothing expected: options are for run"), "true", {} },
      { "create_process", bad(2, "create_process", "nothing expected: options are for run"), "true", false },
      { "run", bad(1, "run", "string or table expected, got nil") },
      { "run", bad(1, "run", "string or table expected, got boolean"), true },
      { "run", bad(2, "run", "table expected, got number"), "true", 5 },
    }
    timeout_rows(rows, "wait", 1)
    for _, row in ipairs {
      { "write_file", bad(1, "write_file", "string expected, got nil") },
      { "write_file", bad(1, "write_file", "string expected, got number"), 5, "data" },
      { "write_file", bad(2, "write_file", "string expected, got nil"), "/f" },
      { "write_file", bad(2, "write_file", "string expected, got table"), "/f", {} },
      { "write_file", bad(3, "write_file", "table expected, got number"), "/f", "data", 384 },
    } do
      rows[#rows + 1] = row
    end
    timeout_rows(rows, "stop", 1)
    check_rows(rows, function(name, ...) return container[name](container, ...) end)
    expect_raised(bad(1, "open_process", "number expected, got no value"), function() container:open_process() end)
    expect_raised(bad(1, "open_process", "number expected, got string"), function() container:open_process "1" end)
    expect_raised(bad(1, "read_file", "string expected, got no value"), function() container:read_file() end)
    expect_raised(bad(1, "read_file", "string expected, got number"), function() container:read_file(5) end)
    assert.equal("Running", container:state())
  end)

  it("options of run", function()
    local rows = {
      { "unknown option 'timout' to 'run' (did you mean 'timeout'?)", { timout = 1 } },
      { "unknown option 'Check' to 'run' (did you mean 'check'?)", { Check = true } },
      { "unknown option 'maxoutput' to 'run' (did you mean 'max_output'?)", { maxoutput = 1 } },
      { "unknown option 'environment' to 'run' (options are check, input, max_output, timeout)", { environment = {} } },
      { "bad option [1] to 'run' (a name expected)", { "sh" } },
      { "bad option 'input' to 'run' (string expected, got number)", { input = 5 } },
      { "bad option 'input' to 'run' (string expected, got hcs.stream)", { input = stdin } },
      { "bad option 'check' to 'run' (boolean expected, got number)", { check = 1 } },
      { "bad option 'timeout' to 'run' (number expected, got string)", { timeout = "1" } },
      { "bad option 'timeout' to 'run' (must not be negative or NaN)", { timeout = -1 } },
      { "bad option 'timeout' to 'run' (must not be negative or NaN)", { timeout = NAN } },
      { "bad option 'max_output' to 'run' (must not be negative or NaN)", { max_output = -1 } },
    }
    for _, row in ipairs(rows) do expect_raised(row[1], container.run, container, "true", row[2]) end
    assert.is_nil(raised(container.run, container, "true", { environment = {} }):find("did you mean", 1, true))
  end)

  it("options of write_file", function()
    local range = "bad option 'mode' to 'write_file' (0 to 4095 expected, which is 7777 in octal)"
    for _, row in ipairs {
      { "unknown option 'Mode' to 'write_file' (did you mean 'mode'?)", { Mode = 384 } },
      { "unknown option 'group' to 'write_file' (options are mode, user)", { group = "lab" } },
      { "bad option [1] to 'write_file' (a name expected)", { 384 } },
      { "bad option 'user' to 'write_file' (string expected, got number)", { user = 1000 } },
      { "bad option 'mode' to 'write_file' (number expected, got string)", { mode = "600" } },
      { range, { mode = -1 } }, { range, { mode = 4096 } }, { range, { mode = 384.5 } }, { range, { mode = NAN } },
    } do
      expect_raised(row[1], container.write_file, container, "/f", "data", row[2])
    end
    assert.is_true(hcs.type(select(2, container:read_file "/f")) == "error") -- nothing was written
  end)

  it("processes", function()
    local rows = {
      { "communicate", bad(1, "communicate", "table expected, got string"), "input" },
      { "communicate", "unknown option 'check' to 'communicate' (options are input, timeout)", { check = true } },
      { "communicate", "bad option 'timeout' to 'communicate' (number expected, got boolean)", { timeout = true } },
    }
    timeout_rows(rows, "wait", 1)
    check_rows(rows, function(name, ...) return process[name](process, ...) end)
    expect_raised(bad(1, "signal", "string expected, got no value"), function() process:signal() end)
    expect_raised(bad(1, "signal", "string expected, got table"), function() process:signal {} end)
    expect_raised(bad(1, "resize_console", "number expected, got no value"), function() process:resize_console() end)
    expect_raised(bad(2, "resize_console", "number expected, got string"), function()
      process:resize_console(80, "24")
    end)
  end)

  it("streams", function()
    local rows = {
      { "read", bad(1, "read", "invalid format"), "x" },
      { "read", bad(1, "read", "invalid format"), "" },
      { "read", bad(1, "read", "invalid format"), "*" },
      { "read", bad(2, "read", "invalid format"), "l", "k" },
      { "read", bad(1, "read", "number has no integer representation"), 1.5 },
      { "read", bad(1, "read", "count must not be negative"), -1 },
      { "read", bad(1, "read", "string or number expected, got table"), {} },
      { "lines", bad(1, "lines", "invalid format"), "x" },
      { "write", bad(2, "write", "string expected, got table"), "a", {} },
      { "write_some", bad(1, "write_some", "string expected, got nil") },
      { "write_some", bad(1, "write_some", "string expected, got boolean"), true },
    }
    timeout_rows(rows, "read_some", 1)
    timeout_rows(rows, "write_some", 2, "data")
    check_rows(rows, function(name, ...) return stdout[name](stdout, ...) end)
    expect_raised(bad(1, "write", "string expected, got nil"), stdin.write, stdin, nil)
  end)

  it("another object as self, for every method", function()
    local objects = { container = container, process = process, stream = stdout }
    for class, object in pairs(objects) do
      local other = object == process and container or process
      for name, method in pairs(debug.getregistry()["hcs." .. class].__index) do
        for _, self in ipairs { 5, "x", {}, io.stdout, other } do
          local message = raised(method, self)
          assert(message:find(("hcs.%s expected, got "):format(class), 1, true), name .. ": " .. message)
        end
        expect_raised(("hcs.%s expected, got "):format(class), method)
      end
    end
  end)

  it("a dot for a colon, for every method", function()
    for _, class in ipairs { "container", "process", "stream" } do
      for name, method in pairs(debug.getregistry()["hcs." .. class].__index) do
        local message = raised(method, { "true" })
        assert(message:find("got table; call it with a colon)", 1, true), name .. ": " .. message)
        message = raised(method)
        assert(message:find("; call it with a colon)", 1, true), name .. ": " .. message)
      end
    end
  end)

  it("another object as self of a metamethod", function()
    for _, class in ipairs { "container", "process", "stream" } do
      local metatable = debug.getregistry()["hcs." .. class]
      for _, name in ipairs { "__gc", "__close", "__tostring" } do
        expect_raised("hcs." .. class .. " expected, got FILE*", metatable[name], io.stdout)
        expect_raised("hcs." .. class .. " expected, got ", metatable[name])
      end
    end
  end)

  it("with the place of the caller", function()
    for _, call in ipairs {
      function() container:wait "x" end,
      function() container:open_process "x" end,
      function() container:run("true", { bad = 1 }) end,
      function() stdout:read "x" end,
      function() stdout:write_some {} end,
    } do
      assert.equal(debug.getinfo(1, "S").short_src, raised(call):match "^(.-):%d+: ")
    end
  end)

  describe("but not", function()
    local function refused(result, err, ...)
      assert.is_nil(result)
      assert.equal("error", hcs.type(err))
      assert.equal(0, select("#", ...))
      return err
    end

    it("ids", function()
      for _, id in ipairs { "", "-x", "a b", "a/b", "../x", ("x"):rep(65), "\u{e9}", "a\0b" } do
        assert.equal("InvalidParameter", refused(hcs.create_container(id, support.config())).name, id)
        assert.equal("InvalidParameter", refused(hcs.open_container(id)).name, id)
      end
      assert.equal("hcs::CreateComputeSystem a: id: a NUL byte is not allowed in it (0x57)",
        tostring(refused(hcs.create_container("a\0b", support.config()))))
      assert.equal("hcs::OpenComputeSystem a: id: a NUL byte is not allowed in it (0x57)",
        tostring(refused(hcs.open_container "a\0b")))
    end)

    it("pids", function()
      for _, pid in ipairs { 0, -1, 1.5, 2 ^ 32, math.huge, NAN } do
        assert.equal("InvalidParameter", refused(container:open_process(pid)).name)
      end
      local err = refused(container:open_process(-1))
      assert.equal("pid: 1 to 4294967295 expected, got -1", err.message)
      assert.equal("hcs::System::OpenProcess", err.operation)
      assert.equal(container:id(), err.id)
    end)

    it("signals", function()
      for _, signal in ipairs { "", "NOSUCH", "TERM ", "T\0ERM", -1, 1.5, 1000 } do
        local err = refused(process:signal(signal))
        assert.equal("InvalidParameter", err.name)
        assert.equal("hcs::Process::Signal", err.operation)
        assert.equal(container:id(), err.id)
        assert.equal(process:pid(), err.pid)
      end
      assert.equal("signal: a NUL byte is not allowed in it", refused(process:signal "T\0ERM").message)
    end)

    it("sizes of consoles", function()
      for _, size in ipairs { { -1, 24 }, { 80, 65536 }, { 80.5, 24 } } do
        assert.equal("InvalidParameter", refused(process:resize_console(table.unpack(size))).name)
      end
      local err = refused(process:resize_console(80.5, 24))
      assert.equal("width: 0 to 65535 expected, got 80.5", err.message)
      assert.equal("hcs::Process::ResizeConsole", err.operation)
      assert.equal(process:pid(), err.pid)
    end)

    it("documents", function()
      assert.equal("InvalidParameter", refused(hcs.create_container(nil, { Layers = print })).name)
      assert.equal("InvalidParameter", refused(hcs.get_containers { Ids = 5 }).name)
      assert.equal("InvalidParameter", refused(hcs.get_containers({}, { 5 })).name)
      assert.equal("InvalidParameter", refused(container:properties { {} }).name)
      assert.equal("InvalidParameter", refused(container:modify { Settings = print }).name)
    end)

    it("commands", function()
      local both = "config: CommandLine and CommandArgs are both given, one is the command"
      local option = "config.%s: unknown field; it is an option: c:run(command, {%s = …})"
      local none = "config: no command; give CommandLine or CommandArgs (the array part of the table)"
      for command, message in pairs {
        [{}] = none,
        [""] = none,
        [{ CommandLine = "" }] = none,
        [{ CommandArgs = {} }] = none,
        [{ User = "0" }] = none,
        [{ "true", CommandLine = "true" }] = both,
        [{ CommandArgs = { "true" }, CommandLine = "true" }] = both,
        [{ "true", CommandArgs = { "true" } }] = "config: the array part and CommandArgs are both given",
        [{ "echo", nil, "x" }] = "config.CommandArgs[2]: nil in a list",
        [{ "echo", print }] = "config.CommandArgs[2]: string expected, got function",
        [{ "echo", 5 }] = "config.CommandArgs[2]: string expected, got number",
        [{ "echo", user = "0" }] = "config.user: unknown field, did you mean 'User'?",
        [{ "echo", timeout = 1 }] = option:format("timeout", "timeout"),
        [{ "echo", check = false }] = option:format("check", "check"),
        [{ "echo", input = "" }] = option:format("input", "input"),
        [{ "echo", max_output = 1 }] = option:format("max_output", "max_output"),
      } do
        for _, method in ipairs { "run", "create_process" } do
          local err = refused(container[method](container, command))
          assert.equal("InvalidParameter", err.name)
          assert.equal(message, err.message)
          assert.equal(container:id(), err.id)
        end
      end
    end)
  end)
end)

describe("an older Lua", function()
  it("is told what is needed, before anything else is loaded", function()
    local path = assert(package.searchpath("hcs", package.path))
    local chunk = assert(loadfile(path, "t", { _VERSION = "Lua 5.1", error = error }))
    assert.equal("hcs needs Lua 5.4 or later, this is Lua 5.1; for busted: lua5.4 /usr/bin/busted", raised(chunk))
  end)
end)

support.nothing_left()
