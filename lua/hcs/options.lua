-- Checks of options tables: an unknown or mistyped key raises, with the nearest known name.
local arguments = require "hcs.arguments"

local error, math, pairs, table, type = error, math, pairs, table, type
local type_name = arguments.type_name

local options = {}

-- Levenshtein's distance of two short texts.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local substitution = diagonal + (a:byte(i) == b:byte(j) and 0 or 1)
      diagonal = row[j]
      row[j] = math.min(substitution, row[j] + 1, row[j - 1] + 1)
    end
  end
  return row[#b]
end

-- The known name that was probably meant, or nil.
local function nearest(name, known)
  local best, least = nil, math.max(2, #name // 3) + 1
  for candidate in pairs(known) do
    local d = distance(name:lower(), candidate)
    if d < least or d == least and best and candidate < best then best, least = candidate, d end
  end
  return best
end

-- What is wrong with a value, or nil; by the kinds that a table of known options names.
local problems = {
  string = function(value)
    if type(value) ~= "string" then return "string expected, got " .. type_name(value) end
  end,
  boolean = function(value)
    if type(value) ~= "boolean" then return "boolean expected, got " .. type_name(value) end
  end,
  seconds = function(value)
    if type(value) ~= "number" then return "number expected, got " .. type_name(value) end
    if not (value >= 0) then return "must not be negative or NaN" end
  end,
  mode = function(value)
    if type(value) ~= "number" then return "number expected, got " .. type_name(value) end
    local mode = math.tointeger(value)
    if not mode or mode < 0 or mode > 4095 then return "0 to 4095 expected, which is 7777 in octal" end
  end,
  bytes = function(value)
    if type(value) ~= "number" then return "number expected, got " .. type_name(value) end
    if not (value >= 0) then return "must not be negative or NaN" end
  end,
}

-- The known names, for messages.
local function listed(known)
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, ", ")
end

local function unknown(key, known, name)
  if type(key) ~= "string" then return ("bad option [%s] to '%s' (a name expected)"):format(key, name) end
  local meant = nearest(key, known)
  local hint = meant and ("did you mean '%s'?"):format(meant) or "options are " .. listed(known)
  return ("unknown option '%s' to '%s' (%s)"):format(key, name, hint)
end

-- Checks the options table that the public function `name` got as argument `position`; `known` maps each name to its
-- kind. Returns the table, an empty one for nil.
function options.check(given, known, position, name)
  if given == nil then return {} end
  if type(given) ~= "table" then
    error(("bad argument #%d to '%s' (table expected, got %s)"):format(position, name, type_name(given)), 3)
  end
  for key, value in pairs(given) do
    local kind = known[key]
    if not kind then error(unknown(key, known, name), 3) end
    local problem = problems[kind](value)
    if problem then error(("bad option '%s' to '%s' (%s)"):format(key, name, problem), 3) end
  end
  return given
end

return options
