-- Consoles: EmulateConsole, ConsoleSize and resize_console (API.md, Process; contract §1.6, §2.2, §6 case 21).
local console = require "spec.support.linux.console"
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support.linux"

local ELEMENT_NOT_FOUND = 0x490
local PROCESS_ALREADY_STOPPED = 0x8037011F

local contains, failure = support.contains, support.failure

-- All processes of this file run in it.
local c

setup(function() c = support.container() end)

-- What a shell script has written to its console; `config` is laid over the ProcessConfig.
local function output_of(script, config)
  local complete = { "sh", "-c", script }
  for name, value in pairs(config or {}) do complete[name] = value end
  local session = console.start(c, complete)
  local text = session:rest()
  assert.equal(0, session.process:wait(10))
  return text
end

-- The names in the container's /dev/pts; the kernel's own, ptmx, is always there.
local function terminals(container)
  return (assert(container:run("ls /dev/pts", { check = true })).stdout:gsub("\n", " "))
end

local function descriptors()
  local count = 0
  for _ in lfs.dir "/proc/self/fd" do count = count + 1 end
  return count
end

describe("EmulateConsole", function()
  it("gives a terminal on all three streams, under its name in /dev/pts", function()
    local text = output_of [[tty; for i in 0 1 2; do test -t $i && readlink /proc/self/fd/$i; done]]
    local name = text:match "^(/dev/pts/%d+)\n"
    assert.equal(name .. "\n" .. name .. "\n" .. name .. "\n" .. name .. "\n", text)
  end)

  it("makes it the controlling terminal of a session of its own", function()
    local session = console.start(c, { "cat", "/proc/self/stat" })
    -- pid (name) state parent group session terminal foreground, see proc(5)
    local group, sid, terminal, foreground = session:rest():match "%) %a %d+ (%d+) (%d+) (%d+) (%d+) "
    local pid = tostring(session.process:pid())
    assert.same({ pid, pid, pid }, { group, sid, foreground })
    assert.equal(136, tonumber(terminal) >> 8 & 0xfff)
    assert.equal("said\n", output_of "echo said > /dev/tty")
  end)

  it("implies the stdin and stdout pipes; stderr is nil, asked for or not", function()
    for _, asked in ipairs { false, true } do
      local session = console.start(c, { "sh", "-c", "read x; echo out $x; echo err >&2", CreateStdErrPipe = asked })
      assert.equal("stream", hcs.type(session.stdin))
      assert.equal("stream", hcs.type(session.stdout))
      assert.is_nil(session.stderr)
      local err = failure(ELEMENT_NOT_FOUND, session.process:stderr())
      contains("no stderr on a console", err.message)
      session:type "word\n"
      assert.equal("word\nout word\nerr\n", session:rest())
    end
  end)

  it("gives the terminal to the user, as a login does", function()
    assert.equal("0 5 620\n", output_of "stat -c '%u %g %a' $(tty)")
    assert.equal("1234 5 620\n", output_of("stat -c '%u %g %a' $(tty)", { User = "1234:77" }))
    assert.equal("again\n", output_of("echo again > $(tty)", { User = "1234:77" }))
  end)

  it("gives a terminal as the kernel makes it: echo, lines, \\r\\n", function()
    local session = console.start(c, { "sh", "-c", "read x; echo got $x; stty -a" })
    session:type "wronx\x7fg\n"
    session:expect "wronx\b \bg\r\n"
    session:expect "got wrong\r\n"
    local modes = session:rest()
    for _, mode in ipairs { " icanon ", "isig ", " echo ", " onlcr ", " icrnl ", " iutf8", "intr = ^C", "eof = ^D" } do
      contains(mode, modes)
    end
  end)

  it("sets TERM to xterm, unless the config says something else", function()
    assert.equal("xterm\n", output_of "echo $TERM")
    assert.equal("vt100\n", output_of("echo $TERM", { Environment = { TERM = "vt100" } }))
    assert.equal("set to nothing\n", output_of("echo set to ${TERM-xterm}nothing", { Environment = { TERM = "" } }))
    assert.equal("unset\n", c:run({ "sh", "-c", "echo ${TERM-unset}" }).stdout)
  end)

  it("gives each process a terminal of its own, and its number back at the end", function()
    local own <close> = support.container()
    local a, b = console.start(own, { "cat" }), console.start(own, { "cat" })
    assert.equal("0 1 ptmx ", terminals(own))
    a:type "to a\n"
    b:type "to b\n"
    a:expect "to a\r\nto a\r\n"
    b:expect "to b\r\nto b\r\n"
    a:type "\4"
    assert.equal("", a:rest())
    b:type "\4"
    assert.equal("", b:rest())
    for _, session in ipairs { a, b } do
      assert(session.process:close())
      assert(session.stdin:close() and session.stdout:close())
    end
    assert.equal("ptmx ", terminals(own))
  end)

  it("leaves no terminal behind when the process cannot be started", function()
    local own <close> = support.container()
    failure("FileNotFound", own:create_process { "missing", EmulateConsole = true })
    failure("NoSuchUser", own:create_process { "sh", User = "nobody-such", EmulateConsole = true })
    assert.equal("ptmx ", terminals(own))
  end)

  it("takes a descriptor for each of the two streams and none besides", function()
    collectgarbage()
    local before = descriptors()
    local p <close> = assert(c:create_process { "sleep", "1000" })
    local with_handle = descriptors()
    local q <close> = assert(c:create_process { "sleep", "1000", EmulateConsole = true })
    assert.equal(with_handle - before + 2, descriptors() - with_handle)
    assert(p:kill() and q:kill())
  end)

  it("does not become the terminal of the program that makes it", function()
    -- A session leader without a terminal gets the first one that it opens without O_NOCTTY.
    local script = support.write_file(os.tmpname(), [[
      local hcs = require "hcs"
      local c = assert(hcs.open_container(...))
      local p = assert(c:create_process { "sleep", "1000", EmulateConsole = true })
      assert(p:resize_console(90, 30))
      print((io.open "/proc/self/stat":read "a":match "%) %a %d+ (%d+ %d+ %-?%d+)"))
      assert(p:kill())
    ]])
    finally(function() os.remove(script) end)
    local output = support.shell(("setsid -w env %s %s %s"):format(support.lua(), script, c:id()))
    local group, session, terminal = output:match "^(%d+) (%d+) (%d+)\n$"
    assert.equal(group, session)
    assert.equal("0", terminal, output)
  end)
end)

