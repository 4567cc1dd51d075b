-- Argument checks of the public functions. A wrong type raises, in Lua's own words, at the place that called the
-- public function: so these functions must be called by it directly, never as a tail call.
local core = require "hcs.core"

local error, type = error, type
local core_class = core.class

local arguments = {}

-- Level 4: complain, the check, the public function, its caller.
local function complain(position, name, problem)
  error(("bad argument #%d to '%s' (%s)"):format(position, name, problem), 4)
end

local function type_name(value)
  local class = core_class(value)
  return class and "hcs." .. class or type(value)
end

-- The object that a method was called on. Positions do not count it, as in Lua's own messages.
function arguments.self(object, class, name)
  if core_class(object) ~= class then
    local problem = "calling '%s' on bad self (hcs.%s expected, got %s; call it with a colon)"
    error(problem:format(name, class, type_name(object)), 3)
  end
end

-- A value of one of Lua's types; with `optional` also nil.
function arguments.value(value, expected, position, name, optional)
  if type(value) == expected or optional and value == nil then return end
  complain(position, name, ("%s expected, got %s"):format(expected, type_name(value)))
end

-- Seconds: nil, or a number that is neither negative nor NaN.
function arguments.timeout(value, position, name)
  if value == nil then return end
  if type(value) ~= "number" then
    complain(position, name, "number expected, got " .. type_name(value))
  end
  if not (value >= 0) then complain(position, name, "timeout must not be negative or NaN") end
end

-- A command: a CommandLine or a ProcessConfig.
function arguments.command(value, position, name)
  local kind = type(value)
  if kind ~= "string" and kind ~= "table" then
    complain(position, name, "string or table expected, got " .. type_name(value))
  end
end

-- A string or number to write.
function arguments.bytes(value, position, name)
  local kind = type(value)
  if kind ~= "string" and kind ~= "number" then
    complain(position, name, "string expected, got " .. type_name(value))
  end
end

-- Anything else that a public function finds wrong with its argument.
function arguments.fail(position, name, problem)
  error(("bad argument #%d to '%s' (%s)"):format(position, name, problem), 3)
end

arguments.type_name = type_name

return arguments
