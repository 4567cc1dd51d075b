-- MappedVirtualDisks (API.md, "Config on Linux"): image files of five file systems, raw and as fixed VHDs, mounted
-- through a loop device, and AttachOnly; added and removed while the container runs; nothing is left of them.
local busted = require "busted"
local hcs = require "hcs"
local image = require "spec.support.linux.image"
local killed = require "spec.support.linux.killed"
local lfs = require "lfs"
local support = require "spec.support.linux"

local BUSY, FILE_NOT_FOUND, INVALID_PARAMETER, NOT_FOUND, NOT_SUPPORTED = 0xAA, 0x2, 0x57, 0x490, 0x32
local MIB = 1 << 20
local contains, failure = support.contains, support.failure

local folder, source, count = nil, nil, 0

-- A new path in the temporary folder of this file; nothing is there.
local function new_path(name)
  count = count + 1
  return ("%s/%d%s"):format(folder, count, name or "")
end

-- A new image with a file "file" in it, which says the file system's name.
local function new_image(kind)
  support.write_file(source .. "/file", kind .. "\n")
  return image.make(kind, new_path("." .. kind), source)
end

local function new_raw(size)
  return support.write_file(new_path ".raw", ("\0"):rep(size or MIB))
end

setup(function()
  folder = support.temporary_folder()
  source = folder .. "/source"
  assert(lfs.mkdir(source))
  -- Where nothing else has loaded it yet.
  os.execute "test -e /dev/loop-control || modprobe -q loop 2>/dev/null"
end)
teardown(function() support.remove(folder) end)

local function shell(container, script)
  return assert(container:run({ "sh", "-c", script }, { check = true })).stdout
end

-- Overwrites what lies behind an ext4's superblock: its group descriptors and more.
local function damage(path)
  local file = assert(io.open(path, "r+b"))
  assert(file:seek("set", 2048))
  assert(file:write(("\0"):rep(200 << 10)))
  assert(file:close())
end

-- What a script says when it fails, as it must.
local function fails(container, script)
  local result = assert(container:run { "sh", "-c", script })
  assert.not_equal(0, result.exit_code)
  return result.stderr
end

-- A started container with these disks.
local function container(...)
  return support.container { MappedVirtualDisks = { ... } }
end

local function disk(path, target, extra)
  local document = { HostPath = path, ContainerPath = target or "/disk" }
  for field, value in pairs(extra or {}) do document[field] = value end
  return document
end

-- The error of a config with these disks.
local function refused(code, ...)
  return failure(code, hcs.create_container(nil, support.config { MappedVirtualDisks = { ... } })).message
end

local function modify(c, request, settings)
  return c:modify { ResourceType = "MappedVirtualDisk", RequestType = request, Settings = settings }
end

local function attached()
  return #image.attached(folder)
end

-- The disks of a container by LUN.
local function disks(c)
  local controllers = assert(c:mapped_virtual_disks())
  return controllers[0] and controllers[0].MappedVirtualDisks or {}
end

local function checksum(path)
  return support.shell("cksum < " .. path)
end

