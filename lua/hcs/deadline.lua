-- Time: seconds become a deadline on the core's clock once, and a wait that a signal interrupted goes on with it.
local core = require "hcs.core"

local math = math
local FOREVER = core.FOREVER
local clock = core.clock

local deadline = {}

-- The deadline that is `timeout` seconds away: nil or math.huge is never, 0 has passed.
function deadline.after(timeout)
  if timeout == nil then return FOREVER end
  if not (timeout > 0) then return 0 end
  local now = clock()
  local ns = timeout * 1e9
  if ns >= FOREVER - now then return FOREVER end
  return now + math.ceil(ns)
end

-- Calls a waiting primitive until it says more than `false`, which is: a signal came, nothing is lost. Between two
-- calls Lua runs the hooks that are due, Ctrl-C's among them.
function deadline.persist(primitive, object, when)
  local result, err
  repeat
    result, err = primitive(object, when)
  until result ~= false
  if err then return nil, err end
  return result
end

return deadline
