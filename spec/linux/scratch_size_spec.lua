-- StorageSandboxSize (API.md, "Config on Linux"): the size of the scratch, as a tmpfs or as an ext4 image in
-- the scratch folder, made once and grown when smaller.
local groups = require "spec.support.linux.groups"
local hcs = require "hcs"
local image = require "spec.support.linux.image"
local lfs = require "lfs"
local support = require "spec.support.linux"

local MIB = 1 << 20
local BUSY, DISK_FULL, INVALID_PARAMETER, NOT_SUPPORTED = 0xAA, 0x70, 0x57, 0x32
local contains, failure = support.contains, support.failure

local folder, count = nil, 0

-- A new path in the temporary folder of this file; nothing is there.
local function new_path()
  count = count + 1
  return ("%s/%d"):format(folder, count)
end

setup(function() folder = support.temporary_folder() end)
teardown(function() support.remove(folder) end)

local function shell(container, script)
  return assert(container:run({ "sh", "-c", script }, { check = true })).stdout
end

-- A container with a scratch that holds so many MiB, in `scratch` if that is said.
local function container(mib, scratch, extra)
  local config = { StorageSandboxSize = mib and mib * MIB, LayerFolderPath = scratch }
  for field, value in pairs(extra or {}) do config[field] = value end
  return support.container(config)
end

-- The folder of a scratch in which a container has left a file.
local function used(mib)
  local scratch = new_path()
  local c <close> = container(mib, scratch)
  shell(c, "echo kept > /file")
  return scratch
end

local function refused(code, config)
  return failure(code, hcs.create_container(nil, support.config(config))).message
end

-- Writes a file of so many MiB. "full", or the number of bytes that arrived.
local function fill(c, path, mib)
  local script = ("head -c %d /dev/zero > %s 2>/dev/null && sync && wc -c < %s || echo full")
    :format(mib * MIB, path, path)
  local answer = shell(c, script):gsub("%s", "")
  return tonumber(answer) or answer
end

-- The number of loop devices that hold a file below the folder.
local function attached()
  return #image.attached(folder)
end

-- The two kinds differ in where they are, and in nothing that the container sees.
for kind, scratch in pairs { ["a tmpfs"] = function() end, ["an image in the scratch folder"] = new_path } do
  describe("a scratch of 16 MB, " .. kind .. ",", function()
    it("holds 16 MB, and not 20", function()
      local c <close> = container(16, scratch())
      assert.equal(16 * MIB, fill(c, "/a", 16))
      shell(c, "rm /a")
      assert.equal("full", fill(c, "/b", 20))
      -- What is full can be emptied and filled again, also in small pieces.
      shell(c, "rm /b; mkdir /d; i=0; while [ $i -lt 256 ]; do head -c 65536 /dev/zero > /d/$i; i=$((i+1)); done")
      assert.equal(tostring(16 * MIB), shell(c, "cat /d/* | wc -c"):gsub("%s", ""))
    end)

    it("says so: 'no space left on device', and DiskFull to the host", function()
      local c <close> = container(16, scratch())
      local result = assert(c:run { "sh", "-c", "yes > /full" })
      assert.not_equal(0, result.exit_code)
      contains("No space left on device", assert(c:run { "sh", "-c", "echo more > /more" }).stderr)
      if c.write_file then
        failure(DISK_FULL, c:write_file("/host", ("x"):rep(1 << 20)))
      end
    end)

    it("leaves the layers readable when it is full", function()
      local c <close> = container(16, scratch())
      assert.equal("full", fill(c, "/full", 20))
      assert.equal("ok\n", shell(c, "echo ok"))
      shell(c, "rm /full; echo new > /new")
    end)
  end)
end

