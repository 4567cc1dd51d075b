-- ContainerConfig on Linux (API.md, "Config on Linux"): what each field does, and what is refused.
local cjson = require "cjson"
local core = require "hcs.core"
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support.linux"

local NOT_SUPPORTED, BUSY, FILE_NOT_FOUND = 0x32, 0xAA, 0x2

local failure, contains = support.failure, support.contains

-- What a shell script prints in the container; it must succeed.
local function shell(container, script)
  return assert(container:run({ "sh", "-c", script }, { check = true })).stdout
end

local folder, count = nil, 0

-- A new path in the temporary folder of this file; nothing is there.
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

local function layers(...)
  local list = {}
  for i, path in ipairs { ... } do list[i] = { Path = path } end
  list[#list + 1] = { Path = support.layer() }
  return list
end

setup(function() folder = support.temporary_folder() end)
teardown(function() support.remove(folder) end)

describe("Layers", function()
  it("are read-only directories under one writable scratch", function()
    local layer = new_folder { file = "layer" }
    local c <close> = support.container { Layers = layers(layer) }
    shell(c, "echo changed > /file; echo new > /other; rm /bin/vi; mkdir /bin/directory")
    assert.equal("changed\nnew\n", shell(c, "cat /file /other"))
    assert.equal("layer", support.read_file(layer .. "/file"))
    assert.is_nil(lfs.attributes(layer .. "/other"))
    assert.is_table(lfs.symlinkattributes(support.layer() .. "/bin/vi"))
    assert.is_nil(lfs.attributes(support.layer() .. "/bin/directory"))
  end)

  it("are given topmost first", function()
    local top = new_folder { both = "top", only_top = "1" }
    local bottom = new_folder { both = "bottom", only_bottom = "2" }
    local c <close> = support.container { Layers = layers(top, bottom) }
    assert.equal("top12", shell(c, "cat /both /only_top /only_bottom"))
    local turned <close> = support.container { Layers = layers(bottom, top) }
    assert.equal("bottom", shell(turned, "cat /both"))
  end)

  it("take any path: with ':', ',', '\\', blanks and quotes", function()
    local list = {}
    for i, name in ipairs { ":a:b", ",lowerdir=/", "\\c\\", " d e ", "\"f'", "*?[g]", "ö€", "\\:,\\,:", "%s" } do
      list[i] = new_folder({ ["file" .. i] = tostring(i) }, name)
    end
    local c <close> = support.container { Layers = layers(table.unpack(list)) }
    assert.equal("123456789", shell(c, "cat /file1 /file2 /file3 /file4 /file5 /file6 /file7 /file8 /file9"))
  end)

  it("can be a hundred", function()
    local list = {}
    for i = 1, 99 do list[i] = new_folder { ["file" .. i] = "", top = tostring(i) } end
    local c <close> = support.container { Layers = layers(table.unpack(list)) }
    assert.equal("99\n", shell(c, "ls -d /file* | wc -l"))
    assert.equal("1", shell(c, "cat /top"))
  end)

  it("may have an ID", function()
    local c <close> = support.container { Layers = { { ID = "base", Path = support.layer() } } }
    assert.equal("ok\n", shell(c, "echo ok"))
  end)

  it("may be '/': the host's root without what is mounted below it", function()
    local mounted = new_folder()
    support.shell("mount -t tmpfs none " .. mounted)
    finally(function() support.shell("umount " .. mounted) end)
    support.write_file(mounted .. "/mounted", "")
    support.write_file(folder .. "/unmounted", "")
    local c <close> = support.container { Layers = { { Path = "/" } } }
    assert.equal("", shell(c, "ls " .. mounted))
    -- /tmp, where the folder is, may be a mount, too; /etc is not.
    assert.equal(support.read_file "/etc/passwd", shell(c, "cat /etc/passwd"))
    local new = "/hcs-config-spec"
    shell(c, "touch " .. new)
    assert.is_nil(lfs.attributes(new))
  end)

  it("are FileNotFound, with the path of the field, if they are missing", function()
    local err = failure(FILE_NOT_FOUND, hcs.create_container(nil, {
      Layers = { { Path = support.layer() }, { Path = "/no/such/layer" } } }))
    assert.equal("FileNotFound", err.name)
    assert.equal("ENOENT", err.errno)
    contains("config.Layers[2].Path", err.message)
    contains("/no/such/layer", err.message)
  end)

  it("are directories", function()
    local _, err = hcs.create_container(nil, { Layers = { { Path = "/etc/passwd" } } })
    assert.equal("error", hcs.type(err))
    contains("config.Layers[1].Path: '/etc/passwd' is not a directory", err.message)
    assert.equal("Directory", err.name)
  end)

  it("have absolute paths", function()
    local err = failure("InvalidParameter", hcs.create_container(nil, { Layers = { { Path = "layer" } } }))
    contains("config.Layers[1].Path", err.message)
    failure("InvalidParameter", hcs.create_container(nil, { Layers = { { ID = "x" } } }))
  end)

  it("are needed, unless there is a VolumePath", function()
    for _, config in ipairs { {}, { Layers = {} } } do
      contains("config.Layers", failure("InvalidParameter", hcs.create_container(nil, config)).message)
    end
  end)
end)

describe("LayerFolderPath", function()
  it("keeps what was written for the next container", function()
    local path = new_path()
    do
      local c <close> = support.container { LayerFolderPath = path }
      shell(c, "echo kept > /file; rm /bin/vi")
    end
    local c <close> = support.container { LayerFolderPath = path }
    assert.equal("kept\n", shell(c, "cat /file; ls /bin/vi 2>/dev/null || true"))
  end)

  it("is made if missing, for root alone", function()
    local path = new_path()
    local c <close> = support.container { LayerFolderPath = path }
    assert.equal("rwx------", lfs.attributes(path, "permissions"))
    assert.equal("Running", c:state())
  end)

  it("is closed to others if it was open", function()
    local path = new_folder()
    support.shell("chmod 777 " .. path)
    local c <close> = support.container { LayerFolderPath = path }
    assert.equal("rwx------", lfs.attributes(path, "permissions"))
    assert.equal("Running", c:state())
  end)

  it("is Busy for a second container while the first one lives", function()
    local path = new_path()
    local c <close> = support.container { LayerFolderPath = path }
    local err = failure(BUSY, hcs.create_container("second", support.config { LayerFolderPath = path }))
    assert.equal("Busy", err.name)
    contains(path, err.message)
    assert.same({}, hcs.get_containers { Ids = { "second" } })
    assert.equal("ok\n", shell(c, "echo ok"))
    assert(c:stop())
    local second <close> = support.container { LayerFolderPath = path }
    assert.equal("ok\n", shell(second, "echo ok"))
  end)

  it("can be deleted once wait has reported the end", function()
    local path = new_path()
    local c <close> = support.container { LayerFolderPath = path }
    shell(c, "mkdir -p /a/b; echo x > /a/b/c")
    assert(c:terminate())
    assert(c:wait(10))
    support.remove(path)
    assert.is_nil(lfs.attributes(path))
  end)

  it("… or close of the last handle has returned", function()
    local path = new_path()
    local c = support.container { LayerFolderPath = path }
    assert(c:create_process "sleep 1000"):close()
    assert(c:close())
    support.remove(path)
  end)

  it("takes any path", function()
    local path = new_path ":a,b\\c d"
    local c <close> = support.container { LayerFolderPath = path }
    shell(c, "echo x > /file")
    assert.equal("x\n", support.read_file(path .. "/upper/file"))
  end)

  it("belongs to the caller: who may write into it decides what the container gets", function()
    local strange = new_folder()
    support.shell("chown 1000 " .. strange)
    contains("belongs to uid 1000", failure(0x5, hcs.create_container(nil, support.config {
      LayerFolderPath = strange })).message)
    local victim = new_folder()
    for _, part in ipairs { "upper", "work" } do
      local planted = new_folder()
      support.shell(("ln -s %s %s/%s"):format(victim, planted, part))
      contains("is not a directory", failure("Directory", hcs.create_container(nil, support.config {
        LayerFolderPath = planted })).message)
    end
    local linked = new_folder { precious = "kept" }
    support.shell(("ln %s/precious %s/lock"):format(linked, linked))
    failure(0x5, hcs.create_container(nil, support.config { LayerFolderPath = linked }))
    assert.equal("kept", support.read_file(linked .. "/precious"))
    assert.equal("", support.shell("ls " .. victim))
  end)

  it("is an absolute path of a directory", function()
    contains("config.LayerFolderPath",
      failure("InvalidParameter", hcs.create_container(nil, support.config { LayerFolderPath = "scratch" })).message)
    local _, err = hcs.create_container(nil, support.config { LayerFolderPath = "/etc/passwd" })
    contains("config.LayerFolderPath", err.message)
    _, err = hcs.create_container(nil, support.config { LayerFolderPath = "/no/such/parent/scratch" })
    contains("config.LayerFolderPath", err.message)
  end)
end)

describe("without LayerFolderPath the scratch", function()
  it("is a tmpfs that goes with the container", function()
    local id = "scratch-goes"
    do
      local c <close> = assert(hcs.create_container(id, support.config()))
      assert(c:start())
      assert.equal("x\n", shell(c, "echo x > /file; cat /file"))
    end
    local c <close> = assert(hcs.create_container(id, support.config()))
    assert(c:start())
    assert.equal("gone\n", shell(c, "ls /file 2>/dev/null || echo gone"))
  end)

  it("is each container's own", function()
    local a <close>, b = support.container(), support.container()
    local other <close> = b
    shell(a, "echo a > /file")
    shell(other, "echo b > /file")
    assert.equal("a\n", shell(a, "cat /file"))
  end)
end)

describe("VolumePath", function()
  local function new_volume()
    local path = new_path()
    support.shell(("cp -a %s %s"):format(support.quote(support.layer()), support.quote(path)))
    return path
  end

  it("is used as it is", function()
    local path = new_volume()
    do
      local c <close> = assert(hcs.create_container(nil, { VolumePath = path, TerminateOnLastHandleClosed = true }))
      assert(c:start())
      shell(c, "echo written > /file")
      assert.equal("written\n", support.read_file(path .. "/file"))
    end
    local c <close> = assert(hcs.create_container(nil, { VolumePath = path, Layers = {},
      TerminateOnLastHandleClosed = true }))
    assert(c:start())
    assert.equal("written\n", shell(c, "cat /file"))
  end)

  it("and Layers are refused together", function()
    local err = failure("InvalidParameter", hcs.create_container(nil, support.config { VolumePath = new_folder() }))
    contains("VolumePath", err.message)
    contains("Layers", err.message)
  end)

  it("is not '/', by whatever name", function()
    local link = new_path()
    assert(lfs.link("/", link, true))
    for _, path in ipairs { "/", "//", "/.", "/tmp/..", link } do
      contains("config.VolumePath",
        failure("InvalidParameter", hcs.create_container(nil, { VolumePath = path })).message)
    end
  end)

  it("is there", function()
    local err = failure(FILE_NOT_FOUND, hcs.create_container(nil, { VolumePath = "/no/such/volume" }))
    contains("config.VolumePath", err.message)
    contains("/no/such/volume", err.message)
  end)
end)

describe("IgnoreFlushesDuringBoot", function()
  local function root_options(container)
    return shell(container, "cat /proc/mounts"):match "^%S+ / overlay (%S+)"
  end

  it("mounts the scratch folder's overlay volatile", function()
    local path = new_path()
    local c <close> = support.container { LayerFolderPath = path, IgnoreFlushesDuringBoot = true }
    assert.matches("%f[%w]volatile%f[%W]", root_options(c))
    assert(c:stop())
    local plain <close> = support.container { LayerFolderPath = new_path() }
    assert.is_nil(root_options(plain):find("volatile", 1, true))
  end)

  it("leaves the folder usable in the same boot", function()
    local path = new_path()
    for round = 1, 3 do
      local c <close> = support.container { LayerFolderPath = path, IgnoreFlushesDuringBoot = round < 3 }
      shell(c, "echo x >> /file")
      assert.equal(("x\n"):rep(round), shell(c, "cat /file"))
    end
  end)

  it("leaves it refused after another boot", function()
    local path = new_path()
    do
      local c <close> = support.container { LayerFolderPath = path, IgnoreFlushesDuringBoot = true }
      shell(c, "echo x >> /file")
    end
    support.write_file(path .. "/lock", "00000000-1111-2222-3333-444444444444")
    local _, err = hcs.create_container(nil, support.config { LayerFolderPath = path })
    contains("contents of '" .. path .. "' may be lost", err.message)
  end)
end)

describe("HostName", function()
  it("is the UTS name", function()
    local c <close> = support.container { HostName = "lab-7" }
    assert.equal("lab-7\n", shell(c, "hostname"))
  end)

  it("is the id if not said", function()
    local c <close> = assert(hcs.create_container("named", support.config()))
    assert(c:start())
    assert.equal("named\n", shell(c, "hostname"))
    local long = ("x"):rep(64)
    local other <close> = assert(hcs.create_container(long, support.config()))
    assert(other:start())
    assert.equal(long .. "\n", shell(other, "hostname"))
  end)

  it("stands in the container's /etc/hosts, with localhost, and is not written into a layer", function()
    local layer = new_folder()
    local c <close> = support.container { HostName = "web", Layers = layers(layer) }
    local hosts = shell(c, "cat /etc/hosts")
    assert.matches("127%.0%.0%.1%s+localhost", hosts)
    assert.matches("127%.0%.1%.1%s+web\n", hosts)
    assert.matches("PING localhost (127.0.0.1)", shell(c, "ping -c1 localhost 2>/dev/null | head -n 1"), 1, true)
    assert.equal("", support.shell("ls " .. layer))
  end)

  it("is made of the characters of a name", function()
    contains("config.HostName: 'a b'",
      failure("InvalidParameter", hcs.create_container(nil, support.config { HostName = "a b" })).message)
  end)

  it("has a limit", function()
    contains("config.HostName",
      failure("InvalidParameter", hcs.create_container(nil, support.config { HostName = ("x"):rep(65) })).message)
  end)
end)

describe("Name and Owner that are too long to be kept", function()
  it("are refused, and the id stays free", function()
    local long = ("x"):rep(1 << 20)
    for _, field in ipairs { "Name", "Owner" } do
      local config = support.config { [field] = long }
      contains(field, failure("InvalidParameter", hcs.create_container("long", config)).message)
    end
    local c <close> = assert(hcs.create_container("long", support.config()))
    assert.equal("Created", c:state())
  end)
end)

describe("SystemType", function()
  it("is 'Container', said or not", function()
    local c <close> = assert(hcs.create_container(nil, support.config { SystemType = "Container" }))
    assert.equal("Container", c:properties().SystemType)
    local other <close> = assert(hcs.create_container(nil, support.config { SystemType = "" }))
    assert.equal("Container", other:properties().SystemType)
  end)

  it("is refused otherwise", function()
    for _, value in ipairs { "VirtualMachine", "x", "Containers" } do
      local result, err = hcs.create_container(nil, support.config { SystemType = value })
      assert.is_nil(result)
      contains("config.SystemType", err.message)
    end
  end)
end)

describe("HCSSHIM_CREATECONTAINER_ADDITIONALJSON", function()
  it("is laid over the config", function()
    local script = support.write_file(new_path(), ([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.create_container(nil, {
        Layers = {{ Path = %q }}, TerminateOnLastHandleClosed = true, HostName = "mine", Owner = "lab" }))
      assert(c:start())
      print(c:run("hostname").stdout .. c:properties().Owner)
    ]]):format(support.layer()))
    local variable = [[HCSSHIM_CREATECONTAINER_ADDITIONALJSON='{"HostName":"theirs"}']]
    assert.equal("theirs\nlab\n", support.shell(("env %s %s %s"):format(variable, support.lua(), script)))
  end)
