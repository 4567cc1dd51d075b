-- Streams (API.md, Stream, and what Process says of pipes).
local hcs = require "hcs"
local support = require "spec.support"

local ELEMENT_NOT_FOUND = 0x490
local MEGABYTES = 3 * 1024 * 1024

local contains, failure, puppet = support.contains, support.failure, support.puppet

-- All processes of this file run in it.
local c

setup(function() c = support.container() end)

-- A process with all three pipes, and its streams.
local function process(...)
  return support.piped(c, ...)
end

-- The standard output of a process that has written `text` and ended.
local function output_of(text)
  local p, stdin, stdout = process "cat"
  assert(stdin:write(text))
  assert(stdin:close())
  assert.equal(0, p:wait(10))
  return stdout, p
end

describe("read", function()
  it("reads a line with 'l', and without formats", function()
    local stdout = output_of "one\n\nthree\nlast"
    assert.equal("one", stdout:read())
    assert.equal("", stdout:read "l")
    assert.equal("three", stdout:read "*l")
    assert.equal("last", stdout:read "l")
    local count = select("#", stdout:read "l")
    assert.equal(1, count)
    assert.is_nil(stdout:read "l")
  end)

  it("keeps the newline with 'L'", function()
    local stdout = output_of "one\n\nlast"
    assert.equal("one\n", stdout:read "L")
    assert.equal("\n", stdout:read "L")
    assert.equal("last", stdout:read "L")
    assert.is_nil(stdout:read "L")
  end)

  it("reads all with 'a', which is never nil", function()
    local stdout = output_of "one\ntwo\0three\n"
    assert.equal("one\ntwo\0three\n", stdout:read "a")
    assert.equal("", stdout:read "a")
    assert.equal("", stdout:read "a")
    assert.is_nil(stdout:read "l")
  end)

  it("reads a number of bytes, fewer at the end, then nil", function()
    local stdout = output_of "abcdefgh"
    assert.equal("abc", stdout:read(3))
    assert.equal("def", stdout:read(3.0))
    assert.equal("gh", stdout:read(3))
    assert.is_nil(stdout:read(3))
  end)

  it("tests for the end with 0", function()
    local stdout = output_of "a"
    assert.equal("", stdout:read(0))
    assert.equal("a", stdout:read(1))
    assert.is_nil(stdout:read(0))
    assert.is_nil(stdout:read(0))
  end)

  it("reads numerals with 'n', as Lua's files do", function()
    local stdout = output_of "  12 -3.5\n0x1F 1e3 0x.8p1 +7 .5 5. x"
    for _, expected in ipairs { 12, -3.5, 0x1F, 1e3, 1.0, 7, 0.5, 5.0 } do
      local number = stdout:read "n"
      assert.equal(expected, number)
      assert.equal(math.type(expected), math.type(number))
    end
    assert.is_nil(stdout:read "n")
    assert.equal("x", stdout:read "a")
  end)

  it("reads what io.open reads, for any formats", function()
    local text = "12 0x 1e nan\n" .. ("9"):rep(210) .. "\n-.5e-1 line\n\n--5 0xep1 tail"
    local name = support.write_file(os.tmpname(), text)
    finally(function() os.remove(name) end)
    local file <close> = assert(io.open(name))
    local stdout = output_of(text)
    for _, format in ipairs { "n", "n", 1, "n", 2, "l", "n", "l", "n", "l", "L", "n", "a", "n", "a", "l", 0 } do
      assert.same(table.pack(file:read(format)), table.pack(stdout:read(format)))
    end
  end)

  it("reads numerals that go on behind what is buffered", function()
    local words = {}
    for _, part in ipairs { "12", "34 ", " ", "-", "5", ".", "5", "e", "1 ", "0", "x", "f", "f ", "1" } do
      table.move({ "print", part, "sleep", 0.005 }, 1, 4, #words + 1, words)
    end
    local _, stdin, stdout = process(table.unpack(words))
    assert(stdin:close())
    for _, expected in ipairs { 1234, -55.0, 0xff, 1 } do
      local number = stdout:read "n"
      assert.equal(expected, number)
      assert.equal(math.type(expected), math.type(number))
    end
    assert.is_nil(stdout:read "n")
    assert.is_nil(stdout:read(1))
  end)

  it("reads many numerals as io.lines does", function()
    local numerals = {}
    for i = 1, 20000 do
      numerals[i] = ("%d"):format(i) .. (i % 3 == 0 and ".25" or "") .. (i % 7 == 0 and "\r\n" or " ")
    end
    local text = table.concat(numerals)
    local name = support.write_file(os.tmpname(), text)
    finally(function() os.remove(name) end)
    local _, stdin, stdout = process("cat", "count", "", 20000)
    local written = 1
    local next_number = stdout:lines "n"
    for expected in io.lines(name, "n") do
      while written <= #text do
        local count = stdin:write_some(text:sub(written, written + 4096), 0)
        if not count then break end
        written = written + count
      end
      local number = next_number()
      if expected ~= number then assert.equal(expected, number) end
    end
    assert(stdin:close())
    local sum = 0
    for number in next_number do sum = sum + number end
    assert.equal(20000 * 20001 // 2, sum)
  end)

  it("takes several formats, up to the first that fails", function()
    local stdout = output_of "7 rest\nabc\n"
    assert.same({ n = 4, 7, " rest", "ab", "c" }, table.pack(stdout:read("n", "l", 2, "l")))
    assert.same({ n = 2, "" }, table.pack(stdout:read("a", "l", "a")))
  end)

  it("waits for what is not there yet", function()
    local p, stdin, stdout = process "cat"
    assert(stdin:write "on")
    assert.equal("on", stdout:read(2))
    assert(stdin:write "e\ntw")
    assert.equal("e", stdout:read "l")
    assert(stdin:write "o\n")
    assert.equal("two", stdout:read "l")
    assert(stdin:close())
    assert.equal("", stdout:read "a")
    assert.equal(0, p:wait(10))
  end)

  it("raises for a bad format", function()
    local stdout = output_of "x"
    assert.has_error(function() stdout:read "x" end, "bad argument #1 to 'read' (invalid format)")
    assert.has_error(function() stdout:read {} end)
    assert.equal("x", stdout:read "a")
  end)

  it("reads long lines and lines across many pipe-fulls", function()
    local _, stdin, stdout = process("bytes", 200000, "print", "\n", "print", "short\n")
    assert(stdin:close())
    assert.equal(200000, #stdout:read "l")
    assert.equal("short\n", stdout:read "a")
  end)
end)

describe("lines", function()
  it("goes line by line", function()
    local list = {}
    for line in output_of("a\nb\n\nc"):lines() do list[#list + 1] = line end
    assert.same({ "a", "b", "", "c" }, list)
  end)

  it("takes formats", function()
    local list = {}
    for number, rest in output_of("1 x\n2 y\n"):lines("n", "L") do list[#list + 1] = number .. rest end
    assert.same({ "1 x\n", "2 y\n" }, list)
  end)

  it("raises on failure", function()
    local stdout = output_of "x"
    local iterator = stdout:lines()
    assert(stdout:close())
    local ok, err = pcall(iterator)
    assert.is_false(ok)
    assert.equal("AlreadyClosed", err.name)
  end)
end)

describe("write", function()
  it("returns the stream, and writes strings and numbers as Lua's files do", function()
    local _, stdin, stdout = process "cat"
    assert.is_true(rawequal(stdin, stdin:write("a", 1, 2.5, "\0", "", 1e100)))
    assert.is_true(rawequal(stdin, stdin:write()))
    assert(stdin:close())
    assert.equal("a12.5\0" .. ("%.14g"):format(1e100), stdout:read "a")
  end)

  it("returns when the bytes are in the pipe: nothing is buffered on the way in", function()
    local _, stdin, stdout = process "cat"
    assert(stdin:write "now")
    assert.equal("now", stdout:read(3))
    assert.is_true(stdin:flush() ~= nil)
  end)

  it("gives EPIPE as a result when nobody reads, and no signal", function()
    local p, stdin = process("close", 0)
    assert.equal(0, p:wait(10))
    local err = support.broken(stdin)
    assert.equal("EPIPE", err.errno)
    assert.equal(p:pid(), err.pid)
    assert.equal("EPIPE", select(2, stdin:write_some "x").errno)
    assert.equal("EPIPE", select(2, stdin:write(("x"):rep(1 << 20))).errno)
    assert.same({ stdin }, hcs.poll({ stdin }, 0)) -- its reader is gone
  end)

  it("gives EPIPE also in the middle of a long write", function()
    local _, stdin = process("skip", 100000)
    assert.equal("EPIPE", select(2, stdin:write(("x"):rep(4 << 20))).errno)
  end)

  it("is refused on an output, and read on the input", function()
    local _, stdin, stdout = process "cat"
    local result, err = stdout:write "x"
    assert.is_nil(result)
    assert.equal("error", hcs.type(err))
    result, err = stdin:read "l"
    assert.is_nil(result)
    assert.equal("error", hcs.type(err))
  end)
end)

describe("read_some", function()
  it("gives what is there, at least one byte", function()
    local p, stdin, stdout = process "cat"
    assert(stdin:write "abc")
    local got = ""
    while #got < 3 do
      local bytes = assert(stdout:read_some())
      assert.is_true(#bytes >= 1)
      got = got .. bytes
    end
    assert.equal("abc", got)
    assert(stdin:close())
    assert.same({ n = 1 }, table.pack(stdout:read_some()))
    assert.same({ n = 1 }, table.pack(stdout:read_some(0)))
    assert.equal(0, p:wait(10))
  end)

  it("gives up after its timeout, and loses nothing", function()
    local _, stdin, stdout = process "cat"
    for _, timeout in ipairs { 0, 0.02 } do
      assert.is_true(hcs.is_timeout(failure("Timeout", stdout:read_some(timeout))))
    end
    assert(stdin:write "x")
    assert.equal("x", stdout:read_some(10))
  end)

  it("gives what other formats have left in the buffer", function()
    local stdout = output_of "line\nrest"
    assert.equal("line", stdout:read "l")
    assert.equal(0, stdout:timeout())
    assert.equal("rest", stdout:read_some(0))
    assert.is_nil(stdout:timeout())
    assert.is_nil(stdout:read_some(0))
  end)
end)

describe("write_some", function()
  it("tells how many bytes were taken, at least one, or that there was no room", function()
    local _, stdin, stdout = process("read", "skip", 1 << 30, "print", "%s\n")
    local _, blocked = process("sleep", 1000)
    local taken = 0
    for _ = 1, 1000 do
      -- What is between us and the process may make room for a moment.
      local count, err = blocked:write_some(("x"):rep(10000), support.on { linux = 0, windows = 0.1 })
      if not count then
        assert.is_true(hcs.is_timeout(err))
        break
      end
      assert.is_true(count >= 1 and count <= 10000)
      taken = taken + count
    end
    assert.is_true(taken >= 4096)
    failure("Timeout", blocked:write_some("x", 0.02))
    assert.same({}, hcs.poll({ blocked }, 0))
    assert.equal(5, stdin:write_some("line\n", 10))
    assert(stdin:close())
    assert.equal("line\n", stdout:read "a")
  end)
end)

describe("stdio", function()
  it("returns stdin, stdout and stderr, nil where not asked for", function()
    local p <close> = assert(c:create_process(puppet { CreateStdErrPipe = true }))
    local stdin, stdout, stderr, err = p:stdio()
    assert.is_nil(stdin)
    assert.is_nil(stdout)
    assert.equal("stream", hcs.type(stderr))
    assert.is_nil(err)
    assert.equal(0, p:wait(10))
    local q <close> = assert(c:create_process(puppet()))
    assert.equal(3, select("#", q:stdio()))
    assert.same({ n = 3 }, table.pack(q:stdio()))
  end)

  it("gives new objects on the same pipes and buffers with each call", function()
    local p, stdin, stdout = process "cat"
    assert.is_false(rawequal(stdout, (p:stdout())))
    assert(stdin:write "one\ntwo\nthree")
    assert.equal("one", stdout:read "l")
    assert.equal("two", p:stdout():read "l")
    assert(select(2, p:stdio()):close())
    assert(p:close_stdin())
    assert.equal("three", stdout:read "a")
  end)

  it("with one closed leaves the others alone", function()
    local p, stdin, stdout, stderr = process("cat", "error", "err\n")
    local other_in, other_out = p:stdin(), p:stdout()
    assert.is_true(stdout:close())
    assert.is_true(stdin:close())
    assert(other_in:write "x\n")
    assert.equal("x", other_out:read "l")
    assert(other_in:close())
    assert.equal("err\n", stderr:read "a")
    assert.equal("", other_out:read "a")
    assert.equal(0, p:wait(10))
  end)
end)

describe("a stream that was not asked for", function()
  it("is 0x490, naming the flag", function()
    local p <close> = assert(c:create_process(puppet()))
    for name, flag in pairs { stdin = "CreateStdInPipe", stdout = "CreateStdOutPipe", stderr = "CreateStdErrPipe" } do
      local err = failure(ELEMENT_NOT_FOUND, p[name](p))
      contains(flag, err.message)
    end
    assert.equal(0, p:wait(10))
  end)
end)

describe("the input", function()
  it("ends when its last open stream is closed", function()
    local p, stdin, stdout = process "cat"
    local other = p:stdin()
    assert(stdin:close())
    failure("Timeout", stdout:read_some(0.02))
    assert(other:write "x")
    assert(other:close())
    assert.equal("x", stdout:read "a")
    assert.equal(0, p:wait(10))
  end)

  it("ends by close_stdin at once, whoever has a stream; repeating it is true", function()
    local p, stdin, stdout = process "cat"
    assert(stdin:write "x")
    assert.is_true(p:close_stdin())
    assert.is_true(p:close_stdin())
    assert.equal("x", stdout:read "a")
    assert.equal(0, p:wait(10))
    assert.is_true(p:close_stdin())
    local result, err = stdin:write "y"
    assert.is_nil(result)
    assert.equal("error", hcs.type(err))
    assert.is_true(stdin:close() ~= nil)
  end)

  it("does not end because a stream was collected", function()
    local p = assert(c:create_process(puppet("cat", { CreateStdInPipe = true, CreateStdOutPipe = true })))
    p:stdin():write "a"
    for _ = 1, 3 do collectgarbage() end
    failure("Timeout", p:wait(0))
    local stdin = p:stdin()
    assert(stdin:write "b")
    assert(stdin:close())
    assert.equal("ab", p:stdout():read "a")
    assert.equal(0, p:wait(10))
  end)

  it("ends when the process object and all its streams are gone", function()
    local pid
    do
      local p = assert(c:create_process(puppet("cat", { CreateStdInPipe = true })))
      p:stdin():write "a"
      pid = p:pid()
    end
    local other <close> = assert(c:open_process(pid))
    for _ = 1, 500 do
      collectgarbage()
      if #hcs.poll({ other }, 0.01) == 1 then break end
    end
    assert.equal(0, other:wait(0))
  end)

  it("without a pipe is at its end from the start", function()
    local p <close> = assert(c:create_process(puppet("cat", { CreateStdOutPipe = true })))
    assert.equal("", p:stdout():read "a")
    assert.equal(0, p:wait(10))
  end)
end)

describe("p:close()", function()
  it("leaves streams that were handed out alone", function()
    local p, stdin, stdout, stderr = process("read", "print", "out %s\n", "error", "err %s\n")
    assert(p:close())
    assert(stdin:write "1\n")
    assert.equal("out 1\n", stdout:read "a")
    assert.equal("err 1\n", stderr:read "a")
  end)

  it("ends the input if no stream of it was handed out", function()
    local p = assert(c:create_process(puppet("cat", { CreateStdInPipe = true, CreateStdOutPipe = true })))
    local stdout = assert(p:stdout())
    p:close()
    assert.equal("", stdout:read "a")
  end)
end)

describe("output", function()
  it("that was written before the end is read after wait", function()
    local p, _, stdout, stderr = process("print", "out\n", "error", "err\n", "exit", 3)
    assert.equal(3, p:wait(10))
    assert.equal("out\n", stdout:read "a")
    assert.equal("err\n", stderr:read "a")
  end)

  it("… also through streams that are asked for after the end", function()
    local p = assert(c:create_process(puppet("print", "late\n", { CreateStdOutPipe = true })))
    assert.equal(0, p:wait(10))
    assert.equal("late\n", p:stdout():read "a")
  end)

  it("is not drained by wait", function()
    local p, _, stdout = process("bytes", 1000000)
    failure("Timeout", p:wait(0.05))
    assert.equal(1000000, #stdout:read "a")
    assert.equal(0, p:wait(10))
  end)

  it("can be read on through another stream after one was closed", function()
    local p, stdin, stdout = process "cat"
    assert(stdin:write "one\ntwo\n")
    assert(stdin:close())
    assert.equal("one", stdout:read "l")
    assert(stdout:close())
    assert.equal("two\n", p:stdout():read "a")
  end)

  it("has no reader any more, which its writer feels, when the process object and all its streams are gone", function()
    local p, _, stdout = process "flood"
    local other <close> = assert(c:open_process(p:pid()))
    assert.equal("y", stdout:read "l")
    assert(stdout:close())
    assert(p:close())
    assert.equal(support.on { linux = 141, windows = 124 }, other:wait(10)) -- the puppet's own code for a failed write
    assert.equal(support.on { linux = "PIPE" }, other:exit_signal())
  end)

  it("does not end while something else holds it", function()
    local p, _, stdout = process("hold", 1000)
    local pid = stdout:read "n"
    assert.equal(0, p:wait(10))
    assert.equal("\n", stdout:read_some(10))
    failure("Timeout", stdout:read_some(0.02))
    assert(c:open_process(pid):kill())
    assert.is_nil(stdout:read_some(10))
  end)
end)

describe("a stream", function()
  it("is no file for io.type; hcs.type tells", function()
    local _, stdin, stdout = process "cat"
    assert.is_nil(io.type(stdin))
    assert.equal("stream", hcs.type(stdin))
    assert(stdout:close())
    assert.equal("closed stream", hcs.type(stdout))
    assert.is_nil(io.type(stdout))
  end)

  it("has a text that never raises", function()
    local _, stdin = process "cat"
    contains("hcs.stream: ", tostring(stdin))
    stdin:close()
    contains("hcs.stream: ", tostring(stdin))
  end)

  it("that is closed is AlreadyClosed", function()
    local _, stdin, stdout = process "cat"
    assert(stdin:close())
    assert(stdout:close())
    for _, name in ipairs { "read", "read_some", "pollfd", "events", "timeout", "flush" } do
      assert.is_true(hcs.is_already_closed(failure("AlreadyClosed", stdout[name](stdout))))
    end
    failure("AlreadyClosed", stdin:write "x")
    failure("AlreadyClosed", stdin:write_some "x")
  end)

  it("is closed by <close>", function()
    local p = assert(c:create_process(puppet("cat", { CreateStdInPipe = true, CreateStdOutPipe = true })))
    do
      local stdin <close> = p:stdin()
      assert(stdin:write "x")
    end
    assert.equal("x", p:stdout():read "a")
  end)

  it("tells an event loop what to wait for", function()
    local _, stdin, stdout, stderr = process "cat"
    assert.equal("w", stdin:events())
    assert.equal("r", stdout:events())
    assert.equal("r", stderr:events())
    for _, stream in ipairs { stdin, stdout, stderr } do assert.is_nil(stream:timeout()) end
  end)
end)

describe("three megabytes through stdin, stdout and stderr at once", function()
  local data = {}

  setup(function()
    for i = 1, MEGABYTES // 16 do data[i] = ("%015d\n"):format(i) end
    data = table.concat(data)
  end)

  teardown(function() data = nil end)

  it("go through communicate", function()
    local p = process "tee"
    local result = assert(p:communicate { input = data, timeout = 60 })
    assert.equal(0, result.exit_code)
    assert.is_true(result.stdout == data)
    assert.is_true(result.stderr == data)
  end)

  it("go through run", function()
    local result = assert(c:run(puppet "tee", { input = data, timeout = 60 }))
    assert.equal(0, result.exit_code)
    assert.is_true(result.stdout == data)
    assert.is_true(result.stderr == data)
  end)

  it("go through hcs.poll", function()
    local p, stdin, stdout, stderr = process "tee"
    local position, parts = 1, { [stdout] = {}, [stderr] = {} }
    local open = { [stdin] = true, [stdout] = true, [stderr] = true }
    while next(open) do
      local list = {}
      for stream in pairs(open) do list[#list + 1] = stream end
      for _, stream in ipairs(assert(hcs.poll(list, 30))) do
        if stream == stdin then
          position = position + assert(stdin:write_some(data:sub(position, position + 65535), 0))
          if position > #data then
            open[stdin] = nil
            assert(stdin:close())
          end
        else
          local bytes, err = stream:read_some(0)
          assert.is_nil(err)
          open[stream] = bytes and true
          table.insert(parts[stream], bytes)
        end
      end
    end
    assert.equal(0, p:wait(10))
    assert.is_true(table.concat(parts[stdout]) == data)
    assert.is_true(table.concat(parts[stderr]) == data)
  end)
end)

it("what still runs goes with the last handle of its container", function()
  assert.is_true(c:close())
  c = nil
end)

support.nothing_left()