describe("a scratch image", function()
  it("is made once: what was written is there the next time", function()
    local scratch = new_path()
    do
      local c <close> = container(16, scratch)
      shell(c, "echo kept > /file; rm /bin/vi")
    end
    local before = lfs.attributes(scratch .. "/disk")
    do
      local c <close> = container(16, scratch)
      assert.equal("kept\n", shell(c, "cat /file; ls /bin/vi 2>/dev/null || true"))
    end
    local after = lfs.attributes(scratch .. "/disk")
    assert.equal(before.ino, after.ino)
    assert.equal(before.size, after.size)
  end)

  it("is used without the field, too, as large as it is", function()
    local scratch = used(16)
    local c <close> = container(nil, scratch)
    assert.equal("kept\n", shell(c, "cat /file"))
    assert.equal(16 * MIB, fill(c, "/a", 16))
    assert.equal("full", fill(c, "/b", 4))
  end)

  it("grows when it is smaller, and keeps what is in it", function()
    local scratch = new_path()
    do
      local c <close> = container(16, scratch)
      assert.equal(16 * MIB, fill(c, "/a", 16))
      shell(c, "echo kept > /file || true")
    end
    local sum = "md5sum /a"
    for _, mib in ipairs { 40, 200 } do
      local c <close> = container(mib, scratch)
      assert.equal("2c7ab85a893283e98c931e9511add182  /a\n", shell(c, sum))
      assert.equal((mib - 16) * MIB, fill(c, "/b", mib - 16))
      shell(c, "rm /b")
    end
  end)

  it("is never made smaller", function()
    local scratch = new_path()
    do
      local c <close> = container(40, scratch)
      assert.equal(40 * MIB, fill(c, "/a", 40))
    end
    local size = lfs.attributes(scratch .. "/disk", "size")
    local c <close> = container(16, scratch)
    assert.equal(tostring(40 * MIB), shell(c, "wc -c < /a"):gsub("%s", ""))
    assert.equal(size, lfs.attributes(scratch .. "/disk", "size"))
  end)

  it("takes no more of the disk than was written", function()
    local scratch = new_path()
    local c <close> = container(4096, scratch)
    shell(c, "echo x > /x; sync")
    assert.is_true(lfs.attributes(scratch .. "/disk", "size") > 4096 * MIB)
    assert.is_true(lfs.attributes(scratch .. "/disk", "blocks") * 512 < 64 * MIB)
  end)

  it("is one container's at a time", function()
    local scratch = new_path()
    local c <close> = container(16, scratch)
    contains(scratch, refused(BUSY, { LayerFolderPath = scratch, StorageSandboxSize = 16 * MIB }))
    contains(scratch, refused(BUSY, { LayerFolderPath = scratch }))
    assert.equal("ok\n", shell(c, "echo ok"))
  end)

  it("is Busy while the host has it mounted", function()
    local scratch, mounted = used(16), new_path()
    assert(lfs.mkdir(mounted))
    support.shell(("mount -o loop %s/disk %s"):format(scratch, mounted))
    contains("is attached to /dev/loop", refused(BUSY, { LayerFolderPath = scratch }))
    support.shell("umount " .. mounted)
    local c <close> = container(nil, scratch)
    assert.equal("kept\n", shell(c, "cat /file"))
  end)

  it("is given back when the container has ended: no loop device, no mount, and the folder can go", function()
    local scratch = new_path()
    local c <close> = container(16, scratch)
    assert.equal(1, attached())
    assert(c:terminate() and c:wait())
    assert.equal(0, attached())
    support.remove(scratch)
  end)

  it("is given back when client and guest are killed", function()
    local scratch = new_path()
    local client = support.client([[
      local hcs = require "hcs"
      local c = assert(hcs.create_container(nil, { Layers = { { Path = arg[1] } }, LayerFolderPath = arg[2],
        StorageSandboxSize = 16 << 20, TerminateOnLastHandleClosed = true }))
      assert(c:start())
      assert(c:run({ "sh", "-c", "echo kept > /file; sync" }, { check = true }))
      print(c:id())
      os.execute "kill -KILL $PPID"
    ]], support.layer(), scratch)
    local id = client:line()
    client:wait()
    -- The lock is the guest's, so the folder is free when the guest has gone.
    local c
    for _ = 1, 500 do
      c = hcs.create_container(nil, support.config { LayerFolderPath = scratch })
      if c then break end
      require "busted".sleep(0.01)
    end
    assert(c and c:start())
    assert.equal("kept\n", shell(c, "cat /file"))
    assert(c:close())
    assert.equal(0, attached())
    local opened, err = hcs.open_container(id)
    assert.is_nil(opened)
    assert.is_true(hcs.is_not_exist(err))
    assert(hcs.gc())
  end)

  it("is given back when the creation fails behind it", function()
    local scratch, layer = new_path(), new_path()
    assert(lfs.mkdir(layer))
    support.write_file(layer .. "/proc", "a file where /proc is to be")
    local err = failure(0x1F, hcs.create_container(nil, {
      Layers = { { Path = layer } }, LayerFolderPath = scratch, StorageSandboxSize = 16 * MIB }))
    contains("/proc", err.message)
    assert.equal(0, attached())
    assert.is_table(lfs.attributes(scratch .. "/disk"))
  end)

  it("is what storage limits are for: its loop device", function()
    local c <close> = container(16, new_path(), { StorageBandwidthMaximum = 1000000 })
    local text = groups.layout() == "v2" and groups.read(c, "io", "io.max") or
      groups.read(c, "blkio", "blkio.throttle.write_bps_device")
    contains("7:", text:match "^%d+:")
  end)
end)

