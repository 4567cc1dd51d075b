-- docs/contract.md names every method and every field of the contract, docs/windows.md every method, each with a test
-- that exists.
local core = require "hcs.core"
local hcs = require "hcs"
local json = require "hcs.json"
local support = require "spec.support"

-- The parts of documents that their owner's row speaks for: it is refused or empty as a whole.
local SPOKEN_FOR = { HvRuntime = true, GuestConnectionInfo = true, GuestDefinedCapabilities = true, Version = true }

-- section → list of {name=, proof=}, and `path` → where they stand; a row may name several things: "`a`, `b`".
local function parse(path)
  local sections, section = { path = path }, nil
  for line in support.read_file(support.source(path)):gmatch "[^\n]+" do
    local heading = line:match "^##+ (.+)$"
    if heading then
      section = heading
      sections[section] = {}
    end
    local name, proof = line:match "^| (`.-) | .- | (.*) |$"
    if name then table.insert(sections[section], { name = name, proof = proof }) end
  end
  return sections
end

local function named(section)
  local set = {}
  for _, row in ipairs(section) do
    for name in row.name:gmatch "`([%w_]+)`" do set[name] = true end
  end
  return set
end

local function check(sections, section, wanted)
  assert(sections[section], ("%s has no section '%s'"):format(sections.path, section))
  local found = named(sections[section])
  for _, name in ipairs(wanted) do
    assert(found[name], ("%s, %s: no row for %s"):format(sections.path, section, name))
    found[name] = nil
  end
  assert.is_nil(next(found), ("%s, %s: there is no %s"):format(sections.path, section, tostring(next(found))))
end

local function keys(set)
  local list = {}
  for key in pairs(set) do list[#list + 1] = key end
  return list
end

-- A proof is a file and names of tests in it, as often as need be.
local function check_proof(row, files)
  local proofs = 0
  for file, tests in row.proof:gsub('"; ([%w_]+/)', '"\n%1'):gmatch "([%w_/]+%.%l+): ([^\n]+)" do
    files[file] = files[file] or support.read_file(file)
    for test in tests:gmatch '"(.-)"' do
      proofs = proofs + 1
      assert(files[file]:find(test, 1, true), ("%s: %s has no test '%s'"):format(row.name, file, test))
    end
  end
  assert(proofs > 0, row.name .. ": no test")
end

local contract, windows = parse "docs/contract.md", parse "docs/windows.md"

for _, sections in ipairs { contract, windows } do
  describe(sections.path, function()
    it("has every function of the module", function()
      local functions = {}
      for name, value in pairs(hcs) do
        -- one row stands for all classifiers
        if type(value) == "function" and (not name:find "^is_" or name == "is_not_exist") then
          functions[#functions + 1] = name
        end
      end
      check(sections, "Package functions", functions)
    end)

    for section, class in pairs { Container = "hcs.container", Process = "hcs.process", Stream = "hcs.stream" } do
      it("has every method of " .. class, function()
        check(sections, section, keys(debug.getregistry()[class].__index))
      end)
    end

    it("has no row without a test, and no test that does not exist", function()
      local files = {}
      for name, rows in pairs(sections) do
        if name ~= "path" then
          for _, row in ipairs(rows) do check_proof(row, files) end
        end
      end
    end)
  end)
end

describe("docs/contract.md", function()
  it("has every field of every document", function()
    for type_name, fields in pairs(json.decode(core.describe())) do
      local names = {}
      for _, field in ipairs(fields) do names[#names + 1] = field.name end
      if not SPOKEN_FOR[type_name] then check(contract, type_name, names) end
    end
  end)
end)

support.nothing_left()
