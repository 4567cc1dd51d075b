-- The descriptors of streams, for event loops (API.md, Waiting).
local support = require "spec.support.linux"

describe("a stream", function()
  it("has the pipe's own non-blocking descriptor", function()
    local c <close> = support.container()
    local _, stdin, stdout, stderr = support.piped(c, "cat")
    assert.equal("w", stdin:events())
    assert.equal("r", stdout:events())
    assert.equal("r", stderr:events())
    for _, stream in ipairs { stdin, stdout, stderr } do
      local descriptor = assert(stream:pollfd())
      assert.equal("integer", math.type(descriptor))
      assert.matches("flags:%s+%d*4%d%d%d\n", support.read_file("/proc/self/fdinfo/" .. descriptor)) -- O_NONBLOCK
      assert.equal(descriptor, stream:pollfd())
      assert.is_nil(stream:timeout())
    end
  end)
end)

support.nothing_left()
