-- What is mapped into a new container: MappedDirectories, MappedPipes, AssignedDevices.
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support.linux"

local contains, failure = support.contains, support.failure

local FILE_NOT_FOUND, INVALID_PARAMETER, DIRECTORY, NOT_SUPPORTED = 0x2, 0x57, 0x10B, 0x32

local folder, count = nil, 0

-- What is to be undone after the test, the last first.
local undone = {}
local function undo(command) table.insert(undone, 1, command) end
after_each(function()
  for _, command in ipairs(undone) do support.shell(command) end
  undone = {}
end)

local function new_path(name)
  count = count + 1
  return ("%s/%d%s"):format(folder, count, name or "")
end

-- A new folder with these files: name → content.
local function new_folder(files, name)
  local path = new_path(name)
  assert(lfs.mkdir(path))
  for file, content in pairs(files or {}) do support.write_file(path .. "/" .. file, content) end
  return path
end

-- A tmpfs with these files, until the test has ended.
local function new_mount(path, files)
  support.shell("mount -t tmpfs none " .. support.quote(path))
  undo("umount " .. support.quote(path))
  for file, content in pairs(files or {}) do support.write_file(path .. "/" .. file, content) end
end

local function inside(c, script)
  return assert(c:run({ "sh", "-c", script }, { check = true, timeout = 20 })).stdout
end

-- The standard error of a command that fails.
local function refused(c, script)
  local result = assert(c:run({ "sh", "-c", script }, { timeout = 20 }))
  assert.is_true(result.exit_code ~= 0, "this has worked: " .. script)
  return result.stderr
end

-- A started container with what maps(…) says.
local function container(extra, layer)
  extra.Layers = { { Path = support.layer() } }
  if layer then table.insert(extra.Layers, 1, { Path = layer }) end
  return support.container(extra)
end

local function directories(...)
  local list = {}
  for i, row in ipairs { ... } do
    list[i] = { HostPath = row[1], ContainerPath = row[2], ReadOnly = row.read_only }
  end
  return { MappedDirectories = list }
end

-- The error of a creation, after which nothing is there that was not there before.
local function not_created(code, extra, layer)
  local before = support.residue.snapshot()
  extra = support.config(extra)
  if layer then extra.Layers = { { Path = layer }, { Path = support.layer() } } end
  local err = failure(code, hcs.create_container(nil, extra))
  assert.same({}, support.residue.living(before))
  return err.message
end

setup(function() folder = support.temporary_folder() end)
teardown(function() support.remove(folder) end)