end)

-- Fields that Linux does not have, each with a value that says something.
local absent = {
  ContainerConfig = {
    Credentials = "spec", HvPartition = true,
    EndpointList = { "eef2649d-bb17-4d53-9937-295a8efe6f2c" },
    HvRuntime = { ImagePath = "/x" }, Servicing = true,
  },
  ProcessConfig = {
    CreateInUtilityVm = true, OCISpecification = { x = 1 },
  },
}

local present = {
  ContainerConfig = { "SystemType", "Name", "Owner", "VolumePath", "IgnoreFlushesDuringBoot", "LayerFolderPath",
    "Layers", "HostName", "ContainerType", "TerminateOnLastHandleClosed",
    "MappedDirectories", "MappedPipes", "AssignedDevices", "MappedVirtualDisks",
    "NetworkSharedContainerName", "DNSSearchList", "AllowUnqualifiedDNSQuery",
    "ProcessorCount", "ProcessorWeight", "ProcessorMaximum", "MemoryMaximumInMB", "StorageSandboxSize",
    "StorageIOPSMaximum", "StorageBandwidthMaximum" },
  ProcessConfig = { "ApplicationName", "CommandLine", "CommandArgs", "User", "WorkingDirectory", "Environment",
    "CreateStdInPipe", "CreateStdOutPipe", "CreateStdErrPipe", "EmulateConsole", "ConsoleSize" },
}

