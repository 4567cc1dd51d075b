-- interact: the caller's terminal joined to the console of a process (API.md, Process). Each spec is a program of its
-- own at a pseudo terminal.
local hcs = require "hcs"
local support = require "spec.support.linux"
local terminal = require "spec.support.linux.terminal"

local contains, failure = support.contains, support.failure

-- What every program begins with: a container, and a way to start a process with a console.
local PROLOGUE = [[
  local hcs = require "hcs"
  local c <close> = assert(hcs.create_container(nil, {
    Layers = { { Path = (...) } }, TerminateOnLastHandleClosed = true }))
  assert(c:start())
  local function console(script, size)
    return assert(c:create_process { "sh", "-c", script, EmulateConsole = true, ConsoleSize = size })
  end
  local function shell()
    return assert(c:create_process { "sh", "-i", EmulateConsole = true, Environment = { PS1 = "> " } })
  end
  local function descriptors()
    local count = 0
    for _ in io.popen "ls /proc/$PPID/fd":lines() do count = count + 1 end
    return count
  end
]]

-- Runs a program that begins like that.
local function at_terminal(program, script)
  return terminal.lua(PROLOGUE .. program, script, support.layer())
end

describe("interact", function()
  it("joins the terminal to the console and returns the exit code, and nothing else", function()
    local output = at_terminal([[print("code", shell():interact())]], {
      "expect > ", "modes raw", "type tty\\n", "expect /dev/pts/0\\r\\n",
      "type exit 5\\n", "wait", "modes usual", "rest",
    })
    assert.matches("^exited 0\n", output)
    assert.matches("code\t5\r\n$", output)
  end)

  it("has the code of a signal, too", function()
    local output = at_terminal([[print("code", console "kill -TERM $$":interact())]], { "wait", "rest" })
    assert.equal("exited 0\ncode\t143\r\n", output)
  end)

  it("leaves lines, echo and keys to the console", function()
    local output = at_terminal([[print("code", console "read x; echo got $x; exec sleep 1000":interact())]], {
      "modes raw", "type wronx\\x7fg\\n", "expect got wrong\\r\\n",
      "type \\x03", "wait", "modes usual", "rest",
    })
    assert.equal("exited 0\n^Ccode\t130\r\n", output)
  end)

  it("passes every byte on as it is", function()
    local bytes = {}
    for byte = 0, 255 do bytes[#bytes + 1] = ("\\x%02x"):format(byte) end
    local sum = support.shell([[printf "$(printf '\\%03o' $(seq 0 255))" | md5sum | cut -c1-32]]):gsub("\n", "")
    at_terminal([[console "stty raw -echo; echo up; head -c 256 | md5sum; printf '\\0\\377end'":interact()]], {
      "expect up", "type " .. table.concat(bytes), "expect " .. sum, "expect \\x00\\xffend", "wait", "modes usual",
    })
  end)

  it("gives the console the terminal's size, and follows it", function()
    at_terminal([[shell():interact()]], {
      "expect > ", "type stty size\\n", "expect \\r\\n24 80\\r\\n", "expect > ",
      "size 100 30", "type stty size\\n", "expect \\r\\n30 100\\r\\n", "type exit\\n", "wait",
    })
  end)

  it("hears of another size without a key and without output", function()
    at_terminal([[console "trap 'stty size' WINCH; echo up; while :; do sleep 0.01; done":interact()]], {
      "expect up", "run sleep 0.1", "size 111 37", "expect 37 111\\r\\n", "type \\x03", "wait", "modes usual",
    })
  end)

  it("leaves the console's size alone where the terminal does not know its own", function()
    at_terminal([[
      os.execute "stty cols 0 rows 0"
      console("read x; stty size", { 33, 44 }):interact()
    ]], { "modes raw", "type \\n", "expect 33 44\\r\\n", "wait" })
  end)

  it("shows what the process wrote before, read ahead or not, and all that it writes until its end", function()
    local output = at_terminal([[
      local p = console "echo first; read x; echo second; read x; seq 3000; exec echo last"
      local stdout = p:stdout()
      assert(stdout:read(1) == "f")
      p:interact()
      print "returned"
    ]], { "expect irst\\r\\n", "type \\n", "expect second\\r\\n", "type \\n",
      "expect \\n2999\\r\\n3000\\r\\nlast\\r\\n", "wait", "rest" })
    assert.equal("exited 0\nreturned\r\n", output)
  end)

  it("shows it also when the process has ended before", function()
    local output = at_terminal([[
      local p = console "seq 3000; exit 3"
      assert(p:wait() == 3)
      print("code", p:interact())
    ]], { "wait", "rest" })
    assert.matches("^exited 0\n1\r\n2\r\n.*\n2999\r\n3000\r\ncode\t3\r\n$", output)
  end)

  it("takes more typing than the console and the terminal hold", function()
    local script = { "expect up" }
    for _ = 1, 60 do script[#script + 1] = "type " .. (("x"):rep(99) .. "\\n"):rep(30) end
    table.move({ "expect 180000\\r\\n", "wait", "modes usual" }, 1, 3, #script + 1, script)
    at_terminal([[console "stty -echo; echo up; sleep 0.2; head -c 180000 | wc -c":interact()]], script)
  end)

  it("lets the user interrupt a flood", function()
    local output = at_terminal([[print("code", console "yes":interact())]], {
      "expect y\\r\\ny\\r\\n", "type \\x03", "wait", "modes usual", "rest" })
    contains("code\t130\r\n", output)
  end)

  it("ends with the process, whoever else is in its session", function()
    local output = at_terminal([[print("code", console "(trap '' HUP; sleep 1000) & echo up; exit 4":interact())]],
      { "expect up\\r\\n", "wait", "rest" })
    assert.equal("exited 0\ncode\t4\r\n", output)
  end)

  it("goes on without a session as long as the process does", function()
    local output = at_terminal([[
      local p = console "exec </dev/null >/dev/null 2>&1; until [ -e /tmp/go ]; do usleep 1000; done; exit 6"
      local stdout = p:stdout()
      assert(stdout:read "a" == "")
      assert(c:create_process { "sh", "-c", "sleep 0.1; touch /tmp/go" })
      print("code", p:interact())
    ]], { "modes raw", "type lost", "wait", "rest" })
    assert.equal("exited 0\ncode\t6\r\n", output)
  end)

  it("can be called again, and leaves the streams and the descriptors as they were", function()
    local output = at_terminal([[
      local p = console "trap 'echo hup; exit 9' HUP; echo up; while :; do read x && echo got $x; done"
      local stdin, stdout = p:stdio()
      local before = descriptors()
      local flags = io.open "/proc/self/fdinfo/0":read "a":match "flags:%s*(%d+)"
      local ok, err = pcall(p.interact, p)
      print(err)
      collectgarbage()
      print(descriptors() == before, io.open "/proc/self/fdinfo/0":read "a":match "flags:%s*(%d+)" == flags)
      print("again", stdin:write "word\n" == stdin, p:interact())
    ]], { "expect up", "modes raw", "signal 2", "expect interrupted!\\r\\n", "expect true\\ttrue\\r\\n",
      "modes raw", "expect got word\\r\\n",
      "type \\x03", "wait", "modes usual", "rest" })
    contains("again\ttrue\t130", output)
  end)
end)

describe("the terminal is as it was after", function()
  local SLEEP = [[console "echo up; exec sleep 1000":interact()]]

  it("the container's end", function()
    local output = at_terminal([[
      local p = console "echo up; exec sleep 1000"
      assert(c:create_process { "sh", "-c", "sleep 0.1; kill -KILL " .. p:pid() })
      print("code", p:interact())
    ]], { "expect up", "modes raw", "wait", "modes usual", "rest" })
    contains("code\t137", output)
  end)

  it("Ctrl-C's error, where the signal comes from outside", function()
    local output = at_terminal(SLEEP, { "expect up", "modes raw", "signal 2", "wait", "modes usual", "rest",
      terminal.NOBODY_LEFT })
    assert.matches("^exited 1\n", output)
    contains("interrupted!", output)
  end)

  it("an error raised in a coroutine", function()
    local output = at_terminal([[
      local p = console "while :; do echo tick; done"
      local thread = coroutine.create(function()
        debug.sethook(function() error("by a hook", 0) end, "", 3000)
        p:interact()
      end)
      print(coroutine.resume(thread))
      os.execute "stty -a | grep -o ' icanon'"
    ]], { "wait", "modes usual", "rest" })
    assert.matches("false\tby a hook\r\n icanon\r\n$", output)
  end)

  it("the collection of what held it, a coroutine that nobody goes on with", function()
    local output = at_terminal([[
      local p = console "exec sleep 1000"
      local thread = coroutine.wrap(function()
        local terminal <close> = require "hcs.core".terminal_enter(p)
        coroutine.yield()
      end)
      thread()
      thread = nil
      collectgarbage()
      os.execute "stty -a | grep -o ' icanon'"
    ]], { "wait", "modes usual", "rest" })
    assert.equal("exited 0\n icanon\r\n", output)
  end)

  it("os.exit without closing anything", function()
    local output = at_terminal([[
      local p = console "while :; do echo tick; done"
      debug.sethook(function() os.exit(7) end, "", 3000)
      p:interact()
    ]], { "wait", "modes usual", terminal.NOBODY_LEFT })
    assert.equal("exited 7\n", output)
  end)

  for name, number in pairs { HUP = 1, QUIT = 3, KILL = 9, TERM = 15 } do
    it("SIG" .. name, function()
      local output = at_terminal([[
        local p = console "echo up; exec sleep 1000"
        p:interact()
      ]], { "expect up", "modes raw", "signal " .. number, "wait", "modes usual", terminal.NOBODY_LEFT })
      assert.equal(("killed %d\n"):format(number), output)
    end)
  end

  it("a program that was stopped is back: then it is raw, and the size is followed", function()
    at_terminal([[console "trap 'stty size' WINCH; echo up; while :; do sleep 0.01; done":interact()]], {
      "expect up", "modes raw", "signal 19", "usual", "size 120 40", "signal 18", "modes raw", "expect 40 120\\r\\n",
      "signal 15", "wait", "modes usual",
    })
  end)

  it("the loss of what keeps it, too: sizes are then followed with the next key", function()
    at_terminal([[shell():interact()]], {
      "expect > ", "modes raw",
      [[run kill -KILL $(ps -s $CHILD -o pid=,comm= | awk '$2 == "hcs-keeper" { print $1 }')]],
      -- It does not look for the keeper again and again: when looked at, it nearly always sleeps.
      "run [ $(for i in $(seq 20); do sleep 0.01; cat /proc/$CHILD/stat; done | grep -c ') S ') -gt 15 ]",
      "size 90 25", "type stty size\\n", "expect \\r\\n25 90\\r\\n", "type exit\\n", "wait", "modes usual",
      terminal.NOBODY_LEFT,
    })
  end)
end)

describe("a shell that has the terminal again", function()
  it("keeps the modes that it has set", function()
    -- The keeper is held until the shell, here the spec, has set modes of its own.
    local keeper = [[$(ps -s $CHILD -o pid=,comm= | awk '$2 == "hcs-keeper" { print $1 }')]]
    at_terminal([[console "echo up; exec sleep 1000":interact()]], {
      "expect up", "modes raw", "run echo " .. keeper .. " > /tmp/hcs-keeper.$CHILD",
      "run kill -STOP $(cat /tmp/hcs-keeper.$CHILD)", "signal 9", "wait", "modes raw", "usual", "own",
      "run kill -CONT $(cat /tmp/hcs-keeper.$CHILD); rm /tmp/hcs-keeper.$CHILD", terminal.NOBODY_LEFT, "modes own",
    })
  end)
end)

describe("the program at the terminal", function()
  local host = (os.getenv "HCS_BUILD" or "build") .. "/test/host_program"

  -- Runs a program that begins like the others, in a host that can look at itself.
  local function in_host(program, script)
    local path = support.write_file(os.tmpname(), "arg = { [0] = ... }\n" .. PROLOGUE:gsub("%(%.%.%.%)",
      ("%q"):format(support.layer())) .. program)
    local output = terminal.run(("exec env %s run %s"):format(support.lua():gsub("%S+$", "") .. host, path), script)
    os.remove(path)
    return output
  end

  -- `look` runs once in the middle of the call, which is then ended by an error.
  local PEEK = [[
    local p = console "while :; do echo tick; done"
    local function interact(look)
      local looked
      debug.sethook(function() if not looked then looked = true look() end error "seen" end, "", 3000)
      local ok, err = pcall(p.interact, p)
      debug.sethook()
      assert(not ok and err:find "seen", err)
    end
  ]]

  it("sees no child of it, and hands no descriptor on", function()
    local output = in_host(PEEK .. [[
      local before = children()
      local found, handed_on
      interact(function() found, handed_on = children(), inheritable() end)
      print("children", before, found, children(), "descriptors", handed_on)
    ]], { "wait", "modes usual", "rest" })
    contains("children\tfalse\tfalse\tfalse\tdescriptors\t0\r\n", output:sub(-100))
  end)

  it("may fork: the child leaves the terminal alone", function()
    local output = in_host(PEEK .. [[
      local raw
      interact(function()
        local child = fork()
        if child == 0 then leave(0) end
        assert(wait_for(child) == 0)
        raw = not io.popen "stty -a":read "a":find " icanon"
      end)
      print("raw", raw, io.popen "stty -a":read "a":find " icanon" ~= nil)
    ]], { "wait", "modes usual", "rest" })
    contains("raw\ttrue\ttrue\r\n", output:sub(-100))
  end)

  it("joins it once at a time", function()
    local output = in_host(PEEK .. [[
      local q = console "exec sleep 1000"
      local result, err
      interact(function() result, err = q:interact() end)
      print("second", result, err.name)
    ]], { "wait", "modes usual", "rest" })
    contains("second\tnil\tBusy\r\n", output:sub(-100))
  end)

  it("gets it back when there is no descriptor left for all that it takes", function()
    local output = in_host([[
      local p = console "exit 5"
      local failures, code, err = 0, nil, nil
      for free = 0, 20 do
        room(free)
        code, err = p:interact()
        room()
        if code then break end
        assert(err.errno == "EMFILE", tostring(err))
        failures = failures + 1
      end
      print("failures", failures, code)
    ]], { "wait", "modes usual", "rest" })
    assert.matches("failures\t[1-9]%d*\t5\r\n", output)
  end)
end)

describe("interact is refused", function()
  local c

  setup(function() c = support.container() end)

  it("without a terminal on standard input", function()
    local output = support.shell(("%s -e %s </dev/null"):format(support.lua(), support.quote(([[
      local hcs = require "hcs"
      local c = assert(hcs.open_container(%q))
      local p = assert(c:create_process { "sleep", "1000", EmulateConsole = true })
      local result, err = p:interact()
      print(result, err.name, err.errno, err.operation, err.pid == p:pid(), err.message)
      assert(p:kill())
    ]]):format(c:id()))))
    assert.matches("^nil\tInvalidParameter\tENOTTY\thcs::Process::Interact\ttrue\tstandard input is no terminal: ",
      output)
  end)

  it("from the background of the terminal", function()
    local chunk = support.write_file(os.tmpname(), [[
      local hcs = require "hcs"
      local c = assert(hcs.open_container(...))
      local p = assert(c:create_process { "sleep", "1000", EmulateConsole = true })
      print(select(2, p:interact()))
      assert(p:kill())
    ]])
    finally(function() os.remove(chunk) end)
    local output = terminal.run(("set -m; env %s %s %s & wait"):format(support.lua(), chunk, c:id()),
      { "expect in the background of its terminal", "wait", "modes usual" })
    assert.equal("exited 0\n", output)
  end)

  it("without a console", function()
    local p <close> = assert(c:create_process { "sleep", "1000", CreateStdInPipe = true, CreateStdOutPipe = true })
    local err = failure(0x490, p:interact())
    contains("EmulateConsole", err.message)
    assert(p:kill())
  end)

  it("on a handle from open_process, which has no streams", function()
    local p <close> = assert(c:create_process { "sleep", "1000", EmulateConsole = true })
    local opened <close> = assert(c:open_process(p:pid()))
    local err = failure(0x490, opened:interact())
    contains("belongs to the client", err.message)
    assert(p:kill())
  end)

  it("after close", function()
    local p = assert(c:create_process { "true", EmulateConsole = true })
    assert(p:close())
    failure("AlreadyClosed", p:interact())
  end)

  it("for what is no process", function()
    local p <close> = assert(c:create_process { "true", EmulateConsole = true })
    assert.has_error(function() p.interact(c) end)
  end)

  it("and then the container ends", function()
    assert.is_true(c:close())
    c = nil
  end)
end)

describe("a terminal that is hung up", function()
  it("ends a program that does not ignore it", function()
    local output = at_terminal([[console "echo up; exec sleep 1000":interact()]],
      { "expect up", "hangup", "wait", terminal.NOBODY_LEFT })
    assert.equal("killed 1\n", output)
  end)

  it("is an error to one that does", function()
    local result = os.tmpname()
    finally(function() os.remove(result) end)
    local chunk = support.write_file(os.tmpname(), PROLOGUE .. ([[
      local p = console "echo up; exec sleep 1000"
      local code, err = p:interact()
      io.open(%q, "w"):write(tostring(code), " ", err.errno):close()
    ]]):format(result))
    finally(function() os.remove(result) os.remove(chunk) end)
    local output = terminal.run(("trap '' HUP; exec env %s %s %s"):format(support.lua(), chunk, support.layer()),
      { "expect up", "hangup", "wait", terminal.NOBODY_LEFT })
    assert.equal("exited 0\n", output)
    assert.equal("nil EIO", support.read_file(result))
  end)
end)

it("the containers of the killed programs have ended; gc removes the rest", function()
  for _ = 1, 1000 do
    if #assert(hcs.get_containers()) == 0 then break end
    hcs.poll({}, 0.01)
  end
  assert.same({}, hcs.get_containers())
  assert(hcs.gc())
end)

support.nothing_left()