for _, kind in ipairs { "ext4", "xfs", "btrfs", "squashfs", "erofs" } do
  local about = image.file_systems[kind]
  if not image.is_known(kind) then
    describe("an image of " .. kind .. ", which this kernel does not know,", function()
      it("is refused by that name", function()
        contains("does not know the file system " .. kind, refused(NOT_SUPPORTED, disk(new_image(kind))))
        assert.equal(0, attached())
      end)
    end)
  else
    describe("an image of " .. kind, function()
      it("is mounted where ContainerPath says, which is made", function()
        local c <close> = container(disk(new_image(kind), "/new/disk"))
        assert.equal(kind .. "\n", shell(c, "cat /new/disk/file"))
        contains(" /new/disk " .. kind .. " ", shell(c, "cat /proc/mounts"))
      end)

      it("gives neither devices nor privileges to the container", function()
        local c <close> = container(disk(new_image(kind)))
        local options = shell(c, "grep ' /disk ' /proc/mounts")
        contains("nosuid", options)
        contains("nodev", options)
      end)

      it("is not written with ReadOnly", function()
        local path = new_image(kind)
        local before = checksum(path)
        do
          local c <close> = container(disk(path, nil, { ReadOnly = true }))
          assert.equal(kind .. "\n", shell(c, "cat /disk/file"))
          contains("Read-only file system", fails(c, "echo changed > /disk/file"))
          contains("Read-only file system", fails(c, "echo new > /disk/new"))
        end
        assert.equal(before, checksum(path))
      end)

      if about.writable then
        it("keeps what is written", function()
          local path = new_image(kind)
          do
            local c <close> = container(disk(path))
            shell(c, "echo kept > /disk/new; rm /disk/file")
          end
          local c <close> = container(disk(path))
          assert.equal("new\n", shell(c, "ls /disk | grep -v lost"))
          assert.equal("kept\n", shell(c, "cat /disk/new"))
        end)

        it("is one container's at a time", function()
          local path = new_image(kind)
          local c <close> = container(disk(path))
          for _, extra in ipairs { {}, { ReadOnly = true }, { AttachOnly = true } } do
            local message = refused(BUSY, disk(path, nil, extra))
            contains("config.MappedVirtualDisks[1].HostPath", message)
            contains(path, message)
          end
          shell(c, "echo undisturbed > /disk/file")
        end)
      else
        it("is read-only by itself, so that many containers can have it", function()
          local path = new_image(kind)
          local c <close> = container(disk(path))
          local d <close> = container(disk(path), disk(path, "/again"))
          contains("Read-only file system", fails(c, "echo > /disk/file"))
          assert.equal(kind .. "\n", shell(c, "cat /disk/file"))
          assert.equal(kind .. "\n", shell(d, "cat /again/file"))
        end)
      end

      it("may be a fixed VHD", function()
        local path = new_image(kind)
        support.shell(("truncate -s %%512 %s"):format(path))
        local size = lfs.attributes(path, "size")
        local file = assert(io.open(path, "ab"))
        assert(file:write(image.vhd_footer(2, size)))
        assert(file:close())
        do
          local c <close> = container(disk(path))
          assert.equal(kind .. "\n", shell(c, "cat /disk/file"))
        end
        local c <close> = container(disk(path, "/dev/disk", { AttachOnly = true, ReadOnly = true }))
        assert.equal(("%d\n"):format(size), shell(c, "wc -c < /dev/disk"))
      end)
    end)
  end
end

describe("a ReadOnly image", function()
  it("can be shared by containers that all have it ReadOnly", function()
    for _, kind in ipairs { "ext4", "xfs" } do
      if image.is_known(kind) then
        local path = new_image(kind)
        local c <close> = container(disk(path, nil, { ReadOnly = true }))
        local d <close> = container(disk(path, nil, { ReadOnly = true }), disk(path, "/again", { ReadOnly = true }))
        assert.equal(kind .. "\n", shell(c, "cat /disk/file"))
        assert.equal(kind .. "\n", shell(d, "cat /again/file"))
        refused(BUSY, disk(path))
      end
    end
  end)

  it("of btrfs is shared, or refused by its UUID, as the kernel can", function()
    if not image.is_known "btrfs" then return refused(NOT_SUPPORTED, disk(new_image "btrfs")) end
    local path = new_image "btrfs"
    local c <close> = container(disk(path, nil, { ReadOnly = true }))
    local d <close>, err = hcs.create_container(nil,
      support.config { MappedVirtualDisks = { disk(path, nil, { ReadOnly = true }) } })
    if d then
      assert(d:start())
      assert.equal("btrfs\n", shell(d, "cat /disk/file"))
    else
      contains("with the same UUID", err.message)
    end
    assert.equal("btrfs\n", shell(c, "cat /disk/file"))
  end)

  it("whose journal must be replayed is refused, saying what to do", function()
    local clean, path, mounted = new_image "ext4", new_path ".dirty", new_path()
    assert(lfs.mkdir(mounted))
    support.shell(("mount -o loop %s %s && echo new > %s/new && sync && cp %s %s; umount %s"):format(
      clean, mounted, mounted, clean, path, mounted))
    contains("map it once without ReadOnly", refused(0x1F, disk(path, nil, { ReadOnly = true })))
    do
      local c <close> = container(disk(path))
      assert.equal("new\n", shell(c, "cat /disk/new"))
    end
    local c <close> = container(disk(path, nil, { ReadOnly = true }))
    assert.equal("new\n", shell(c, "cat /disk/new"))
  end)
end)