describe("ConsoleSize", function()
  it("is {height, width}, which programs inside get to know", function()
    assert.equal("40 100\n", output_of("stty size", { ConsoleSize = { 40, 100 } }))
    assert.equal("29999 2\n", output_of("stty size", { ConsoleSize = { 29999, 2 } })) -- stty believes no more
  end)

  it("is 25 lines of 80 characters if nothing or 0 is said", function()
    assert.equal("25 80\n", output_of "stty size")
    assert.equal("25 80\n", output_of("stty size", { ConsoleSize = { 0, 0 } }))
    assert.equal("25 100\n", output_of("stty size", { ConsoleSize = { 0, 100 } }))
    assert.equal("40 80\n", output_of("stty size", { ConsoleSize = { 40, 0 } }))
  end)

  it("is there before the program starts", function()
    for _ = 1, support.rounds(20) do
      assert.equal("33 44\n", output_of("stty size", { ConsoleSize = { 33, 44 } }))
    end
  end)

  it("is ignored without a console, and checked all the same", function()
    assert.equal(0, c:run({ "true", ConsoleSize = { 40, 100 } }).exit_code)
    local err = failure("InvalidParameter", c:run { "true", ConsoleSize = { 40, 65536 } })
    contains("config.ConsoleSize[2]: 65536 is out of range 0..65535", err.message)
  end)
end)