describe("MappedDirectories", function()
  it("are the host's directories: read and written on both sides", function()
    local host = new_folder { mine = "host" }
    local c <close> = container(directories { host, "/data" })
    assert.equal("host", inside(c, "cat /data/mine"))
    inside(c, "echo -n container > /data/theirs; rm /data/mine")
    assert.equal("container", support.read_file(host .. "/theirs"))
    assert.is_nil(lfs.attributes(host .. "/mine"))
    support.write_file(host .. "/later", "later")
    assert.equal("later", inside(c, "cat /data/later"))
  end)

  it("with ReadOnly can be listed and read, and nothing in them changed", function()
    local host = new_folder { file = "host" }
    local c <close> = container(directories { host, "/data", read_only = true })
    assert.equal("file\nhost", inside(c, "ls /data; cat /data/file"))
    for _, command in ipairs { "touch /data/new", "rm /data/file", "mkdir /data/new", "chmod 777 /data/file",
      "mv /data/file /data/other", "echo more >> /data/file", "ln /data/file /data/link", "touch -d @0 /data" } do
      contains("Read-only file system", refused(c, command))
    end
    assert.equal("host", support.read_file(host .. "/file"))
  end)

  it("bring what is mounted in them, and ReadOnly holds for that, too", function()
    local host = new_folder()
    lfs.mkdir(host .. "/mount")
    new_mount(host .. "/mount", { file = "mounted" })
    lfs.mkdir(host .. "/mount/deeper")
    new_mount(host .. "/mount/deeper", { file = "deeper" })
    local c <close> = container(directories({ host, "/ro", read_only = true }, { host, "/rw" }))
    assert.equal("mounteddeeper", inside(c, "cat /ro/mount/file /ro/mount/deeper/file"))
    for _, path in ipairs { "/ro/x", "/ro/mount/x", "/ro/mount/deeper/x" } do
      contains("Read-only file system", refused(c, "touch " .. path))
    end
    inside(c, "touch /rw/mount/deeper/x")
    assert.is_table(lfs.attributes(host .. "/mount/deeper/x"))
  end)

  it("stay as they were mapped: mounts do not travel, to neither side", function()
    local host = new_folder()
    lfs.mkdir(host .. "/mount")
    local parent = new_folder()
    new_mount(parent)
    support.shell("mount --make-rshared " .. parent)
    lfs.mkdir(parent .. "/shared")
    local table_before = support.residue.mount_lines(folder)
    local c <close> = container(directories({ host, "/data" }, { parent, "/shared" }, { host, "/shared/inner" }))
    assert.equal(table_before, support.residue.mount_lines(folder))
    new_mount(host .. "/mount", { file = "" })
    assert.equal("", inside(c, "ls /data/mount"))
    lfs.mkdir(parent .. "/late")
    new_mount(parent .. "/late", { file = "" })
    assert.equal("", inside(c, "ls /shared/late"))
    -- The place for the third was made in the second, and is empty there.
    assert.equal("", support.shell("ls " .. parent .. "/inner"))
  end)

  it("run programs, give no device and no privilege", function()
    local host = new_folder()
    support.shell(("mknod -m 666 %s/zero c 1 5; cp %s/bin/busybox %s/echo"):format(host, support.layer(), host))
    local c <close> = container(directories { host, "/data" })
    assert.equal("it runs\n", inside(c, "/data/echo it runs"))
    assert.matches("[Pp]ermission denied", refused(c, "head -c 1 /data/zero"))
    assert.matches(" /data rw,nosuid,nodev,%l*atime ", inside(c, "cat /proc/self/mountinfo"))
  end)

  it("make a missing target, with mode 0755, in the scratch and in no layer", function()
    local layer = new_folder()
    local c <close> = container(directories { new_folder { file = "" }, "/mnt/made/here" }, layer)
    assert.equal("755 0 0\n755 0 0\n", inside(c, "stat -c '%a %u %g' /mnt/made /mnt"))
    assert.equal("file\n", inside(c, "ls /mnt/made/here"))
    assert.is_nil(lfs.attributes(layer .. "/mnt"))
  end)

  it("make it in a volume, where there is no scratch", function()
    local volume = new_path "-volume"
    support.shell(("cp -a %s %s"):format(support.layer(), volume))
    local config = directories { new_folder { file = "" }, "/made" }
    config.VolumePath = volume
    local c <close> = assert(hcs.create_container(nil,
      { VolumePath = volume, MappedDirectories = config.MappedDirectories, TerminateOnLastHandleClosed = true }))
    assert(c:start())
    assert.equal("file\n", inside(c, "ls /made"))
    assert.equal("", support.shell("ls " .. volume .. "/made"))
  end)

  it("hide what the image has there", function()
    local c <close> = container(directories { new_folder { file = "" }, "/etc" })
    assert.equal("file\n", inside(c, "/bin/busybox ls /etc"))
  end)

  it("follow the image's links, inside the root only", function()
    local outside = new_folder()
    local layer = new_folder()
    support.shell(([[cd %s; mkdir real; ln -s /real absolute; ln -s ../../../real relative; ln -s ../../.. root
      ln -s %s outside; ln -s loop loop]]):format(layer, outside))
    local host = new_folder { file = "" }
    local c <close> = container(directories({ host, "/absolute/a" }, { host, "/relative/b" }, { host, "/root/c" }),
      layer)
    assert.equal("a\nb\n", inside(c, "ls /real"))
    assert.equal("file\nfile\nfile\n", inside(c, "ls /real/a; ls /real/b; ls /c"))
    for _, target in ipairs { "/outside", "/outside/x", "/loop", "/loop/x" } do
      contains("config.MappedDirectories[1].ContainerPath: ", not_created(0x1F, directories { host, target }, layer))
    end
    assert.equal("", support.shell("ls " .. outside))
  end)

  it("do not go where the image's links lead into the container's own file systems", function()
    local layer = new_folder()
    support.shell(([[cd %s; ln -s /proc p; ln -s /proc/acpi masked; ln -s /sys/firmware firmware; ln -s / root
      ln -s /dev/pts pts; ln -s /proc/self/cwd magic]]):format(layer))
    local host = new_folder()
    for _, target in ipairs { "/p", "/p/sys/kernel", "/masked", "/firmware", "/root", "/pts" } do
      local message = not_created(INVALID_PARAMETER, directories { host, target }, layer)
      contains("config.MappedDirectories[1].ContainerPath: links in the container lead into", message)
    end
    contains("ELOOP", not_created(0x1F, directories { host, "/magic/x" }, layer))
  end)

  it("are mapped in the order given, one into the other", function()
    local outer, inner = new_folder { file = "outer" }, new_folder { file = "inner" }
    lfs.mkdir(outer .. "/in")
    local c <close> = container(directories({ outer, "/a" }, { inner, "/a/in" }, { outer, "/a/in/out" }))
    assert.equal("outer inner outer",
      inside(c, "cat /a/file; echo -n ' '; cat /a/in/file; echo -n ' '; cat /a/in/out/file"))
    -- The place for the third was made in the host's directory.
    assert.equal("file\nout\n", support.shell("ls " .. inner))
  end)

  it("take any path, with blanks, quotes, line ends and UTF-8, on both sides", function()
    local list, script = {}, ""
    for i, name in ipairs { " a b ", "'\"", "new\nline", "ö€", "\\011\\", "%s,:", ("long"):rep(60) } do
      list[i] = { new_folder({ file = tostring(i) }, name), "/data//./" .. name .. "/" }
      script = script .. "cat " .. support.quote("/data/" .. name .. "/file") .. ";"
    end
    local c <close> = container(directories(table.unpack(list)))
    assert.equal("1234567", inside(c, script))
  end)

  it("can be many", function()
    local list = {}
    local host = new_folder { file = "" }
    for i = 1, 512 do list[i] = { host, "/data/" .. i } end
    local c <close> = container(directories(table.unpack(list)))
    assert.equal("512\n", inside(c, "ls /data/*/file | wc -l"))
    list[513] = { host, "/one/more" }
    contains("513", not_created(INVALID_PARAMETER, directories(table.unpack(list))))
  end)

  it("may be in /dev, but not /dev itself", function()
    local c <close> = container(directories({ new_folder { file = "" }, "/dev/shm" }, { new_folder(), "/dev/own/x" }))
    assert.equal("file\n", inside(c, "ls /dev/shm"))
  end)

  for _, target in ipairs { "/", "//", "/.", "/dev", "/dev/pts", "/dev/pts/x", "/proc", "/proc/x", "/sys/fs/cgroup",
    "/dev/null", "/dev/tty/x" } do
    it("do not go to " .. target, function()
      contains(("config.MappedDirectories[1].ContainerPath: '%s' belongs to the container itself"):format(target),
        not_created(INVALID_PARAMETER, directories { "/tmp", target }))
    end)
  end

  local not_there = "/hcs-spec/not-there"
  for _, row in ipairs {
    { INVALID_PARAMETER, {}, "[2].ContainerPath: missing" },
    { INVALID_PARAMETER, { ContainerPath = "/x" }, "[2].HostPath: missing" },
    { INVALID_PARAMETER, { HostPath = "tmp", ContainerPath = "/x" }, "[2].HostPath: 'tmp' is not an absolute path" },
    { INVALID_PARAMETER, { HostPath = "/tmp", ContainerPath = "x" }, "[2].ContainerPath: 'x' is not an absolute path" },
    { INVALID_PARAMETER, { HostPath = "/tmp", ContainerPath = "/a/../b" },
      "[2].ContainerPath: '/a/../b' has '..' in it" },
    { INVALID_PARAMETER, { HostPath = "/tmp", ContainerPath = "/" .. ("x"):rep(4096) }, "[2].ContainerPath: longer" },
    { INVALID_PARAMETER, { HostPath = "/tmp", ContainerPath = "/ok/" },
      "[2].ContainerPath: '/ok' is what config.MappedDirectories[1] is mapped to already" },
    { FILE_NOT_FOUND, { HostPath = not_there, ContainerPath = "/x" }, "[2].HostPath: cannot use '" .. not_there },
    { DIRECTORY, { HostPath = "/etc/passwd", ContainerPath = "/x" }, "[2].HostPath: '/etc/passwd' is not a directory" },
    { 0x1F, { HostPath = "/tmp", ContainerPath = "/bin/busybox" }, "'/bin/busybox': not a directory (ENOTDIR)" },
    { 0x1F, { HostPath = "/tmp", ContainerPath = "/bin/busybox/x" }, "[2].ContainerPath: the container has no place" },
    { NOT_SUPPORTED, { HostPath = "/tmp", ContainerPath = "/x", IOPSMaximum = 1 }, "[2].IOPSMaximum: not supported" },
    { NOT_SUPPORTED, { HostPath = "/tmp", ContainerPath = "/x", BandwidthMaximum = 1 },
      "[2].BandwidthMaximum: not supported on Linux: block I/O is limited per device" },
    { INVALID_PARAMETER, { HostPath = "/tmp", ContainerPath = "/x", Readonly = true },
      "[2].Readonly: unknown field, did you mean 'ReadOnly'" },
  } do
    it("are refused by the name of the field: " .. row[3], function()
      contains(row[3], not_created(row[1],
        { MappedDirectories = { { HostPath = "/tmp", ContainerPath = "/ok" }, row[2] } }))
    end)
  end

  it("are no way to the state directory, by which all containers are commanded", function()
    local state = support.residue.state_directory()
    lfs.mkdir(state .. "/x")
    undo("rmdir " .. state .. "/x")
    local bound = new_folder()
    support.shell(("mount --bind %s %s"):format(state:match "^(.*)/", bound))
    undo("umount " .. bound)
    for _, host in ipairs { "/", "/.", state, state .. "/x", state:match "^(.*)/", bound } do
      contains("config.MappedDirectories[1].HostPath: '" .. host,
        not_created(INVALID_PARAMETER, directories { host, "/data", read_only = true }))
    end
  end)
end)