describe("an image", function()
  it("may be ext2 or ext3", function()
    for _, kind in ipairs { "ext2", "ext3" } do
      local path = new_path()
      support.shell(("truncate -s 8M %s && mkfs.%s -q %s"):format(path, kind, path))
      local c <close> = container(disk(path))
      shell(c, "echo new > /disk/new")
    end
  end)

  it("cannot ask for a panic of the host", function()
    local path = new_image "ext4"
    support.shell("tune2fs -e panic " .. path)
    local c <close> = container(disk(path))
    contains("errors=remount-ro", shell(c, "grep ' /disk ' /proc/mounts"))
  end)

  it("cannot bring device nodes that work", function()
    local path = new_image "ext4"
    support.shell(("debugfs -w -R 'mknod zero c 1 5' %s"):format(path))
    local c <close> = container(disk(path))
    contains("/disk/zero", shell(c, "ls /disk/zero"))
    contains("Permission denied", fails(c, "head -c 1 /disk/zero"))
  end)

  it("is Busy while the host has it mounted", function()
    local path, mounted = new_image "ext4", new_path()
    assert(lfs.mkdir(mounted))
    support.shell(("mount -o loop %s %s"):format(path, mounted))
    local message = refused(BUSY, disk(path))
    contains("is attached to /dev/loop", message)
    refused(BUSY, disk(path, nil, { ReadOnly = true }))
    support.shell(("umount %s && mount -o loop,ro %s %s"):format(mounted, path, mounted))
    refused(BUSY, disk(path))
    do
      local c <close> = container(disk(path, nil, { ReadOnly = true }))
      assert.equal("ext4\n", shell(c, "cat /disk/file"))
    end
    support.shell("umount " .. mounted)
    local _ <close> = container(disk(path))
  end)

  it("is waited for as long as somebody just looks at it", function()
    local path = new_image "ext4"
    local looker = assert(io.popen(("flock %s sh -c 'echo; sleep 0.05'"):format(path)))
    looker:read "l"
    local c <close> = container(disk(path))
    looker:close()
    assert.equal("ext4\n", shell(c, "cat /disk/file"))
  end)

  it("is Busy when it is mapped twice into one container", function()
    local path = new_image "ext4"
    contains("config.MappedVirtualDisks[2].HostPath", refused(BUSY, disk(path), disk(path, "/again")))
    refused(BUSY, disk(path), disk(path, "/again", { ReadOnly = true }))
    assert.equal(0, attached())
  end)

  it("is Busy when it is the scratch of a container", function()
    local scratch = new_path()
    local c <close> = support.container { LayerFolderPath = scratch, StorageSandboxSize = 16 * MIB }
    refused(BUSY, disk(scratch .. "/disk"))
    shell(c, "echo undisturbed > /file")
  end)

  it("that holds none of the five file systems is refused, naming field, path and the five", function()
    for _, content in ipairs { "", "text", ("x"):rep(200000), ("\0"):rep(MIB) } do
      local path = support.write_file(new_path(), content)
      local message = refused(NOT_SUPPORTED, disk(path))
      contains(("config.MappedVirtualDisks[1].HostPath: '%s': it holds no file system"):format(path), message)
      contains("(ext4, xfs, btrfs, squashfs, erofs)", message)
    end
    local path = support.write_file(new_path(), ("\0"):rep(510) .. "\x55\xaa" .. ("\0"):rep(MIB))
    contains("partitions", refused(NOT_SUPPORTED, disk(path)))
  end)

  it("of another virtual machine is refused with the command that converts it", function()
    for magic, name in pairs { vhdxfile = "vhdx", ["QFI\xfb"] = "qcow2", KDMV = "vmdk", conectix = "vpc" } do
      local path = support.write_file(new_path(), magic .. ("\0"):rep(MIB))
      local command = ("qemu-img convert -f %s -O raw"):format(name)
      contains(command, refused(NOT_SUPPORTED, disk(path)))
      contains(command, refused(NOT_SUPPORTED, disk(path, "/dev/disk", { AttachOnly = true })))
    end
    local path = support.write_file(new_path(), ("\0"):rep(MIB) .. image.vhd_footer(3, MIB))
    contains("qemu-img convert -f vpc -O raw", refused(NOT_SUPPORTED, disk(path)))
  end)

  it("that is a damaged VHD is refused", function()
    local footer = image.vhd_footer(2, MIB)
    contains("wrong checksum", refused(INVALID_PARAMETER,
      disk(support.write_file(new_path(), ("\0"):rep(MIB) .. footer:sub(1, 511) .. "x"))))
    contains("footer speaks of a disk of", refused(INVALID_PARAMETER,
      disk(support.write_file(new_path(), ("\0"):rep(MIB - 512) .. footer))))
  end)

  it("that is damaged is the kernel's to refuse", function()
    local path = new_image "ext4"
    damage(path)
    contains("is it damaged?", refused(0x1F, disk(path)))
    assert.equal(0, attached())
  end)

  it("that fails is named, and those before it are given back", function()
    local good, bad = new_image "ext4", new_image "ext4"
    damage(bad)
    local message = refused(0x1F, disk(good), disk(new_raw(), "/dev/raw", { AttachOnly = true }), disk(bad, "/bad"))
    contains("config.MappedVirtualDisks[3].HostPath", message)
    contains(bad, message)
    assert.equal(0, attached())
  end)

  it("is a file: what is missing or something else is refused", function()
    contains("config.MappedVirtualDisks[1].HostPath", refused(FILE_NOT_FOUND, disk("/is/not/there")))
    contains("not a disk image", refused(INVALID_PARAMETER, disk(folder)))
    contains("not a disk image", refused(INVALID_PARAMETER, disk("/dev/null")))
    contains("is not an absolute path", refused(INVALID_PARAMETER, disk("disk.img")))
    contains("HostPath: missing", refused(INVALID_PARAMETER, { ContainerPath = "/disk" }))
    contains("ContainerPath: missing", refused(INVALID_PARAMETER, { HostPath = new_image "ext4" }))
    contains("belongs to the container itself", refused(INVALID_PARAMETER, disk(new_image "ext4", "/proc/disk")))
  end)

  it("is not put over a device that every container has", function()
    local path = new_raw()
    for _, name in ipairs { "null", "zero", "full", "random", "urandom", "tty", "./tty" } do
      contains(("config.MappedVirtualDisks[1].ContainerPath: '/dev/%s' belongs to the container itself"):format(name),
        refused(INVALID_PARAMETER, disk(path, "/dev/" .. name, { AttachOnly = true })))
    end
    local c <close> = container(disk(path, "/dev/null0", { AttachOnly = true }))
    contains("request.Settings.ContainerPath: '/dev/null' belongs",
      failure(INVALID_PARAMETER, modify(c, "Add", disk(new_raw(), "/dev/null", { AttachOnly = true }))).message)
  end)

  it("may be one of 64", function()
    local list = {}
    for i = 1, 65 do list[i] = disk(new_raw(65536), "/dev/disk" .. i, { AttachOnly = true }) end
    contains("at most 64 disks fit", refused(INVALID_PARAMETER, table.unpack(list)))
    local last = table.remove(list)
    local c <close> = container(table.unpack(list))
    assert.equal("64\n", shell(c, "ls /dev/disk* | wc -l"))
    contains("64 disks are mapped already", failure(BUSY, modify(c, "Add", last)).message)
    assert.equal(64, attached())
  end)
end)

