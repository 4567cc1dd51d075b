-- types/hcs.d.lua and the live module say the same: every documented function and field exists, every existing one
-- is documented, with the same parameters.
local core = require "hcs.core"
local hcs = require "hcs"
local json = require "hcs.json"
local support = require "spec.support"

-- What the annotations declare: owner → name → parameters (text between the brackets), and class → fields → type.
local function parse(path)
  local functions, classes, class = {}, {}, nil
  for line in io.lines(path) do
    local owner, name, parameters = line:match "^function ([%w_]+)[.:]([%w_]+)%((.-)%) end$"
    if owner then
      functions[owner] = functions[owner] or {}
      assert(not functions[owner][name], owner .. "." .. name .. " is declared twice")
      functions[owner][name] = parameters
    end
    class = line:match "^%-%-%-@class .-(hcs[%w_.]*)" or class
    if not line:find "^%-%-%-" then class = nil end
    if class then
      classes[class] = classes[class] or {}
      local field, optional, kind = line:match "^%-%-%-@field ([%w_]+)(%??) (%S+)"
      if field then classes[class][field] = { type = kind, optional = optional == "?" } end
    end
  end
  return functions, classes
end

local functions, classes = parse(support.source "types/hcs.d.lua")

local function methods_of(class)
  return debug.getregistry()[class].__index
end

local function count(parameters)
  local names = 0
  for name in parameters:gmatch "[%w_]+" do names = names + (name ~= "" and 1 or 0) end
  return names
end

local function names(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function of_type(set, kind)
  local found = {}
  for name, value in pairs(set) do
    if type(value) == kind then found[name] = value end
  end
  return found
end

-- Lua functions tell their parameters; C functions do not.
local function check_parameters(live, documented, extra)
  for name, parameters in pairs(documented) do
    local info = debug.getinfo(live[name], "Su")
    if info.what == "Lua" then
      assert.equal(parameters:find("...", 1, true) ~= nil, info.isvararg, name)
      assert.equal(count(parameters) + extra, info.nparams, name)
    end
  end
end

describe("types/hcs.d.lua", function()
  it("has the module's functions", function()
    local live = of_type(hcs, "function")
    assert.same(names(live), names(functions.hcs))
    check_parameters(live, functions.hcs, 0)
  end)

  it("has the module's other fields", function()
    local live = names(of_type(hcs, "string"))
    assert.same({ "_VERSION", "backend" }, live)
    assert.same(live, names(classes["hcs"]))
  end)

  for _, class in ipairs { "container", "process", "stream" } do
    it("has the methods of " .. class .. "s", function()
      local live = methods_of("hcs." .. class)
      assert.same(live, of_type(live, "function"))
      assert.same(names(live), names(functions[class]))
      check_parameters(live, functions[class], 1)
    end)
  end

  it("declares nothing for classes that do not exist", function()
    assert.same({ "container", "hcs", "process", "stream" }, names(functions))
  end)

  it("keeps metamethods out of the methods", function()
    for _, class in ipairs { "container", "process", "stream" } do
      local metatable = debug.getregistry()["hcs." .. class]
      assert.equal("hcs." .. class, metatable.__name)
      assert.not_equal(metatable, metatable.__index)
      for name in pairs(metatable.__index) do assert.is_nil(name:match "^__") end
    end
  end)

  it("has the fields of errors", function()
    local _, err = hcs.open_container "no such container"
    for name, field in pairs(classes["hcs.error"]) do
      local value = err[name]
      if not field.type:find "%?$" then assert.is_not_nil(value, name) end
    end
    assert.same({
      "code", "errno", "events", "exit_code", "id", "message", "name", "operation", "pid", "signal", "stderr", "stdout",
    }, names(classes["hcs.error"]))
  end)

  it("has the documents of the schema", function()
    local lua_types = { string = "string", bool = "boolean", integer = "integer", raw = "any", any = "any" }
    for type_name, fields in pairs(json.decode(core.describe())) do
      local class = assert(classes["hcs." .. type_name], type_name)
      local described = {}
      for _, field in ipairs(fields) do
        described[field.name] = true
        local documented = assert(class[field.name], type_name .. "." .. field.name .. " is not documented")
        local expected = lua_types[field.type]
        if expected then assert.equal(expected, documented.type, type_name .. "." .. field.name) end
        if field.object then assert.equal("hcs." .. field.object, documented.type) end
      end
      assert.same(names(described), names(class), type_name)
    end
  end)

end)

describe("docs/api.md", function()
  local text = support.read_file(support.source "docs/api.md")

  local function mentions(part)
    assert(text:find(part, 1, true), part .. " is not in docs/api.md")
  end

  it("has every function and method", function()
    local prefixes = { hcs = "hcs.", container = "c:", process = "p:", stream = "s:" }
    for owner, documented in pairs(functions) do
      for name in pairs(documented) do
        mentions(name:find "^is_" and "`" .. name .. "`" or prefixes[owner] .. name .. "(")
      end
    end
  end)

  it("has every field of errors and of the configs", function()
    for _, class in ipairs { "hcs.error", "hcs.ContainerConfig", "hcs.ProcessConfig" } do
      for name in pairs(classes[class]) do mentions("`" .. name .. "`") end
    end
  end)
end)

support.nothing_left()
