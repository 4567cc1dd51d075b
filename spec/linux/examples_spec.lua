-- What a reader copies works: the examples and the README's Lua blocks run as they stand.
local lfs = require "lfs"
local support = require "spec.support.linux"
local terminal = require "spec.support.linux.terminal"

support.layer()

local function run(script)
  return support.shell(support.lua() .. " " .. script)
end

describe("examples/", function()
  it("quickstart.lua feeds a process, reads it and prints its exit code", function()
    assert.equal("apple\nfig\npear\nsorted by demo\nexit code\t7\n", run "examples/quickstart.lua")
  end)

  it("service.lua serves three clients and ends in order", function()
    local output = run "examples/service.lua"
    for page = 1, 3 do assert.matches("this is page " .. page .. "\n", output, 1, true) end
    assert.matches("requests served\t3\n", output, 1, true)
    assert.matches("server ended by\tTERM\n", output, 1, true)
  end)

  for _, loop in ipairs { "cqueues", "luv" } do
    it(loop .. ".lua reads twenty processes at once, and sees every end", function()
      local expected = { "container\tStopped\n" }
      for number = 1, 20 do
        expected[number + 1] = ("process %d: 3 lines, the last is '%d says 3', exit code %d\n"):format(
          number, number, number)
      end
      assert.equal(table.concat(expected), run("examples/" .. loop .. ".lua"))
    end)
  end

  it("shell.lua is an interactive shell in a container", function()
    local command = ("exec env TERM=vt100 %s examples/shell.lua"):format(support.lua())
    local output = terminal.run(command, {
      "expect container# ", "modes raw",
      "type hostname; pwd\\n", "expect container\\r\\n/root\\r\\n", "expect # ",
      "type tty; stty size; echo $TERM\\n", "expect \\r\\n/dev/pts/0\\r\\n24 80\\r\\nvt100\\r\\n", "expect # ",
      "size 100 30", "type stty size\\n", "expect \\r\\n30 100\\r\\n", "expect # ",
      "type sleep 1000\\n", "run sleep 0.1", "type \\x1a", "expect Stopped", "expect # ",
      "type kill -KILL %1\\n", "expect # ", "type wait %1\\n", "expect # ",
      "type exit 7\\n", "wait", "modes usual",
    })
    assert.equal("exited 7\n", output)
  end)

  it("shell.lua takes another layer, and wants a terminal", function()
    local output = terminal.run(("exec env %s examples/shell.lua /no/such/layer"):format(support.lua()),
      { "expect /no/such/layer", "wait", "modes usual" })
    assert.equal("exited 1\n", output)
    local ok, problem = pcall(run, "examples/shell.lua </dev/null")
    assert.is_false(ok)
    assert.matches("standard input is no terminal", problem, 1, true)
  end)

  it("fixture_spec.lua passes under busted", function()
    local busted = os.getenv "BUSTED" or "/usr/bin/busted"
    -- .busted names the plain build; this is a test of the one that is being tested.
    local output = run(("%s --ignore-lua --cpath=%s -o TAP examples/fixture_spec.lua"):format(
      busted, support.quote(package.cpath)))
    assert.not_matches("not ok", output, 1, true)
    assert.matches("1..4\n", output, 1, true)
  end)

  it("holds nothing that is not run here", function()
    local names = {}
    for name in lfs.dir "examples" do
      if not name:find "^%." then names[#names + 1] = name end
    end
    table.sort(names)
    assert.same({ "cqueues.lua", "fixture_spec.lua", "luv.lua", "quickstart.lua", "service.lua",
      "shell.lua" }, names)
  end)
end)

describe("README.md", function()
  local count = 0
  for block in support.read_file "README.md":gmatch "\n```lua\n(.-)\n```" do
    count = count + 1
    -- What needs a namespace is network_spec's.
    local run_it = block:find("/run/netns/", 1, true) and function() end or it
    run_it("block " .. count .. ": " .. block:match "[^\n]*", function()
      local script = support.write_file(os.tmpname(), block)
      local ok, output = pcall(run, script)
      os.remove(script)
      assert(ok, output)
      -- What a comment promises is what is printed: print(x) --> text
      for promised in block:gmatch "%-%->%s*([^\n]+)" do
        assert.matches(promised, output, 1, true)
      end
    end)
  end

  it("has blocks to run", function() assert.is_true(count >= 3) end)
end)

support.nothing_left()