describe("what is read from and written to a disk", function()
  it("is counted in the container's statistics", function()
    if not require "spec.support.linux.kernel".is_on_disk(folder) then return pending(folder .. " is on no disk") end
    local path, raw = new_image "ext4", new_raw(8 * MIB)
    local c <close> = container(disk(path))
    assert(modify(c, "Add", disk(raw, "/dev/raw", { AttachOnly = true })))
    for _, target in ipairs { "/disk/new", "/dev/raw" } do
      local command = ("dd if=/dev/zero of=%s bs=1M count=4 conv=notrunc,fsync"):format(target)
      shell(c, command)
      local before = assert(c:statistics()).Storage.WriteSizeBytes
      shell(c, command)
      local written = assert(c:statistics()).Storage.WriteSizeBytes - before
      assert.is_true(written >= 4 * MIB and written < 8 * MIB, target .. ": " .. written)
    end
  end)
end)

describe("AttachOnly", function()
  it("gives the block device, whatever the image holds", function()
    local path = new_raw()
    do
      local c <close> = container(disk(path, "/dev/data", { AttachOnly = true }))
      assert.equal(("%d\n"):format(MIB), shell(c, "test -b /dev/data && wc -c < /dev/data"))
      shell(c, "echo written > /dev/data; sync")
    end
    assert.equal("written\n", support.read_file(path):sub(1, 8))
  end)

  it("mounts nothing", function()
    local c <close> = container(disk(new_image "ext4", "/dev/data", { AttachOnly = true }))
    assert.equal("0\n", shell(c, "grep -c ' ext4 ' /proc/mounts || true"))
  end)

  it("gives it outside /dev, too", function()
    local c <close> = container(disk(new_raw(), "/volumes/data", { AttachOnly = true }))
    shell(c, "test -b /volumes/data && echo x > /volumes/data")
  end)

  it("with ReadOnly gives a device that cannot be written", function()
    local path = new_raw()
    local c <close> = container(disk(path, "/dev/data", { AttachOnly = true, ReadOnly = true }))
    fails(c, "echo x > /dev/data")
    assert.equal(("%d\n"):format(MIB), shell(c, "wc -c < /dev/data"))
    assert.equal(("\0"):rep(MIB), support.read_file(path))
  end)

  it("gives the node, and no say in who may open it on the host", function()
    local path = new_raw()
    local c <close> = container(disk(path, "/dev/data", { AttachOnly = true }))
    local node = "/dev/" .. image.attached(folder)[1]
    local before = lfs.attributes(node)
    fails(c, "chmod 666 /dev/data")
    fails(c, "chown 1000 /dev/data")
    fails(c, "rm /dev/data")
    local after = lfs.attributes(node)
    assert.equal(before.permissions, after.permissions)
    assert.equal(before.uid, after.uid)
  end)

  it("is held by no process of the container", function()
    local c <close> = container(disk(new_raw(), "/dev/data", { AttachOnly = true }))
    assert(modify(c, "Add", disk(new_raw(), "/dev/more", { AttachOnly = true })))
    assert.equal("0\n", shell(c, "ls -l /proc/self/fd | grep -c loop || true"))
    assert.equal("ok\n", shell(c, "cat /proc/[0-9]*/mounts | grep -q /dev/data && echo ok"))
    fails(c, "for file in /proc/1/fd/*; do head -c 1 $file 2>/dev/null && exit 0; done; exit 1")
  end)

  it("keeps the device as long as the container lives, without anybody who has it open", function()
    local path = new_raw()
    local c <close> = container(disk(path, "/dev/data", { AttachOnly = true }))
    for i = 1, 3 do shell(c, ("echo %d > /dev/data"):format(i)) end
    assert.equal(1, attached())
    assert.equal("3\n", shell(c, "head -n 1 /dev/data"))
  end)
end)