describe("job control", function()
  it("is there for an interactive shell", function()
    local session = console.start(c, { "sh", "-i", Environment = { PS1 = "> " } })
    assert.is_nil(session:expect "> ":find "job control")
    assert.equal("monitor\n", session:command "set -o | grep -o monitor.*on | cut -f1 | cut -d' ' -f1")
    session:type "exit 3\n"
    session:rest()
    assert.equal(3, session.process:wait(10))
  end)

  it("lets Ctrl-C interrupt what runs in the foreground, and nothing else", function()
    local session = console.shell(c)
    session:type "sh -c 'echo up; exec sleep 1000'\n"
    session:expect "up\r\n"
    session:type "\3"
    session:expect "> "
    assert.equal("130\n", session:command "echo $?")
    session:type "exit\n"
    session:rest()
    assert.equal(0, session.process:wait(10))
  end)

  -- BusyBox loses what it is writing when a signal arrives just then, here that of a child that stops, goes on or
  -- ends: before the prompt it waits for that. For the same reason its `read` has a time: a trap that is due just
  -- before it sleeps waits for its end.
  local until_state = "until grep -q '^State:.%s' /proc/%s/status; do :; done"

  it("lets Ctrl-Z stop it, bg and fg go on with it", function()
    local job = "trap 'echo going on' CONT; echo up; while :; do read -t 1 x && echo got $x; done"
    assert(c:run({ "tee", "/tmp/job" }, { input = job, check = true }))
    local session = console.shell(c)
    session:type "sh /tmp/job\n"
    session:expect "up\r\n"
    session:type "\x1a"
    session:expect "> " -- the key discards what is on its way out, which may be that it is stopped
    contains("Stopped", session:command "jobs")
    session:type "fg %1\n"
    session:expect "going on\r\n" -- now it is in the foreground, the shell's own reading is over
    session:type "line\n"
    session:expect "got line\r\n"
    session:type "\3"
    session:expect "> "
    assert.equal("", session:command "jobs")
    session:type "sh -c 'echo up; exec sleep 1000'\n"
    session:expect "up\r\n"
    session:type "\x1a"
    session:expect "> "
    contains("sleep", session:command("bg %1; " .. until_state:format("S", "$(jobs -p)")))
    contains("Running", session:command "jobs")
    session:command "kill %1; wait %1"
    session:type "exit\n"
    session:rest()
  end)

  it("keeps what runs in the background from reading", function()
    local session = console.shell(c)
    session:command("cat & " .. until_state:format("T", "$!"))
    contains("Stopped (tty input)", session:command "jobs")
    session:command "kill -KILL %1; while grep -qs State /proc/$!/status; do :; done"
    session:type "exit\n"
    session:rest()
  end)
end)

