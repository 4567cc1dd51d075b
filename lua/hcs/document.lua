-- HCS documents: Lua tables to JSON text and back, by the core's field tables. What JSON cannot say (functions, cycles,
-- holes) is found here; what a field may hold (names, types, ranges) is the core's business, and it says so in the same
-- notation.
local core = require "hcs.core"
local json = require "hcs.json"

local error, getmetatable, ipairs, math, pairs, pcall = error, getmetatable, ipairs, math, pairs, pcall
local setmetatable, table, tostring, type, utf8 = setmetatable, table, tostring, type, utf8

local document = {}

local MAXIMUM_DEPTH = 100

-- type name → array of fields, fetched once. An error object may be the first to need it: memory short means raising.
local schemas
local function fields_of(type_name)
  if not schemas then
    local text, err = core.describe()
    if not text then error(err, 0) end
    schemas = json.decode(text)
  end
  return schemas[type_name]
end

-- ---- tables to JSON --------------------------------------------------------------------------------------------

-- Raised inside this file only.
local mistake_class = {}

local function mistake(path, problem)
  error(setmetatable({ message = path .. ": " .. problem }, mistake_class), 0)
end

local function write_string(value, path)
  if not utf8.len(value) then mistake(path, "not valid UTF-8") end
  if value:find("\0", 1, true) then mistake(path, "a zero byte is not allowed") end
  return json.string(value)
end

local function write_number(value, path)
  if value ~= value then mistake(path, "finite number expected, got NaN") end
  if value == math.huge or value == -math.huge then mistake(path, "finite number expected, got infinity") end
  return json.number(value)
end

-- Anything but a table, whatever the field wants: the core compares the types.
local function write_scalar(value, path, expected)
  local kind = type(value)
  if kind == "string" then return write_string(value, path) end
  if kind == "number" then return write_number(value, path) end
  if kind == "boolean" then return tostring(value) end
  mistake(path, ("%s expected, got %s"):format(expected, kind))
end

local function name_path(path, name)
  if name:find "^[%a_][%w_]*$" then return path .. "." .. name end
  return ("%s[%q]"):format(path, name)
end

local function sorted_names(value, path)
  local names = {}
  for key in pairs(value) do
    if type(key) ~= "string" then
      mistake(("%s[%s]"):format(path, tostring(key)), "a name expected as key, got " .. type(key))
    end
    names[#names + 1] = key
  end
  table.sort(names)
  return names
end

-- The length of a table that must be a list without holes.
local function list_length(value, path)
  local count, highest = 0, 0
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 then
      mistake(path, ("list expected, got a table with the key '%s'"):format(tostring(key)))
    end
    count, highest = count + 1, math.max(highest, key)
  end
  if highest ~= count then
    local hole = 1
    while value[hole] ~= nil do hole = hole + 1 end
    mistake(("%s[%d]"):format(path, hole), "a list must not have holes, this is nil")
  end
  return count
end

local function write_list(value, path, write_element)
  local parts = {}
  for i = 1, list_length(value, path) do parts[i] = write_element(value[i], ("%s[%d]"):format(path, i)) end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function write_map(value, path, write_element)
  local parts = {}
  for i, name in ipairs(sorted_names(value, path)) do
    local element = name_path(path, name)
    parts[i] = write_string(name, element) .. ":" .. write_element(value[name], element)
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function write_text(value, path)
  return write_scalar(value, path, "string")
end

-- Any JSON: a table with a first element is a list, every other one an object. `above` holds the tables around it.
local function write_any(value, path, above, depth)
  if type(value) ~= "table" then return write_scalar(value, path, "JSON value") end
  above, depth = above or {}, (depth or 0) + 1
  if above[value] then mistake(path, "the table contains itself") end
  if depth > MAXIMUM_DEPTH then mistake(path, "nested too deeply") end
  above[value] = true
  local write = value[1] ~= nil and write_list or write_map
  local text = write(value, path, function(element, element_path)
    return write_any(element, element_path, above, depth)
  end)
  above[value] = nil
  return text
end

local write_object

-- By field type: what it is called when something else was given, and how a table is written (nil: not at all).
local writers = {
  string = { "string" },
  bool = { "boolean" },
  integer = { "integer" },
  object = { "table", function(field, value, path) return write_object(field.object, value, path) end },
  map = { "table", function(_, value, path) return write_map(value, path, write_text) end },
  pair = { "table", function(_, value, path)
    return write_list(value, path, function(element, element_path)
      return write_scalar(element, element_path, "integer")
    end)
  end },
  list = { "table", function(field, value, path)
    if field.element == "string" then return write_list(value, path, write_text) end
    return write_list(value, path, function(element, element_path)
      if type(element) ~= "table" then return write_scalar(element, element_path, "table") end
      return write_object(field.element, element, element_path)
    end)
  end },
  index_map = { "table", function(_, value, path) return write_any(value, path) end },
  raw = { "JSON value", function(_, value, path) return write_any(value, path) end },
  any = { "JSON value", function(_, value, path) return write_any(value, path) end },
}

local function write_field(field, value, path)
  local expected, write_table = table.unpack(writers[field.type])
  if type(value) ~= "table" then return write_scalar(value, path, expected) end
  if not write_table then mistake(path, expected .. " expected, got table") end
  return write_table(field, value, path)
end

-- Fields that the type does not have go out empty: that they are there is what the core complains about.
function write_object(type_name, value, path)
  local by_name = {}
  for _, field in ipairs(fields_of(type_name)) do by_name[field.name] = field end
  local parts = {}
  for i, name in ipairs(sorted_names(value, path)) do
    local field, field_path = by_name[name], name_path(path, name)
    local text = field and write_field(field, value[name], field_path) or "null"
    parts[i] = write_string(name, field_path) .. ":" .. text
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

-- The JSON text of a table as a document of that type; nil and what is wrong with it. `path` is what messages call it.
function document.encode(type_name, value, path)
  local ok, result = pcall(write_object, type_name, value, path)
  if ok then return result end
  if getmetatable(result) ~= mistake_class then error(result, 0) end
  return nil, result.message
end

-- ---- JSON to tables --------------------------------------------------------------------------------------------

local complete

local function complete_list(element, list)
  if element ~= "string" then
    for i, value in ipairs(list) do list[i] = complete(element, value) end
  end
  return list
end

local function complete_index_map(element, map)
  local result = {}
  for key, value in pairs(map) do result[math.tointeger(key) or key] = complete(element, value) end
  return result
end

-- By field type: the Go value of what was read, which may be nil.
local readers = {
  string = function(_, value) return value or "" end,
  bool = function(_, value) return value or false end,
  integer = function(_, value) return value or 0 end,
  pair = function(_, value) return value or { 0, 0 } end,
  map = function(_, value) return value or {} end,
  list = function(field, value) return complete_list(field.element, value or {}) end,
  index_map = function(field, value) return complete_index_map(field.element, value or {}) end,
  object = function(field, value)
    if value == nil and field.pointer then return nil end
    return complete(field.object, value or {})
  end,
  raw = function(_, value) return value end,
  any = function(_, value) return value end,
}

-- Fills in what a Go struct would have. Fields that the type does not have stay as they are.
function complete(type_name, value)
  for _, field in ipairs(fields_of(type_name) or {}) do
    value[field.name] = readers[field.type](field, value[field.name])
  end
  return value
end

-- The complete table of a document that the core has made.
function document.decode(type_name, text)
  return complete(type_name, json.decode(text))
end

-- The same for an array of documents.
function document.decode_list(type_name, text)
  return complete_list(type_name, json.decode(text))
end

return document
