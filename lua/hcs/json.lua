-- JSON text, through lua-cjson where it can be trusted. The one that is packaged most (2.1.0) knows only doubles: it
-- reads 4242 as 4242.0, loses the last digits of long integers and writes 1e14 in exponent form. So integers are
-- written here, and long ones are hidden from it in strings that begin with a NUL byte, which no real string does
-- (the core's JSON library refuses them).
local cjson = require "cjson".new()

local math, string, table, tonumber, type, pairs = math, string, table, tonumber, type, pairs

local json = {}

json.null = cjson.null

-- A string as JSON.
function json.string(value)
  return cjson.encode(value)
end

-- A finite number as JSON; one without a fraction has all its digits.
function json.number(value)
  local integer = math.tointeger(value)
  if integer then return ("%d"):format(integer) end
  if value == math.floor(value) then return ("%.0f"):format(value) end
  return (("%.17g"):format(value):gsub(",", ".")) -- some locales have a comma
end

local function hide_number(number)
  if #number > 15 and not number:find "[.eE]" then return '"\\u0000' .. number .. '"' end
end

-- The position behind the string that begins at `start`.
local function skip_string(text, start)
  local position = start + 1
  while true do
    local found = text:find('["\\]', position) or #text
    if text:byte(found) ~= 92 then return found + 1 end
    position = found + 2
  end
end

local function hide_integers(text)
  if not text:find(("%d"):rep(16)) then return text end
  local parts, position = {}, 1
  while position <= #text do
    local quote = text:find('"', position, true) or #text + 1
    parts[#parts + 1] = text:sub(position, quote - 1):gsub("%-?%d[%d.eE+-]*", hide_number)
    position = skip_string(text, quote)
    parts[#parts + 1] = text:sub(quote, position - 1)
  end
  return table.concat(parts)
end

-- Gives numbers back their type and turns null into nil, all the way down.
local function restore(value)
  local kind = type(value)
  if kind == "number" then return math.tointeger(value) or value end
  if kind == "string" and value:byte(1) == 0 then return tonumber(string.sub(value, 2)) end
  if value == cjson.null then return nil end
  if kind ~= "table" then return value end
  for key, element in pairs(value) do value[key] = restore(element) end
  return value
end

-- The Lua value of a JSON text that the core has made. A null is nil, an integer is an integer.
function json.decode(text)
  return restore(cjson.decode(hide_integers(text)))
end

return json