-- A server on the host that answers "hello" to one who says "who is there?", and a client for the container.
local echo_source = [[
  #include <stdio.h>
  #include <string.h>
  #include <sys/socket.h>
  #include <sys/un.h>
  #include <unistd.h>
  int main(int argc, char **argv) {
    struct sockaddr_un address = {AF_UNIX, ""};
    char text[64] = "";
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (argc != 3) return 2;
    strcpy(address.sun_path, argv[2]);
    if (!strcmp(argv[1], "ask")) {
      if (connect(s, (void *)&address, sizeof address)) return perror("connect"), 1;
      if (write(s, "who is there?", 13) != 13 || read(s, text, 63) < 1) return 1;
      return puts(text) < 0;
    }
    if (bind(s, (void *)&address, sizeof address) || listen(s, 1)) return perror("bind"), 1;
    if (fork() > 0) return 0;
    fclose(stdout), fclose(stderr);
    s = accept(s, 0, 0);
    return read(s, text, 63) < 1 || write(s, "the host", 8) != 8;
  }
]]

describe("MappedPipes", function()
  local echo

  setup(function()
    echo = new_folder()
    support.write_file(echo .. "/echo.c", echo_source)
    support.shell(("cc -static -O1 -o %s/echo %s/echo.c"):format(echo, echo))
  end)

  local function new_socket()
    local path = new_path()
    support.shell(echo .. "/echo serve " .. path)
    return path
  end

  local function new_fifo()
    local path = new_path()
    support.shell("mkfifo " .. path)
    return path
  end

  local function pipes(...)
    local list = {}
    for i, row in ipairs { ... } do list[i] = { HostPath = row[1], ContainerPipeName = row[2] } end
    return { MappedPipes = list }
  end

  it("are unix sockets of the host, by a path or by a name in /run/pipe", function()
    local c <close> = container(pipes({ new_socket(), "/var/run/app/docker.sock" }, { new_socket(), "engine" }), echo)
    assert.equal("the host\n", inside(c, "/echo ask /var/run/app/docker.sock"))
    assert.equal("the host\n", inside(c, "/echo ask /run/pipe/engine"))
  end)

  it("are FIFOs of the host, written from either side", function()
    local fifo = new_fifo()
    local c <close> = container(pipes { fifo, "/tmp/fifo" })
    local reader = assert(c:create_process { "cat", "/tmp/fifo", CreateStdOutPipe = true })
    support.write_file(fifo, "from the host")
    assert.equal("from the host", reader:stdout():read "a")
    assert.equal(0, reader:wait(5))
    local writer = assert(c:create_process { "sh", "-c", "echo from the container > /tmp/fifo" })
    assert.equal("from the container\n", support.read_file(fifo))
    assert.equal(0, writer:wait(5))
  end)

  it("lie on a file of the image, and in a mapped directory", function()
    local layer, host = new_folder { file = "image" }, new_folder()
    local config = pipes({ new_fifo(), "/file" }, { new_fifo(), "/data/fifo" })
    config.MappedDirectories = { { HostPath = host, ContainerPath = "/data" } }
    local c <close> = container(config, layer)
    assert.equal("fifo\nfifo\n", inside(c, "stat -c %F /file /data/fifo"))
    assert.equal("image", support.read_file(layer .. "/file"))
    -- The place for it was made in the host's directory.
    assert.equal(0, lfs.attributes(host .. "/fifo", "size"))
  end)

  it("are no programs, and no devices", function()
    local c <close> = container(pipes { new_fifo(), "fifo" })
    assert.matches(" /run/pipe/fifo rw,nosuid,nodev,noexec,%l*atime ", inside(c, "cat /proc/self/mountinfo"))
  end)

  it("do not follow a link where they are mapped, and hide no directory", function()
    local layer = new_folder()
    support.shell(("cd %s; ln -s /etc/passwd link; mkdir directory; ln -s /proc p"):format(layer))
    local fifo = new_fifo()
    contains("ELOOP", not_created(0x1F, pipes { fifo, "/link" }, layer))
    contains("EISDIR", not_created(0x1F, pipes { fifo, "/directory" }, layer))
    contains("links in the container lead into", not_created(INVALID_PARAMETER, pipes { fifo, "/p/version" }, layer))
  end)

  for _, row in ipairs {
    { FILE_NOT_FOUND, "/hcs-spec/not-there", "x", ".HostPath: cannot use '/hcs-spec/not-there'" },
    { INVALID_PARAMETER, "/etc/passwd", "x", ".HostPath: '/etc/passwd' is neither a unix socket nor a FIFO" },
    { INVALID_PARAMETER, "/tmp", "x", ".HostPath: '/tmp' is neither a unix socket nor a FIFO" },
    { INVALID_PARAMETER, "/dev/null", "x", ".HostPath: '/dev/null' is neither a unix socket nor a FIFO" },
    { INVALID_PARAMETER, [[\\.\pipe\x]], "x", ".HostPath: '\\\\.\\pipe\\x' is not an absolute path" },
    { INVALID_PARAMETER, "FIFO", "", ".ContainerPipeName: missing" },
    { INVALID_PARAMETER, "FIFO", "a/b", ".ContainerPipeName: 'a/b' is neither an absolute path nor a name" },
    { INVALID_PARAMETER, "FIFO", "..", ".ContainerPipeName: '..' is not a file's name" },
    { INVALID_PARAMETER, "FIFO", ("x"):rep(256), ".ContainerPipeName: '" },
    { INVALID_PARAMETER, "FIFO", "/proc/x", ".ContainerPipeName: '/proc/x' belongs to the container itself" },
    { INVALID_PARAMETER, "FIFO", "/dev/null", ".ContainerPipeName: '/dev/null' belongs to the container itself" },
  } do
    it("are refused by the name of the field: " .. row[4], function()
      local host = row[2] == "FIFO" and new_fifo() or row[2]
      contains("config.MappedPipes[1]" .. row[4], not_created(row[1], pipes { host, row[3] }))
    end)
  end

  it("are no way to the state directory: its sockets command the containers", function()
    local c <close> = container {}
    local socket = ("%s/%s/s"):format(support.residue.state_directory(), c:id())
    local link = new_path()
    assert(lfs.link(socket, link, true))
    for _, host in ipairs { socket, link } do
      contains("config.MappedPipes[1].HostPath: '" .. host .. "' belongs to the state directory",
        not_created(INVALID_PARAMETER, pipes { host, "x" }))
      local ok, err = c:modify {
        ResourceType = "MappedPipe", RequestType = "Add", Settings = { HostPath = host, ContainerPipeName = "x" },
      }
      assert.is_nil(ok)
      assert.equal(INVALID_PARAMETER, err.code)
      contains("request.Settings.HostPath: '" .. host .. "' belongs to the state directory", err.message)
    end
  end)
end)