describe("mapped_virtual_disks", function()
  it("has the disks of controller 0 by LUN, as they were given", function()
    local ext4, raw = new_image "ext4", new_raw()
    local c <close> = container(disk(ext4, "/a", { ReadOnly = true }), disk(raw, "/dev/b", { AttachOnly = true }))
    local expected = {
      [0] = { HostPath = ext4, ContainerPath = "/a", ReadOnly = true, AttachOnly = false, Cache = "",
        CreateInUtilityVM = false },
      [1] = { HostPath = raw, ContainerPath = "/dev/b", ReadOnly = false, AttachOnly = true, Cache = "",
        CreateInUtilityVM = false },
    }
    assert.same({ [0] = { MappedVirtualDisks = expected } }, assert(c:mapped_virtual_disks()))
    assert.same({ [0] = { MappedVirtualDisks = expected } },
      assert(c:properties { "MappedVirtualDisk" }).MappedVirtualDiskControllers)
    local other <close> = assert(hcs.open_container(c:id()))
    assert.same(expected, disks(other))
    local list = assert(hcs.get_containers({ Ids = { c:id() } }, { "MappedVirtualDisk" }))
    assert.same({ [0] = { MappedVirtualDisks = expected } }, list[1].MappedVirtualDiskControllers)
  end)

  it("is empty without disks", function()
    local c <close> = support.container()
    assert.same({}, assert(c:mapped_virtual_disks()))
  end)
end)

