-- docs/contract.md names every method and every field of the contract, each with a test that exists.
local core = require "hcs.core"
local hcs = require "hcs"
local json = require "hcs.json"
local support = require "spec.support"

-- The parts of documents that their owner's row speaks for: it is refused or empty as a whole.
local SPOKEN_FOR = { HvRuntime = true, GuestConnectionInfo = true, GuestDefinedCapabilities = true, Version = true }

-- section → list of {name=, meaning=, proof=}; a row may name several things: "`a`, `b`".
local function parse(text)
  local sections, section = {}, nil
  for line in text:gmatch "[^\n]+" do
    local heading = line:match "^## (.+)$"
    if heading then
      section = heading
      sections[section] = {}
    end
    local name, meaning, proof = line:match "^| (`.-) | (.-) | (.*) |$"
    if name then table.insert(sections[section], { name = name, meaning = meaning, proof = proof }) end
  end
  return sections
end

local sections = parse(support.read_file(support.source "docs/contract.md"))

local function named(section)
  local set = {}
  for _, row in ipairs(sections[section] or {}) do
    for name in row.name:gmatch "`([%w_]+)`" do set[name] = true end
  end
  return set
end

local function check(section, wanted)
  assert(sections[section], "docs/contract.md has no section '" .. section .. "'")
  local found = named(section)
  for _, name in ipairs(wanted) do
    assert(found[name], ("docs/contract.md, %s: no row for %s"):format(section, name))
    found[name] = nil
  end
  assert.is_nil(next(found), ("docs/contract.md, %s: there is no %s"):format(section, tostring(next(found))))
end

local function keys(set)
  local list = {}
  for key in pairs(set) do list[#list + 1] = key end
  return list
end

describe("docs/contract.md", function()
  it("has every function of the module", function()
    local functions = {}
    for name, value in pairs(hcs) do
      -- one row stands for all classifiers
      if type(value) == "function" and (not name:find "^is_" or name == "is_not_exist") then
        functions[#functions + 1] = name
      end
    end
    check("Package functions", functions)
  end)

  for section, class in pairs { Container = "hcs.container", Process = "hcs.process", Stream = "hcs.stream" } do
    it("has every method of " .. class, function()
      check(section, keys(debug.getregistry()[class].__index))
    end)
  end

  it("has every field of every document", function()
    for type_name, fields in pairs(json.decode(core.describe())) do
      local names = {}
      for _, field in ipairs(fields) do names[#names + 1] = field.name end
      if not SPOKEN_FOR[type_name] then check(type_name, names) end
    end
  end)

  it("has no row without a test, and no test that does not exist", function()
    local files = {}
    for _, rows in pairs(sections) do
      for _, row in ipairs(rows) do
        local proofs = 0
        for file, tests in row.proof:gsub('"; spec/', '"\nspec/'):gmatch "(spec/[%w_/]+%.lua): ([^\n]+)" do
          files[file] = files[file] or support.read_file(file)
          for test in tests:gmatch '"(.-)"' do
            proofs = proofs + 1
            assert(files[file]:find(test, 1, true), ("%s: %s has no test '%s'"):format(row.name, file, test))
          end
        end
        assert(proofs > 0, row.name .. ": no test")
      end
    end
  end)
end)

support.nothing_left()
