-- Processes in containers as Linux has them: signals, users, paths, daemons (API.md, Process, and the process' part of
-- "Config on Linux").
local hcs = require "hcs"
local support = require "spec.support.linux"

local NOT_FOUND, ELEMENT_NOT_FOUND = 0x2, 0x490

local failure, contains = support.failure, support.contains

-- Everything here, where nothing else is said, happens in this container.
local c

setup(function() c = support.container() end)

-- What a command prints; it must succeed.
local function output(command, container)
  return assert((container or c):run(command, { check = true })).stdout
end

local function shell(script, container)
  return output({ "sh", "-c", script }, container)
end

-- A process that runs until its stdin ends or a signal comes.
local function sleeper(container)
  return assert((container or c):create_process { "cat", CreateStdInPipe = true })
end

-- A process that says "ready" before it goes on with `script`.
local function ready_process(script)
  local process = assert(c:create_process { "sh", "-c", script, CreateStdOutPipe = true })
  local stdout = assert(process:stdout())
  assert.equal("ready", stdout:read "l")
  return process, stdout
end

-- The pid of a process that another one has left behind.
local function daemon()
  return math.tointeger(shell "sleep 1000 >/dev/null 2>&1 & echo $!")
end

describe("an exit code", function()
  it("is 128+n after signal n, and exit_signal its name", function()
    local signals = { HUP = 1, INT = 2, QUIT = 3, ILL = 4, TRAP = 5, ABRT = 6, BUS = 7, FPE = 8, KILL = 9, USR1 = 10,
      SEGV = 11, USR2 = 12, PIPE = 13, ALRM = 14, TERM = 15, XCPU = 24, XFSZ = 25, VTALRM = 26, PROF = 27, IO = 29,
      PWR = 30, SYS = 31 }
    for name, number in pairs(signals) do
      local p <close> = sleeper()
      assert.is_true(p:signal(number))
      assert.equal(128 + number, p:wait(10))
      assert.equal(128 + number, p:exit_code())
      assert.equal(name, p:exit_signal())
    end
  end)

  it("of a real-time signal is 128+n, too", function()
    local p <close> = assert(c:create_process { "sh", "-c", "kill -40 $$" })
    assert.equal(168, p:wait(10))
    assert.equal("string", type(p:exit_signal()))
  end)
end)