describe("modify of MappedVirtualDisk", function()
  local c
  before_each(function() c = support.container() end)
  after_each(function() assert(c:close()) end)

  it("adds a disk, which processes that run already see, and takes it out again", function()
    local path = new_image "ext4"
    local sleeper = assert(c:create_process { "sh", "-c", "while read line; do cat /new/disk/file; done",
      CreateStdInPipe = true, CreateStdOutPipe = true })
    assert.is_true(modify(c, "Add", disk(path, "/new/disk")))
    assert(sleeper:stdin():write "\n")
    assert.equal("ext4", sleeper:stdout():read "l")
    shell(c, "echo written > /new/disk/new")
    assert.same(disk(path, "/new/disk").ContainerPath, disks(c)[0].ContainerPath)
    assert.is_true(modify(c, "Remove", { HostPath = path }))
    assert.same({}, disks(c))
    assert.equal("", shell(c, "ls /new/disk"))
    assert(sleeper:kill() and sleeper:wait())
  end)

  it("gives the image back before it returns", function()
    local path, raw = new_image "ext4", new_raw()
    for _ = 1, support.rounds(10) do
      assert(modify(c, "Add", disk(path)))
      assert(modify(c, "Add", disk(raw, "/dev/raw", { AttachOnly = true })))
      assert.equal(2, attached())
      shell(c, "echo x >> /disk/new; echo x > /dev/raw")
      assert(modify(c, "Remove", { HostPath = path }))
      assert.equal(1, attached())
      assert(modify(c, "Remove", { HostPath = raw }))
      assert.equal(0, attached())
      -- Nobody has it, so another container can.
      local other <close> = container(disk(path))
      shell(other, "cat /disk/new")
    end
  end)

  it("adds all that a config may have", function()
    for kind in pairs(image.file_systems) do
      if image.is_known(kind) then
        assert(modify(c, "Add", disk(new_image(kind), "/" .. kind)))
        assert.equal(kind .. "\n", shell(c, ("cat /%s/file"):format(kind)))
      else
        contains(kind, failure(NOT_SUPPORTED, modify(c, "Add", disk(new_image(kind), "/" .. kind))).message)
      end
    end
    local raw = new_raw()
    assert(modify(c, "Add", disk(raw, "/dev/raw", { AttachOnly = true })))
    shell(c, "echo written > /dev/raw; sync")
    assert.equal("written", support.read_file(raw):sub(1, 7))
    local path = new_image "ext4"
    assert(modify(c, "Add", disk(path, "/read-only", { ReadOnly = true })))
    contains("Read-only file system", fails(c, "echo > /read-only/new"))
  end)

  it("takes out the disk that HostPath or ContainerPath names", function()
    local one, other = new_image "ext4", new_image "ext4"
    assert(modify(c, "Add", disk(one, "/one")))
    assert(modify(c, "Add", disk(other, "/other")))
    assert(modify(c, "Remove", { ContainerPath = "/one" }))
    assert.is_nil(disks(c)[0])
    contains("another disk is mapped to that ContainerPath",
      failure(NOT_FOUND, modify(c, "Remove", { HostPath = one, ContainerPath = "/other" })).message)
    assert(modify(c, "Remove", { HostPath = other, ContainerPath = "/other" }))
    assert.same({}, disks(c))
  end)

  it("wants to know which one, when an image is mapped twice", function()
    local path = new_image "ext4"
    assert(modify(c, "Add", disk(path, "/one", { ReadOnly = true })))
    assert(modify(c, "Add", disk(path, "/other", { ReadOnly = true })))
    contains("say the ContainerPath", failure(INVALID_PARAMETER, modify(c, "Remove", { HostPath = path })).message)
    assert(modify(c, "Remove", { HostPath = path, ContainerPath = "/one" }))
    assert(modify(c, "Remove", { HostPath = path }))
  end)

  it("knows no disk that is not there", function()
    local message = failure(NOT_FOUND, modify(c, "Remove", { HostPath = "/is/not/there" })).message
    contains("request.Settings.HostPath", message)
    contains("'/is/not/there'", message)
    contains("'/nowhere'", failure(NOT_FOUND, modify(c, "Remove", { ContainerPath = "/nowhere" })).message)
    failure(INVALID_PARAMETER, modify(c, "Remove", { ReadOnly = true }))
  end)

  it("leaves a disk in use where it is: Busy", function()
    local path, raw = new_image "ext4", new_raw()
    assert(modify(c, "Add", disk(path)))
    assert(modify(c, "Add", disk(raw, "/dev/raw", { AttachOnly = true })))
    local user = assert(c:create_process { "sh", "-c", "cd /disk; exec 3< /dev/raw; echo; exec sleep 1000",
      CreateStdOutPipe = true })
    user:stdout():read "l"
    contains("in use", failure(BUSY, modify(c, "Remove", { HostPath = path })).message)
    contains("in use", failure(BUSY, modify(c, "Remove", { HostPath = raw })).message)
    assert.equal(2, attached())
    assert.equal(path, disks(c)[0].HostPath)
    assert.equal(raw, disks(c)[1].HostPath)
    shell(c, "echo still > /disk/new; echo there > /dev/raw")
    assert(user:kill() and user:wait())
    assert(modify(c, "Remove", { HostPath = path }))
    assert(modify(c, "Remove", { HostPath = raw }))
    assert.equal(0, attached())
    assert.equal("there", support.read_file(raw):sub(1, 5))
  end)

  it("leaves the LUNs of the other disks, and gives the lowest that is free", function()
    local raw = {}
    for i = 1, 4 do raw[i] = new_raw() end
    for i = 1, 3 do assert(modify(c, "Add", disk(raw[i], "/dev/raw" .. i, { AttachOnly = true }))) end
    assert(modify(c, "Remove", { HostPath = raw[2] }))
    local now = disks(c)
    assert.equal(raw[1], now[0].HostPath)
    assert.is_nil(now[1])
    assert.equal(raw[3], now[2].HostPath)
    assert(modify(c, "Add", disk(raw[4], "/dev/raw4", { AttachOnly = true })))
    now = disks(c)
    assert.equal(raw[4], now[1].HostPath)
    assert.equal(raw[3], now[2].HostPath)
  end)

  it("changes nothing when it fails", function()
    local path, bad = new_image "ext4", new_image "ext4"
    damage(bad)
    shell(c, "echo > /file")
    contains("request.Settings.ContainerPath", failure(0x1F, modify(c, "Add", disk(path, "/file/disk"))).message)
    contains("request.Settings.HostPath", failure(0x1F, modify(c, "Add", disk(bad))).message)
    failure(FILE_NOT_FOUND, modify(c, "Add", disk("/is/not/there")))
    failure(INVALID_PARAMETER, modify(c, "Add", disk(path, "/proc/disk")))
    failure(NOT_SUPPORTED, modify(c, "Add", disk(new_raw())))
    local directory = new_raw()
    assert.is_nil((modify(c, "Add", disk(directory, "/bin", { AttachOnly = true }))))
    assert.same({}, disks(c))
    assert.equal(0, attached())
    assert(modify(c, "Add", disk(path)))
    contains("something is mapped to '/disk' already", failure(BUSY, modify(c, "Add", disk(bad))).message)
    assert.equal(1, attached())
  end)

  it("adds no image twice", function()
    local path = new_image "ext4"
    assert(modify(c, "Add", disk(path)))
    failure(BUSY, modify(c, "Add", disk(path, "/again")))
    failure(BUSY, modify(c, "Add", disk(path, "/again", { ReadOnly = true })))
    assert.equal(1, attached())
  end)

  it("works on what the config has mapped", function()
    local path, raw = new_image "ext4", new_raw()
    local d <close> = container(disk(path), disk(raw, "/dev/raw", { AttachOnly = true }))
    assert(modify(d, "Remove", { HostPath = path }))
    assert(modify(d, "Remove", { HostPath = raw }))
    assert.equal(0, attached())
    assert.same({}, disks(d))
  end)

  it("is another client's to undo", function()
    local path, raw = new_image "ext4", new_raw()
    assert(modify(c, "Add", disk(path)))
    assert(modify(c, "Add", disk(raw, "/dev/raw", { AttachOnly = true })))
    local client = support.client([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.open_container(arg[1]))
      for _, path in ipairs { arg[2], arg[3] } do
        assert(c:modify { ResourceType = "MappedVirtualDisk", RequestType = "Remove", Settings = { HostPath = path } })
      end
      print "removed"
    ]], c:id(), path, raw)
    assert.equal("removed\n", (client:wait()))
    assert.equal(0, attached())
  end)