describe("AssignedDevices", function()
  -- Nodes of our own in the host's /dev: what is there differs from host to host.
  local own = "/dev/hcs-spec-" .. support.pid()

  setup(function()
    support.shell(([[mkdir -p %s/deeper; cd %s; mknod -m 640 zero c 1 5; chown 7:8 zero; mknod deeper/full c 1 7
      mknod block b 7 200; ln -s zero link; mknod big c 511 1048575]]):format(own, own))
  end)
  teardown(function() support.shell("rm -r " .. own) end)

  local function devices(...)
    local list = {}
    for i, path in ipairs { ... } do list[i] = { InterfaceClassGuid = path } end
    return { AssignedDevices = list }
  end

  it("are the host's devices, at the same path", function()
    local c <close> = container(devices(own .. "/zero", own .. "/deeper/full", own .. "/block", own .. "/big"))
    assert.equal("\0\0\0", inside(c, ("head -c 3 %s/zero"):format(own)))
    contains("No space left on device", refused(c, ("echo x > %s/deeper/full"):format(own)))
    assert.equal([[
640 7 8 character special file 1 5
644 0 0 block special file 7 c8
644 0 0 character special file 1ff fffff
]], inside(c, ("cd %s; stat -c '%%a %%u %%g %%F %%t %%T' zero block big"):format(own)))
  end)

  it("are nodes of the container's own: their mode on the host is the host's", function()
    local c <close> = container(devices(own .. "/zero"))
    inside(c, ("chmod 666 %s/zero; chown 1:1 %s/zero; rm %s/zero"):format(own, own, own))
    assert.equal("640 7 8\n", support.shell(("stat -c '%%a %%u %%g' %s/zero"):format(own)))
  end)

  it("may be links on the host", function()
    local c <close> = container(devices(own .. "//link"))
    assert.equal("character special file 1 5\n", inside(c, ("stat -c '%%F %%t %%T' %s/link"):format(own)))
  end)

  it("may be what every container has", function()
    local c <close> = container(devices("/dev/null", "/dev/zero", "/dev/./tty"))
    inside(c, "echo x > /dev/null")
  end)

  for _, row in ipairs {
    { INVALID_PARAMETER, "", "'' is not a path below /dev: on Linux it is a device's, such as '/dev/kvm'" },
    { INVALID_PARAMETER, "5B45201D-F2F2-4F3B-85BB-30FF1F953599", "is not a path below /dev" },
    { INVALID_PARAMETER, "/tmp/x", "'/tmp/x' is not a path below /dev" },
    { INVALID_PARAMETER, "/dev/../tmp", "has '..' in it" },
    { INVALID_PARAMETER, "/dev/", "'/dev/' " },
    { INVALID_PARAMETER, "/dev/pts/0", "'/dev/pts/0' belongs to the container itself" },
    { INVALID_PARAMETER, "OWN/deeper", "is not a device" },
    { FILE_NOT_FOUND, "/dev/hcs-spec-not-there", "cannot use '/dev/hcs-spec-not-there'" },
    { 0x1F, "/dev/ptmx", "EEXIST" },
  } do
    it(("are refused by the name of the field: '%s'"):format(row[2]), function()
      local message = not_created(row[1], devices((row[2]:gsub("^OWN", own))))
      contains("config.AssignedDevices[1].InterfaceClassGuid: ", message)
      contains(row[3], message)
    end)
  end
end)

support.nothing_left()