local function sorted_names(...)
  local list = {}
  for _, set in ipairs { ... } do
    for name in pairs(set) do list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

describe("a field of schema 1", function()
  it("is one that Linux has or one that it does not have", function()
    local schemas = cjson.decode(core.describe())
    for schema, rows in pairs(absent) do
      local known, named = {}, {}
      for _, field in ipairs(schemas[schema]) do known[field.name] = true end
      for _, name in ipairs(present[schema]) do named[name] = true end
      assert.same(sorted_names(known), sorted_names(rows, named))
    end
  end)

  for _, field in ipairs(sorted_names(absent.ContainerConfig)) do
    it("that Linux does not have is refused by name: " .. field, function()
      local before = support.residue.snapshot()
      local err = failure("NotSupported",
        hcs.create_container("refused", support.config { [field] = absent.ContainerConfig[field] }))
      assert.equal(NOT_SUPPORTED, err.code)
      assert.is_true(hcs.is_not_supported(err))
      assert.equal("refused", err.id)
      contains("config." .. field, err.message)
      assert.same({}, support.residue.difference(before))
    end)
  end

  it("that Linux does not have is refused by name: ContainerType = 'Windows'", function()
    local err = failure("NotSupported", hcs.create_container(nil, support.config { ContainerType = "Windows" }))
    contains("config.ContainerType", err.message)
    local c <close> = support.container { ContainerType = "Linux" }
    assert.equal("Running", c:state())
  end)

  it("that Linux does not have may say nothing", function()
    local c <close> = support.container { HvPartition = false, MemoryMaximumInMB = 0, MappedDirectories = {},
      Credentials = "", Servicing = false, EndpointList = {}, DNSSearchList = "" }
    assert.equal("Running", c:state())
  end)

  it("of a process that Linux does not have is refused by name", function()
    local c <close> = support.container()
    for _, field in ipairs(sorted_names(absent.ProcessConfig)) do
      local err = failure("NotSupported",
        c:create_process { "true", [field] = absent.ProcessConfig[field] })
      contains("config." .. field, err.message)
    end
    assert.equal("ok\n", shell(c, "echo ok"))
  end)
end)

describe("an id", function()
  it("is left free by what Linux does not have, and by what is not there", function()
    failure(FILE_NOT_FOUND, hcs.create_container("free-again", { Layers = { { Path = "/no/such/layer" } } }))
    failure("NotSupported", hcs.create_container("free-again", support.config { Servicing = true }))
    local c <close> = assert(hcs.create_container("free-again", support.config()))
    assert.equal("Created", c:state())
  end)
end)

support.nothing_left()