describe("StorageSandboxSize", function()
  it("has no place beside a VolumePath", function()
    contains("config.StorageSandboxSize", refused(INVALID_PARAMETER,
      { Layers = {}, VolumePath = support.layer(), StorageSandboxSize = 16 * MIB }))
  end)

  it("has no place in a folder that was used without it", function()
    local scratch = used()
    contains("was used without it", refused(INVALID_PARAMETER,
      { LayerFolderPath = scratch, StorageSandboxSize = 16 * MIB }))
    local c <close> = container(nil, scratch)
    assert.equal("kept\n", shell(c, "cat /file"))
  end)

  it("has no flushes to ignore in an image", function()
    local scratch = new_path()
    local config = { LayerFolderPath = scratch, StorageSandboxSize = 16 * MIB, IgnoreFlushesDuringBoot = true }
    contains("config.IgnoreFlushesDuringBoot", refused(INVALID_PARAMETER, config))
    do local _ <close> = container(16, scratch) end
    config.StorageSandboxSize = nil
    contains("config.IgnoreFlushesDuringBoot", refused(INVALID_PARAMETER, config))
  end)

  it("is refused where it is more than an image holds", function()
    contains("config.StorageSandboxSize", refused(INVALID_PARAMETER,
      { LayerFolderPath = new_path(), StorageSandboxSize = math.maxinteger }))
  end)

  it("says what is wrong with an image that is none", function()
    for _, content in ipairs { "", "no image", ("x"):rep(100000) } do
      local scratch = new_path()
      assert(lfs.mkdir(scratch))
      support.write_file(scratch .. "/disk", content)
      contains(scratch .. "/disk' is no ext4 image", refused(0x1F, { LayerFolderPath = scratch }))
    end
    local scratch = new_path()
    do local _ <close> = container(16, scratch) end
    support.shell(("truncate -s 8M %s/disk"):format(scratch))
    contains("the end of it is missing", refused(0x1F, { LayerFolderPath = scratch }))
    local link = new_path()
    assert(lfs.mkdir(link))
    assert(lfs.link("/etc/passwd", link .. "/disk", true))
    refused(0x1F, { LayerFolderPath = link })
  end)

  it("mends an image in which there were errors", function()
    local scratch = used(16)
    support.shell(("debugfs -w -R 'ssv state 3' %s/disk"):format(scratch))
    do
      local c <close> = container(nil, scratch)
      assert.equal("kept\n", shell(c, "cat /file"))
    end
    contains("Filesystem state:         clean\n", support.shell(("dumpe2fs -h %s/disk"):format(scratch)))
  end)

  it("survives a creation that was killed while the image was made", function()
    local scratch = new_path()
    assert(lfs.mkdir(scratch))
    support.write_file(scratch .. "/disk.new", ("half"):rep(1000))
    local c <close> = container(16, scratch)
    assert.equal(16 * MIB, fill(c, "/a", 16))
    assert.is_nil(lfs.attributes(scratch .. "/disk.new"))
  end)

  it("takes up again a growth that was interrupted", function()
    local scratch = used(16)
    -- The file has its new size, the file system does not know yet.
    support.shell(("truncate -s 60M %s/disk && debugfs -w -R 'ssv state 2' %s/disk"):format(scratch, scratch))
    local c <close> = container(32, scratch)
    assert.equal("kept\n", shell(c, "cat /file"))
    assert.equal(31 * MIB, fill(c, "/a", 31))
  end)

  -- What a client says that makes a container with a scratch of so many MiB; `before` stands before its command.
  local function client(before, mib, scratch)
    local script = support.write_file(folder .. "/client.lua", [[
      local hcs = require "hcs"
      local c, err = hcs.create_container(nil, { Layers = { { Path = arg[1] } }, LayerFolderPath = arg[2],
        StorageSandboxSize = tonumber(arg[3]) << 20, TerminateOnLastHandleClosed = true })
      print(c and c:close(), err)
    ]])
    return support.shell(("%s env %s %s %s %s %d"):format(before, support.lua(), script,
      support.quote(support.layer()), scratch, mib))
  end

  it("is not bound by the caller's soft limit of a file's size, and says so where the hard one is too low", function()
    local scratch = new_path()
    assert.equal("true\tnil\n", client("ulimit -S -f 8192;", 16, scratch)) -- of 512 bytes
    assert.equal("true\tnil\n", client("ulimit -S -f 8192;", 32, scratch))
    local output = client("ulimit -f 8192;", 64, scratch)
    contains("file too large (EFBIG)", output)
    output = client("ulimit -f 8192;", 16, new_path())
    contains("config.StorageSandboxSize: mke2fs may not write an image of that size", output)
    contains("(ulimit -H -f): file too large (EFBIG)", output)
    local c <close> = container(32, scratch)
    assert.equal(32 * MIB, fill(c, "/a", 32))
  end)

  it("names the package when mke2fs is not there", function()
    local output = client("unshare -m sh -c 'for d in /usr/sbin /sbin /usr/local/sbin; do "
      .. "mount -t tmpfs none $d 2>/dev/null || true; done; exec \"$@\"' sh", 16, new_path())
    contains("needs mke2fs of the package e2fsprogs", output)
    contains(("(0x%x)"):format(NOT_SUPPORTED), output)
  end)
end)

support.nothing_left()