end)

-- A hostile program: takes the mark off its loop device that lets the kernel detach it.
local keeper = [[
  #include <fcntl.h>
  #include <linux/loop.h>
  #include <stdio.h>
  #include <sys/ioctl.h>
  int main(int argc, char **argv) {
    struct loop_info64 info;
    int device = open(argv[argc - 1], O_RDWR);
    if (ioctl(device, LOOP_GET_STATUS64, &info) != 0) return 2;
    info.lo_flags &= ~LO_FLAGS_AUTOCLEAR;
    if (ioctl(device, LOOP_SET_STATUS64, &info) != 0) return 3;
    ioctl(device, LOOP_CLR_FD); /* which marks it again, while others have it open */
    ioctl(device, LOOP_SET_STATUS64, &info);
    if (ioctl(device, LOOP_GET_STATUS64, &info) != 0) return 4;
    return (info.lo_flags & LO_FLAGS_AUTOCLEAR) != 0 ? 5 : 0;
  }
]]

describe("the loop devices of a container", function()
  it("are given back with its end", function()
    local ends = {
      function(c) assert(c:terminate() and c:wait()) end,
      function(c) assert(c:shutdown() and c:wait()) end,
      function(c) assert(c:stop()) end,
      function(c) assert(c:close()) end,
    }
    for _, finish in ipairs(ends) do
      local path, raw = new_image "ext4", new_raw()
      local c <close> = container(disk(path), disk(raw, "/dev/raw", { AttachOnly = true }))
      shell(c, "echo new > /disk/new; echo new > /dev/raw")
      assert(modify(c, "Add", disk(new_raw(), "/dev/more", { AttachOnly = true })))
      assert.equal(3, attached())
      finish(c)
      assert.equal(0, attached())
      assert.equal("new\n", support.read_file(raw):sub(1, 4))
    end
  end)

  it("are given back when its guest is killed", function()
    local c <close> = container(disk(new_image "ext4"), disk(new_raw(), "/dev/raw", { AttachOnly = true }))
    assert(modify(c, "Add", disk(new_raw(), "/dev/more", { AttachOnly = true })))
    assert.equal(3, attached())
    support.shell("kill -KILL " .. support.guest_of(c))
    local ok, err = c:wait()
    assert.is_nil(ok)
    assert.equal(0xC0370106, err.code)
    assert.equal(0, attached())
  end)

  it("are given back when its only client is killed", function()
    local path, raw = new_image "ext4", new_raw()
    local client = support.client([[
      local hcs = require "hcs"
      local c = assert(hcs.create_container(nil, { Layers = { { Path = arg[1] } }, TerminateOnLastHandleClosed = true,
        MappedVirtualDisks = { { HostPath = arg[2], ContainerPath = "/disk" } } }))
      assert(c:start())
      assert(c:modify { ResourceType = "MappedVirtualDisk", RequestType = "Add",
        Settings = { HostPath = arg[3], ContainerPath = "/dev/raw", AttachOnly = true } })
      print "ready"
      hcs.poll({}, 1000)
    ]], support.layer(), path, raw)
    local said, number = client:line(), attached()
    client:kill()
    client:wait()
    assert.equal("ready", said)
    assert.equal(2, number)
    for _ = 1, 500 do
      if attached() == 0 then break end
      busted.sleep(0.01)
    end
    assert.equal(0, attached())
    assert(hcs.gc())
  end)

  it("are given back when the container does not want to", function()
    local layer = new_path()
    assert(lfs.mkdir(layer))
    local code = support.write_file(new_path ".c", keeper)
    support.shell(("cc -static -O1 -o %s/keeper %s"):format(layer, code))
    local extra = { Layers = { { Path = layer }, { Path = support.layer() } } }
    local removed, kept = new_raw(), new_raw()
    do
      local c <close> = support.container(extra)
      assert(modify(c, "Add", disk(removed, "/dev/removed", { AttachOnly = true })))
      assert(modify(c, "Add", disk(kept, "/dev/kept", { AttachOnly = true })))
      shell(c, "/keeper /dev/removed && /keeper /dev/kept")
      assert.equal(2, attached())
      assert(modify(c, "Remove", { HostPath = removed }))
      assert.equal(1, attached())
    end
    assert.equal(0, attached())
  end)
end)