describe("a command", function()
  it("as CommandLine is split by POSIX shell quoting, and nothing is expanded", function()
    local line = [=[printf [%s] a 'b c' d "e\"f" 'g$HOME' h\ i '' j  [k]k]=]
    assert.equal([=[[a][b c][d][e"f][g$HOME][h i][][j][[k]k]]=], output(line))
    assert.equal("$HOME `id` * ~ # {a,b}\n", output "echo $HOME `id` * ~ # {a,b}")
    assert.equal("x\n", output { CommandLine = "echo x" })
  end)

  it("as CommandLine may quote what it must not use", function()
    assert.equal("| & ; < > |\n", output [[echo '|' "&" \; '<' ">" \|]])
  end)

  for character in ("|&;<>"):gmatch "." do
    it("as CommandLine with an unquoted " .. character .. " is refused", function()
      for _, line in ipairs { "echo a %s b", "echo a%sb", "%s echo" } do
        local err = failure("InvalidParameter", c:create_process((line:format(character))))
        contains("no shell is involved", err.message)
        contains('{"sh", "-c", …}', err.message)
      end
    end)
  end

  it("as CommandLine with an open quote is refused", function()
    for _, line in ipairs { "echo 'a", 'echo "a', "echo \\" } do
      contains("config.CommandLine", failure("InvalidParameter", c:create_process(line)).message)
    end
  end)

  it("as CommandLine is not of blanks alone", function()
    failure("InvalidParameter", c:create_process "  ")
    failure("InvalidParameter", c:run { CommandLine = "  " })
  end)

  it("can have another file executed: ApplicationName", function()
    assert.equal("via busybox\n", output { "echo", "via", "busybox", ApplicationName = "/bin/busybox" })
    assert.equal("via busybox\n", output { CommandLine = "echo via busybox", ApplicationName = "/bin/busybox" })
    assert.equal("via PATH\n", output { "echo", "via", "PATH", ApplicationName = "busybox" })
    failure(NOT_FOUND, c:create_process { "true", ApplicationName = "/no/such/file" })
  end)

  it("is looked up in the process' PATH", function()
    shell [[mkdir -p /opt/tools /opt/closed; printf '#!/bin/sh\necho "tool $1"\n' > /opt/tools/tool
      cp /opt/tools/tool /opt/closed/tool; chmod 755 /opt/tools/tool; chmod 644 /opt/closed/tool]]
    failure(NOT_FOUND, c:create_process "tool")
    assert.equal("tool 1\n", output { "tool", "1", Environment = { PATH = "/opt/tools:/bin" } })
    -- One that may not be executed does not hide one that may.
    assert.equal("tool 2\n", output { "tool", "2", Environment = { PATH = "/no:/opt/closed:/opt/tools:/bin" } })
    failure(0x5, c:create_process { "tool", Environment = { PATH = "/opt/closed:/bin" } })
    failure(NOT_FOUND, c:create_process { "true", Environment = { PATH = "/opt/tools" } })
  end)

  it("with a slash is a path, relative to the working directory", function()
    shell [[mkdir -p /opt/here; printf '#!/bin/sh\necho here\n' > /opt/here/tool; chmod 755 /opt/here/tool]]
    assert.equal("here\n", output { "/opt/here/tool" })
    assert.equal("here\n", output { "./tool", WorkingDirectory = "/opt/here" })
    assert.equal("here\n", output { "here/tool", WorkingDirectory = "/opt" })
    failure(NOT_FOUND, c:create_process "./tool")
  end)
end)

describe("a process that cannot be started", function()
  local rows = {
    { "a command that is not there", 0x2, "FileNotFound", { "no-such-command" }, "no-such-command" },
    { "a path that is not there", 0x2, "FileNotFound", { "/no/such/command" }, "/no/such/command" },
    { "a file that is not executable", 0x5, "VmcomputeOperationAccessIsDenied", { "/etc/passwd" }, "/etc/passwd" },
    { "a directory as command", 0x5, "VmcomputeOperationAccessIsDenied", { "/etc" }, "/etc" },
    { "a bad directory", 0x10B, "Directory", { "true", WorkingDirectory = "/no/such" }, "/no/such" },
    { "a file as directory", 0x10B, "Directory", { "true", WorkingDirectory = "/etc/passwd" }, "/etc/passwd" },
    { "a bad user", 0x525, "NoSuchUser", { "true", User = "nobody-knows" }, "nobody-knows" },
    { "a bad group", 0x525, "NoSuchUser", { "true", User = "lab:nobody-knows" }, "lab:nobody-knows" },
  }

  for _, row in ipairs(rows) do
    local what, code, name, config, subject = table.unpack(row)
    it(("is %s: 0x%X"):format(what, code), function()
      local before = support.residue.snapshot()
      local err = failure(code, c:create_process(config))
      assert.equal(name, err.name)
      contains(subject, err.message)
      contains("hcs::System::CreateProcess: ", err.operation)
      assert.equal(c:id(), err.id)
      failure(code, c:run(config))
      -- The child that could not execute it is gone as soon as the guest has seen its end.
      assert.is_true(support.eventually(function() return #support.residue.difference(before) == 0 end))
    end)
  end
end)

describe("User", function()
  local function identity(user)
    return output { "sh", "-c", "echo $(id -u):$(id -g)", User = user }:gsub("\n", "")
  end

  it("defaults to 0:0", function()
    assert.equal("0:0", (identity(nil)))
    assert.equal("0:0", (identity ""))
  end)

  it("is name, uid, name:group or uid:gid, looked up in the container's own files", function()
    assert.equal("1000:1000", (identity "lab"))
    assert.equal("1000:1000", (identity "1000"))
    assert.equal("1000:100", (identity "lab:users"))
    assert.equal("1000:65534", (identity "1000:65534"))
    assert.equal("0:0", (identity "root"))
    assert.equal("4242:4343", (identity "4242:4343"))
    local other <close> = support.container()
    shell("echo own:x:777:778::/own:/bin/sh >> /etc/passwd; echo ours:x:779: >> /etc/group", other)
    assert.equal("777:778\n", output({ "sh", "-c", "echo $(id -u):$(id -g)", User = "own" }, other))
    assert.equal("777:779\n", output({ "sh", "-c", "echo $(id -u):$(id -g)", User = "own:ours" }, other))
    failure(0x525, c:create_process { "true", User = "own" })
  end)

  it("sets HOME", function()
    assert.equal("/root\n", output { "sh", "-c", "echo $HOME" })
    assert.equal("/home/lab\n", output { "sh", "-c", "echo $HOME", User = "lab" })
    assert.equal("/home/lab\n", output { "sh", "-c", "echo $HOME", User = "1000" })
    assert.equal("/own\n", output { "sh", "-c", "echo $HOME", User = "lab", Environment = { HOME = "/own" } })
  end)

  it("has the rights of that user, and may open its own pipes again", function()
    assert.equal("no\n", output { "sh", "-c", "ls /root 2>&- || touch /x 2>&- || echo no", User = "lab" })
    assert.equal("again\n", output { "sh", "-c", "echo again > /dev/stdout", User = "lab" })
  end)
end)

describe("WorkingDirectory", function()
  it("defaults to /", function()
    assert.equal("/\n", output "pwd")
  end)

  it("is where the process starts", function()
    assert.equal("/var/log\n", output { "pwd", WorkingDirectory = "/var/log" })
  end)
end)

describe("Environment", function()
  local function environment(given)
    local lines = {}
    for line in output { "env", Environment = given }:gmatch "[^\n]+" do lines[#lines + 1] = line end
    table.sort(lines)
    return lines
  end

  local PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  it("is PATH and HOME, and nothing of the host's", function()
    assert.is_string(os.getenv "HOME" or os.getenv "PATH")
    assert.same({ "HOME=/root", PATH }, environment(nil))
  end)

  it("is added to them; empty values are passed", function()
    assert.same({ "A=1", "EMPTY=", "HOME=/root", PATH, "SPACES= x  y=z" },
      environment { A = "1", EMPTY = "", SPACES = " x  y=z" })
  end)

  it("replaces them", function()
    assert.same({ "HOME=/x", "PATH=/usr/bin" }, environment { HOME = "/x", PATH = "/usr/bin" })
  end)

  it("has names without '='", function()
    for _, name in ipairs { "", "=", "A=B" } do
      contains("config.Environment", failure("InvalidParameter",
        c:create_process { "true", Environment = { [name] = "x" } }).message)
    end
  end)
end)

-- A client that shows what a process of its container has got.
local show_process = [[
  local hcs = require "hcs"
  local files = {}
  for i = 1, 20 do files[i] = io.open "/dev/null" end
  print(io.open "/proc/self/status":read "a":match "SigIgn:%s+(%x+)")
  local c <close> = assert(hcs.create_container(nil, {
    Layers = { { Path = (...) } }, TerminateOnLastHandleClosed = true }))
  assert(c:start())
  io.write(assert(c:run "grep -E 'Sig(Blk|Ign)' /proc/self/status").stdout)
  for _, script in ipairs {
    "umask", "pwd", "ulimit -f; ulimit -s; ulimit -n", "ulimit -c",
    "cut -d ' ' -f 19 /proc/self/stat", "echo $SECRET",
  } do
    io.write(assert(c:run({ "sh", "-c", script }, { check = true })).stdout)
  end
  io.write(assert(c:run "ls /proc/self/fd").stdout)
]]

describe("a new process", function()
  it("has nothing of its caller's: signals, umask, directory, limits, priority, environment, descriptors", function()
    local script = support.write_file(os.tmpname(), show_process)
    finally(function() os.remove(script) end)
    local command = ("%s %s %s"):format(support.lua(), script, support.layer())
    local plain = support.shell(command)
    local changed = support.shell([[umask 077; cd /tmp; ulimit -S -f 100000; ulimit -S -s 4096; ulimit -S -n 100
      export SECRET=1; trap '' INT TERM HUP QUIT PIPE USR1 CHLD; exec 9</dev/null; exec nice -n 5 env ]] .. command)
    local ignored, process = changed:match "^(%x+)\n(.*)$"
    assert.matches("[1-9a-f]", ignored)
    assert.equal(plain:match "^%x+\n(.*)$", process)
    local signals, limits, rest = process:match "^(.-/\n)(%w+\n%w+\n%w+\n)(.*)$"
    assert.equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n0022\n/\n", signals)
    assert.matches("1024\n$", limits)
    -- No core dumps, priority 0, no variable; ls has its directory as 3.
    assert.equal("0\n0\n\n0\n1\n2\n3\n", rest)
  end)

  it("has 0, 1 and 2 open; one without a pipe is /dev/null", function()
    assert.equal("0\n1\n2\n3\n", output "ls /proc/self/fd")
    local p <close> = assert(c:create_process { "sh", "-c", "readlink /proc/self/fd/0; readlink /proc/self/fd/2; cat",
      CreateStdOutPipe = true })
    assert.equal("/dev/null\n/dev/null\n", (p:stdout():read "a"))
    assert.equal(0, p:wait(10))
  end)

  it("is a session of its own", function()
    assert.equal("yes\n", shell "[ $(cut -d ' ' -f 6 /proc/$$/stat) = $$ ] && echo yes")
  end)
end)

describe("signal", function()
  for _, signal in ipairs { "USR1", "SIGUSR1", 10 } do
    it(("sends %s to the process"):format(signal), function()
      local p <close>, stdout = ready_process
        "trap 'echo usr1; exit 6' USR1; trap 'exit 7' TERM; echo ready; while :; do sleep 0.02; done"
      assert.is_true(p:signal(signal))
      assert.equal("usr1\n", stdout:read "a")
      assert.equal(6, p:wait(10))
      assert.is_nil(p:exit_signal())
    end)
  end

  it("may end it", function()
    for signal, code in pairs { TERM = 143, SIGKILL = 137, HUP = 129 } do
      local p <close> = sleeper()
      assert.is_true(p:signal(signal))
      assert.equal(code, p:wait(10))
    end
  end)

  it("stops and continues it", function()
    local p <close> = sleeper()
    local function is_stopped() return shell("cut -d ' ' -f 3 /proc/" .. p:pid() .. "/stat") == "T\n" end
    assert.is_true(p:signal "STOP")
    assert.is_true(support.eventually(is_stopped))
    assert.is_true(p:signal "CONT")
    assert.is_true(support.eventually(function() return not is_stopped() end))
  end)
end)

describe("open_process", function()
  it("gives another handle, which signals, too", function()
    local p <close> = sleeper()
    local other <close> = assert(c:open_process(p:pid()))
    assert.equal(p:pid(), other:pid())
    failure("InvalidProcessState", other:exit_code())
    failure("Timeout", other:wait(0))
    assert.is_true(other:signal "TERM")
    assert.equal(143, other:wait(10))
    assert.equal(143, other:exit_code())
    assert.equal("TERM", other:exit_signal())
    assert.equal(143, p:wait(10))
  end)

  it("opens a process that has ended", function()
    local p = assert(c:create_process { "sh", "-c", "exit 42" })
    local pid = p:pid()
    assert.equal(42, p:wait(10))
    p:close()
    local other <close> = assert(c:open_process(pid))
    assert.equal(42, other:wait(0))
    assert.equal(42, other:exit_code())
    assert.is_nil(other:exit_signal())
    failure("ProcessAlreadyStopped", other:kill())
  end)

  it("opens one that ended while nobody had a handle", function()
    local p = assert(c:create_process { "sh", "-c", "read x; exit 43", CreateStdInPipe = true })
    local pid = p:pid()
    assert(p:close()) -- closes the pipe, too: that is the end of the input
    local other <close> = assert(c:open_process(pid))
    assert.equal(43, other:wait(10))
  end)

  it("works from another client: it waits for a process that this one has started", function()
    local p <close> = assert(c:create_process { "sh", "-c", "read x; exit 44", CreateStdInPipe = true })
    local client = support.client([[
      local hcs = require "hcs"
      local id, pid = ...
      local c <close> = assert(hcs.open_container(id))
      local p <close> = assert(c:open_process(math.tointeger(pid)))
      print "opened"
      print(p:wait(), p:exit_code(), p:exit_signal(), (select(2, p:stdout())).code)
    ]], c:id(), p:pid())
    assert.equal("opened", client:line())
    assert(p:stdin():write "\n")
    assert.equal("44\t44\tnil\t1168\n", client:wait())
    assert.equal(44, p:wait(10))
  end)

  it("refuses pid 1, the guest", function()
    failure(ELEMENT_NOT_FOUND, c:open_process(1))
  end)

  it("opens what a process has left behind: no code, but it can be waited for", function()
    local pid = daemon()
    local p <close> = assert(c:open_process(pid))
    assert.equal(pid, p:pid())
    failure("Timeout", p:wait(0))
    failure("InvalidProcessState", p:exit_code())
    assert.is_true(p:signal "TERM")
    assert.is_true(p:wait(10))
    assert.is_true(p:wait(0))
    local err = failure("InvalidProcessState", p:exit_code())
    contains("was not started through create_process", err.message)
    assert.is_nil(p:exit_signal())
  end)

  it("does not know such a process any more when it has ended", function()
    local pid = daemon()
    local p <close> = assert(c:open_process(pid))
    assert(p:kill())
    assert.is_true(p:wait(10))
    p:close()
    failure(ELEMENT_NOT_FOUND, c:open_process(pid))
  end)
end)

describe("exit codes are kept", function()
  it("for every handle, also one that is opened after the others were closed", function()
    local pids = {}
    for code = 1, 20 do
      local p <close> = assert(c:create_process { "sh", "-c", "exit " .. code })
      pids[code] = p:pid()
      assert.equal(code, p:wait(10))
    end
    for code, pid in pairs(pids) do
      for _ = 1, 2 do
        local p <close> = assert(c:open_process(pid))
        assert.equal(code, p:exit_code())
      end
    end
  end)

  it("of the last 1024 that have ended: the oldest go #once", function()
    local own <close> = support.container()
    local pids = {}
    for i = 1, 1030 do
      local p <close> = assert(own:create_process { "sh", "-c", "exit " .. i % 256 })
      pids[i] = p:pid()
      assert.equal(i % 256, p:wait(10))
    end
    for i = 1, 6 do failure(ELEMENT_NOT_FOUND, own:open_process(pids[i])) end
    for _, i in ipairs { 7, 8, 500, 1029, 1030 } do
      local p <close> = assert(own:open_process(pids[i]))
      assert.equal(i % 256, p:exit_code())
    end
  end)
end)

describe("a process handle", function()
  it("signals after its container handle is closed", function()
    local other = assert(hcs.open_container(c:id()))
    local p <close> = sleeper(other)
    assert(other:close())
    assert.is_true(p:signal "TERM")
    assert.equal(143, p:wait(10))
  end)

  it("has a descriptor that becomes readable at the end", function()
    local p <close> = sleeper()
    local descriptor = assert(p:pollfd())
    assert.equal("integer", math.type(descriptor))
    assert.equal("r", p:events())
    assert.is_nil(p:timeout())
    assert.same({}, hcs.poll({ p }, 0))
    assert(p:close_stdin())
    assert.same({ p }, hcs.poll({ p }, 10))
    assert.equal(0, p:wait(0))
    assert.equal(descriptor, p:pollfd())
    assert.same({ p }, hcs.poll({ p }, 0))
  end)
end)

describe("a process", function()
  it("takes a megabyte of arguments, and of environment", function()
    local arguments, environment, block = { "sh", "-c", "echo $# ${#1} ${#10}", "sh" }, {}, ("x"):rep(100000)
    for i = 1, 10 do
      arguments[#arguments + 1] = block .. i
      environment["V" .. i] = block .. i
    end
    assert.equal("10 100001 100002\n", output(arguments))
    assert.equal("100001 100002\n", output { "sh", "-c", "echo ${#V1} ${#V10}", Environment = environment })
  end)

  it("with more than the kernel takes is an error that harms nothing", function()
    local arguments = { "true" }
    for i = 2, 40 do arguments[i] = ("x"):rep(120000) end
    local result, err = c:create_process(arguments)
    assert.is_nil(result)
    contains("arguments", err.message)
    assert.equal("E2BIG", failure("GenFailure", c:create_process { "true", ("x"):rep(140000) }).errno)
    assert.equal("ok\n", output "echo ok")
  end)
end)

it("what still runs goes with the last handle of its container", function()
  assert.is_true(c:close())
  c = nil
end)

support.nothing_left()
