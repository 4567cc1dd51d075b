-- Every document, on its way through the whole library: the very bytes that reach the service.
local golden = require "spec.support.golden"
local hcs = require "hcs"
local standin = require "spec.support.windows.standin"
local support = require "spec.support.windows"

-- What comes of a call that was made for its document alone.
local function forget(object)
  if not object then return end
  if hcs.type(object) == "process" then object:kill() else object:terminate() end
  object:wait(10)
  object:close()
end

local function started(extra)
  local container = assert(hcs.create_container(nil, standin.config(extra)))
  assert(container:start())
  return container
end

describe("The service is sent #standin", function()
  standin.watch()

  for _, name in ipairs(golden.names "container") do
    -- without a SystemType it is a Container
    if golden.documents[name].SystemType then
      it(name, function()
        forget(hcs.create_container("c1", golden.documents[name]))
        assert.equal(golden.text(name), standin.received "HcsCreateComputeSystem")
      end)
    end
  end

  it("a container's type, said or not", function()
    forget(hcs.create_container("c1", {}))
    assert.equal('{"SystemType":"Container","Name":"","Layers":null,"HvPartition":false}',
      standin.received "HcsCreateComputeSystem")
  end)

  it("what HCSSHIM_CREATECONTAINER_ADDITIONALJSON lays over a config, unknown fields too", function()
    local overlay = '{"New":{"b":1,"a":[]},"Name":"n"}'
    local received = support.program({ HCSSHIM_CREATECONTAINER_ADDITIONALJSON = overlay }, [[
      local standin = require "spec.support.windows.standin"
local support = require "spec.support.windows"
      standin.tell { Set = { Documents = "any" } }
      local container <close> = assert(hcs.create_container("c1", standin.config { Layers = {}, Name = "ours" }))
      io.write(standin.received "HcsCreateComputeSystem")
    ]])
    assert.equal('{"HvPartition":false,"Layers":[],"Name":"n","New":{"a":[],"b":1},"SystemType":"Container",'
      .. '"TerminateOnLastHandleClosed":true}', received)
  end)

  for _, name in ipairs(golden.names "process") do
    -- one without a command is not sent
    if next(golden.documents[name]) then
      it(name, function()
        local is_linux = name:find "lcow" or name:find "utility"
        local container <close> = started { ContainerType = is_linux and "Linux" or nil, HvPartition = true,
          HvRuntime = { ImagePath = [[C:\]] } }
        forget(container:create_process(golden.documents[name]))
        assert.equal(golden.text(name), standin.received "HcsCreateProcess")
      end)
    end
  end

  it("a list as one command line, in a Windows container", function()
    local container <close> = started()
    forget(container:create_process { [[C:\a b\x.exe]], "", [[say "hi"]], [[c:\dir\]], [[d:\my dir\]], "/c" })
    assert.equal([[{"CommandLine":"\"C:\\a b\\x.exe\" \"\" \"say \\\"hi\\\"\" c:\\dir\\ \"d:\\my dir\\\\\" /c",]]
      .. '"ConsoleSize":[0,0]}',
      standin.received "HcsCreateProcess")
  end)

  it("queries", function()
    for _, name in ipairs(golden.names "enumerate") do
      assert(hcs.get_containers(golden.documents[name]))
      assert.equal(golden.text(name), standin.received "HcsEnumerateComputeSystems")
    end
    local container <close> = started()
    for _, name in ipairs(golden.names "properties") do
      assert(container:properties(golden.documents[name].PropertyTypes))
      assert.equal(golden.text(name), standin.received "HcsGetComputeSystemProperties")
    end
    assert(container:properties { "processlist", "STATISTICS" })
    assert.equal('{"PropertyTypes":["ProcessList","Statistics"]}', standin.received "HcsGetComputeSystemProperties")
  end)

  it("modify requests", function()
    local container <close> = started()
    for _, name in ipairs(golden.names "modify") do
      container:modify(golden.documents[name])
      assert.equal(golden.text(name), standin.received "HcsModifyComputeSystem")
    end
  end)

  it("what is done to a process", function()
    local container <close> = started()
    local process <close> = assert(container:create_process {
      CommandLine = "standin hang", EmulateConsole = true, ConsoleSize = { 40, 120 },
    })
    assert.equal('{"CommandLine":"standin hang","EmulateConsole":true,"CreateStdInPipe":true,"CreateStdOutPipe":true,'
      .. '"ConsoleSize":[40,120]}', standin.received "HcsCreateProcess")
    assert(process:resize_console(100, 30))
    assert.equal('{"Operation":"ConsoleSize","ConsoleSize":{"Height":30,"Width":100}}',
      standin.received "HcsModifyProcess")
    assert(process:close_stdin())
    assert(hcs.poll({}, 0.1))
    assert.equal('{"Operation":"CloseHandle","CloseHandle":{"Handle":"StdIn"}}', standin.received "HcsModifyProcess")
    assert(process:signal "INT")
    assert.equal('{"Signal":"CtrlC"}', standin.received "HcsSignalProcess")
  end)

  it("signals by number to a Linux process", function()
    local container <close> = started { ContainerType = "Linux", HvPartition = true }
    local process <close> = assert(container:create_process "standin hang")
    for signal, number in pairs { CONT = 18, SIGWINCH = 28, [23] = 23 } do
      assert(process:signal(signal))
      assert.equal(('{"Signal":%d}'):format(number), standin.received "HcsSignalProcess")
    end
    assert(process:kill())
  end)
end)

describe("Nothing is sent #standin", function()
  standin.watch()

  it("that is not UTF-8", function()
    for _, text in ipairs { "caf\xE9", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80" } do
      local container, err = hcs.create_container("c1", standin.config { Owner = text })
      assert.is_nil(container)
      assert.equal("config.Owner: not valid UTF-8", err.message)
    end
    assert.is_nil(standin.report().Calls.HcsCreateComputeSystem)
  end)

  it("that has a quote in a program's name", function()
    local container <close> = started()
    local process, err = container:create_process { [[a"b]], "c" }
    assert.is_nil(process)
    assert.equal("InvalidParameter", err.name)
    assert.matches("^config%.CommandArgs%[1%]: 'a\"b' has a quote", err.message)
    assert.is_nil(standin.report().Calls.HcsCreateProcess)
  end)
end)
