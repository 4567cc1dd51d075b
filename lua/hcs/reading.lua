-- The formats of read and lines, over the core's buffer. Nothing leaves the buffer before a value is complete, so a
-- read that Ctrl-C ends loses nothing. A closed stream has an empty buffer, and filling it is what fails.
local core = require "hcs.core"
local deadline = require "hcs.deadline"

local error, math, select, setmetatable, string, table = error, math, select, setmetatable, string, table
local tonumber, type = tonumber, type
local buffered, byte_at = core.stream_buffered, core.stream_byte
local take, take_line, take_number = core.stream_take, core.stream_take_line, core.stream_take_number

local reading = {}

local FOREVER = core.FOREVER

-- Puts more bytes into the buffer. Their number, 0 at the end; nil and an error.
local function fill(stream)
  return deadline.persist(core.stream_fill, stream, FOREVER)
end

-- Waits until `count` bytes are buffered or the end has come; nil and an error.
local function want(stream, count)
  while buffered(stream) < count do
    local more, err = fill(stream)
    if not more then return nil, err end
    if more == 0 then break end
  end
  return true
end

local function read_count(stream, count)
  local ok, err = want(stream, math.max(count, 1))
  if not ok then return nil, err end
  if buffered(stream) == 0 then return nil end
  return take(stream, count)
end

local function read_all(stream)
  local ok, err = want(stream, math.maxinteger)
  if not ok then return nil, err end
  return take(stream, math.maxinteger)
end

-- `keep`: the newline belongs to the result.
local function read_line(stream, keep)
  local searched = 0
  while true do
    local line = take_line(stream, keep, searched)
    if line then return line end
    searched = buffered(stream)
    local more, err = fill(stream)
    if not more then return nil, err end
    if more == 0 then break end
  end
  if buffered(stream) == 0 then return nil end
  return take(stream, math.maxinteger)
end

-- A numeral as liolib reads it: the longest run that could begin one, at most 200 characters.
local MAXIMUM_NUMERAL = 200

-- A cursor that looks at the bytes after the buffer's first ones.
local cursor = {}
cursor.__index = cursor

-- The character at the cursor; nil at the end, past the longest numeral and after an error.
function cursor:peek()
  if self.length >= MAXIMUM_NUMERAL then
    self.too_long = true
    return nil
  end
  local ok, err = want(self.stream, self.length + 1)
  if not ok then self.err = err end
  local byte = ok and byte_at(self.stream, self.length + 1)
  return byte and string.char(byte)
end

-- Goes past the next character if it is in the set; whether it was.
function cursor:accept(set)
  local character = self:peek()
  if not character or not character:find(set) then return false end
  self.length = self.length + 1
  return true
end

-- Goes past digits; their number.
function cursor:digits(set)
  local start = self.length
  while self:accept(set) do end
  return self.length - start
end

local function skip_space(stream)
  while true do
    local ok, err = want(stream, 1)
    if not ok then return nil, err end
    local byte = byte_at(stream, 1)
    if not byte or not string.char(byte):find "%s" then return true end
    take(stream, 0, 1)
  end
end

local function scan_numeral(self)
  local count, digit, exponent = 0, "%d", "[eE]"
  self:accept "[+-]"
  if self:accept "0" then
    if self:accept "[xX]" then digit, exponent = "%x", "[pP]" else count = 1 end
  end
  count = count + self:digits(digit)
  if self:accept "%." then count = count + self:digits(digit) end
  if count > 0 and self:accept(exponent) then
    self:accept "[+-]"
    self:digits "%d"
  end
end

local function read_number(stream)
  local number = take_number(stream)
  if number then return number end
  -- At the edge of what is buffered, or no numeral.
  local ok, err = skip_space(stream)
  if not ok then return nil, err end
  local numeral = setmetatable({ stream = stream, length = 0 }, cursor)
  scan_numeral(numeral)
  if numeral.err then return nil, numeral.err end
  local text = take(stream, numeral.length)
  return not numeral.too_long and tonumber(text) or nil
end

local readers = {
  n = read_number,
  a = read_all,
  l = function(stream) return read_line(stream, false) end,
  L = function(stream) return read_line(stream, true) end,
}

-- A format as a function of the stream; nil and what is wrong with it. "*" in front is of Lua 5.2 and allowed.
local function compile(format)
  local kind = type(format)
  if kind == "number" then
    local count = math.tointeger(format)
    if not count then return nil, "number has no integer representation" end
    if count < 0 then return nil, "count must not be negative" end
    return function(stream) return read_count(stream, count) end
  end
  if kind ~= "string" then return nil, "string or number expected, got " .. kind end
  local reader = readers[format:match "^%*?(.)" or ""]
  if not reader then return nil, "invalid format" end
  return reader
end

local default = table.pack(readers.l)

-- The formats of the public function `name`, as a list of functions; raises at its caller's place.
function reading.formats(name, ...)
  if select("#", ...) == 0 then return default end
  local list = table.pack(...)
  for i = 1, list.n do
    local reader, problem = compile(list[i])
    if not reader then error(("bad argument #%d to '%s' (%s)"):format(i, name, problem), 3) end
    list[i] = reader
  end
  return list
end

-- One value for each format, up to the first that is nil; or nil and an error.
function reading.read(stream, formats)
  if formats.n == 1 then return formats[1](stream) end
  local values = {}
  for i = 1, formats.n do
    local value, err = formats[i](stream)
    if err then return nil, err end
    values[i] = value
    if value == nil then return table.unpack(values, 1, i) end
  end
  return table.unpack(values, 1, formats.n)
end

return reading