describe("a client that is killed at any of its steps #once", function()
  local id = "disk-" .. support.pid()
  local script

  local function new_script(code) script = support.write_file(new_path ".lua", code) end

  -- Helpers and guests that have lost their client end by themselves, a moment later.
  local function settles(condition)
    for _ = 1, 500 do
      if condition() then return end
      busted.sleep(0.01)
    end
    error(table.concat(image.attached(folder), " ") .. " still attached")
  end

  local function modify_script()
    new_script [[
      local hcs = require "hcs"
      local id, verb, host, target, alone = ...
      local c = assert(hcs.open_container(id))
      io.open "/hcs-spec/begin"
      assert(c:modify { ResourceType = "MappedVirtualDisk", RequestType = verb,
        Settings = { HostPath = host, ContainerPath = target, AttachOnly = alone == "true" } })
      io.open "/hcs-spec/end"
    ]]
  end

  -- The next request says what is true: then record and loop devices agree. Whether the disk is mapped.
  local function check(c, path)
    local other = new_raw()
    assert(modify(c, "Add", disk(other, "/dev/other", { AttachOnly = true })))
    local mapped, number = false, 0
    for _, found in pairs(disks(c)) do
      number = number + 1
      mapped = mapped or found.HostPath == path
    end
    settles(function() return attached() == number end)
    if mapped then assert(modify(c, "Remove", { HostPath = path })) end
    assert(modify(c, "Remove", { HostPath = other }))
    assert.equal(0, attached())
    return mapped
  end

  for what, target in pairs { ["a file system"] = "/disk", ["a block device"] = "/dev/data" } do
    local alone = what == "a block device"

    it("while adding " .. what .. " has added it or not", function()
      modify_script()
      local c <close> = support.container()
      local path, added = new_image "ext4", 0
      killed.sweep(24, 60, script, function()
        if check(c, path) then added = added + 1 end
      end, c:id(), "Add", path, target, alone)
      assert.is_true(added > 0)
    end)

    it("while removing " .. what .. " has removed it or not", function()
      modify_script()
      local c <close> = support.container()
      local path, kept = new_image "ext4", 0
      assert(modify(c, "Add", disk(path, target, { AttachOnly = alone })))
      killed.sweep(24, 60, script, function()
        if check(c, path) then kept = kept + 1 end
        assert(modify(c, "Add", disk(path, target, { AttachOnly = alone })))
      end, c:id(), "Remove", path, target, alone)
      assert.is_true(kept > 0)
    end)
  end

  it("while making a container with disks leaves none of them attached", function()
    new_script [[
      local hcs = require "hcs"
      local id, layer, path, raw, scratch = ...
      io.open "/hcs-spec/begin"
      local c = assert(hcs.create_container(id, { Layers = { { Path = layer } }, TerminateOnLastHandleClosed = true,
        LayerFolderPath = scratch, StorageSandboxSize = 16 << 20, MappedVirtualDisks = {
          { HostPath = path, ContainerPath = "/disk" },
          { HostPath = raw, ContainerPath = "/dev/data", AttachOnly = true } } }))
      io.open "/hcs-spec/end"
      assert(c:terminate() and c:wait())
    ]]
    local before = support.residue.snapshot()
    killed.sweep(24, 100, script, function()
      settles(function()
        assert(hcs.gc())
        return attached() == 0 and #support.residue.living(before) == 0
      end)
    end, id, support.layer(), new_image "ext4", new_raw(), new_path())
  end)
end)

support.nothing_left()
