-- A container as a fixture of busted specs: made once for the group, gone after it.
-- Run it as root: lua5.4 /usr/bin/busted examples/fixture_spec.lua
local hcs = require "hcs"
local layer = os.getenv "HCS_BASE_LAYER" or "/var/lib/hcs/layers/busybox"

describe("a program in a container", function()
  local c

  setup(function()
    c = assert(hcs.create_container(nil, {
      Layers = { { Path = layer } },
      TerminateOnLastHandleClosed = true,
    }))
    assert(c:start())
  end)

  teardown(function()
    assert(c:stop(5))
    c:close()
  end)

  it("counts the lines it is fed", function()
    local result = assert(c:run({ "wc", "-l" }, { input = "one\ntwo\nthree\n" }))
    assert.equal(0, result.exit_code)
    assert.equal("3", (result.stdout:match "%d+"))
  end)

  it("fails as it would on the host", function()
    local result = assert(c:run { "cat", "/no/such/file" })
    assert.equal(1, result.exit_code)
    assert.matches("No such file or directory", result.stderr)
  end)

  it("sees what an earlier one wrote: they share the container", function()
    assert(c:run({ "sh", "-c", "cat > /tmp/note" }, { input = "left here", check = true }))
    assert.equal("left here", assert(c:run { "cat", "/tmp/note" }).stdout)
  end)

  it("is ended when it takes too long", function()
    local result, err = c:run({ "sleep", "60" }, { timeout = 0.1 })
    assert.is_nil(result)
    assert.is_true(hcs.is_timeout(err))
  end)
end)
