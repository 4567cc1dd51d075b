-- NetworkSharedContainerName: a container in the network of another, or in a namespace that has a path.
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support.linux"

local contains, failure = support.contains, support.failure

local NOT_EXIST = 0xC037010E

-- As long as an interface's name may be, and of this run alone.
local name = ("hs%d"):format(support.pid())

local folder
setup(function() folder = support.temporary_folder() end)
teardown(function() support.remove(folder) end)

local function inside(c, script)
  return (assert(c:run({ "sh", "-c", script }, { check = true, timeout = 20 })).stdout:gsub("\n$", ""))
end

local function namespace(c) return inside(c, "readlink /proc/self/ns/net") end

local function sharing(shared, extra)
  extra = extra or {}
  extra.NetworkSharedContainerName = shared
  return support.container(extra)
end

-- Is any process of the host in that namespace ("net:[…]")?
local function is_inhabited(wanted)
  for pid in lfs.dir "/proc" do
    if pid:find "^%d+$" and lfs.symlinkattributes("/proc/" .. pid .. "/ns/net", "target") == wanted then return true end
  end
  return false
end

-- A network namespace that a process of ours keeps, with an interface, until the test ends: its path.
local keeper
local function new_namespace()
  local pipe = assert(io.popen(([[exec unshare -n sh -c '
    ip link add %s0 type veth peer name %s1 && echo $$ && exec sleep 1000']]):format(name, name)))
  local pid = assert(math.tointeger(pipe:read "l"))
  keeper = { pipe = pipe, pid = pid }
  return ("/proc/%d/ns/net"):format(pid)
end
after_each(function()
  if not keeper then return end
  support.shell("kill " .. keeper.pid)
  keeper.pipe:close()
  keeper = nil
end)

describe("a container without NetworkSharedContainerName", function()
  it("has a network of its own, which goes with it", function()
    local c <close> = support.container()
    local other <close> = support.container()
    local own = namespace(c)
    assert.not_equal(own, namespace(other))
    assert.not_equal(own, lfs.symlinkattributes("/proc/self/ns/net", "target"))
    assert.is_true(is_inhabited(own))
    c:close()
    assert.is_false(is_inhabited(own))
  end)
end)

describe("a container that names another one", function()
  it("joins its network, and nothing else of it", function()
    local owner <close> = support.container { HostName = "owner" }
    local c <close> = sharing(owner:id(), { HostName = "guest" })
    assert.equal(namespace(owner), namespace(c))
    assert.equal("guest", inside(c, "hostname"))
    for _, kind in ipairs { "mnt", "pid", "uts", "ipc", "cgroup" } do
      local link = "readlink /proc/self/ns/" .. kind
      assert.not_equal(inside(owner, link), inside(c, link))
    end
  end)

  it("reaches what listens there, ports below 1024 too, on its loopback device", function()
    local owner <close> = support.container()
    local c <close> = sharing(owner:id())
    -- (An end of nc that has nothing to say hangs up before the other has said anything.)
    local server = assert(owner:create_process {
      "nc", "-l", "-p", "80", CreateStdInPipe = true, CreateStdOutPipe = true })
    inside(c, "until echo hello | nc 127.0.0.1 80; do :; done 2>/dev/null")
    assert.equal("hello\n", server:stdout():read "a")
    assert.equal(0, server:wait(5))
    assert.equal("lo", inside(c, "ls /sys/class/net"))
  end)

  it("may name one that is not started yet, and one that shares itself", function()
    local owner <close> = assert(hcs.create_container(nil, support.config()))
    local second <close> = sharing(owner:id())
    local third <close> = sharing(second:id())
    assert(owner:start())
    assert.equal(namespace(owner), namespace(third))
    assert.equal(namespace(owner), namespace(second))
  end)

  it("keeps the network when that ends first; with the last it is gone", function()
    local owner <close> = support.container()
    local c <close> = sharing(owner:id())
    local own = namespace(c)
    assert(owner:terminate())
    assert(owner:wait(10))
    assert.equal(own, namespace(c))
    assert.equal("127.0.0.1", inside(c, "ip -4 -o address show dev lo"):match "inet ([%d.]+)")
    c:close()
    assert.is_false(is_inhabited(own))
  end)

  it("is 0xC037010E, naming the field, if there is none, or if it has ended", function()
    local ended = support.container()
    local id = ended:id()
    assert(ended:terminate())
    assert(ended:wait(10))
    for _ = 1, 2 do
      local err = failure(NOT_EXIST, hcs.create_container(nil, support.config { NetworkSharedContainerName = id }))
      assert.is_true(hcs.is_not_exist(err))
      contains("config.NetworkSharedContainerName: there is no container with the id '" .. id, err.message)
      assert(ended:close())
    end
    failure(NOT_EXIST, hcs.create_container("itself", support.config { NetworkSharedContainerName = "itself" }))
  end)

  it("is 0xC037010E, too, if its guest was lost and nobody has looked yet", function()
    local owner = support.container()
    local status = support.read_file(support.residue.state_directory() .. "/" .. owner:id() .. "/status")
    support.shell("kill -KILL " .. string.unpack("<i4", status, 13))
    assert.equal(1, #assert(hcs.poll({ owner }, 10)))
    failure(NOT_EXIST, hcs.create_container(nil, support.config { NetworkSharedContainerName = owner:id() }))
    owner:close()
  end)

  for _, id in ipairs { "../" .. name, ".", "a/b", "-x", ("x"):rep(65), "ä" } do
    it("gives an id, not " .. id, function()
      local err = failure("InvalidParameter",
        hcs.create_container(nil, support.config { NetworkSharedContainerName = id }))
      contains(("config.NetworkSharedContainerName: '%s' is neither a container's id nor an absolute path"):format(id),
        err.message)
    end)
  end
end)

describe("a container that names a path", function()
  it("joins that namespace, sees its interfaces in /sys, and changes nothing in it", function()
    local path = new_namespace()
    local c <close> = sharing(path)
    assert.equal(lfs.symlinkattributes(path, "target"), namespace(c))
    assert.equal(("%s0\n%s1\nlo"):format(name, name), inside(c, "ls /sys/class/net"))
    contains(name .. "0:", inside(c, "cat /proc/net/dev"))
    -- Its loopback device is as its maker left it: down.
    assert.not_matches("[<,]UP[,>]", inside(c, "ip link show dev lo"))
  end)

  it("is in the host's own network with this program's: no isolation there", function()
    local c <close> = sharing "/proc/self/ns/net"
    assert.equal(lfs.symlinkattributes("/proc/self/ns/net", "target"), namespace(c))
    assert.equal(support.shell "ls /sys/class/net", inside(c, "ls /sys/class/net") .. "\n")
    assert.not_equal(support.read_file "/proc/sys/kernel/hostname", inside(c, "hostname") .. "\n")
  end)

  it("shares it with who names the container", function()
    local path = new_namespace()
    local c <close> = sharing(path)
    local other <close> = sharing(c:id())
    assert.equal(lfs.symlinkattributes(path, "target"), namespace(other))
  end)

  it("is refused, naming the field, if that is no network namespace", function()
    support.shell(("mkfifo %s/fifo; touch %s/file"):format(folder, folder))
    for _, path in ipairs { folder, folder .. "/fifo", folder .. "/file", "/dev/null", "/proc/self/ns/mnt",
      "/proc/self/ns/user" } do
      local before = support.residue.snapshot()
      local err = failure("InvalidParameter",
        hcs.create_container(nil, support.config { NetworkSharedContainerName = path }))
      contains(("config.NetworkSharedContainerName: '%s' is not a network namespace"):format(path), err.message)
      assert.same({}, support.residue.living(before))
    end
    contains("config.NetworkSharedContainerName: cannot use '" .. folder .. "/none'",
      failure("FileNotFound", hcs.create_container(nil,
        support.config { NetworkSharedContainerName = folder .. "/none" })).message)
  end)
end)

describe("README.md", function()
  local made_folder
  -- The first namespace of a boot makes ip-netns(8) mount /run/netns, and leave it.
  setup(function() made_folder = not support.read_file "/proc/self/mountinfo":find " /run/netns " end)
  teardown(function()
    support.shell(("ip netns delete %s 2>&- || :"):format(name))
    if made_folder then support.shell "umount /run/netns" end
  end)

  it("shows a pair of interfaces and a namespace, in six lines", function()
    local readme = support.read_file "README.md"
    local lines, script = readme:match "\n```sh\n(ip netns .-\n)```\n\n```lua\n(.-\n)```\n"
    assert.equal(6, select(2, lines:gsub("\n", "")))
    -- As they stand, but for the names: other namespaces of this host are not ours to touch.
    local third = tostring(support.pid() % 250)
    local function own(text) return (text:gsub("%f[%w]lab%f[%W]", name):gsub("lab0", name .. "0")
      :gsub("10%.9%.8%.", "10.9." .. third .. ".")) end
    support.shell("set -e\n" .. own(lines))
    local path = support.write_file(folder .. "/readme.lua", own(script))
    local output = support.shell(support.lua() .. " " .. path)
    for promised in own(script):gmatch "%-%->%s*([^\n]+)" do contains(promised, output) end

    -- And there is a way through.
    local c <close> = sharing("/run/netns/" .. name)
    local server = assert(c:create_process { "nc", "-l", "-p", "7", CreateStdInPipe = true, CreateStdOutPipe = true })
    support.shell(([[for i in $(seq 500); do
        echo over the wire | %s/bin/busybox nc 10.9.%s.2 7 && exit; sleep 0.01; done]]):format(support.layer(), third))
    assert.equal("over the wire\n", server:stdout():read "a")
    assert.equal(0, server:wait(5))
  end)
end)

support.nothing_left()
