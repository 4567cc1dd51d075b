-- What event loops ask of containers and processes, next to the core's pollfd: cqueues' protocol.
local arguments = require "hcs.arguments"
local core = require "hcs.core"

local waitable = {}

-- Adds events() and timeout() to the methods of a class. Its descriptor becomes readable at the end; no time is set.
function waitable.install(methods, class)
  local function open(self)
    return core.type(self) == class
  end

  function methods:events()
    arguments.self(self, class, "events")
    if not open(self) then return self:pollfd() end -- nil and the error of a closed handle
    return "r"
  end

  function methods:timeout()
    arguments.self(self, class, "timeout")
    if not open(self) then return self:pollfd() end
    return nil
  end
end

return waitable
