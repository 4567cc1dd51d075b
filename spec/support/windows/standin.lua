-- The vmcompute.dll of the tests, told and asked by a spec that is tagged #standin. What it understands and reports
-- stands in test/windows/standin/standin.h. `local standin = require "spec.support.windows.standin"`
local assert = require "luassert"
local busted = require "busted"
local cjson = require "cjson"
local dll = require "standin"
local lfs = require "lfs"

local standin = { null = cjson.null }

function standin.tell(message)
  assert(dll.tell(cjson.encode(message)))
end

function standin.report()
  return cjson.decode(dll.report())
end

-- The document that this function was given last, as it came.
function standin.received(call)
  local last
  for _, received in ipairs(standin.report().Received) do
    if received.Call == call then last = received.Document end
  end
  return last
end

-- A config of a container that the stand-in makes; `extra` is laid over it.
function standin.config(extra)
  local config = { Layers = { { Path = lfs.currentdir() .. "\\layer" } }, TerminateOnLastHandleClosed = true }
  for field, value in pairs(extra or {}) do config[field] = value end
  return config
end

-- After each test: nothing was complained of, everything was given back, and all settings go.
function standin.watch()
  busted.after_each(function()
    collectgarbage()
    local report = standin.report()
    dll.reset()
    assert.same({}, report.Complaints)
    assert.same({ {}, {}, {} }, { report.Handles, report.Pipes, report.Strings })
  end)
end

return standin
