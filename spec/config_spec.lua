-- ContainerConfigs: what is told again, and mistakes, which are found before anything is touched.
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support"

local contains, failure = support.contains, support.failure

describe("Name and Owner", function()
  it("are what properties tell", function()
    local c <close> = assert(hcs.create_container(nil, support.config { Name = "a \"name\"\n…", Owner = "lab\\" }))
    local properties = assert(c:properties())
    assert.equal("a \"name\"\n…", properties.Name)
    assert.equal("lab\\", properties.Owner)
    local other <close> = assert(hcs.open_container(c:id()))
    assert.equal("a \"name\"\n…", other:properties().Name)
  end)

  it("default to the id and to nothing", function()
    local c <close> = assert(hcs.create_container(nil, support.config()))
    local properties = assert(c:properties())
    assert.equal(support.on { linux = c:id(), windows = "" }, properties.Name)
    assert.equal("", properties.Owner)
  end)
end)

describe("a mistake in the config", function()
  -- What is wrong → what the message says.
  local rows = {
    { { MemoryMaximumInMb = 5 }, "config.MemoryMaximumInMb: unknown field, did you mean 'MemoryMaximumInMB'?" },
    { { layers = {} }, "config.layers: unknown field, did you mean 'Layers'?" },
    { { Hostname = "x" }, "config.Hostname: unknown field, did you mean 'HostName'?" },
    { { Frobnicate = 1 }, "config.Frobnicate: unknown field" },
    { { Layers = { { path = "/" } } }, "config.Layers[1].path: unknown field, did you mean 'Path'?" },
    { { Layers = { { Path = "/" }, { Path = 5 } } }, "config.Layers[2].Path: string expected, got number" },
    { { Layers = { "/" } }, "config.Layers[1]: table expected, got string" },
    { { Layers = "/" }, "config.Layers: table expected, got string" },
    { { HostName = 5 }, "config.HostName: string expected, got number" },
    { { TerminateOnLastHandleClosed = "yes" }, "config.TerminateOnLastHandleClosed: boolean expected, got string" },
    { { Owner = true }, "config.Owner: string expected, got boolean" },
    { { ProcessorCount = "2" }, "config.ProcessorCount: number expected, got string" },
    { { ProcessorCount = -1 }, "config.ProcessorCount" },
    { { ProcessorWeight = 10001 }, "config.ProcessorWeight" },
    { { HostName = "a\0b" }, "config.HostName" },
    { { Owner = "\xff" }, "config.Owner: not valid UTF-8" },
  }

  for _, row in ipairs(rows) do
    it("is InvalidParameter: " .. row[2], function()
      local folder = support.temporary_folder()
      local scratch = folder .. "/scratch"
      local before = support.snapshot()
      local config = support.config { LayerFolderPath = scratch }
      for field, value in pairs(row[1]) do config[field] = value end
      local err = failure("InvalidParameter", hcs.create_container("mistaken", config))
      contains(row[2], err.message)
      assert.is_false(hcs.is_not_supported(err))
      assert.same({}, support.difference(before))
      assert.is_nil(lfs.attributes(scratch))
      support.remove(folder)
    end)
  end

  it("leaves the id free", function()
    failure("InvalidParameter", hcs.create_container("free-again", support.config { HostName = 5 }))
    local c <close> = assert(hcs.create_container("free-again", support.config()))
    assert.equal("Created", c:state())
  end)
end)

support.nothing_left()
