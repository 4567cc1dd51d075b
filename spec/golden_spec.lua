-- hcs.document writes the golden documents, byte for byte: see spec/support/golden.lua.
local golden = require "spec.support.golden"
local hcs = require "hcs"
local lfs = require "lfs"

describe("HCS gets", function()
  for _, name in ipairs(golden.names "") do
    it("spec/golden/" .. name .. ".json", function()
      assert.equal(golden.text(name), assert(hcs.document(golden.type(name), golden.documents[name])))
    end)
  end

  it("nothing else: every golden file has a table", function()
    for entry in lfs.dir(golden.FOLDER) do
      if entry:sub(1, 1) ~= "." then assert.is_table(golden.documents[entry:match "^(.*)%.json$"], entry) end
    end
  end)
end)
