-- The methods of streams that are written in Lua: Lua's files as far as a pipe goes, and the calls that do not insist.
local arguments = require "hcs.arguments"
local core = require "hcs.core"
local deadline = require "hcs.deadline"
local errors = require "hcs.errors"
local reading = require "hcs.reading"

local error, math, select, type = error, math, select, type
local check_self = arguments.self
local FOREVER = core.FOREVER

local stream = {}
local methods = {}

local function is_open(self)
  return core.type(self) == "stream"
end

-- nil and the error of a closed stream.
local function refuse(self)
  return core.stream_write(self, "", 1, 0)
end

function methods:read(...)
  check_self(self, "stream", "read")
  local formats = reading.formats("read", ...)
  return reading.read(self, formats)
end

-- Passes the values of one round on; raises what failed.
local function each(first, second, ...)
  if first == nil and second ~= nil then error(second, 0) end
  return first, second, ...
end

function methods:lines(...)
  check_self(self, "stream", "lines")
  local formats = reading.formats("lines", ...)
  return function()
    return each(reading.read(self, formats))
  end
end

function methods:read_some(timeout)
  check_self(self, "stream", "read_some")
  arguments.timeout(timeout, 1, "read_some")
  if core.stream_buffered(self) == 0 then
    local more, err = deadline.persist(core.stream_fill, self, deadline.after(timeout))
    if not more then return errors.missed(err, "no bytes on " .. core.stream_name(self), timeout) end
    if more == 0 then return nil end
  end
  return core.stream_take(self, math.maxinteger)
end

-- Numbers are written as Lua's files write them.
local function to_bytes(value)
  if type(value) == "string" then return value end
  return math.type(value) == "integer" and ("%d"):format(value) or ("%.14g"):format(value)
end

-- Bytes taken from position `from` on; nil and an error.
local function write_from(self, data, from, when)
  local written, err
  repeat
    written, err = core.stream_write(self, data, from, when)
  until written ~= false
  return written, err
end

local function write_all(self, data)
  local position = 1
  while position <= #data do
    local written, err = write_from(self, data, position, FOREVER)
    if not written then return nil, err end
    position = position + written
  end
  return true
end

function methods:write(...)
  check_self(self, "stream", "write")
  local count = select("#", ...)
  for i = 1, count do
    local value = select(i, ...)
    arguments.bytes(value, i, "write")
  end
  if not is_open(self) then return refuse(self) end
  for i = 1, count do
    local value = select(i, ...)
    local ok, err = write_all(self, to_bytes(value))
    if not ok then return nil, err end
  end
  return self
end

function methods:write_some(data, timeout)
  check_self(self, "stream", "write_some")
  arguments.bytes(data, 1, "write_some")
  arguments.timeout(timeout, 2, "write_some")
  if not is_open(self) then return refuse(self) end
  local bytes = to_bytes(data)
  if bytes == "" then return 0 end
  local written, err = write_from(self, bytes, 1, deadline.after(timeout))
  if not written then return errors.missed(err, "stdin has taken no bytes", timeout) end
  return written
end

-- Nothing is buffered on the way in.
function methods:flush()
  check_self(self, "stream", "flush")
  if not is_open(self) then return refuse(self) end
  return true
end

function methods:events()
  check_self(self, "stream", "events")
  if not is_open(self) then return self:pollfd() end
  return core.stream_name(self) == "stdin" and "w" or "r"
end

function methods:timeout()
  check_self(self, "stream", "timeout")
  if not is_open(self) then return self:pollfd() end
  if core.stream_buffered(self) > 0 then return 0 end
  return nil
end

stream.methods = methods

return stream
