-- pollfd, events, timeout (API.md, Waiting) under the two event loops that examples/ shows.
local cqueues = require "cqueues"
local hcs = require "hcs"
local support = require "spec.support.linux"
local uv = require "luv"

-- How long anything may take before the spec fails; nothing here waits for it.
local PATIENCE = 10

-- luv's loop gets its own descriptors with the first handle; they stay until the program ends.
uv.new_timer():close()
uv.run()

-- Runs the function as a coroutine of a cqueues loop.
local function under_cqueues(work)
  local loop = cqueues.new()
  loop:wrap(work)
  assert(loop:loop(PATIENCE))
  assert.is_true(loop:empty())
end

-- Waits under luv until the object is ready; true, or false when it was not in time.
local function luv_waits_for(object, seconds)
  local ready = false
  local poll, timer = assert(uv.new_poll(assert(object:pollfd()))), uv.new_timer()
  local function finish()
    poll:close()
    timer:close()
  end
  assert(poll:start(object:events(), function(err)
    ready = not err
    finish()
  end))
  timer:start(seconds * 1000 // 1, 0, finish)
  uv.run()
  return ready
end

describe("an event loop", function()
  local c

  setup(function() c = support.container() end)
  teardown(function() c:close() end)

  local function cat()
    return assert(c:create_process { "cat", CreateStdInPipe = true, CreateStdOutPipe = true })
  end

  -- Bytes come, and some of them stay in the stream's buffer.
  local function buffered(process)
    local stdin, stdout = process:stdio()
    assert(stdin:write "one\ntwo\n")
    assert.equal("one", stdout:read "l")
    return stdin, stdout
  end

  it("cqueues takes containers, processes and streams as they are", function()
    local p <close> = cat()
    local stdin, stdout = p:stdio()
    under_cqueues(function()
      assert.equal(stdin, cqueues.poll(stdin, PATIENCE))
      assert(stdin:write "through\n")
      assert.equal(stdout, cqueues.poll(stdout, PATIENCE))
      assert.equal("through\n", stdout:read_some(0))
      assert.equal(0.01, cqueues.poll(stdout, p, c, 0.01)) -- nothing is ready: the time is over
      cqueues.cancel(stdin:pollfd())
      stdin:close()
      -- At the end (EPOLLHUP alone) cqueues comes back and names nothing.
      assert.not_equal(PATIENCE, (cqueues.poll(stdout, PATIENCE)))
      assert.same({ n = 1 }, table.pack(stdout:read_some(0)))
      assert.equal(p, cqueues.poll(p, PATIENCE))
      assert.equal(0, p:wait(0))
      for _, object in ipairs { stdout, p } do cqueues.cancel(object:pollfd()) end
      cqueues.cancel(c:pollfd())
    end)
  end)

  it("cqueues does not sleep while a stream has buffered bytes", function()
    local p <close> = cat()
    local stdin, stdout = buffered(p)
    under_cqueues(function()
      local begin = cqueues.monotime()
      cqueues.poll(stdout, PATIENCE)
      assert.is_true(cqueues.monotime() - begin < PATIENCE / 2)
      assert.equal("two\n", stdout:read_some(0))
      cqueues.cancel(stdout:pollfd())
    end)
    stdin:close()
    stdout:close()
  end)

  it("luv takes the descriptors", function()
    local p <close> = cat()
    local stdin, stdout = p:stdio()
    assert.is_true(luv_waits_for(stdin, PATIENCE))
    assert.is_false(luv_waits_for(stdout, 0.01))
    assert.is_false(luv_waits_for(p, 0.01))
    assert.is_false(luv_waits_for(c, 0.01))
    assert(stdin:write "through\n")
    assert.is_true(luv_waits_for(stdout, PATIENCE))
    assert.equal("through\n", stdout:read_some(0))
    assert(stdin:close())
    assert.is_true(luv_waits_for(stdout, PATIENCE))
    assert.is_true(luv_waits_for(p, PATIENCE))
    assert.equal(0, p:wait(0))
    stdout:close()
  end)

  it("finds what has ended ready as often as it asks", function()
    local ended = support.container()
    local p = assert(ended:create_process { "true" })
    assert.equal(0, p:wait(PATIENCE))
    assert(ended:terminate())
    assert(ended:wait(PATIENCE))
    for _ = 1, 2 do
      assert.is_true(luv_waits_for(ended, PATIENCE))
      assert.is_true(luv_waits_for(p, PATIENCE))
      under_cqueues(function()
        assert.equal(ended, cqueues.poll(ended, PATIENCE))
        assert.equal(p, cqueues.poll(p, PATIENCE))
        cqueues.cancel(ended:pollfd())
        cqueues.cancel(p:pollfd())
      end)
    end
    p:close()
    ended:close()
    assert.is_true(hcs.is_already_closed(select(2, ended:pollfd())))
  end)

  it("leaves the descriptors usable for the library's own calls", function()
    local p <close> = cat()
    local stdin, stdout = p:stdio()
    assert.is_true(luv_waits_for(stdin, PATIENCE))
    assert.same({ stdin }, hcs.poll({ stdin, stdout, p }, PATIENCE))
    assert(stdin:write "still\n")
    assert.equal("still", stdout:read "l")
    stdin:close()
    assert.equal(0, p:wait(PATIENCE))
    assert.is_nil(stdout:read "l")
    stdout:close()
  end)
end)

support.nothing_left()
