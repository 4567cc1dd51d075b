-- modify with MappedDirectory and MappedPipe: mapped into a running container, and taken out of it.
local busted = require "busted"
local cjson = require "cjson"
local hcs = require "hcs"
local killed = require "spec.support.linux.killed"
local lfs = require "lfs"
local support = require "spec.support.linux"

local contains, failure = support.contains, support.failure

local FILE_NOT_FOUND, INVALID_PARAMETER, BUSY, DIRECTORY, NOT_FOUND = 0x2, 0x57, 0xAA, 0x10B, 0x490
local INVALID_STATE, ALREADY_STOPPED = 0xC0370105, 0xC0370110

local folder, count = nil, 0

local function new_folder(files)
  count = count + 1
  local path = folder .. "/" .. count
  assert(lfs.mkdir(path))
  for file, content in pairs(files or {}) do support.write_file(path .. "/" .. file, content) end
  return path
end

-- What is to be undone after the test, the last first.
local undone = {}
local function new_mount(path, files)
  support.shell("mount -t tmpfs none " .. path)
  table.insert(undone, 1, "umount " .. path)
  for file, content in pairs(files or {}) do support.write_file(path .. "/" .. file, content) end
end
after_each(function()
  for _, command in ipairs(undone) do support.shell(command) end
  undone = {}
end)

local c

local function inside(script)
  return assert(c:run({ "sh", "-c", script }, { check = true, timeout = 20 })).stdout
end

local function request(verb, target, host, more)
  local settings = { ContainerPath = target, HostPath = host }
  for field, value in pairs(more or {}) do settings[field] = value end
  return { ResourceType = "MappedDirectory", RequestType = verb, Settings = settings }
end

local function add(target, host, more) return c:modify(request("Add", target, host, more)) end
local function remove(target) return c:modify(request("Remove", target)) end

local function record()
  return support.read_file(support.residue.state_directory() .. "/" .. c:id() .. "/record")
end

