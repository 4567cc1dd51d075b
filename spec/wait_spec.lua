-- The end of a container and of its processes, as waiters learn of it: at any time, again and again (contract §1.2).
local hcs = require "hcs"
local support = require "spec.support"

describe("a wait whose time is over", function()
  it("still tells the end", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process(support.puppet()))
    assert.same({ p }, hcs.poll({ p }, 60))
    assert.equal(0, p:wait(0))
    assert.is_true(hcs.is_timeout(select(2, c:wait(0))))
    assert(c:terminate())
    assert.same({ c }, hcs.poll({ c }, 60))
    for _ = 1, 3 do
      assert.is_true(c:wait(0))
      assert.equal(0, p:wait(0))
    end
  end)

  it("may be repeated until it is told", function()
    local c <close> = support.container()
    local p <close> = assert(c:create_process(support.puppet("read", "exit", 5, { CreateStdInPipe = true })))
    for _, timeout in ipairs { 0, 0.001, 0.01 } do
      assert.is_true(hcs.is_timeout(select(2, p:wait(timeout))))
      assert.is_true(hcs.is_timeout(select(2, c:wait(timeout))))
    end
    assert(p:close_stdin())
    assert.equal(5, p:wait(60))
  end)
end)

support.nothing_left()
