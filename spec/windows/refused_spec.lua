-- What Windows has no means for is NotSupported, and the message says what to do instead.
local hcs = require "hcs"
local standin = require "spec.support.windows.standin"

local function refused(instead, result, err)
  assert.is_nil(result)
  assert.equal("NotSupported", err.name)
  assert.is_true(hcs.is_not_supported(err))
  assert(err.message:find(instead, 1, true), err.message)
end

describe("Refused is #standin", function()
  local container, process

  before_each(function()
    container = assert(hcs.create_container(nil, standin.config()))
    assert(container:start())
    process = assert(container:create_process { CommandLine = "standin hang", EmulateConsole = true })
  end)

  after_each(function()
    assert(process:kill())
    assert(process:close())
    assert(container:close())
  end)
  standin.watch() -- behind it

  it("a descriptor, but events and timeout say what they say everywhere", function()
    local stdin, stdout = process:stdio()
    for object, events in pairs { [container] = "r", [process] = "r", [stdin] = "w", [stdout] = "r" } do
      refused("hcs.poll", object:pollfd())
      assert.equal(events, object:events())
      assert.is_nil(object:timeout())
    end
    stdin:close()
    stdout:close()
  end)

  it("an object of somebody else's that has a descriptor alone", function()
    refused("containers, processes and streams", hcs.poll({ { pollfd = function() return 1 end } }, 0))
  end)

  it("a container's file", function()
    refused("MappedDirectories", container:read_file [[C:\Windows\win.ini]])
    refused("MappedDirectories", container:write_file([[C:\x]], "data"))
  end)

  it("joining the caller's console", function()
    refused("stdout()", process:interact())
  end)
end)