-- The targets that the record says are mapped, sorted.
local function recorded()
  local list = {}
  for _, row in ipairs((cjson.decode(record()).mapped or {}).MappedDirectories or {}) do
    list[#list + 1] = row.ContainerPath
  end
  table.sort(list)
  return list
end

local function mounts() return inside "cat /proc/self/mountinfo" end

-- The mount points below `top`, sorted.
local function mounted(top)
  local list = {}
  for point in mounts():gmatch "%d+ %d+ %S+ %S+ (%S+)[^\n]*\n" do
    if point:sub(1, #top) == top then list[#list + 1] = point end
  end
  table.sort(list)
  return list
end

-- Nothing is on the host that was not there, but for what comes and goes with what else runs there: loop devices,
-- and mounts that are neither of a folder of ours nor in one.
local function assert_unchanged(before)
  local ours = "\n" .. support.residue.mount_lines(folder)
  for _, text in ipairs(support.residue.living(before)) do
    local mount = text:match "^mount (%d+) "
    local is_of_others = text:find "^loop device" or mount and not ours:find("\n" .. mount .. " ", 1, true)
    assert(is_of_others, text)
  end
end

-- The message of a request that fails and changes nothing.
local function refused(code, ...)
  local before, written, table_before = mounts(), record(), support.residue.mount_lines(folder)
  local err = failure(code, ...)
  assert.equal(before, mounts())
  assert.equal(written, record())
  assert.equal(table_before, support.residue.mount_lines(folder))
  assert.equal("hcs::System::Modify", err.operation)
  return err.message
end

setup(function() folder = support.temporary_folder() end)
teardown(function() support.remove(folder) end)

-- Each test has a container of its own.
local function containers()
  before_each(function() c = support.container() end)
  after_each(function() assert(c:close()) end)
end

describe("a directory that is added", function()
  containers()
  it("is seen by processes that run already, and written on both sides", function()
    local p = assert(c:create_process { "sh", "-c", "read x; cat /data/mine; echo theirs > /data/theirs",
      CreateStdInPipe = true, CreateStdOutPipe = true })
    local host = new_folder { mine = "mine" }
    assert.is_true(add("/data", host))
    assert(p:stdin():write "\n")
    assert.equal("mine", p:stdout():read "a")
    assert.equal(0, p:wait(5))
    assert.equal("theirs\n", support.read_file(host .. "/theirs"))
    assert.same({ "/data" }, recorded())
  end)

  it("may be read-only, with what is mounted in it", function()
    local host = new_folder()
    lfs.mkdir(host .. "/mount")
    new_mount(host .. "/mount", { file = "mounted" })
    assert(add("/data", host, { ReadOnly = true }))
    assert.equal("mounted", inside "cat /data/mount/file")
    for _, path in ipairs { "/data/x", "/data/mount/x" } do
      contains("Read-only file system", c:run({ "touch", path }).stderr)
    end
  end)

  it("has nosuid and nodev, its target is made with mode 0755, links lead nowhere but into the root", function()
    inside "mkdir /real; ln -s /real /absolute; ln -s ../../.. /top"
    local host = new_folder { file = "" }
    assert(add("/absolute/made/a", host))
    assert(add("/top/b", host))
    assert.equal("755 0 0\nfile\nfile\n", inside "stat -c '%a %u %g' /real/made; ls /real/made/a /b | grep file")
    assert.matches(" /real/made/a rw,nosuid,nodev,%l*atime ", mounts())
    assert(remove "/absolute/made/a")
    assert(remove "/top/b")
    assert.same({}, mounted "/real")
  end)

  it("is private: what is mounted in it later stays on its side", function()
    local host = new_folder()
    new_mount(host)
    support.shell("mount --make-shared " .. host)
    lfs.mkdir(host .. "/mount")
    lfs.mkdir(host .. "/inner")
    assert(add("/data", host))
    new_mount(host .. "/mount", { file = "" })
    assert.equal("", inside "ls /data/mount")
    assert(add("/data/inner", new_folder { file = "" }))
    assert.equal("", support.shell("ls " .. host .. "/inner"))
    assert(remove "/data/inner")
    assert(remove "/data")
    assert.equal("file\n", support.shell("ls " .. host .. "/mount"))
  end)

  it("makes its place in a directory of any user", function()
    inside "mkdir -m 700 /theirs; chown 1000:1000 /theirs"
    assert(add("/theirs/made", new_folder { file = "" }))
    assert.equal("file\n", inside "ls /theirs/made")
  end)

  -- The kernel escapes blanks, tabs, newlines and backslashes in its tables, and no others.
  it("may have white space of every kind in its names, on both sides", function()
    local host = new_folder()
    for _, name in ipairs { "a b", "a\tb", "a\nb", "a\rb", "a\fb", "a\vb", "a\\012b" } do
      assert(lfs.mkdir(host .. "/" .. name))
      support.write_file(("%s/%s/file"):format(host, name), "")
      assert(add("/white/" .. name, host .. "/" .. name))
      assert.equal("file\n", inside(("ls %s"):format(support.quote("/white/" .. name))))
      assert(remove("/white/" .. name))
    end
  end)

  it("changes nothing on the host", function()
    local before = support.residue.snapshot()
    assert(add("/data", new_folder()))
    assert_unchanged(before)
    assert(remove "/data")
    assert_unchanged(before)
  end)

  it("can be one of many, added by many at once", function()
    local host = new_folder { file = "" }
    local clients = {}
    for i = 1, 4 do
      clients[i] = support.client([[
        local hcs = require "hcs"
        local id, host, number = table.unpack(arg)
        local c <close> = assert(hcs.open_container(id))
        for i = 1, 10 do
          assert(c:modify { ResourceType = "MappedDirectory", RequestType = "Add",
            Settings = { HostPath = host, ContainerPath = ("/data/%d-%d"):format(number, i) } })
        end
        for i = 1, 10, 2 do
          assert(c:modify { ResourceType = "MappedDirectory", RequestType = "Remove",
            Settings = { ContainerPath = ("/data/%d-%d"):format(number, i) } })
        end
      ]], c:id(), host, i)
    end
    for _, client in ipairs(clients) do assert.same({ "", 0 }, { client:wait() }) end
    assert.equal(20, #recorded())
    assert.same(recorded(), mounted "/data")
  end)
end)

describe("a directory that is removed", function()
  containers()
  it("is gone for all, and its place stays, empty", function()
    local host = new_folder { file = "" }
    assert(add("/data", host))
    assert.is_true(remove "/data")
    assert.equal("", inside "ls /data")
    assert.same({}, mounted "/data")
    assert.same({}, recorded())
    assert.is_table(lfs.attributes(host .. "/file"))
  end)

  it("is free at once: it may be taken out when it has just been mapped, and unmounted on the host then", function()
    local host = new_folder()
    for _ = 1, support.rounds(50) do
      support.shell("mount -t tmpfs none " .. host)
      assert(add("/data", host))
      local removed, err = remove "/data"
      support.shell("umount " .. host)
      assert(removed, err)
    end
  end)

  it("takes with it what was mounted in it", function()
    local host = new_folder()
    lfs.mkdir(host .. "/a")
    new_mount(host .. "/a")
    lfs.mkdir(host .. "/a/b")
    new_mount(host .. "/a/b")
    assert(add("/data", host))
    assert.same({ "/data", "/data/a", "/data/a/b" }, mounted "/data")
    assert(remove "/data")
    assert.same({}, mounted "/data")
  end)

  it("may be one that was mapped when the container was made", function()
    c:close()
    local list = {}
    for i = 1, 3 do list[i] = { HostPath = new_folder(), ContainerPath = "/data/" .. i .. "/" } end
    c = support.container { MappedDirectories = list }
    assert(remove "/data/2")
    assert.same({ "/data/1", "/data/3" }, mounted "/data")
    assert.same({ "/data/1/", "/data/3/" }, recorded())
    assert(add("/data/2", new_folder()))
    assert.same({ "/data/1", "/data/2", "/data/3" }, mounted "/data")
  end)

  it("is found where the container has moved it", function()
    assert(add("/a/b/c", new_folder()))
    inside "mv /a/b /a/moved; mkdir -p /a/b/c; mv /a '/b \\ \n'"
    assert.same({ "/b\\040\\134\\040\\012/moved/c" }, mounted "/b")
    assert(remove "/a/b/c")
    assert.same({}, mounted "/b")
  end)

  it("may have lost its host's side", function()
    local host = new_folder()
    assert(add("/data", host))
    lfs.rmdir(host)
    assert(remove "/data")
    assert.same({}, mounted "/data")
  end)
end)

describe("a directory in use", function()
  containers()
  -- A process in the container that uses what is mapped.
  local function user(config)
    config.CreateStdOutPipe = true
    local p = assert(c:create_process(config))
    assert.equal("ready\n", p:stdout():read "L")
    return p
  end

  it("is Busy, and stays: by a working directory, by an open file", function()
    for _, config in ipairs {
      { "sh", "-c", "echo ready; sleep 1000", WorkingDirectory = "/data" },
      { "sh", "-c", "exec 5> /data/open; echo ready; sleep 1000" },
    } do
      local host = new_folder { file = "" }
      assert(add("/data", host))
      local p = user(config)
      local message = refused(BUSY, remove "/data")
      contains("request.Settings.ContainerPath: it is in use", message)
      contains("'/data'", message)
      assert.equal("file\n", inside "ls /data/file | sed s,.*/,,")
      assert(c:run { "sh", "-c", "kill -9 -1" })
      assert(p:wait(5))
      assert(remove "/data")
    end
  end)

  it("stays whole when only what was mounted in it is in use, or only itself", function()
    local host = new_folder { file = "" }
    lfs.mkdir(host .. "/a")
    new_mount(host .. "/a", { file = "" })
    lfs.mkdir(host .. "/b")
    new_mount(host .. "/b", { file = "" })
    lfs.mkdir(host .. "/b/c")
    new_mount(host .. "/b/c", { file = "" })
    local all = { "/data", "/data/a", "/data/b", "/data/b/c" }
    for _, used in ipairs(all) do
      assert(add("/data", host, { ReadOnly = true }))
      local p = user { "sh", "-c", "echo ready; sleep 1000", WorkingDirectory = used }
      contains("it is in use", failure(BUSY, remove "/data").message)
      assert.same(all, mounted "/data", used)
      assert.equal("/data/a/file\n/data/b/c/file\n/data/b/file\n/data/file\n", inside "find /data -name file | sort")
      contains("Read-only", c:run({ "touch", "/data/b/c/x" }).stderr)
      assert.same({ "/data" }, recorded())
      assert(c:run { "sh", "-c", "kill -9 -1" })
      assert(p:wait(5))
      assert(remove "/data")
    end
  end)

  it("is Busy while something else is mapped in it or over it", function()
    assert(add("/data", new_folder()))
    assert(add("/data/in/it", new_folder()))
    contains("'/data'", refused(BUSY, remove "/data"))
    assert(remove "/data/in/it")
    assert(add("/x/y", new_folder()))
    assert(add("/x", new_folder()))
    contains("something mounted over it", refused(BUSY, remove "/x/y"))
    assert(remove "/x")
    -- The same, and there is a mount of another's at that path.
    local over = new_folder()
    lfs.mkdir(over .. "/y")
    new_mount(over .. "/y")
    assert(add("/x", over))
    contains("something mounted over it", refused(BUSY, remove "/x/y"))
    assert(remove "/x")
    assert(remove "/x/y")
    assert(remove "/data")
  end)
end)

describe("a request that fails", function()
  containers()
  it("leaves what was there: the same target twice", function()
    assert(add("/data", new_folder { first = "" }))
    contains("something is mapped to '/data' already: remove it first",
      refused(BUSY, add("//data/", new_folder { second = "" })))
    assert.equal("first\n", inside "ls /data")
    assert(remove "/data")
    contains("nothing of MappedDirectories is mapped to '/data'", refused(NOT_FOUND, remove "/data"))
    assert(add("/data", new_folder { second = "" }))
    assert.equal("second\n", inside "ls /data")
  end)

  for _, row in ipairs {
    { INVALID_PARAMETER, { ContainerPath = "/x" }, ".HostPath: missing" },
    { INVALID_PARAMETER, { HostPath = "/tmp" }, ".ContainerPath: missing" },
    { INVALID_PARAMETER, { HostPath = "/tmp", ContainerPath = "/proc/x" }, ".ContainerPath: '/proc/x' belongs to" },
    { INVALID_PARAMETER, { HostPath = "/", ContainerPath = "/x" }, ".HostPath: '/' has in it the state directory" },
    { FILE_NOT_FOUND, { HostPath = "/hcs-spec/not-there", ContainerPath = "/x" }, ".HostPath: cannot use '/hcs-sp" },
    { DIRECTORY, { HostPath = "/etc/passwd", ContainerPath = "/x" }, ".HostPath: '/etc/passwd' is not a directory" },
    { 0x1F, { HostPath = "/tmp", ContainerPath = "/bin/busybox/x" }, ".ContainerPath: the container has no place" },
    { 0x1F, { HostPath = "/tmp", ContainerPath = "/ro/x" }, "read-only file system (EROFS)" },
    { INVALID_PARAMETER, { HostPath = "/tmp", ContainerPath = "/p/x" }, ".ContainerPath: links in the container lead" },
    { INVALID_PARAMETER, { HostPath = "/tmp", ContainerPath = "/masked" }, ".ContainerPath: links in the container" },
    { INVALID_PARAMETER, { HostPath = "/tmp", ContainerPath = "/top" }, ".ContainerPath: links in the container lead" },
    { 0x32, { HostPath = "/tmp", ContainerPath = "/x", IOPSMaximum = 1 }, ".IOPSMaximum: not supported" },
    { INVALID_PARAMETER, { HostPath = "/tmp", Target = "/x" }, ".Target: unknown field" },
  } do
    it("says which field, and changes nothing: " .. row[3], function()
      inside "ln -s /proc/sys /p; ln -s /proc/acpi /masked; ln -s / /top"
      assert(add("/ro", new_folder(), { ReadOnly = true }))
      local message = refused(row[1], c:modify {
        ResourceType = "MappedDirectory", RequestType = "Add", Settings = row[2] })
      contains("request.Settings", message)
      contains(row[3], message)
    end)
  end

  it("is one to a container that does not run", function()
    local created <close> = assert(hcs.create_container(nil, support.config()))
    failure(INVALID_STATE, created:modify(request("Add", "/data", folder)))
    assert(c:pause())
    failure(INVALID_STATE, add("/data", folder))
    assert(c:resume())
    assert(add("/data", folder))
    assert(c:pause())
    failure(INVALID_STATE, remove "/data")
    assert(c:terminate())
    assert(c:wait(10))
    failure(ALREADY_STOPPED, add("/other", folder))
    failure(ALREADY_STOPPED, remove "/data")
  end)
end)

describe("a pipe", function()
  containers()
  local function pipe(verb, name, host)
    return c:modify { ResourceType = "MappedPipe", RequestType = verb,
      Settings = { ContainerPipeName = name, HostPath = host } }
  end

  it("is added and removed as a directory is", function()
    local fifo = new_folder() .. "/fifo"
    support.shell("mkfifo " .. fifo)
    assert(pipe("Add", "fifo", fifo))
    local reader = assert(c:create_process { "cat", "/run/pipe/fifo", CreateStdOutPipe = true })
    support.write_file(fifo, "from the host")
    assert.equal("from the host", reader:stdout():read "a")
    assert(reader:wait(5))
    refused(BUSY, pipe("Add", "/run/pipe/fifo", fifo))
    refused(BUSY, add("/run/pipe/fifo", folder))
    assert(pipe("Remove", "/run/pipe/fifo"))
    assert.equal("regular empty file\n", inside "stat -c %F /run/pipe/fifo")
    refused(NOT_FOUND, pipe("Remove", "fifo"))
  end)

  it("is refused by the name of its field", function()
    contains("request.Settings.HostPath: '/etc/passwd' is neither a unix socket nor a FIFO",
      refused(INVALID_PARAMETER, pipe("Add", "x", "/etc/passwd")))
    contains("request.Settings.ContainerPipeName: 'a/b'", refused(INVALID_PARAMETER, pipe("Add", "a/b", "/tmp")))
  end)
end)

describe("a container's process that swaps the target for a link meanwhile", function()
  containers()
  local swap_source = [[
    #define _GNU_SOURCE
    #include <fcntl.h>
    #include <stdio.h>
    int main(int argc, char **argv) {
      puts("swapping"), fflush(stdout);
      for (;;) renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE);
      return argc;
    }
  ]]
  local layer

  setup(function()
    layer = folder .. "/swap"
    assert(lfs.mkdir(layer))
    support.write_file(layer .. "/swap.c", swap_source)
    support.shell(("cc -static -O1 -o %s/swap %s/swap.c"):format(layer, layer))
  end)

  -- Adds and removes while /place and a link to `link` change places; `check` looks at each outcome.
  local function race(link, target, check)
    c:close()
    c = support.container { Layers = { { Path = layer }, { Path = support.layer() } } }
    inside("mkdir -p /place/inner; ln -s " .. link .. " /link")
    local p = assert(c:create_process { "/swap", "/place", "/link", CreateStdOutPipe = true })
    assert.equal("swapping\n", p:stdout():read "L")
    local masks = #mounted "/proc" + #mounted "/sys"
    local host_table, done = support.residue.mount_lines(folder), 0
    local rounds, tried = support.rounds(200), 0
    -- Which side of the exchange an Add meets is chance: on until one has met the directory.
    while tried < rounds or (done == 0 and tried < 5000) do
      tried = tried + 1
      local ok, err = add(target, folder)
      if ok then done = done + 1 else assert.is_true(err.code ~= BUSY, tostring(err)) end
      check()
      assert.equal(masks, #mounted "/proc" + #mounted "/sys")
      if ok then
        ok, err = remove(target)
        -- Removing looks for the place, too: it may have to be asked again.
        for _ = 1, 1000 do
          if ok then break end
          ok, err = remove(target)
        end
        assert(ok, err)
      end
      assert.same({}, recorded())
    end
    assert.equal(host_table, support.residue.mount_lines(folder))
    assert(p:kill())
    assert(p:wait(5))
    assert.is_true(done > 0)
  end

  it("never gets it mounted outside, nor anything made there", function()
    local outside = new_folder()
    assert(lfs.mkdir(outside .. "/inner"))
    local depth = ("../"):rep(12)
    -- The path leads out of the container on the host, and inside to a directory that is not there.
    race(depth .. outside:sub(2), "/place/inner/made", function()
      assert.equal("inner\n", support.shell("ls -A " .. outside))
      assert.equal("", support.shell("ls -A " .. outside .. "/inner"))
    end)
  end)

  it("never gets it mounted over a part of /proc, nor a mask of it taken off", function()
    race("/proc", "/place/acpi", function()
      for _, point in ipairs(mounted "/proc/acpi") do assert.equal("/proc/acpi", point) end
    end)
  end)
end)

describe("a client that is killed at any of its steps #once", function()
  containers()
  local script = [[
    local hcs = require "hcs"
    local id, verb, host = ...
    local c = assert(hcs.open_container(id))
    io.open "/hcs-spec/begin"
    assert(c:modify { ResourceType = "MappedDirectory", RequestType = verb,
      Settings = { HostPath = host, ContainerPath = "/data" } })
    io.open "/hcs-spec/end"
  ]]
  local STOPS_AT_LEAST = 60 -- a request makes 110
  local path

  before_each(function() path = support.write_file(folder .. "/killed.lua", script) end)

  -- A helper whose client was killed ends by itself: nobody is its parent any more, and it is in no group of ours.
  local function helpers()
    local found = {}
    for pid in lfs.dir "/proc" do
      local file = pid:find "^%d+$" and io.open("/proc/" .. pid .. "/comm")
      if file then
        if file:read "l" == "hcs-helper" then found[#found + 1] = pid end
        file:close()
      end
    end
    return found
  end

  after_each(function()
    local left
    for _ = 1, 500 do -- other specs have some, too, for a moment each
      left = helpers()
      if #left == 0 then return end
      busted.sleep(0.01)
    end
    error("helpers are left: " .. table.concat(left, ", "))
  end)

  -- The next request says what is true: the record, the container's mounts and its own answer agree.
  local function check(before)
    assert(add("/other", folder))
    local list = mounted "/data"
    assert.is_true(#list <= 1)
    assert.same({ list[1] or "/other", list[1] and "/other" }, recorded())
    local ok, err = remove "/data"
    if #list == 1 then assert(ok, err) else failure(NOT_FOUND, ok, err) end
    assert(add("/data", folder))
    assert(remove "/data")
    assert(remove "/other")
    assert.same({}, recorded())
    assert.same({}, mounted "/data")
    assert_unchanged(before)
    return #list
  end

  it("while adding has added it or not", function()
    local before, added = support.residue.snapshot(), 0
    killed.sweep(60, STOPS_AT_LEAST, path, function() added = added + check(before) end, c:id(), "Add", folder)
    assert.is_true(added > 0)
  end)

  it("while removing has removed it or not", function()
    local before, kept = support.residue.snapshot(), 0
    assert(add("/data", folder))
    killed.sweep(60, STOPS_AT_LEAST, path, function()
      kept = kept + check(before)
      assert(add("/data", folder))
    end, c:id(), "Remove", folder)
    assert.is_true(kept > 0)
    assert(remove "/data")
  end)
end)

support.nothing_left()
