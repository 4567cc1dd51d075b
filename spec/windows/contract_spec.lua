-- The cases of the contract's chapter 6 that need Windows' own means, or a service that misbehaves;
-- spec/contract_spec.lua has the others.
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support.windows"

local failure, puppet, standin = support.failure, support.puppet, support.standin
local PATIENCE = 20

-- A case, named by its number.
local function case(number, words, test)
  it(("%d. %s"):format(number, words), test)
end

describe("lifecycle: #standin", function()
  case(2, "a start that fails leaves something that terminate and wait clean; the handle can be closed", function()
    local c = assert(hcs.create_container(nil, support.config { TerminateOnLastHandleClosed = false }))
    standin.tell { On = "HcsStartComputeSystem", Times = 1, NotifyStatus = "0xC0370101" }
    failure(0xC0370101, c:start())
    assert.is_true(c:terminate())
    assert.is_true(c:wait(PATIENCE))
    assert.same({}, hcs.get_containers { Ids = { c:id() } })
    assert.is_true(c:close())
  end)

  case(2, "… also one that is never told to have ended", function()
    local output = support.program({ HCSSHIM_TIMEOUT_SYSTEMSTART = 1 }, [[
      local c = assert(hcs.create_container(nil, support.config()))
      support.standin.tell { On = "HcsStartComputeSystem", Notify = "never" }
      local started, err = c:start()
      print(started, hcs.is_timeout(err), err.operation)
      support.contains("HCSSHIM_TIMEOUT_SYSTEMSTART", err.message)
      print(c:terminate(), c:wait(20), c:close())
    ]])
    assert.equal("nil\ttrue\thcs::System::Start\ntrue\ttrue\ttrue\n", output)
  end)
end)

-- The stand-in maps nothing.
if not support.is_standin then
  describe("processes:", function()
    case(19, "mapped directories: read-only lists and refuses; read-write shows on both sides", function()
      local folder = support.temporary_folder()
      support.write_file(folder .. "\\given", "given\n")
      local c <close> = support.container { MappedDirectories = {
        { HostPath = folder, ContainerPath = "C:\\ro", ReadOnly = true },
        { HostPath = folder, ContainerPath = "C:\\rw" },
      } }
      assert.equal("given\n", assert(c:run(puppet("show", "C:\\ro\\given"))).stdout)
      assert.not_equal(0, assert(c:run(puppet("remove", "C:\\ro\\given"))).exit_code)
      assert.not_equal(0, assert(c:run(puppet("write", "C:\\ro\\new", ""))).exit_code)
      assert.equal("given\n", support.read_file(folder .. "\\given"))
      assert.equal(0, assert(c:run(puppet("write", "C:\\rw\\new", "made\n", "remove", "C:\\rw\\given"))).exit_code)
      assert.equal("made\n", support.read_file(folder .. "\\new"))
      assert.is_nil(lfs.attributes(folder .. "\\given"))
      c:close()
      support.remove(folder)
    end)
  end)
end

describe("processes: #standin", function()
  case(20, "loss of the service: waits for the container and for its process both return", function()
    local output = support.program({}, [[
      local c = support.container()
      local p = assert(c:create_process(support.puppet("sleep", 1000)))
      local again = assert(hcs.open_container(c:id()))
      support.standin.tell { Do = "Disconnect" }
      for _, object in ipairs { p, c, again } do print(select(2, object:wait(20)).name) end
    ]])
    assert.equal(("UnexpectedProcessAbort\n"):rep(3), output)
  end)

  case(21, "a pid that has ended is 0x490", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process(puppet()))
    assert.equal(0, p:wait(PATIENCE))
    failure(0x490, c:open_process(p:pid()))
  end)
end)

support.nothing_left()