describe("the end of the session", function()
  it("reads as end-of-file, again and again", function()
    local session = console.start(c, { "echo", "last" })
    assert.equal("last\n", session:rest())
    assert.is_nil(session.stdout:read "l")
    assert.is_nil((session.stdout:read_some(0)))
    assert.equal(0, session.process:wait(10))
    assert.same({ session.process, session.stdout, session.stdin },
      hcs.poll({ session.process, session.stdout, session.stdin }, 10))
  end)

  it("loses nothing that was written before", function()
    for _ = 1, support.rounds(20) do
      local session = console.start(c, { "sh", "-c", "seq 500" })
      assert.equal(0, session.process:wait(10))
      local text = session:rest()
      assert.equal("500\n", text:sub(-4))
      assert.equal(1892, #text)
    end
  end)

  it("is EPIPE to who writes", function()
    local session = console.start(c, { "true" })
    session:rest()
    local err = failure("GenFailure", session.stdin:write "x")
    assert.equal("EPIPE", err.errno)
  end)

  it("comes when the last process has left it", function()
    local session = console.start(c, { "sh", "-c",
      "exec 3<&0; (trap '' HUP; echo up; read x <&3; echo late) & exec sleep 0.1" })
    session:expect "up\r\n"
    assert.equal(0, session.process:wait(10))
    failure("Timeout", session.stdout:read_some(0))
    session:type "go\n"
    assert.equal("go\nlate\n", session:rest())
  end)

  it("makes a process wait that writes more than the terminal holds", function()
    local session = console.start(c, { "sh", "-c", "seq 100000" })
    failure("Timeout", session.process:wait(0.2))
    assert.equal(588895, #session:rest())
    assert.equal(0, session.process:wait(10))
  end)

  it("hangs up on the processes when nobody has the other side any more", function()
    local closes = {
      function(p) return p, p:stdout() end, -- the process can hand no more streams out, and then this one goes
      function(p) return p:stdin(), p end,
      function(p) return p end,
    }
    for _, close in ipairs(closes) do
      local p = assert(c:create_process { "sleep", "1000", EmulateConsole = true })
      local watcher <close> = assert(c:open_process(p:pid()))
      local first, second = close(p)
      assert(first:close())
      if second then
        failure("Timeout", watcher:wait(0.05))
        assert(second:close())
      end
      assert.equal(128 + 1, watcher:wait(10))
      assert.equal("HUP", watcher:exit_signal())
    end
  end)

  it("is a hangup for a shell, not the end of its input", function()
    for _ = 1, support.rounds(20) do
      local session = console.shell(c)
      local watcher <close> = assert(c:open_process(session.process:pid()))
      assert(session.stdin and session.stdout:close())
      assert(session.process:close())
      assert(session.stdin:close())
      assert.equal(128 + 1, watcher:wait(10))
    end
  end)

  it("comes with the end of the client", function()
    local client = support.client([[
      local hcs = require "hcs"
      local c = assert(hcs.open_container(...))
      local p = assert(c:create_process { "sleep", "1000", EmulateConsole = true })
      print(p:pid())
      hcs.poll({}, 100)
    ]], c:id())
    local watcher <close> = assert(c:open_process(math.tointeger(client:line())))
    client:kill()
    client:wait()
    assert.equal(128 + 1, watcher:wait(10))
    assert.equal("HUP", watcher:exit_signal())
  end)
end)

describe("close_stdin", function()
  it("sends the terminal's end-of-file character; repeating it is true", function()
    local session = console.start(c, { "cat" })
    session:type "line\n"
    session:expect "line\r\nline\r\n"
    assert.is_true(session.process:close_stdin())
    assert.is_true(session.process:close_stdin())
    assert.equal("", session:rest())
    assert.equal(0, session.process:wait(10))
  end)

  it("is what closing the last stdin stream does", function()
    local session = console.start(c, { "cat" })
    local other = assert(session.process:stdin())
    assert(session.stdin:close())
    failure("Timeout", session.process:wait(0.05))
    assert(other:write "still\n")
    assert(other:close())
    assert.equal("still\nstill\n", session:rest())
    assert.equal(0, session.process:wait(10))
  end)

  it("ends an unfinished line, too", function()
    local session = console.start(c, { "sh", "-c", "stty -echo; echo up; cat; echo end" })
    session:expect "up\r\n"
    session:type "half"
    assert(session.process:close_stdin())
    assert.equal("halfend\n", session:rest())
  end)

  it("sends the character that the terminal has by then", function()
    local session = console.start(c, { "sh", "-c", "stty eof ^K; echo up; cat; echo end" })
    session:expect "up\r\n"
    assert(session.process:close_stdin())
    assert.equal("end\n", session:rest())
  end)

  it("sends it once to a program that reads characters, whatever that does with it", function()
    local session = console.start(c, { "sh", "-c",
      "stty raw -echo; echo up; dd bs=1 count=3 2>/dev/null | od -An -tx1; sleep 0.1; dd bs=1 count=1 2>/dev/null" })
    session:expect "up"
    session:type "ab"
    assert(session.process:close_stdin())
    session:expect "61 62 04"
    failure("Timeout", session.process:wait(0.3))
    assert(session.process:kill())
  end)

  it("reaches a process that has more input waiting than the terminal holds", function()
    for _, how in ipairs { "read", "poll" } do
      local session = console.start(c, { "sh", "-c",
        "stty -echo; echo up; until [ -e /tmp/go ]; do usleep 1000; done; wc -c" })
      session:expect "up\r\n"
      local size, line = 0, ("x"):rep(255) .. "\n"
      while true do
        local written, err = session.stdin:write_some(line:rep(16), 0.05)
        if not written then
          assert.equal("Timeout", err.name)
          break
        end
        size = size + written
      end
      assert.is_true(size > 4096)
      assert(session.process:close_stdin())
      assert(c:run("touch /tmp/go", { check = true }))
      if how == "poll" then
        assert.same({ session.stdout }, hcs.poll({ session.stdout }, 10))
        session.text = assert(session.stdout:read_some(0))
      end
      assert.equal(("%d\n"):format(size), session:rest())
      assert.equal(0, session.process:wait(10))
      assert(c:run("rm /tmp/go", { check = true }))
    end
  end)
end)

describe("run and communicate", function()
  it("feed the input and then the end-of-file", function()
    assert.same({ exit_code = 0, stdout = "word\r\nword\r\n", stderr = "" },
      c:run({ "cat", EmulateConsole = true }, { input = "word\n", timeout = 10 }))
    local p = assert(c:create_process { "cat", EmulateConsole = true })
    assert.equal("word\r\nword\r\n", p:communicate({ input = "word\n", timeout = 10 }).stdout)
  end)

  it("take an input without a last newline", function()
    local result = c:run({ "sh", "-c", "stty -echo; cat", EmulateConsole = true }, { input = "half", timeout = 10 })
    assert.equal("half", result.stdout:match "half$")
  end)

  it("are at the end of the input without one", function()
    assert.same({ exit_code = 1, stdout = "", stderr = "" },
      c:run({ "sh", "-c", "read x", EmulateConsole = true }, { timeout = 10 }))
  end)

  it("have both outputs in stdout", function()
    assert.same({ exit_code = 3, stdout = "out\r\nerr\r\n", stderr = "" },
      c:run({ "sh", "-c", "echo out; echo err >&2; exit 3", EmulateConsole = true }, { timeout = 10 }))
  end)

  it("move much in both directions at once", function()
    local result = assert(c:run({ "sh", "-c", "stty -echo; seq 100000 & wc -c; wait", EmulateConsole = true },
      { input = (("x"):rep(63) .. "\n"):rep(5000), timeout = 60 }))
    assert.equal(0, result.exit_code)
    contains("320000\r\n", result.stdout)
    contains("\r\n99999\r\n100000\r\n", result.stdout)
  end)
end)

describe("resize_console", function()
  it("takes width, then height; programs get SIGWINCH and ask", function()
    local session = console.start(c, { "sh", "-c", "trap 'stty size' WINCH; echo up; while :; do read x; done" })
    session:expect "up\r\n"
    assert.is_true(session.process:resize_console(132, 43))
    session:expect "43 132\r\n"
    assert.is_true(session.process:resize_console(29999, 2))
    session:expect "2 29999\r\n"
    assert.is_true(session.process:resize_console(65535, 65535))
    assert(session.process:kill())
  end)

  it("takes 0 for what a console has if nothing is said", function()
    local session = console.start(c, { "sh", "-c", "read x; stty size", ConsoleSize = { 40, 100 } })
    assert.is_true(session.process:resize_console(0, 0))
    session:type "\n"
    assert.equal("\n25 80\n", session:rest())
  end)

  it("works for any client, and any handle", function()
    local session = console.start(c, { "sh", "-c", "read x; stty size; read x; stty size" })
    local pid = session.process:pid()
    do
      local opened <close> = assert(c:open_process(pid))
      assert.is_true(opened:resize_console(91, 31))
    end
    session:type "\n"
    session:expect "31 91\r\n"
    local client = support.client([[
      local hcs = require "hcs"
      local id, pid = ...
      local p = assert(assert(hcs.open_container(id)):open_process(math.tointeger(pid)))
      print(p:resize_console(92, 32))
    ]], c:id(), pid)
    assert.equal("true\n", (client:wait()))
    session:type "\n"
    assert.equal("\n32 92\n", session:rest())
  end)

  it("works while the container is paused; programs hear of it afterwards", function()
    local own <close> = support.container()
    local session = console.start(own, { "sh", "-c",
      "trap 'stty size; exit' WINCH; echo up; while :; do read x; done" })
    session:expect "up\r\n"
    assert(own:pause())
    assert.is_true(session.process:resize_console(90, 30))
    failure("Timeout", session.stdout:read_some(0.05))
    assert(own:resume())
    assert.equal("30 90\n", session:rest())
  end)

  it("works on what a session has started, through its own handle", function()
    local session = console.shell(c)
    session:type "sh -c 'echo pid $$; read x; stty size'\n"
    session:expect "stty size'\r\npid "
    local child <close> = assert(c:open_process(math.tointeger(session:expect "\r\n")))
    assert.is_true(child:resize_console(70, 20))
    session:type "\n"
    session:expect "20 70\r\n"
    session:type "exit\n"
    session:rest()
  end)

  it("fails without a console, saying what is missing", function()
    local p <close> = assert(c:create_process { "sleep", "1000", CreateStdInPipe = true })
    local err = failure(ELEMENT_NOT_FOUND, p:resize_console(80, 25))
    contains("EmulateConsole", err.message)
    assert.equal("hcs::Process::ResizeConsole", err.operation)
    assert(p:kill())
  end)

  it("fails after the exit and after close", function()
    local session = console.start(c, { "true" })
    session:rest()
    assert.equal(0, session.process:wait(10))
    failure(PROCESS_ALREADY_STOPPED, session.process:resize_console(80, 25))
    assert(session.process:close())
    failure("AlreadyClosed", session.process:resize_console(80, 25))
  end)
end)

it("what still runs goes with the last handle of its container", function()
  assert.is_true(c:close())
  c = nil
end)

support.nothing_left()
