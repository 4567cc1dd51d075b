-- HCS documents: Lua tables to JSON text and back, by the core's field tables. What JSON cannot say (functions, cycles,
-- holes) is found here; what a field may hold (names, types, ranges) is the core's business, and it says so in the same
-- notation.
local core = require "hcs.core"
local json = require "hcs.json"

local error, getmetatable, ipairs, math, pairs, pcall = error, getmetatable, ipairs, math, pairs, pcall
local setmetatable, table, tonumber, tostring, type, utf8 = setmetatable, table, tonumber, tostring, type, utf8

local document = {}

local MAXIMUM_DEPTH = 100

-- ---- the field tables ------------------------------------------------------------------------------------------

-- What is expected of a value, by field type, in the words of Lua's type(). The core's checks say the same.
local expected_types = {
  string = "string", bool = "boolean", integer = "number",
  object = "table", list = "table", map = "table", index_map = "table", pair = "table",
  raw = "JSON value", any = "JSON value",
}

-- A field that its type does not have goes out empty: that it is there is what the core complains about.
local UNKNOWN = {}
-- A place without a schema.
local ANY = { expected = "JSON value" }
ANY.element = ANY

-- type name → { fields = array of the core's rows, by_name = name → row }. A row also tells, for what is in its value,
-- `element` (lists and maps) or `schema` (objects).
local schemas

-- The row for the elements of a list or map.
local function element_row(field)
  if field.type == "pair" then return { expected = "number" } end
  if field.element == "string" then return { expected = "string" } end
  if field.element then return { expected = "table", schema = schemas[field.element] } end
  return ANY
end

-- Fetched once, when first needed. Short of memory it raises.
local function schema_of(type_name)
  if schemas then return schemas[type_name] end
  local text, err = core.describe()
  if not text then error(err, 0) end
  local read = json.decode(text)
  schemas = {}
  for name, fields in pairs(read) do schemas[name] = { fields = fields, by_name = {} } end
  for name, fields in pairs(read) do
    for _, field in ipairs(fields) do
      schemas[name].by_name[field.name] = field
      field.expected = expected_types[field.type]
      if field.object then field.schema = schemas[field.object] else field.element = element_row(field) end
    end
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
  return json.string(value)
end

local function write_number(value, path)
  if value ~= value then mistake(path, "finite number expected, got NaN") end
  if value == math.huge or value == -math.huge then mistake(path, "finite number expected, got infinity") end
  return json.number(value)
end

local function write_scalar(value, row, path)
  local kind = type(value)
  if kind == "string" then return write_string(value, path) end
  if kind == "number" then return write_number(value, path) end
  if kind == "boolean" then return tostring(value) end
  mistake(path, ("%s expected, got %s"):format(row.expected, kind))
end

local function name_path(path, name)
  if name:find "^[%a_][%w_]*$" then return path .. "." .. name end
  return ("%s[%q]"):format(path, name)
end

-- How a table is to be written: its length if it is a list, nil and its sorted names if it is not.
local function shape(value, path)
  local count, highest, names = 0, 0, {}
  for key in pairs(value) do
    if type(key) == "string" then
      names[#names + 1] = key
    elseif math.type(key) == "integer" and key > 0 then
      count, highest = count + 1, math.max(highest, key)
    else
      mistake(("%s[%s]"):format(path, tostring(key)), "names and list positions are keys, not " .. type(key) .. "s")
    end
  end
  if count > 0 and #names > 0 then mistake(path, "a table cannot be a list and have names: '" .. names[1] .. "'") end
  for i = 1, count do
    if value[i] == nil then mistake(("%s[%d]"):format(path, i), "nil in a list") end
  end
  table.sort(names)
  return count > 0 and count or nil, names
end

local write

local function write_list(value, length, row, path, above)
  local parts = {}
  for i = 1, length do parts[i] = write(value[i], row.element or ANY, ("%s[%d]"):format(path, i), above) end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function write_names(value, names, row, path, above)
  local parts = {}
  for i, name in ipairs(names) do
    local inner, inner_path = row.element or ANY, name_path(path, name)
    if row.schema then inner = row.schema.by_name[name] or UNKNOWN end
    parts[i] = write_string(name, inner_path) .. ":" .. write(value[name], inner, inner_path, above)
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

-- `above` holds the tables around the value and their number. The core takes {} for an empty list, too.
function write(value, row, path, above)
  if row == UNKNOWN then return "null" end
  if type(value) ~= "table" then return write_scalar(value, row, path) end
  if above[value] then mistake(path, "the table contains itself") end
  if above.depth == MAXIMUM_DEPTH then mistake(path, "nested too deeply") end
  above[value], above.depth = true, above.depth + 1
  local length, names = shape(value, path)
  local text = length and write_list(value, length, row, path, above) or write_names(value, names, row, path, above)
  above[value], above.depth = nil, above.depth - 1
  return text
end

-- The JSON text of a table as a document of that type; nil and what is wrong with it. `path` is what messages call it.
function document.encode(type_name, value, path)
  local ok, result = pcall(write, value, { expected = "table", schema = schema_of(type_name) }, path, { depth = 0 })
  if ok then return result end
  if getmetatable(result) ~= mistake_class then error(result, 0) end
  return nil, result.message
end

-- ---- JSON to tables --------------------------------------------------------------------------------------------

-- A newer service may say more than the tables know, and may say it otherwise: what is no table where one belongs is
-- left as it came.
local complete

local function complete_list(schema, list)
  if schema and type(list) == "table" then
    for i, value in ipairs(list) do list[i] = complete(schema, value) end
  end
  return list
end

local function complete_index_map(schema, map)
  if type(map) ~= "table" then return map end
  local result = {}
  for key, value in pairs(map) do result[math.tointeger(tonumber(key)) or key] = complete(schema, value) end
  return result
end

-- By field type: the Go value of what was read, which may be nil.
local readers = {
  string = function(_, value) return value or "" end,
  bool = function(_, value) return value or false end,
  integer = function(_, value) return value or 0 end,
  pair = function(_, value) return value or { 0, 0 } end,
  map = function(_, value) return value or {} end,
  list = function(field, value) return complete_list(field.element.schema, value or {}) end,
  index_map = function(field, value) return complete_index_map(field.element.schema, value or {}) end,
  object = function(field, value)
    if value == nil and field.pointer then return nil end
    return complete(field.schema, value or {})
  end,
  raw = function(_, value) return value end,
  any = function(_, value) return value end,
}

-- Fills in what a Go struct would have. Fields that the type does not have stay as they are.
function complete(schema, value)
  if type(value) ~= "table" then return value end
  for _, field in ipairs(schema.fields) do
    value[field.name] = readers[field.type](field, value[field.name])
  end
  return value
end

-- The complete table of a document that the core has made.
function document.decode(type_name, text)
  return complete(schema_of(type_name), json.decode(text))
end

-- The same for an array of documents.
function document.decode_list(type_name, text)
  return complete_list(schema_of(type_name), json.decode(text))
end

return document
